"""One sentence per pair, from the configuration to the words of `config check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync_cli.cli.explain import sentence
from tests.unit.config.test_load import BASE, read

HEAD, TO, FROM = "p: x/Home <-> dav/Family; ", "p: x/Home -> dav/Family; ", "p: x/Home <- dav/Family; "
MERGED = "changes of both sides are merged; where both changed one field, you are asked"
ONE_WAY = "one way; an edit in dav/Family stays until its source changes the same field"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("", HEAD + MERGED),
        ('tie = "newest"', HEAD + MERGED.replace("you are asked", "the newest change wins")),
        ('conflict = "a"', HEAD + "where both changed, side a wins"),
        ('conflict = "ask"', HEAD + "where both changed, you are asked"),
        ('direction = "a-to-b"', TO + ONE_WAY),
        ('direction = "b-to-a"\ntarget_edits = "overwrite"', FROM + "one way; an edit in x/Home is overwritten"),
        ('to_b = { view = "busy" }',
         f"{HEAD}dav/Family gets busy blocks only; moving a block in dav/Family moves its event, deleting it deletes "
         f"the event; {MERGED}"),
        ('to_a = { view = "busy", title = "Busy" }\nto_b = { view = "busy", title = "Taken", private = false }',
         f'{HEAD}dav/Family gets busy blocks only, called "Taken", for everybody to see; x/Home gets busy blocks '
         "only; moving a block in dav/Family or x/Home moves its event, deleting it deletes the event; " + MERGED),
        ('direction = "a-to-b"\nto_b = { view = "titles", title = "[x] {title}", private = true, reminders = "none" }',
         f'{TO}dav/Family gets titles and times only, called "[x] {{title}}", private, no reminders; {ONE_WAY}'),
        ('direction = "a-to-b"\nto_b = { reminders = ["10m", "1d"], guests = "drop", links = "drop" }',
         f"{TO}dav/Family gets everything, reminding 1 day before and 10 min before, no guests and no links; "
         + ONE_WAY),
        ('direction = "a-to-b"\nto_b = { colors = { red = "blue" }, categories = { A = "B" } }',
         f"{TO}dav/Family gets everything, colours and categories of its own; {ONE_WAY}"),
        ('direction = "a-to-b"\nto_b = { title = "{title}" }', TO + ONE_WAY),
        ('direction = "a-to-b"\nfields = { carry = ["X-A", "google:extended.private.t"] }',
         f"{TO}X-A, google:extended.private.t goes along; {ONE_WAY}"),
        ('fields = { description = "off", title = "a", start = "newest", url = "merge" }',
         f"{HEAD}description does not cross; {MERGED}; time: the newest change wins; title: side a wins"),
        ('direction = "a-to-b"\nchain = true', f"{TO}{ONE_WAY}; its copies are copied on by other pairs"),
        ('direction = "a-to-b"\non_leave = "retire"', TO + ONE_WAY),
        ('direction = "a-to-b"\non_leave = "retire"\nfilter = { only = ["busy", "timed"], never = ["declined"] }',
         f"{TO}only events that are busy and timed, none that is declined; what is so no longer loses its copy; "
         + ONE_WAY),
        ('direction = "a-to-b"\nfilter = { never = ["declined"] }',
         f"{TO}only events that are not declined; {ONE_WAY}"),
        ('direction = "a-to-b"\nfilter = { never = ["declined", "all-day"], title = "^A" }',
         f'{TO}only events that are neither all-day nor declined, title like "^A"; {ONE_WAY}'),
        ('direction = "a-to-b"\nfilter = { title = "^A", not_place = "(?i)home" }',
         f'{TO}only title like "^A", place not like "(?i)home"; {ONE_WAY}'),
        ('direction = "a-to-b"\nfilter = { categories = ["A", "B"], not_categories = ["C"], invited = false }',
         f"{TO}only in A or B, not in C, without those whose guests you are on the other side; {ONE_WAY}"),
        ('direction = "a-to-b"\nfilter = { min_duration = "10m", max_duration = "7d", weekdays = ["mon-fri", "sun"] }',
         f"{TO}only from 10m, up to 7d, mon-fri, sun; {ONE_WAY}"),
        ('direction = "a-to-b"\nfilter = { weekdays = ["mon-fri"], between = "08:00-18:00", zone = "Europe/Berlin" }',
         f"{TO}only mon-fri 08:00-18:00 (Europe/Berlin); {ONE_WAY}"),
    ],
)
def test_a_pair_in_one_sentence(tmp_path: Path, more: str, words: str) -> None:
    assert sentence(read(tmp_path, BASE + more + "\n").pairs["p"]) == words
