"""The inbox of conflicts at a real terminal: every answer, every way of leaving (cli.md section 2, `conflicts`)."""

from __future__ import annotations

import signal
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals", allow_module_level=True)

from tests.cli.program import Shell
from tests.cli.terminal import Terminal

PROMPT = "[h]elp? "
SURE = "Is that right? "


@pytest.fixture
def one(shell: Shell) -> Shell:
    """One event with title and place changed on both sides, among others that are in sync."""
    shell.synced(2)
    shell.edit("x", "u1", title="From x", location="Room x")
    shell.edit("y", "u1", title="From y", location="Room y")
    assert shell("sync").code == 3
    return shell


@pytest.fixture
def three(shell: Shell) -> Shell:
    """Three events, retitled on both sides."""
    shell.synced(3)
    for n in range(3):
        shell.edit("x", f"u{n}", title=f"Left {n}")
        shell.edit("y", f"u{n}", title=f"Right {n}")
    assert shell("sync").code == 3
    return shell


def _resolve(shell: Shell, *keys: str) -> tuple[int, Terminal]:
    """A key for each question, and a yes for what is shown of it; the program must end after the last."""
    left = list(keys)
    with Terminal(shell, "conflicts", "resolve") as term:
        while said := term.see_or_end("? "):
            term.type("y" if said.endswith(SURE) else left.pop(0))
        assert not left, f"{left} was not asked for"
        return term.end(), term


def _settled(shell: Shell) -> dict[str, list[str]]:
    """Titles on both sides, after a run that has nothing more to do."""
    assert shell("sync", "--json").json["changes"] == []
    return {side: shell.titles(side) for side in "xy"}


def _places(shell: Shell) -> list[str | None]:
    lines = [shell.file(side, "u1").read_bytes().splitlines() for side in "xy"]
    return [next((li.decode()[9:] for li in one if li.startswith(b"LOCATION:")), None) for one in lines]


@pytest.fixture
def met(shell: Shell) -> Shell:
    """An event that three calendars had before they were joined, with another title and place on each."""
    shell.config.write_text(RING.format(folder=shell.folder))
    (shell.folder / "z" / "Home").mkdir(parents=True)
    for side in "xyz":
        shell.put(side, "u1", f"From {side}", f"LOCATION:Room {side}")
    assert shell("sync", "--yes").code == 3
    return shell


RING = """
[accounts.x]
provider = "vdir"
path = "{folder}/x"
[accounts.y]
provider = "vdir"
path = "{folder}/y"
[accounts.z]
provider = "vdir"
path = "{folder}/z"
[pairs.first]
a = "x/Home"
b = "y/Home"
[pairs.second]
a = "y/Home"
b = "z/Home"
"""


def test_where_there_was_no_value_before_none_is_offered(met: Shell) -> None:
    """Or the old value of a title would be none."""
    (found,) = met("conflicts", "list", "--json").json
    assert found["unknown"] == ["location", "title"]
    said = met("conflicts", "show", str(found["id"])).out
    assert "(not known)" in said and "(none)" not in said
    for words in (("--take", "base"), ("--field", "title=base")):
        refused = met("conflicts", "resolve", str(found["id"]), *words)
        assert refused.code == 2 and "has no old location and title" in refused.err and "Nothing was ch" in refused.err
    assert met("conflicts", "resolve", "--all", "--take", "base").code == 2
    with Terminal(met, "conflicts", "resolve") as term:
        assert "take [a] [b] [c] [n]ewest, [f] by field" in term.see(PROMPT)
        term.type("o")
        assert "the old value" not in term.see(PROMPT)
        term.type("f")
        assert "title: [a] [b] [c] [n]ewest, [s]kip" in term.see("[s]kip? ")
        term.type("q")
        assert term.end() == 3
    assert {met.titles(side)[0] for side in "xyz"} == {"From x", "From y", "From z"}


@pytest.mark.parametrize("side", ["a", "b"])
def test_of_three_that_met_the_one_that_was_shown_is_taken(met: Shell, side: str) -> None:
    assert met("conflicts", "resolve", "--all", "--take", side).code == 0
    assert {met.titles(one)[0] for one in "xyz"} == {"From x" if side == "a" else "From y"}
    assert met("conflicts").out == "no conflicts\n"


