"""C2: the corpus from a folder through clouds and out again, by the real engine over emulated services.

Shape   a folder (a) of odd objects, two more calendars (b, c) joined in a chain: what a cloud cannot hold is held with
        a reason that its table of losses declares, all else is the same to the people who look at b and c
Judge   icalendar and recurring_ical_events, and the emulators' own readers; the bytes of the folder by rawdiff
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import icalendar
import pytest
import recurring_ical_events

from calsync_cli.mapping.ical import ICAL
from calsync_cli.model import recur
from calsync_cli.model.series import LOCAL_FIELDS, without_fields
from tests.corpus import OBJECTS
from tests.corpus.rawdiff import differences
from tests.engine.cloud_oracle import _open, check_one_look, held_uids
from tests.engine.cloud_world import CloudWorld
from tests.engine.ical_sides import IcalSide, _ical_seen, ical_uid
from tests.engine.sides import FIRST, LAST, Seen, Side, plain_uid

CHAINS = [("vdir", "google", "dav"), ("vdir", "graph", "dav"), ("vdir", "google", "graph"), ("vdir", "graph", "google")]
RETURNS = [("vdir", "google", "vdir"), ("vdir", "graph", "vdir"), ("vdir", "dav", "vdir"), ("dav", "google", "dav"),
           ("dav", "graph", "dav"), ("dav", "vdir", "dav")]
STEP = int(os.environ.get("CALSYNC_CORPUS_STEP", "3"))
START = {kinds: n for n, kinds in enumerate([*CHAINS, ("vdir", "google"), ("vdir", "graph"), *RETURNS])}
LARGEST = 30_000
"""Octets. Larger objects are of the mapping's own tests."""

HELD = re.compile(
    # Google: mapping/google/losses.py
    r"it has no length|is no date of its series|by another calendar than the Gregorian|by a date at once|"
    r"its only date is cancelled|repeats every few|that is not here cannot be made|extra date with a length of its own|"
    # Outlook: mapping/graph/losses.py
    r"no time zone, and the zone of this mailbox is not known|the time zone of the series is unknown|"
    r"repeats on extra dates|by more than one rule|"
    r"its first date is none of its rule|its rule ends before it begins|would reach the day of another one|"
    r"longer than the time between them|which Outlook cannot hold: RRULE|"
    # what no service of today takes
    r"its start is not a possible date: '(1000|9998)|refused the event \((Invalid (start|end) time|it is too long)\)"
)
ROUGH = {
    "in one line of 255 characters, the rest kept": {"title_of_3_000_characters", "title_with_line_break"},
    "8,192 characters, the rest kept": {"description_of_20_000_characters"},
    "HTML as text": {"html_as_description", "google_html_description"},
    "without variation selectors (facts 11.2)": {"emoji_with_variation_selector"},
    "without a time zone, so in the calendar's own": {
        "floating_over_midnight", "floating_series", "floating_start_and_end", "floating_with_duration",
        "school_timetable_event", "until_in_utc_on_floating", "zone_of_blanks", "zone_parameter_empty",
        "zone_of_the_calendar_and_floating_times",
    },
    "not the clouds: the other reader counts lengths by the wall": {"gap_series_daily", "overlap_series_daily"},
    "not the clouds: the other reader has no first date": {"until_before_the_start", "until_in_year_1"},
    "not the clouds: the emulator stops after 730 dates": {"rule_daily_for_ever_since_1990"},
}  # fmt: skip
"""What is shown roughly, by the tables of losses, and so not compared."""
NOT_COMPARED = frozenset[str]().union(*ROUGH.values())


@contextmanager
def world_of_the_corpus(*kinds: str, step: int = STEP) -> Iterator[tuple[CloudWorld, dict[str, str]]]:
    """And the files of its folder: UID -> name. An object whose UID another one has is left out."""
    with CloudWorld(*kinds) as world:
        folder, files = world["a"], dict[str, str]()
        assert isinstance(folder, IcalSide)
        for name, payload in list(OBJECTS.items())[START[kinds] % step :: step]:
            payload = payload.replace(b"odd@corpus.test", f"{name}@corpus.test".encode())
            if kinds[0] == "dav" and not _fits_xml(payload):
                continue
            if len(payload) <= LARGEST and (uid := plain_uid(ICAL.read(payload).uid)) not in files:
                files[uid] = folder.new_id(name)
                folder.put(files[uid], payload)
        yield world, files


