"""The loss table is true and whole: each clause has a test which fails when that is no longer so.

A loss is looked at on an event that passed the emulator's model of Outlook: `shown` reads it without what calsync keeps
beside it, as every other program would, and `back` with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.graph.kept import MEMBER
from calsync_cli.mapping.graph.losses import HELD, LOSSES, Clauses
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.series import CANCELLED, FIELDS, Form, Recurrence, Value
from calsync_cli.model.times import Span, Zoned
from tests.unit.graph_oddities import FILES
from tests.unit.graph_outlook import HOME, Outlook
from tests.unit.test_graph_mapping_oddities import HALF_TEN, KEY, NEXT, TEAMS, at, span

Test = Callable[..., None]
WEEKLY = Recurrence(("BYDAY=TU;FREQ=WEEKLY",))
SERIES: Form = {"title": "x", "time": HALF_TEN, "recurrence": WEEKLY}
SEEN: set[tuple[str, str]] = set()


def loses(field: str, clause: str) -> Callable[[Test], Test]:
    """The test shows that clause."""
    SEEN.add((field, clause))
    return lambda test: test


def clauses(table: Clauses) -> set[tuple[str, str]]:
    return {(field, clause) for field, said in table.items() for clause in said}


def passed(form: Form) -> bytes:
    """A copy as Outlook gives it back."""
    outlook = Outlook()
    return outlook.read(outlook.create(GRAPH.make("u", normal(form), "m", HOME)))


def alone(payload: bytes) -> Form:
    """What is read without the private properties."""
    data = json.loads(payload)
    for resource in [data["event"], *data["instances"]]:
        resource.pop(MEMBER, None)
    return GRAPH.read(json.dumps(data).encode()).form


def shown_and_back(form: Form) -> tuple[Form, Form]:
    payload = passed(form)
    return alone(payload), GRAPH.read(payload).form


def check_kept(field: str, value: Value, shown: Value | None) -> None:
    """Outlook shows `shown` (None: nothing) of a value that comes back as it was."""
    there, back = shown_and_back({"title": "x", "time": HALF_TEN, field: value})
    assert (there.get(field), back.get(field)) == (shown, value)
    assert shown != value


def edited(name: str, change: dict[str, Value]) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(GRAPH.edit(FILES[name], change))["event"]
    return event


# -- losses ------------------------------------------------------------------------------------------------------------


@loses("guests", "never written to a copy; read from Outlook")
@loses("organizer", "never written to a copy; read from Outlook where there are guests")
def test_people_are_read_and_never_written() -> None:
    form = GRAPH.read(FILES["guests_and_a_room"]).form
    assert form["guests"] and form["organizer"]
    outlook = Outlook()
    made = GRAPH.make("u", form, "m", HOME)
    payload = outlook.read(outlook.create(made))
    assert not {"guests", "organizer"} & GRAPH.read(payload).form.keys()
    assert b"attendees" not in made and outlook.box.mails == []
    own = GRAPH.read(FILES["words_set"])
    assert json.loads(FILES["words_set"])["event"]["organizer"] and "organizer" not in own.form


@loses("attachments", "links are kept, not shown")
def test_links_are_kept() -> None:
    check_kept("attachments", frozenset({"https://drive.example/a"}), None)


@loses("attachments", "files attached at Outlook are neither read nor removed")
def test_attached_files_stay_where_they_are() -> None:
    assert json.loads(FILES["attachments"])["event"]["hasAttachments"] is True
    assert "attachments" not in GRAPH.read(FILES["attachments"]).form
    event = edited("attachments", {"attachments": frozenset({"https://drive.example/a"})})
    assert event["hasAttachments"] is True and "attachments" not in event


@loses("color", "kept, not shown: Outlook colours by category")
def test_colours_are_kept() -> None:
    check_kept("color", "turquoise", None)


@loses("url", "kept, not shown")
def test_addresses_are_kept() -> None:
    check_kept("url", "https://example.org/", None)


@loses("url", "of an online meeting the link to join is read")
def test_the_link_of_an_online_meeting_is_read() -> None:
    assert alone(FILES["teams_meeting"])["url"] == TEAMS


@loses("title", "255 characters in one line are shown, the whole is kept")
def test_long_titles_are_shown_in_part() -> None:
    check_kept("title", "P" * 256, "P" * 255)
    check_kept("title", "a\nb", "a b")
    assert alone(passed({"time": HALF_TEN, "title": "P" * 255}))["title"] == "P" * 255


@loses("location", "address and coordinates go with a new text")
def test_the_address_of_another_place_goes() -> None:
    before = json.loads(FILES["location_with_odd_coordinates"])["event"]["location"]
    assert before["coordinates"]
    assert edited("location_with_odd_coordinates", {"location": "Room 9"})["location"] == {"displayName": "Room 9"}
    assert edited("location_with_odd_coordinates", {"title": "new"})["location"] == before


@loses(
    "description", "shown without blanks at the ends of lines, second empty lines and tabs; the text itself is kept"
)
def test_blanks_of_a_text_are_lost_at_outlook() -> None:
    check_kept("description", "a  \n\n\nb\tc", "a\n\nb    c")
    check_kept("description", "\na", "a")
    exact = "  a  b\n\n<c> & d"
    assert alone(passed({"title": "x", "time": HALF_TEN, "description": exact}))["description"] == exact


@loses("description", "HTML reads as text")
def test_html_reads_as_text() -> None:
    assert "<b>" in json.loads(FILES["teams_meeting"])["event"]["body"]["content"]
    assert "<" not in str(GRAPH.read(FILES["teams_meeting"]).form["description"])


@loses("description", "the join block of an online meeting is not shown and never changed")
def test_the_join_block_is_not_shown_and_stays() -> None:
    assert "Microsoft Teams" not in str(GRAPH.read(FILES["teams_meeting"]).form["description"])
    before = json.loads(FILES["teams_meeting"])["event"]["body"]["content"]
    block = before[before.index('<div class="me-email-text"') : before.index("<p>Bring cake")]
    for text in ("", "something else", "Agenda: all\n\nBring cake and tea"):
        assert block in edited("teams_meeting", {"description": text})["body"]["content"]


@loses("visibility", "`personal` reads as private")
def test_personal_reads_as_private() -> None:
    assert GRAPH.read(FILES["sensitivity_personal"]).form["visibility"] == "private"
    assert edited("sensitivity_personal", {"title": "new"})["sensitivity"] == "personal"


@loses("busy", "out of office and working elsewhere read as busy, and stay")
@pytest.mark.parametrize("word", ["oof", "workingElsewhere"])
def test_out_of_office_reads_as_busy_and_stays(word: str) -> None:
    name = f"show_as_{word.lower()}"
    assert "busy" not in GRAPH.read(FILES[name]).form
    assert edited(name, {"title": "new"})["showAs"] == edited(name, {"busy": "", "color": "red"})["showAs"] == word


@loses("status", "a cancelled event that is still there is shown as tentative, and kept")
def test_cancelled_events_are_shown_as_tentative() -> None:
    check_kept("status", "cancelled", "tentative")


@loses("status", "a free event that is tentative is shown as free, and kept")
def test_free_and_tentative_is_shown_as_free() -> None:
    form: Form = {"title": "x", "time": HALF_TEN, "busy": "free", "status": "tentative"}
    there, back = shown_and_back(form)
    assert (there, back) == ({name: form[name] for name in ("title", "time", "busy")}, form)


@loses("reminders", "of several the nearest to the start is shown, on the screen; the others are kept")
def test_the_nearest_reminder_is_shown() -> None:
    wanted = frozenset({"display:-PT1H", "display:-PT15M", "email:-PT5M"})
    check_kept("reminders", wanted, frozenset({"display:-PT15M"}))
    check_kept("reminders", frozenset({"email:-P1D"}), frozenset({"display:-P1D"}))


@loses("reminders", "one that is no whole number of minutes before the start is shown roughly, and kept")
def test_odd_reminders_are_shown_roughly() -> None:
    check_kept("reminders", frozenset({"display:-PT90S"}), frozenset({"display:-PT2M"}))
    check_kept("reminders", frozenset({"display:PT10M"}), None)


@loses("time", "an event without a time zone is shown in the mailbox's own; that it has none is kept")
def test_floating_events_are_shown_in_the_zone_of_the_mailbox() -> None:
    floating = span("20261124T093000", "20261124T103000", "")
    check_kept("time", floating, HALF_TEN)


@loses("time", "a zone that Outlook lacks is shown as one with the same clock, and kept")
def test_zones_that_outlook_lacks_are_shown_as_their_like() -> None:
    check_kept("time", span("20261124T093000", "20261124T103000", "Europe/Vienna"), HALF_TEN)


@loses("time", "a single time that comes twice or not at all is shown in UTC, its zone kept")
def test_times_that_come_twice_are_shown_in_utc() -> None:
    check_kept("time", span("20261025T023000", "20261025T023000"), span("20261025T003000", "20261025T003000", "UTC"))
    there, back = shown_and_back({"title": "x", "time": span("20260329T023000", "20260329T023000")})
    assert there["time"] == span("20260329T013000", "20260329T013000", "UTC")
    assert back["time"] == span("20260329T033000", "20260329T033000")  # the same instant


@loses("time", "a series that ends in another zone is shown as ending in its own, and kept")
def test_series_that_end_in_another_zone_are_shown_in_their_own() -> None:
    form = {**SERIES, "time": Span(at("20261124T093000"), at("20261124T043000", "America/New_York"))}
    assert shown_and_back(form) == (SERIES, form)


@loses("recurrence", "shown as Outlook's pattern with the same dates, the rule itself kept")
@loses("recurrence", "an end after August 4500 is shown as none, and kept")
@loses("recurrence", "more than 999 times are shown as ending at the date of the last, and kept")
@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("FREQ=WEEKLY", "BYDAY=TU;FREQ=WEEKLY"),
        ("BYDAY=TU;FREQ=WEEKLY;UNTIL=45000901T073000Z", "BYDAY=TU;FREQ=WEEKLY"),
        ("BYDAY=TU;COUNT=1000;FREQ=WEEKLY", "BYDAY=TU;FREQ=WEEKLY;UNTIL=20460116T083000Z"),
    ],
)
def test_rules_are_shown_as_patterns(rule: str, shown: str) -> None:
    there, back = shown_and_back({**SERIES, "recurrence": Recurrence((rule,))})
    assert (there["recurrence"], back["recurrence"]) == (Recurrence((shown,)), Recurrence((rule,)))


@loses("", "a cancelled date of an event that does not repeat is dropped")
def test_cancelled_dates_of_single_events_are_dropped() -> None:
    form: Form = {"title": "x", "time": HALF_TEN, KEY: CANCELLED}
    assert GRAPH.read(passed(form)).form == {"title": "x", "time": HALF_TEN}


@loses("", "a cancelled date that is none of its series is kept, not shown")
def test_cancelled_dates_that_are_none_are_kept() -> None:
    form = {**SERIES, "@20261202T083000Z": CANCELLED}
    assert shown_and_back(form) == (SERIES, form)


def test_all_other_fields_are_exact() -> None:
    form: Form = {"title": "x", "time": HALF_TEN, "categories": frozenset({"Work", "Home"})}
    assert shown_and_back(form) == (form, form)
    assert FIELDS.keys() == {field for field in LOSSES if field} | {"categories"}


def test_what_does_not_fit_is_lost_largest_first_and_said_so() -> None:
    """Beside one event set 30,000 characters are kept (`kept.LOST`)."""
    form: Form = {"title": "P" * 300, "time": HALF_TEN, "color": "red", "description": "\t" + "x" * 31_000}
    payload = passed(form)
    reading = GRAPH.read(payload)
    assert reading.form == {**form, "description": "    " + "x" * 31_000}
    assert any("its description did not fit into the event at Outlook and was lost" in one for one in reading.losses)
    assert GRAPH.edit(payload, dict(reading.form)) is payload
    shorter = GRAPH.read(GRAPH.edit(payload, {"description": "\tx"}))
    assert shorter.form["description"] == "\tx" and not any("did not fit" in one for one in shorter.losses)


# -- held --------------------------------------------------------------------------------------------------------------

FLOATING = span("20261124T093000", "20261124T103000", "")
AT_NOON = Zoned(datetime(2026, 11, 24, 12), "Antarctica/Troll")
LONG = Span(at("20261124T093000"), at("20261202T093000"))
NIGHT_FLIGHT = Span(at("20260927T013000"), at("20260926T213000", "America/New_York"))
SUNDAYS = Recurrence(("FREQ=WEEKLY",))


def made(form: Form, *, uid: str = "u", place: Place = HOME) -> Callable[[], bytes]:
    return lambda: GRAPH.make(uid, form, "m", place)


def changed(name: str, change: dict[str, Value | None]) -> Callable[[], bytes]:
    return lambda: GRAPH.edit(FILES[name], change)


HOLDS: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("time", "an event without a time zone while the mailbox's is not known",
     made({"title": "x", "time": FLOATING}, place=Place("key:1", "")), "the zone of this mailbox is not known"),
    ("time", "a series without a time zone at a time that the mailbox's leaves out",
     made({**SERIES, "time": span("20260329T023000", "20260329T033000", ""), "recurrence": SUNDAYS}),
     "clock of its zone leaves out"),
    ("time", "one instance without a time zone, its series with one",
     made({**SERIES, f"{KEY}/time": span("20261201T140000", "20261201T150000", "")}),
     "has no time zone while its series"),
    ("time", "one instance with a time zone, its series without one",
     made({**SERIES, "time": FLOATING, "@20261201T093000/time": span("20261201T140000", "20261201T150000")}),
     "has a time zone while its series"),
    ("time", "a series in a zone whose clock no zone of Outlook keeps",
     made({**SERIES, "time": Span(AT_NOON, AT_NOON)}),
     "none of Outlook's time zones keeps the clock of Antarctica/Troll"),
    ("time", "a series that ends in another zone, where that changes how long it lasts",
     made({**SERIES, "time": NIGHT_FLIGHT, "recurrence": SUNDAYS}), "would change how long it lasts"),
    ("time", "occurrences longer than the time between them", made({**SERIES, "time": LONG}),
     "longer than the time between"),
    ("recurrence", "extra dates",
     made({**SERIES, "recurrence": Recurrence(WEEKLY.rules, (at("20261202T093000"),))}), "on extra dates"),
    ("recurrence", "several rules",
     made({**SERIES, "recurrence": Recurrence((*WEEKLY.rules, "COUNT=3;FREQ=DAILY"))}), "more than one rule"),
    ("recurrence", "a rule without a pattern of the very same dates (rules)",
     made({**SERIES, "recurrence": Recurrence(("BYMONTHDAY=24,25;FREQ=MONTHLY",))}), "several days of the month"),
    ("description", "of an online meeting whose join block cannot be told from its text",
     changed("online_meeting_without_its_block", {"description": "new"}), "does not show its join block"),
    ("", "a deleted date brought back", changed("deleted_date", {KEY: None}), "no way to bring it back"),
    ("", "an instance moved onto or past the day of another one",
     made({**SERIES, f"{KEY}/time": span("20261208T140000", "20261208T150000")}), "would reach the day of another one"),
    ("", "a changed instance that is no date of its series",
     made({**SERIES, "@20261202T083000Z/title": "y"}), "is no date of its series"),
    ("", "a new instance of a series that is not here",
     changed("two_overrides_without_master", {f"{NEXT}/title": "y", f"{NEXT}/time": HALF_TEN}),
     "series that is not here"),
    ("", "the only date of an event cancelled",
     made({"title": "x", "time": HALF_TEN, "@20261124T083000Z": CANCELLED}), "its only date is cancelled"),
    ("", "a meeting of somebody else, but for what is one's own to say (standing)",
     changed("guest_of_a_meeting", {"title": "y"}), "only its organizer can change it"),
    ("", "a meeting that was never sent", changed("draft_of_a_meeting", {"title": "y"}), "was never sent"),
    ("uid", "more than 2,000 characters", made({"title": "x", "time": HALF_TEN}, uid="u" * 2001),
     "has 2,001 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "clause", "call", "reason"), HOLDS, ids=[clause for _, clause, _, _ in HOLDS])
def test_what_outlook_cannot_hold_is_held_with_its_reason(
    field: str, clause: str, call: Callable[[], bytes], reason: str
) -> None:
    with pytest.raises(MappingError, match=reason):
        call()


def test_every_clause_has_its_test_and_every_test_its_clause() -> None:
    assert clauses(LOSSES) == SEEN
    assert clauses(HELD) == {(field, clause) for field, clause, _, _ in HOLDS}
    assert LOSSES.keys() <= FIELDS.keys() | {""} and HELD.keys() <= FIELDS.keys() | {"", "uid"}
