"""The loss table of the Graph mapping is true and whole: each clause has a test that fails when it is no longer so.

A loss is looked at on an event that passed the emulator's model of Outlook: `seen` is what every other program would
read, and `back` what calsync does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.graph.losses import LOSSES
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.inherit import normal
from calsync_cli.mapping.losses import How, Loss, held, hidden, left, losses_of, read, rough
from calsync_cli.model.series import CANCELLED, Form, Recurrence, Value
from calsync_cli.model.times import Span, Zoned
from tests.unit.graph_oddities import FILES
from tests.unit.graph_outlook import HOME, Outlook
from tests.unit.losses.proofs import Proofs
from tests.unit.test_graph_mapping_oddities import HALF_TEN, KEY, NEXT, TEAMS, at, span
from tests.unit.test_graph_mapping_rules import REFUSED

Test = Callable[..., None]
WEEKLY = Recurrence(("BYDAY=TU;FREQ=WEEKLY",))
SERIES: Form = {"title": "x", "time": HALF_TEN, "recurrence": WEEKLY}
proves = Proofs(LOSSES)


def passed(form: Form) -> bytes:
    """A copy as Outlook gives it back."""
    outlook = Outlook()
    return outlook.read(outlook.create(GRAPH.make("u", normal(form), "m", HOME)))


def alone(payload: bytes) -> Form:
    """What is read without the private properties."""
    seen = GRAPH.seen(payload)
    return GRAPH.read(payload).form if seen is None else seen


def seen_and_back(form: Form) -> tuple[Form, Form]:
    payload = passed(form)
    return alone(payload), GRAPH.read(payload).form


def check_kept(field: str, value: Value, seen: Value | None, *, told: bool = True) -> None:
    """Outlook shows `seen` (None: nothing) of a value that comes back as it was. told: that is a loss to a person."""
    form: Form = {"title": "x", "time": HALF_TEN, field: value}
    payload = passed(form)
    assert (alone(payload).get(field), GRAPH.read(payload).form.get(field)) == (seen, value)
    assert seen != value
    loss = Loss(field, How.HIDDEN if seen is None else How.ROUGH, seen)
    assert losses_of(GRAPH, payload, form) == losses_of(GRAPH, payload) == ((loss,) if told else ())


def edited(name: str, change: dict[str, Value]) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(GRAPH.edit(FILES[name], change))["event"]
    return event


# -- losses ------------------------------------------------------------------------------------------------------------


@proves("guests", left("nobody is invited to a copy"))
@proves("organizer", left("a copy is an event of its calendar's owner"))
@proves("organizer", read("of an event without guests it is not read"))
def test_people_are_read_and_never_written() -> None:
    form = GRAPH.read(FILES["guests_and_a_room"]).form
    assert form["guests"] and form["organizer"]
    outlook = Outlook()
    made = GRAPH.make("u", form, "m", HOME)
    payload = outlook.read(outlook.create(made))
    assert not {"guests", "organizer"} & GRAPH.read(payload).form.keys()
    assert b"attendees" not in made and outlook.box.mails == []
    assert losses_of(GRAPH, payload, form) == (Loss("guests", How.LEFT), Loss("organizer", How.LEFT))
    own = GRAPH.read(FILES["words_set"])
    assert json.loads(FILES["words_set"])["event"]["organizer"] and "organizer" not in own.form


@proves("attachments", hidden("always"))
def test_links_are_kept() -> None:
    check_kept("attachments", frozenset({"https://drive.example/a"}), None)


@proves("attachments", read("files attached at Outlook are neither read nor removed"))
def test_attached_files_stay_where_they_are() -> None:
    assert json.loads(FILES["attachments"])["event"]["hasAttachments"] is True
    assert "attachments" not in GRAPH.read(FILES["attachments"]).form
    event = edited("attachments", {"attachments": frozenset({"https://drive.example/a"})})
    assert event["hasAttachments"] is True and "attachments" not in event


@proves("color", hidden("always: Outlook colours by category"))
def test_colours_are_kept() -> None:
    check_kept("color", "turquoise", None)


@proves("url", hidden("always"))
def test_addresses_are_kept() -> None:
    check_kept("url", "https://example.org/", None)


@proves("url", read("of an online meeting the link to join is read"))
def test_the_link_of_an_online_meeting_is_read() -> None:
    assert alone(FILES["teams_meeting"])["url"] == TEAMS


@proves("title", rough("255 characters in one line are shown"))
def test_long_titles_are_shown_in_part() -> None:
    check_kept("title", "P" * 256, "P" * 255)
    check_kept("title", "a\nb", "a b")
    assert alone(passed({"time": HALF_TEN, "title": "P" * 255}))["title"] == "P" * 255


@proves("location", read("address and coordinates are not read, and go with a new text"))
def test_the_address_of_another_place_goes() -> None:
    before = json.loads(FILES["location_with_odd_coordinates"])["event"]["location"]
    assert before["coordinates"]
    assert edited("location_with_odd_coordinates", {"location": "Room 9"})["location"] == {"displayName": "Room 9"}
    assert edited("location_with_odd_coordinates", {"title": "new"})["location"] == before


@proves("description", rough("without blanks at the ends of lines, second empty lines and tabs"))
def test_blanks_of_a_text_are_lost_at_outlook() -> None:
    check_kept("description", "a  \n\n\nb\tc", "a\n\nb    c")
    check_kept("description", "\na", "a")
    exact = "  a  b\n\n<c> & d"
    assert alone(passed({"title": "x", "time": HALF_TEN, "description": exact}))["description"] == exact


@proves("description", read("HTML reads as text"))
def test_html_reads_as_text() -> None:
    assert "<b>" in json.loads(FILES["teams_meeting"])["event"]["body"]["content"]
    assert "<" not in str(GRAPH.read(FILES["teams_meeting"]).form["description"])


@proves("description", read("the join block of an online meeting is not read, and never changed"))
def test_the_join_block_is_not_shown_and_stays() -> None:
    assert "Microsoft Teams" not in str(GRAPH.read(FILES["teams_meeting"]).form["description"])
    before = json.loads(FILES["teams_meeting"])["event"]["body"]["content"]
    block = before[before.index('<div class="me-email-text"') : before.index("<p>Bring cake")]
    for text in ("", "something else", "Agenda: all\n\nBring cake and tea"):
        assert block in edited("teams_meeting", {"description": text})["body"]["content"]


@proves("location", read("several places read as one text"))
def test_several_places_are_one_text() -> None:
    name = "location_in_the_list_only"
    assert GRAPH.read(FILES[name]).form["location"] == "Room 4; Room 5"
    assert edited(name, {"title": "new"})["locations"] == json.loads(FILES[name])["event"]["locations"]


@proves("time", read("an end before its start reads as that start; of whole days as one day"))
def test_an_end_before_its_start_reads_as_that_start() -> None:
    assert GRAPH.read(FILES["ends_before_it_starts"]).form["time"] == Span(HALF_TEN.start, HALF_TEN.start)
    assert GRAPH.read(FILES["all_day_end_equals_start"]).form["time"] == span("20261124", "20261125")


@proves("", read("a date that its organizer called off reads as cancelled"))
def test_a_date_called_off_is_cancelled() -> None:
    name = "override_called_off_by_its_organizer"
    assert GRAPH.read(FILES[name]).form[KEY] == CANCELLED
    assert json.loads(FILES[name])["instances"][0]["isCancelled"] is True


@proves("visibility", read("`personal` reads as private, and stays"))
def test_personal_reads_as_private() -> None:
    assert GRAPH.read(FILES["sensitivity_personal"]).form["visibility"] == "private"
    assert edited("sensitivity_personal", {"title": "new"})["sensitivity"] == "personal"


@proves("busy", read("out of office, working elsewhere and unknown read as busy, and stay"))
@pytest.mark.parametrize("word", ["oof", "workingElsewhere", "unknown"])
def test_out_of_office_reads_as_busy_and_stays(word: str) -> None:
    name = f"show_as_{word.lower()}"
    assert "busy" not in GRAPH.read(FILES[name]).form
    assert edited(name, {"title": "new"})["showAs"] == edited(name, {"busy": "", "color": "red"})["showAs"] == word


@proves("status", rough("a cancelled event that is still there is shown as tentative"))
def test_cancelled_events_are_shown_as_tentative() -> None:
    check_kept("status", "cancelled", "tentative")


@proves("status", hidden("of a free event that is tentative: it is shown as free"))
def test_free_and_tentative_is_shown_as_free() -> None:
    form: Form = {"title": "x", "time": HALF_TEN, "busy": "free", "status": "tentative"}
    there, back = seen_and_back(form)
    assert (there, back) == ({name: form[name] for name in ("title", "time", "busy")}, form)
    assert losses_of(GRAPH, passed(form)) == (Loss("status", How.HIDDEN),)


@proves("reminders", rough("of several the nearest to the start is shown, on the screen; whole minutes only"))
def test_the_nearest_reminder_is_shown() -> None:
    wanted = frozenset({"display:-PT1H", "display:-PT15M", "email:-PT5M"})
    check_kept("reminders", wanted, frozenset({"display:-PT15M"}))
    check_kept("reminders", frozenset({"email:-P1D"}), frozenset({"display:-P1D"}))
    check_kept("reminders", frozenset({"display:-PT90S"}), frozenset({"display:-PT2M"}))


@proves("reminders", hidden("after the start"))
def test_reminders_after_the_start_are_kept() -> None:
    check_kept("reminders", frozenset({"display:PT10M"}), None)


@proves("time", rough("an event without a time zone is shown in the mailbox's own"))
def test_floating_events_are_shown_in_the_zone_of_the_mailbox() -> None:
    floating = span("20261124T093000", "20261124T103000", "")
    check_kept("time", floating, HALF_TEN)
    series: Form = {"title": "x", "time": floating, "recurrence": Recurrence(("BYDAY=TU;COUNT=5;FREQ=WEEKLY",)),
                    "@20261201T093000": CANCELLED, "@20261208T093000/title": "y"}
    assert losses_of(GRAPH, passed(series), series) == (Loss("time", How.ROUGH, HALF_TEN),)


@proves("time", read("a time zone that nobody knows is read by its instants"))
def test_unknown_zones_are_read_by_their_instants() -> None:
    reading = GRAPH.read(FILES["zone_custom_and_mailbox_unknown"])
    assert reading.form["time"] == span("20261124T083000", "20261124T093000", "UTC")
    assert any("is unknown; read by its instants" in remark for remark in reading.losses)


@proves("time", rough("a zone that Outlook lacks is shown as one with the same clock"))
def test_zones_that_outlook_lacks_are_shown_as_their_like() -> None:
    check_kept("time", span("20261124T093000", "20261124T103000", "Europe/Vienna"), HALF_TEN, told=False)


@proves("time", rough("a single time that comes twice or not at all is shown in UTC"))
def test_times_that_come_twice_are_shown_in_utc() -> None:
    twice = span("20261025T003000", "20261025T003000", "UTC")
    check_kept("time", span("20261025T023000", "20261025T023000"), twice, told=False)
    there, back = seen_and_back({"title": "x", "time": span("20260329T023000", "20260329T023000")})
    assert there["time"] == span("20260329T013000", "20260329T013000", "UTC")
    assert back["time"] == span("20260329T033000", "20260329T033000")  # the same instant


@proves("time", rough("a series that ends in another zone is shown as ending in its own"))
def test_series_that_end_in_another_zone_are_shown_in_their_own() -> None:
    form = {**SERIES, "time": Span(at("20261124T093000"), at("20261124T043000", "America/New_York"))}
    assert seen_and_back(form) == (SERIES, form)
    assert losses_of(GRAPH, passed(form)) == (Loss("time", How.ROUGH, HALF_TEN),)


@proves("recurrence", rough("as Outlook's pattern with the same dates"))
@proves("recurrence", rough("an end after August 4500 is shown as none"))
@proves("recurrence", rough("more than 999 times are shown as ending at the date of the last"))
@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("FREQ=WEEKLY", "BYDAY=TU;FREQ=WEEKLY"),
        ("BYDAY=TU;FREQ=WEEKLY;UNTIL=45000901T073000Z", "BYDAY=TU;FREQ=WEEKLY"),
        ("BYDAY=TU;COUNT=1000;FREQ=WEEKLY", "BYDAY=TU;FREQ=WEEKLY;UNTIL=20460116T083000Z"),
    ],
)
def test_rules_are_shown_as_patterns(rule: str, shown: str) -> None:
    there, back = seen_and_back({**SERIES, "recurrence": Recurrence((rule,))})
    assert (there["recurrence"], back["recurrence"]) == (Recurrence((shown,)), Recurrence((rule,)))


@proves("", left("a cancelled date of an event that does not repeat"))
def test_cancelled_dates_of_single_events_are_dropped() -> None:
    form: Form = {"title": "x", "time": HALF_TEN, KEY: CANCELLED}
    assert GRAPH.read(passed(form)).form == {"title": "x", "time": HALF_TEN}
    assert losses_of(GRAPH, passed(form), form) == (Loss(KEY, How.LEFT),)


@proves("", hidden("a cancelled date that is none of its series"))
def test_cancelled_dates_that_are_none_are_kept() -> None:
    form = {**SERIES, "@20261202T083000Z": CANCELLED}
    assert seen_and_back(form) == (SERIES, form)
    assert losses_of(GRAPH, passed(form), form) == (Loss("@20261202T083000Z", How.HIDDEN),)


@proves("x:", hidden("always"))
def test_carried_properties_are_kept() -> None:
    form: Form = {**SERIES, "x:X-PROJECT": "Moon", f"{KEY}/x:X-PROJECT": "Mars"}
    payload = passed(form)
    assert GRAPH.carried(payload, ["x:X-PROJECT"]) == {path: form[path] for path in form if "x:" in path}
    assert losses_of(GRAPH, payload, form) == (Loss("x:X-PROJECT", How.HIDDEN),)
    assert b"Moon" in payload and losses_of(GRAPH, payload) == ()


def test_all_other_fields_are_exact() -> None:
    form: Form = {"title": "x", "time": HALF_TEN, "categories": frozenset({"Work", "Home"})}
    assert seen_and_back(form) == (form, form) and losses_of(GRAPH, passed(form), form) == ()


def test_what_does_not_fit_is_lost_largest_first_and_said_so() -> None:
    """Beside one event set 30,000 characters are kept (`kept.LOST`)."""
    form: Form = {"title": "P" * 300, "time": HALF_TEN, "color": "red", "description": "\t" + "x" * 31_000}
    payload = passed(form)
    reading = GRAPH.read(payload)
    assert reading.form == {**form, "description": "    " + "x" * 31_000}
    assert any("its description did not fit into the event at Outlook and was lost" in one for one in reading.losses)
    told = losses_of(GRAPH, payload, form)
    assert [(loss.path, loss.how) for loss in told] == [
        ("color", How.HIDDEN), ("description", How.LEFT), ("title", How.ROUGH),
    ]
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


def repeats(rule: str, day: str = "20261124") -> Callable[[], bytes]:
    return made({"title": "x", "time": span(f"{day}T093000", f"{day}T103000"), "recurrence": Recurrence((rule,))})


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
    ("time", "before the year 1001 or after 9997", made({"title": "x", "time": span("99980101", "99980102")}),
     "is not a possible date"),
    ("recurrence", "extra dates",
     made({**SERIES, "recurrence": Recurrence(WEEKLY.rules, (at("20261202T093000"),))}), "on extra dates"),
    ("recurrence", "several rules",
     made({**SERIES, "recurrence": Recurrence((*WEEKLY.rules, "COUNT=3;FREQ=DAILY"))}), "more than one rule"),
    ("recurrence", "more often than daily", repeats("FREQ=HOURLY"),
     "repeats every few (hours|minutes|seconds)"),
    ("recurrence", "by another calendar than the Gregorian", repeats("RSCALE=HEBREW;FREQ=YEARLY"),
     "another calendar"),
    ("recurrence", "in weeks or on days of the year given by number", repeats("BYWEEKNO=48;FREQ=YEARLY"),
     "(weeks|days of the year) given by number"),
    ("recurrence", "at other times of the day than its own", repeats("BYHOUR=9,17;FREQ=DAILY"),
     "other times of the day"),
    ("recurrence", "an end by number and by date at once", repeats("COUNT=3;FREQ=DAILY;UNTIL=20261231T080000Z"),
     "by a number and by a date"),
    ("recurrence", "steps of 100 days or weeks and more", repeats("FREQ=DAILY;INTERVAL=100"),
     "(days|weeks), and 99 is the most"),
    ("recurrence", "several days of the month, or days counted from its end", repeats("BYMONTHDAY=24,25;FREQ=MONTHLY"),
     "several days of the month|from the end of the month"),
    ("recurrence", "a day that some months lack, where these are left out", repeats("FREQ=MONTHLY", "20270131"),
     "months that lack its day"),
    ("recurrence", "several n-th weekdays, a fifth one, one counted over the year, or other dates of a set",
     repeats("BYDAY=1TU,4TU;FREQ=MONTHLY"),
     "several n-th weekdays|weekday that months may lack|weekdays over a whole year|other dates of a set"),
    ("recurrence", "in some months only", repeats("BYMONTH=11,12;FREQ=DAILY"),
     "several months only"),
    ("recurrence", "a first date that is none of its rule", repeats("BYDAY=MO;FREQ=WEEKLY"),
     "first date is none of its rule"),
    ("recurrence", "an end before its beginning", repeats("FREQ=DAILY;UNTIL=20261101T080000Z"),
     "ends before it begins"),
    ("recurrence", "any other rule whose very dates no pattern of Outlook gives",
     repeats("BYDAY=MO,TU;BYSETPOS=1;FREQ=WEEKLY", "20260105"),
     "way of its own"),
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
    ("event", "a meeting of somebody else, but for what is one's own to say",
     changed("guest_of_a_meeting", {"title": "y"}), "only its organizer can change it"),
    ("event", "a meeting that was never sent", changed("draft_of_a_meeting", {"title": "y"}), "was never sent"),
    ("uid", "more than 2,000 characters", made({"title": "x", "time": HALF_TEN}, uid="u" * 2001),
     "has 2,001 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "clause", "call", "reason"), HOLDS, ids=[clause for _, clause, _, _ in HOLDS])
def test_what_outlook_cannot_hold_is_held_with_its_reason(
    field: str, clause: str, call: Callable[[], bytes], reason: str
) -> None:
    with pytest.raises(MappingError, match=reason):
        call()


@pytest.mark.parametrize("words", REFUSED)
def test_every_reason_why_a_rule_has_no_pattern_is_a_clause(words: str) -> None:
    assert len([reason for field, _, _, reason in HOLDS if field == "recurrence" and re.search(reason, words)]) == 1


def test_every_clause_has_its_test_and_every_test_its_clause() -> None:
    for field, clause, _, _ in HOLDS:
        proves.note(field, held(clause))
    proves.check()