@pytest.fixture
def ring(shell: Shell) -> Shell:
    """Three calendars in sync, of which only neighbours are pairs."""
    shell.config.write_text(RING.format(folder=shell.folder))
    (shell.folder / "z" / "Home").mkdir(parents=True)
    return shell.synced(3)


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize("kind", ["title", "time", "deleted"])
def test_what_is_taken_is_what_was_shown_where_a_third_calendar_has_its_say(ring: Shell, kind: str, side: str) -> None:
    """a and b are those of the pair, x and y, also where y is neither the first nor the last that said something."""
    for one, hour in (("x", "10"), ("z", "12")):
        file = ring.file(one, "u1")
        if kind == "time":
            file.write_bytes(file.read_bytes().replace(b"T09", b"T" + hour.encode()))
        else:
            ring.edit(one, "u1", title=f"From {one}" if kind == "title" else "Edited")
    if kind == "deleted":
        ring.config.write_text(f'[defaults]\nconflict = "ask"\n{ring.config.read_text()}')
        ring.file("y", "u1").unlink()
    assert ring("sync", "--yes").code == 3
    (found,) = ring("conflicts", "list", "--json").json
    assert found["pair"] == "first"
    said = ring("conflicts", "resolve", str(found["id"]), "--take", side)
    assert said.code == 0, said.out + said.err
    wanted = {"title": ("From x", "Event 1"), "time": ("Event 1", "Event 1"), "deleted": ("Edited", None)}[kind]
    title = wanted[side == "b"]
    rest = sorted(["Event 0", "Event 2", *([title] if title else [])])
    assert {one: ring.titles(one) for one in "xyz"} == dict.fromkeys("xyz", rest)
    if kind == "time":
        hour = b"T10" if side == "a" else b"T09"
        assert all(hour in ring.file(one, "u1").read_bytes() for one in "xyz")


def test_what_a_third_calendar_has_can_be_taken_by_its_letter_and_by_its_name(met: Shell) -> None:
    with Terminal(met, "conflicts", "resolve") as term:
        term.see(PROMPT)
        term.type("f")
        for answer in ("c", "a"):
            term.see("[s]kip? ")
            term.type(answer)
        shown = term.see(SURE)
        assert "This will be, on x/Home, y/Home and z/Home:" in shown
        assert "title     From z" in shown and "location  Room x" in shown
        term.type("n")
        term.see(PROMPT)
        term.type("q")
        assert term.end() == 3
    refused = met("conflicts", "resolve", "1", "--take", "w/Home")
    assert refused.code == 2 and "'w/Home' has no say in conflict 1; use one of: a, b," in refused.err
    assert met("conflicts", "resolve", "1", "--take", "z/Home").code == 0
    assert {met.titles(one)[0] for one in "xyz"} == {"From z"}


@pytest.mark.parametrize(("take", "title"), [("a", "Event 1"), ("b", "From y"), ("z/Home", "From z")])
def test_in_a_star_the_tips_can_be_taken_and_the_middle_has_the_old_value(ring: Shell, take: str, title: str) -> None:
    """Two calendars that are no pair changed one event: x, which knows both, did not."""
    ring.config.write_text(ring.config.read_text().replace('a = "y/Home"', 'a = "x/Home"'))
    assert ring("sync", "--yes").code == 0
    for one in "yz":
        ring.edit(one, "u1", title=f"From {one}")
    assert ring("sync").code == 3
    said = ring("conflicts", "show", "1").out
    assert "a: x/Home" in said and "b: y/Home" in said and "c: z/Home has: title From z" in said
    assert ring("conflicts", "resolve", "1", "--take", take).code == 0
    assert {one: ring.titles(one) for one in "xyz"} == dict.fromkeys("xyz", sorted(["Event 0", title, "Event 2"]))


def test_what_a_third_calendar_has_is_shown_and_the_event_is_counted_once(met: Shell) -> None:
    said = met("conflicts", "show", "1").out
    assert "c: z/Home has: title From z; location Room z" in said
    assert "\n1 event waits for a decision: calsync conflicts resolve\n" in met("status").out
    assert [row["conflict"] for row in met("status", "--json").json["pairs"]] == [1, 1]