def _fits_xml(payload: bytes) -> bool:
    """CalDAV hands its objects out in XML 1.0."""
    try:
        return not re.search("[^\t\r\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", payload.decode())
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize("kinds", CHAINS, ids=" - ".join)
def test_every_odd_event_arrives_as_it_was_or_is_held_with_a_declared_reason(kinds: tuple[str, str, str]) -> None:
    with world_of_the_corpus(*kinds) as (world, files):
        report = world.run()
        undeclared = [one.message for one in report.problems if not HELD.search(one.message)]
        assert not undeclared
        assert world.quiet()
        check_one_look(world)
        held = held_uids(world)
        assert len(held) < len(files) / 5
        for name in "bc":
            assert set(files) - held <= world[name].uids(), name
        _look_alike(world, held)
        world.oracle.final()


@pytest.mark.parametrize("kinds", RETURNS, ids=" - ".join)
def test_every_odd_event_comes_to_a_second_calendar_of_its_kind_as_it_was(kinds: tuple[str, str, str]) -> None:
    """By the reader of C1, for both ends are iCalendar."""
    with world_of_the_corpus(*kinds, step=STEP if STEP == 1 else 2 * STEP) as (world, files):
        report = world.run()
        assert [one.message for one in report.problems if not HELD.search(one.message)] == []
        assert world.quiet()
        check_one_look(world)
        here, there, held = world["a"].forms(), world["c"].forms(), held_uids(world)
        assert set(files) - held <= there.keys()
        for uid in there.keys() & here.keys():
            assert recur.diff(*(without_fields(form, LOCAL_FIELDS) for form in (here[uid], there[uid]))) == {}, uid
        world.oracle.final()


def _look_alike(world: CloudWorld, held: set[str]) -> None:
    there = {name: _agenda(world[name], held) for name in "bc"}
    here, other = (_open([one for one in seen if _name(one) not in NOT_COMPARED], held) for seen in there.values())
    assert sorted((here - other).elements()) == sorted((other - here).elements()) == []


def _name(one: Seen) -> str:
    return one[0].partition("@")[0]


def _agenda(side: Side, held: set[str]) -> list[Seen]:
    """What the other reader refuses to expand at all is not compared: other calendars, and every second."""
    if not isinstance(side, IcalSide):
        return side.agenda()
    found: list[Seen] = []
    for payload in side.files().values():
        if b"RSCALE" in payload or b"SECONDLY" in payload:
            held.add(ical_uid(payload))
            continue
        icalendar.use_zoneinfo()
        expanded = recurring_ical_events.of(icalendar.Calendar.from_ical(payload)).between(FIRST, LAST)
        found += [_ical_seen(ical_uid(payload), one) for one in expanded]
    return [one for one in found if one[1] >= str(FIRST)]


@pytest.mark.parametrize("cloud", ["google", "graph"])
def test_a_title_changed_in_a_cloud_changes_the_title_lines_of_each_odd_file_and_no_others(cloud: str) -> None:
    """I7, X8."""
    with world_of_the_corpus("vdir", cloud) as (world, files):
        world.run()
        folder, held = world["a"], held_uids(world)
        assert isinstance(folder, IcalSide)
        before = folder.files()
        changed = sorted(world["b"].uids() - held)[::3]
        for number, uid in enumerate(changed):
            world["b"].edit(uid, title=f"tok{number}x")
        report = world.run()
        assert [one.message for one in report.problems if not HELD.search(one.message)] == []
        after = folder.files()
        assert after.keys() == before.keys()
        assert {uid for uid, name in files.items() if before[name] != after[name]} == set(changed)
        others = {name: found for name in before if (found := [
            line for line in differences(before[name], after[name])
            if line.name != "SUMMARY" or line.inside != ("VCALENDAR", "VEVENT")
        ])}  # fmt: skip
        assert others == {}
        assert world.quiet()
