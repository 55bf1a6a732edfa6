"""`events add | edit | rm` at a shell: what is said becomes what is written, on all sides, and can be taken back."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calsync_cli.cli.said import Said, new, zone_here
from calsync_cli.errors import UsageError
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.series import Form
from tests.cli.program import CONFIG, Shell
from tests.cli.terminal import Terminal
from tests.engine.world import ics

ADD = ("events", "add", "x/Home")


@pytest.fixture
def home(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    return shell.synced(2)


def event(shell: Shell, title: str, side: str = "y") -> Form:
    readings = [mapping("ical").read(file.read_bytes()) for file in shell.home(side).glob("*.ics")]
    (form,) = [reading.form for reading in readings if reading.title == title]
    return form


def lines(shell: Shell, title: str, side: str = "x") -> list[str]:
    texts = [file.read_text() for file in shell.home(side).glob("*.ics")]
    (text,) = [text for text in texts if f"SUMMARY:{title}\n" in text]
    return text.split("BEGIN:VEVENT")[1].splitlines()


def test_a_new_event_is_written_on_both_sides_and_taken_back(home: Shell) -> None:
    said = home(
        *ADD, "Dentist", "--start", "2026-11-24 09:30", "--duration", "45m", "--location", "Main Street", "--notes",
        "Bring the card", "--reminder", "1h30m", "--category", "Health", "--private", "--url", "https://example.org/",
    )
    assert said.code == 0, said.err
    assert said.out.splitlines() == [
        'home  +a  "Dentist"  Tue 24 Nov 2026 09:30   added by hand',
        'home  +b  "Dentist"  Tue 24 Nov 2026 09:30   new on x/Home',
        "home  a x/Home: +1 (3 events); b y/Home: +1 (3 events)",
        "take it back with: calsync undo 2",
    ]
    here = lines(home, "Dentist")
    assert "DTSTART;TZID=Europe/Berlin:20261124T093000" in here and "DTEND;TZID=Europe/Berlin:20261124T101500" in here
    assert "CLASS:PRIVATE" in here and "TRIGGER:-PT1H30M" in here and "CATEGORIES:Health" in here
    there = event(home, "Dentist")
    assert (there["location"], there["description"]) == ("Main Street", "Bring the card")
    assert "up to date" in home("sync").out
    assert home("undo", "--yes").code == 0 and home.titles("x") == home.titles("y") == ["Event 0", "Event 1"]
    assert "up to date" in home("sync").out


def test_saying_it_twice_adds_it_once(home: Shell) -> None:
    words = (*ADD, "Dentist", "--start", "2026-11-24 09:30")
    home(*words)
    again = home(*words)
    assert again.code == 0 and "is on x/Home already" in again.out and home.titles("y").count("Dentist") == 1
    assert home(*words, "--again").code == 0 and home.titles("y").count("Dentist") == 2


@pytest.mark.parametrize(("words", "start", "end"), [
    (["--start", "2026-11-24"], ";VALUE=DATE:20261124", ";VALUE=DATE:20261125"),
    (["--start", "2026-11-24", "--end", "2026-11-26"], ";VALUE=DATE:20261124", ";VALUE=DATE:20261127"),
    (["--start", "2026-11-24 10:00", "--all-day"], ";VALUE=DATE:20261124", ";VALUE=DATE:20261125"),
    (["--start", "2026-11-24", "--duration", "2d"], ";VALUE=DATE:20261124", ";VALUE=DATE:20261126"),
    (["--start", "2026-11-24T9:30", "--end", "11:00"], ";TZID=Europe/Berlin:20261124T093000",
     ";TZID=Europe/Berlin:20261124T110000"),
    (["--start", "2026-11-24 09:30", "--zone", "Asia/Tokyo"], ";TZID=Asia/Tokyo:20261124T093000",
     ";TZID=Asia/Tokyo:20261124T103000"),
])
def test_times_are_what_people_mean(home: Shell, words: list[str], start: str, end: str) -> None:
    said = home(*ADD, "Event", *words)
    assert said.code == 0, said.err
    assert {f"DTSTART{start}", f"DTEND{end}"} <= set(lines(home, "Event"))


@pytest.mark.parametrize(("words", "rule"), [
    (["--repeat", "weekly", "--count", "4"], "FREQ=WEEKLY;COUNT=4"),
    (["--repeat", "every 2 weeks", "--until", "2026-12-31"], "FREQ=WEEKLY;INTERVAL=2;UNTIL=20261231T225959Z"),
    (["--repeat", "weekdays"], "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    (["--rrule", "FREQ=MONTHLY;BYDAY=4TU"], "FREQ=MONTHLY;BYDAY=4TU"),
])
def test_a_repetition_in_words_or_as_a_rule(home: Shell, words: list[str], rule: str) -> None:
    said = home(*ADD, "Series", "--start", "2026-11-24 09:30", *words)
    assert said.code == 0, said.err
    assert f"RRULE:{rule}" in lines(home, "Series")


@pytest.mark.parametrize(("words", "told"), [
    ([], "an event needs a start"),
    (["--start", "soon"], "--start 'soon' is no time"),
    (["--start", "2026-02-30"], "is no time"),
    (["--start", "2026-11-24 09:30", "--end", "2026-11-24 09:00"], "before it starts"),
    (["--start", "2026-11-24 09:30", "--end", "2026-11-25"], "give hours to both"),
    (["--start", "2026-11-24", "--duration", "45m"], "no whole days"),
    (["--start", "2026-11-24 09:30", "--duration", "long"], "is no length"),
    (["--start", "2026-11-24 09:30", "--end", "11:00", "--duration", "1h"], "give one"),
    (["--start", "2026-11-24 09:30", "--zone", "Europe/Berln"], "did you mean 'Europe/Berlin'"),
    (["--start", "2026-11-24 09:30", "--repeat", "weakly"], "did you mean 'weekly'"),
    (["--start", "2026-11-24 09:30", "--rrule", "FREQ=SOMETIMES"], "cannot be understood"),
    (["--start", "2026-11-24 09:30", "--rrule", "FREQ=WEEKLY;BYDAY=MO"], "is no date of the repetition (every week on"),
    (["--start", "2026-11-24 09:30", "--rrule", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"], "never has a date"),
    (["--start", "2026-11-24 09:30", "--until", "2026-12-01"], "go with --repeat"),
    (["--start", "2026-11-24 09:30", "--reminder", "none", "--reminder", "5m"], "stands alone"),
    (["--start", "2026-11-24 09:30", "--guest", "a@example.org"], "calsync invites nobody"),
])
def test_what_cannot_be_meant_is_told_and_writes_nothing(home: Shell, words: list[str], told: str) -> None:
    before = home.contents("x")
    said = home(*ADD, "Event", *words)
    assert said.code == 2 and told in said.err and "nothing was written" in said.err
    assert "next: calsync events add -h" in said.err and home.contents("x") == before


def test_a_calendar_that_cannot_be_written_by_hand_is_told(home: Shell) -> None:
    start = ("--start", "2026-11-24")
    home.config.write_text(CONFIG + '[accounts.feed]\nprovider = "ics"\npath = "feed.ics"\n'
                           '[pairs.news]\na = "feed/feed"\nb = "y/Home"\ndirection = "a-to-b"\n')
    (home.folder / "feed.ics").write_bytes(ics("f1", "Feed"))
    assert "has not been synced yet" in home("events", "add", "feed/feed", "Mine", *start).err
    home("sync", "--yes")
    said = home("events", "add", "feed/feed", "Mine", *start)
    assert said.code == 5 and "read-only" in said.out
    (home.folder / "x" / "Alone").mkdir()
    said = home("events", "add", "x/Alone", "Mine", *start)
    assert said.code == 2 and "is in no pair" in said.err and "next: calsync status" in said.err
    assert "did you mean 'x/Home'" in home("events", "add", "x/Hoem", "Mine", *start).err
    assert "there is no account 'zz'" in home("events", "add", "zz/Home", "Mine", *start).err


def test_an_edit_changes_what_is_named_and_keeps_the_rest(home: Shell) -> None:
    home.put("x", "d1", "Dentist", "LOCATION:Here", "X-OWN:kept")
    home("sync")
    assert home("events", "edit", "dentist", "--start", "14:00", "--title", "Doctor", "--notes", "New").code == 0
    there = lines(home, "Doctor", "x")
    assert "DTSTART;TZID=Europe/Berlin:20261201T140000" in there and "DTEND;TZID=Europe/Berlin:20261201T150000" in there
    assert "LOCATION:Here" in there and "X-OWN:kept" in there
    assert event(home, "Doctor")["description"] == "New"
    assert home("events", "edit", "Doctor", "--start", "2026-12-02", "--location", "").code == 0
    assert "DTSTART;TZID=Europe/Berlin:20261202T140000" in lines(home, "Doctor")
    assert "location" not in event(home, "Doctor")
    same = home("events", "edit", "Doctor", "--title", "Doctor")
    assert same.code == 0 and "is so already on x/Home" in same.out
    assert "say what is to change" in home("events", "edit", "Doctor").err


def test_one_date_of_a_series(home: Shell) -> None:
    home.put("x", "s1", "Standup", "RRULE:FREQ=WEEKLY;COUNT=6")
    home("sync")
    assert home("events", "edit", "Standup", "--date", "2026-12-08", "--start", "10:00", "--title", "Late").code == 0
    assert home("events", "rm", "Standup", "--date", "2026-12-15", "--yes").code == 0
    there = event(home, "Standup")
    assert there["@20261208T080000Z/title"] == "Late" and there["@20261215T080000Z"] == "cancelled"
    gone = home("events", "edit", "Standup", "--date", "2026-12-15", "--url", "u")
    assert "has no date on Tue 15 Dec 2026" in gone.err
    left = home("events", "edit", "Standup", "--start", "11:00")
    assert left.code == 2 and "2 dates of this series would be left behind" in left.err
    assert "does not repeat" in home("events", "rm", "Event 0", "--date", "2026-12-01").err
    assert "does not repeat" in home("events", "edit", "Standup", "--date", "2026-12-22", "--repeat", "daily").err


def test_a_series_is_moved_with_its_rule_only(home: Shell) -> None:
    home.put("x", "s1", "Standup", "RRULE:FREQ=WEEKLY;BYDAY=TU")
    home("sync")
    assert "say --repeat or --rrule to fit it" in home("events", "edit", "Standup", "--start", "2026-12-02").err
    assert "gets or loses its hours" in home("events", "edit", "Standup", "--all-day").err
    assert home("events", "edit", "Standup", "--start", "2026-12-02", "--repeat", "weekly").code == 0
    assert "RRULE:FREQ=WEEKLY" in lines(home, "Standup")
    assert home("events", "edit", "Standup", "--repeat", "none").code == 0
    assert "recurrence" not in event(home, "Standup")


def test_removing_needs_a_yes_and_can_be_taken_back(home: Shell) -> None:
    said = home("events", "rm", "Event 1")
    assert said.code == 3 and "nothing was deleted" in said.err
    assert "next: calsync events rm 'Event 1' --yes" in said.err and len(home.titles("x")) == 2
    shown = home("events", "rm", "Event 1", "-n")
    assert shown.code == 0 and 'home  -a  "Event 1"' in shown.out and len(home.titles("x")) == 2
    assert home("events", "rm", "Event 1", "--yes").code == 0 and home.titles("x") == home.titles("y") == ["Event 0"]
    assert home("restore", "Event 1", "--yes").code == 0
    assert home.titles("x") == home.titles("y") == ["Event 0", "Event 1"]


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("answer", "left"), [("y", 1), ("n", 2)])
def test_a_terminal_asks_before_it_removes(home: Shell, answer: str, left: int) -> None:
    with Terminal(home, "events", "rm", "Event 1", columns=120) as term:
        term.see('Delete "Event 1" Tue 1 Dec 2026 09:00 from x/Home and y/Home? [y/N] ')
        term.type(answer)
        assert term.end() == (0 if answer == "y" else 3)
    assert len(home.titles("y")) == left


def test_words_that_fit_several_events_or_none(home: Shell) -> None:
    said = home("events", "rm", "Event", "--yes")
    assert said.code == 2 and "2 events fit 'Event'" in said.err and "u0" in said.out and "u1" in said.out
    assert "no event has the UID 'Nothing'" in home("events", "edit", "Nothing", "--title", "T").err
    assert home("events", "rm", "u1", "--calendar", "y/Home", "--yes").code == 0 and home.titles("x") == ["Event 0"]


def test_what_changed_since_the_last_sync_is_not_overwritten(home: Shell) -> None:
    home.edit("x", "u1", title="Theirs")
    said = home("events", "edit", "u1", "--title", "Mine")
    assert said.code == 3 and "title changed on x/Home meanwhile, so nothing was written" in said.out
    assert "next: calsync events show u1" in said.out and "Theirs" in home.titles("x")
    assert home("events", "edit", "u1", "--title", "Mine").code == 0 and "Mine" in home.titles("y")


def test_an_event_of_several_pairs_is_one_event(home: Shell) -> None:
    """Titles are shown on a third calendar, by a pair that comes first and has links of its own."""
    (home.folder / "z" / "Home").mkdir(parents=True)
    third = '[accounts.z]\nprovider = "vdir"\npath = "z"\n[pairs.third]\na = "x/Home"\nb = "z/Home"\n'
    home.config.write_text(f'{third}to_b = {{ view = "titles" }}\n{CONFIG}')
    home("sync", "--yes")
    said = home("events", "edit", "Event 1", "--title", "Renamed")
    assert said.code == 0 and 'home   ~a  "Renamed"' in said.out
    assert [home.titles(side) for side in "xyz"] == [["Event 0", "Renamed"]] * 3
    assert home("events", "rm", "Renamed", "--yes").code == 0
    assert [home.titles(side) for side in "xyz"] == [["Event 0"]] * 3


def test_json_is_the_report_of_the_run(home: Shell) -> None:
    said = home(*ADD, "Dentist", "--start", "2026-11-24 09:30", "--json").json
    assert [(c["side"], c["action"]) for c in said["changes"]] == [("a", "create"), ("b", "create")]
    (row, *_) = home("history", "--json").json
    assert (row["trigger"], row["created"]) == ("events add", 2)


def test_without_a_known_zone_it_asks_for_one() -> None:
    with pytest.raises(UsageError, match="--zone Europe/Berlin"):
        new(Said(datetime.now(UTC), "calsync events add", title="Dentist", start="2026-11-24 09:30"), "")


def test_the_zone_of_this_machine_is_found_where_systems_keep_it(tmp_path: Path) -> None:
    (tmp_path / "zoneinfo" / "America").mkdir(parents=True)
    (tmp_path / "zoneinfo" / "America" / "New_York").write_bytes(b"")
    (tmp_path / "localtime").symlink_to(tmp_path / "zoneinfo" / "America" / "New_York")
    assert zone_here({}, tmp_path / "localtime") == "America/New_York"
    assert zone_here({"TZ": ":Asia/Tokyo"}, tmp_path / "localtime") == "Asia/Tokyo"
    assert zone_here({"TZ": "nonsense"}, tmp_path / "none") == ""