# -- each answer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "title", "place"), [("A ", "From x", "Room x"), ("b", "From y", "Room y"), ("base", "Event 1", None)]
)
def test_a_side_or_the_old_value_settles_it(one: Shell, key: str, title: str, place: str | None) -> None:
    code, term = _resolve(one, key)
    assert code == 0, term.screen
    assert _settled(one) == {side: ["Event 0", title] for side in "xy"}
    assert _places(one) == [place, place]
    assert one("conflicts", "list", "--json").json == []


def test_both_keeps_the_loser_as_an_event_of_its_own(one: Shell) -> None:
    code, _ = _resolve(one, "both")
    assert code == 0
    assert _settled(one) == {"x": ["Event 0", "From x"], "y": ["Event 0", "From x", "From y"]}


def test_newest_that_cannot_be_told_says_so_and_asks_again(one: Shell) -> None:
    before = one.contents("x"), one.contents("y")
    code, term = _resolve(one, "n", "q")
    assert code == 3 and "so newest cannot" in term.screen
    assert (one.contents("x"), one.contents("y")) == before


def test_each_field_can_have_its_own_answer(one: Shell) -> None:
    code, term = _resolve(one, "f", "a", "b")
    assert code == 0, term.screen
    assert "title: [a]" in term.screen and "location: [a]" in term.screen
    assert _settled(one) == {side: ["Event 0", "From x"] for side in "xy"}
    assert _places(one) == ["Room y", "Room y"]


def test_a_field_that_is_skipped_stays_open(one: Shell) -> None:
    code, _ = _resolve(one, "f", "b", "s")
    assert code == 3
    assert _settled(one) == {side: ["Event 0", "From y"] for side in "xy"}
    assert _places(one) == ["Room x", "Room y"]
    (left,) = one("conflicts", "list", "--json").json
    assert list(left["fields"]) == ["location"]


def test_start_and_end_are_one_question(shell: Shell) -> None:
    from datetime import datetime

    from calsync_cli.model.times import Span, Zoned

    shell.synced(1)
    for side, hour in (("x", 11), ("y", 14)):
        moved = Span(*(Zoned(datetime(2026, 12, 1, h), "Europe/Berlin") for h in (hour, hour + 2)))
        shell.edit(side, "u0", time=moved, title=f"At {hour}")
    assert shell("sync").code == 3
    with Terminal(shell, "conflicts", "resolve") as term:
        term.see(PROMPT)
        term.type("f")
        term.see("title: ")
        term.see("? ")
        term.type("a")
        assert "start and end: " in term.see("? ")
        term.type("b")
        shown = term.see(SURE)
        assert "Tue 1 Dec 2026 14:00" in shown and "Tue 1 Dec 2026 16:00" in shown and "At 11" in shown
        term.type("")
        assert term.end() == 0, term.screen
    assert b"DTSTART;TZID=Europe/Berlin:20261201T140000" in shell.file("x", "u0").read_bytes()
    assert b"DTEND;TZID=Europe/Berlin:20261201T160000" in shell.file("x", "u0").read_bytes()
    assert _settled(shell) == {side: ["At 11"] for side in "xy"}


@pytest.mark.parametrize(("key", "titles"), [("a", []), ("b", ["Edited"])])
def test_an_edit_against_a_deletion_is_decided_by_side(shell: Shell, key: str, titles: list[str]) -> None:
    shell.config.write_text(shell.config.read_text() + 'conflict = "ask"\n')
    shell.synced(3)
    shell.file("x", "u1").unlink()
    shell.edit("y", "u1", title="Edited")
    assert shell("sync").code == 3
    with Terminal(shell, "conflicts", "resolve") as term:
        said = term.see(PROMPT)
        assert "a: x/Home: deleted" in said and "b: y/Home: edited" in said and "[m]" not in said
        assert "before  Event 1" in said and "a       (deleted)" in said and "b       Edited" in said
        term.type("m")  # no answer to this question
        assert "that is none of the answers" in term.see(PROMPT)
        term.type(key)
        assert ("will be deleted on x/Home and y/Home" in term.see(SURE)) == (key == "a")
        term.type("y")
        assert term.end() == 0, term.screen
    assert _settled(shell) == {side: [*titles, "Event 0", "Event 2"] for side in "xy"}


def test_fields_of_an_instance_are_named_by_its_date_and_can_be_decided(shell: Shell) -> None:
    shell.put("x", "ser", "Standup", "RRULE:FREQ=DAILY;COUNT=10")
    assert shell("sync", "--yes").code == 0
    for side, hour in (("x", 11), ("y", 13)):
        file = shell.file(side, "ser")
        lines = [
            "BEGIN:VEVENT", "UID:ser", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20261203T090000",
            f"DTSTART;TZID=Europe/Berlin:20261203T{hour}0000", f"DTEND;TZID=Europe/Berlin:20261203T{hour + 1}0000",
            f"SUMMARY:Moved on {side}", "END:VEVENT", "END:VCALENDAR", "",
        ]
        file.write_bytes(file.read_bytes().replace(b"END:VCALENDAR\r\n", "\r\n".join(lines).encode()))
    assert shell("sync").code == 3
    with Terminal(shell, "conflicts", "resolve") as term:
        term.see(PROMPT)
        term.type("f")
        assert "title on Thu 3 Dec 2026 09:00: " in term.see("? ")
        term.type("a")
        assert "start and end on Thu 3 Dec 2026 09:00: " in term.see("? ")
        term.type("b")
        term.see(SURE)
        term.type("y")
        assert term.end() == 0, term.screen
    for side in "xy":
        text = shell.file(side, "ser").read_bytes()
        assert b"SUMMARY:Moved on x" in text and b"DTSTART;TZID=Europe/Berlin:20261203T130000" in text


@pytest.mark.parametrize(("key", "titles"), [("a", True), ("b", False)])
def test_a_date_edited_here_and_cancelled_there_is_there_or_not(shell: Shell, key: str, titles: bool) -> None:
    """R4. Its fields are no times and texts on the side that cancelled it, and are decided as one."""
    shell.config.write_text(shell.config.read_text() + 'conflict = "ask"\n')
    shell.put("x", "ser", "Choir", "RRULE:FREQ=DAILY;COUNT=10")
    assert shell("sync", "--yes").code == 0
    lines = [
        "BEGIN:VEVENT", "UID:ser", "DTSTAMP:20260101T000000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20261203T090000",
        "DTSTART;TZID=Europe/Berlin:20261203T190000", "DTEND;TZID=Europe/Berlin:20261203T200000", "SUMMARY:Concert",
        "END:VEVENT", "END:VCALENDAR", "",
    ]
    here, there = shell.file("x", "ser"), shell.file("y", "ser")
    here.write_bytes(here.read_bytes().replace(b"END:VCALENDAR\r\n", "\r\n".join(lines).encode()))
    cancelled = b"EXDATE;TZID=Europe/Berlin:20261203T090000\r\nEND:VEVENT"
    there.write_bytes(there.read_bytes().replace(b"END:VEVENT", cancelled))
    assert shell("sync").code == 3
    (found,) = shell("conflicts", "list", "--json").json
    assert found["fields"]["@20261203T080000Z/title"] == {"base": None, "a": "Concert", "b": "cancelled"}
    with Terminal(shell, "conflicts", "resolve", columns=120) as term:
        said = term.see(PROMPT)
        assert "[n]ewest" not in said and "[f]" not in said
        assert "Concert" in said and "Thu 3 Dec 2026 19:00" in said and "(cancelled)" in said
        term.type(key)
        assert ("Concert" in term.see(SURE)) == titles
        term.type("y")
        assert term.end() == 0, term.screen
    for side in "xy":
        assert (b"SUMMARY:Concert" in shell.file(side, "ser").read_bytes()) == titles
        assert (b"EXDATE" in shell.file(side, "ser").read_bytes()) == (not titles)


# -- the preview -------------------------------------------------------------------------------------------------------


def _promised(said: str) -> dict[str, str]:
    """Field and text of the lines that say what will be."""
    lines = said.partition("This will be, on x/Home and y/Home:")[2].split("\n")[1:-1]
    return {line[2:].partition("  ")[0]: line[2:].partition("  ")[2].strip() for line in lines if line[:2] == "  "}


@pytest.mark.parametrize("keys", ["o", "m", "fba", "fsb", "fmb"])
def test_what_is_shown_before_the_yes_is_what_it_becomes(one: Shell, keys: str) -> None:
    """Each answer's preview against the event itself; a second event is promised exactly where there will be one."""
    with Terminal(one, "conflicts", "resolve", columns=120) as term:
        for key in keys:
            term.see("? ")
            term.type(key)
        said = term.see(SURE)
        term.type("y")
        assert term.end() == (3 if "s" in keys else 0), term.screen
    promised, (title, place) = _promised(said), (_titled(one), _places(one))
    assert promised["location"] == (place[0] or "(none)") and place[0] == place[1]
    if "s" in keys:
        assert promised["title"] == "(stays open)" and title == {"x": ["From x"], "y": ["From y"]}
    else:
        more = ["From y"] if "stays there too, as an event of its own" in said else []
        assert title == {"x": [promised["title"]], "y": sorted([promised["title"], *more])}


def _titled(shell: Shell) -> dict[str, list[str]]:
    return {side: [t for t in shell.titles(side) if t != "Event 0"] for side in "xy"}


def test_a_no_asks_again_and_nothing_was_noted(one: Shell) -> None:
    before = _world(one)
    with Terminal(one, "conflicts", "resolve") as term:
        for key in ("a", "n", "b", "no", "q"):
            term.see("? ")
            term.type(key)
        assert term.end() == 3 and term.screen.count("Is that right?") == 2
    _same_after_a_run(one, before)


# -- several -----------------------------------------------------------------------------------------------------------


def test_each_conflict_gets_its_own_answer(three: Shell) -> None:
    with Terminal(three, "conflicts", "resolve") as term:
        titles = []
        for number, key in enumerate("abs", 1):
            said = term.see(PROMPT)
            assert f"[{number} of 3]" in said
            titles.append(next(n for n in range(3) if f"Event {n}" in said))
            term.type(key)
            if key != "s":
                term.see(SURE)
                term.type("y")
        assert term.end() == 3 and "1 conflict waits: calsync conflicts resolve" in term.screen
    wanted = {titles[0]: "Left", titles[1]: "Right"}
    assert three.titles("x") == sorted(f"{wanted.get(n, 'Left')} {n}" for n in range(3))
    assert three.titles("y") == sorted(f"{wanted.get(n, 'Right')} {n}" for n in range(3))
    assert len(three("conflicts", "list", "--json").json) == 1


def test_quitting_carries_out_what_was_answered_and_leaves_the_rest(three: Shell) -> None:
    code, term = _resolve(three, "a", "q")
    assert code == 3, term.screen
    assert "decided; 2 more to look at" in term.screen and "2 conflicts wait" in term.screen
    assert len(three("conflicts", "list", "--json").json) == 2
    assert [t[:4] for t in three.titles("y")].count("Left") == 1


def test_an_answer_to_a_question_that_changed_meanwhile_is_not_used(one: Shell) -> None:
    """A3."""
    with Terminal(one, "conflicts", "resolve") as term:
        term.see(PROMPT)
        one.edit("y", "u1", title="From y, once more")
        assert one("sync").code == 3
        term.type("a")
        term.see(SURE)
        term.type("y")
        assert term.end() == 3
        assert "has changed meanwhile; it was left as it is" in term.screen
    assert "From y, once more" in one.titles("y") and "From x" in one.titles("x")


# -- leaving -----------------------------------------------------------------------------------------------------------


def _world(shell: Shell) -> object:
    return shell.contents("x"), shell.contents("y"), shell("conflicts", "list", "--json").json


def _same_after_a_run(shell: Shell, before: object) -> None:
    """Neither then nor in the next run was anything done: no answer was left behind."""
    assert _world(shell) == before
    assert shell("sync", "--json").json["changes"] == []
    assert _world(shell) == before


@pytest.mark.parametrize("key", ["q", "quit", "s", ""])
def test_leaving_without_an_answer_changes_nothing(one: Shell, key: str) -> None:
    before = _world(one)
    code, term = _resolve(one, key)
    assert code == 3 and "nothing was decided; 1 conflict waits: calsync conflicts resolve" in term.screen
    _same_after_a_run(one, before)


def test_the_end_of_input_changes_nothing(one: Shell) -> None:
    before = _world(one)
    with Terminal(one, "conflicts", "resolve") as term:
        term.see(PROMPT)
        term.press("\x04")
        assert term.end() == 3 and "\nnothing was decided" in term.screen
    _same_after_a_run(one, before)


LEAVING = {"ctrl-c": (None, 130), "term": (signal.SIGTERM, 143), "kill": (signal.SIGKILL, -9)}


@pytest.mark.parametrize(
    ("way", "keys", "noted"),
    [("ctrl-c", "an", 0), ("ctrl-c", "fa", 0), ("term", "a", 0), ("term", "ay", 1), ("kill", "fab", 0),
     ("kill", "ayb", 1)],
)  # fmt: skip
def test_whoever_leaves_keeps_what_was_said_yes_to_and_nothing_else(
    three: Shell, way: str, keys: str, noted: int
) -> None:
    """At each kind of question, by each way out: nothing is written; the next run carries out just the noted answers,
    and the conflicts without one are asked again."""
    for n in range(3):
        three.edit("x", f"u{n}", location=f"Room {n}")
        three.edit("y", f"u{n}", location=f"Hall {n}")
    three("sync")
    files = three.contents("x"), three.contents("y")
    number, code = LEAVING[way]
    with Terminal(three, "conflicts", "resolve") as term:
        for key in keys:
            term.see("? ")
            term.type(key)
        term.see("? ")
        assert term.interrupt(number) == code
        assert way == "kill" or f"{3 - noted} conflicts wait" in term.screen
        assert way == "kill" or ("nothing was changed" if not noted else "1 answer noted") in term.screen
    assert (three.contents("x"), three.contents("y")) == files
    assert [bool(one["decided"]) for one in three("conflicts", "list", "--json").json].count(True) == noted
    assert ("(decided: a; the next sync carries it out)" in three("conflicts").out) == bool(noted)
    assert three("sync").code == 3
    assert [t[:4] for t in three.titles("y")].count("Left") == noted
    assert len(three("conflicts", "list", "--json").json) == 3 - noted


def test_an_answer_that_was_noted_is_not_asked_for_again(three: Shell) -> None:
    with Terminal(three, "conflicts", "resolve") as term:
        for key in ("b", "y"):
            term.see("? ")
            term.type(key)
        term.see(PROMPT)
        assert term.interrupt() == 130
    with Terminal(three, "conflicts", "resolve") as term:
        said = term.see(PROMPT)
        assert "1 conflict had your answer already" in said and "[1 of 2]" in said
        term.type("q")
        assert term.end() == 3
    assert [t[:5] for t in three.titles("x")].count("Right") == 1


@pytest.mark.parametrize("garbage", ["x", "ab", "yes please", "é🦷", "\x1b[A", "take a", "9" * 500])
def test_garbage_is_asked_again_with_what_can_be_said(one: Shell, garbage: str) -> None:
    before = _world(one)
    with Terminal(one, "conflicts", "resolve") as term:
        term.see(PROMPT)
        term.type(garbage)
        said = term.see(PROMPT)
        assert "none of the answers" in said and "what x/Home has" in said and "Ctrl-C" in said
        term.type("?")
        assert "none of the answers" not in term.see(PROMPT).partition("\n")[2]
        term.type("q")
        assert term.end() == 3
    _same_after_a_run(one, before)


def test_json_never_asks(one: Shell) -> None:
    with Terminal(one, "conflicts", "resolve", "--json") as term:
        assert term.end() == 3
    assert '"code": "person-needed"' in term.screen and "take [a]" not in term.screen


# -- looks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 120, 160])
def test_a_conflict_fits_the_window_and_names_both_calendars(one: Shell, columns: int) -> None:
    long = "会議:予算 👩‍👩‍👧 " * 12 + "end"
    one.edit("x", "u1", title=long)
    one("sync")
    with Terminal(one, "--no-color", "conflicts", "resolve", columns=columns) as term:
        said = term.see(PROMPT)
        assert "a: x/Home" in said and "b: y/Home" in said and "before" in said
        assert ("\n  before  Event 1 " in said) == (columns < 100)  # below each other, else side by side
        assert all(len(line) <= columns for line in said.split("\n")) and len(said.rpartition("\n")[2]) <= 80
        term.type("q")
        assert term.end() == 3


def test_a_long_text_is_shown_around_its_difference(shell: Shell) -> None:
    shell.synced(1)
    for side in "xy":
        shell.edit(side, "u0", description="the same words " * 20_000 + f"and the end on {side}")
    assert shell("sync").code == 3
    said = shell("conflicts", "show", "1").out
    assert "and the end on x" in said and "and the end on y" in said and len(said) < 3000
    assert "characters)" in said
