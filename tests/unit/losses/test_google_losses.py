"""The loss table of the Google mapping is true and whole: each clause has a test that fails when it is no longer so.

`seen` is what every other program would read of a copy, and `back` what calsync does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.google.colors import name_of
from calsync_cli.mapping.google.losses import LOSSES
from calsync_cli.mapping.google.wire import WIRE
from calsync_cli.mapping.inherit import normal
from calsync_cli.mapping.losses import How, Loss, held, hidden, left, losses_of, read, rough
from calsync_cli.model.series import CANCELLED, Form, Recurrence, Value
from calsync_cli.model.times import Span
from tests.unit.losses.proofs import Proofs
from tests.unit.test_google_mapping_oddities import DAYS, FILES, HALF_TEN, KEY, UNREADABLE, WEEKLY, at, span

HERE = Place("cs0example", "Europe/Berlin")
SERIES: Form = {"title": "x", "time": HALF_TEN, "recurrence": WEEKLY}
proves = Proofs(LOSSES)


def made(form: Form, uid: str = "u") -> bytes:
    return WIRE.make(uid, normal(form), "m", HERE)


def event(payload: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(payload)["event"]
    return found


def edited(name: str, change: Mapping[str, Value]) -> dict[str, Any]:
    return event(WIRE.edit(FILES[name], change))


def alone(payload: bytes) -> Form:
    """What is read without the private properties."""
    seen = WIRE.seen(payload)
    return WIRE.read(payload).form if seen is None else seen


def check_kept(field: str, value: Value, seen: Value | None, *, told: bool = True, **more: Value) -> None:
    """Google shows `seen` (None: nothing) of a value that comes back as it was. told: that is a loss to a person."""
    form: Form = {"title": "x", "time": HALF_TEN, **more, field: value}
    payload = made(form)
    assert (alone(payload).get(field), WIRE.read(payload).form.get(field)) == (seen, value)
    assert seen != value
    loss = Loss(field, How.HIDDEN if seen is None else How.ROUGH, seen)
    assert losses_of(WIRE, payload, form) == losses_of(WIRE, payload) == ((loss,) if told else ())


# -- losses ------------------------------------------------------------------------------------------------------------


@proves("guests", left("nobody is invited to a copy"))
@proves("organizer", left("a copy is an event of its calendar's owner"))
@proves("organizer", read("of an event without guests it is not read"))
def test_people_are_read_and_never_written() -> None:
    form = WIRE.read(FILES["guests_and_a_room"]).form
    assert form["guests"] and form["organizer"]
    payload = made(form)
    assert b"attendees" not in payload and not {"guests", "organizer"} & WIRE.read(payload).form.keys()
    assert losses_of(WIRE, payload, form) == (Loss("guests", How.LEFT), Loss("organizer", How.LEFT))
    assert event(FILES["organizer_without_guests"])["organizer"]
    assert "organizer" not in WIRE.read(FILES["organizer_without_guests"]).form


@proves("attachments", hidden("always"))
def test_links_are_kept() -> None:
    check_kept("attachments", frozenset({"https://drive.example/a"}), None)


@proves("attachments", read("files attached at Google are read as links and never removed"))
def test_files_attached_at_google_stay() -> None:
    assert WIRE.read(FILES["attachments"]).form["attachments"] == {"https://drive.example/a"}
    there = event(FILES["attachments"])["attachments"]
    assert there and edited("attachments", {"attachments": frozenset()})["attachments"] == there


@proves("categories", hidden("always"))
def test_categories_are_kept() -> None:
    check_kept("categories", frozenset({"Work", "Home, sweet home"}), None)


@proves("color", rough("as the nearest of Google's eleven colours"))
def test_the_nearest_colour_is_shown() -> None:
    check_kept("color", "turquoise", name_of(event(made({"time": HALF_TEN, "color": "turquoise"}))["colorId"]))


@proves("color", hidden("a colour that is near none of them"))
def test_a_colour_of_no_name_is_kept() -> None:
    check_kept("color", "no colour of this world", None)


@proves("color", read("a number that is no colour of Google's reads as none, and stays"))
def test_a_number_of_no_colour_stays() -> None:
    assert "color" not in WIRE.read(FILES["colour_unknown"]).form
    assert edited("colour_unknown", {"title": "new"})["colorId"] == "24"


@proves("url", hidden("all but web addresses, which are shown as the event's source"))
def test_other_addresses_are_kept() -> None:
    check_kept("url", "tel:123", None)
    assert losses_of(WIRE, made({"title": "x", "time": HALF_TEN, "url": "https://example.org/"})) == ()


@proves("url", rough("at an event that somebody else made, where the link stays that one's"))
def test_the_source_of_somebody_elses_event_stays() -> None:
    own = b'"creator":{"email":"me@example.org","self":true}'
    payload = WIRE.edit(FILES["words_set"].replace(own, b'"creator":{"email":"x@y.z"}'), {"url": "https://new.example/"})
    assert WIRE.read(payload).form["url"] == "https://new.example/"
    assert event(payload)["source"] == event(FILES["words_set"])["source"]
    assert losses_of(WIRE, payload) == (Loss("url", How.ROUGH, WIRE.read(FILES["words_set"]).form["url"]),)


@proves("url", read("the title beside a link is not read, and stays"))
def test_the_title_of_a_source_stays() -> None:
    assert WIRE.read(FILES["words_set"]).form["url"] == event(FILES["words_set"])["source"]["url"]
    assert edited("words_set", {"url": "https://new.example/"})["source"] == {
        "title": "Ticket", "url": "https://new.example/",
    }  # fmt: skip


@proves(
    "reminders",
    rough("five are shown, popups and mails of whole minutes before the start; others as a popup nearby"),
)
@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ({"audio:-PT15M"}, {"display:-PT15M"}),
        ({"display:-PT90S"}, {"display:-PT2M"}),
        ({"display:end:-PT1H30M"}, {"display:-PT30M"}),
        ({f"display:-PT{n}M" for n in range(1, 7)}, {f"display:-PT{n}M" for n in range(2, 7)}),
    ],
)
def test_reminders_that_google_cannot_say_have_a_popup_nearby(wanted: set[str], seen: set[str]) -> None:
    check_kept("reminders", frozenset(wanted), frozenset(seen))


@proves("reminders", hidden("after the start, or more than four weeks before it"))
@pytest.mark.parametrize("reminder", ["display:PT10M", "display:-P29D"])
def test_reminders_that_nothing_can_stand_for_are_kept(reminder: str) -> None:
    check_kept("reminders", frozenset({reminder}), None)


@proves("reminders", read("the calendar's default reminders read as none"))
def test_default_reminders_read_as_none() -> None:
    assert event(FILES["reminders_by_default"])["reminders"]["useDefault"] is True
    assert "reminders" not in WIRE.read(FILES["reminders_by_default"]).form


@proves("status", rough("a cancelled event that is still there is shown as tentative"))
def test_cancelled_events_are_shown_as_tentative() -> None:
    check_kept("status", "cancelled", "tentative")
    form: Form = {**SERIES, "status": "cancelled", f"{KEY}/status": "tentative", f"{KEY}/title": "y"}
    assert losses_of(WIRE, made(form), form) == (Loss("status", How.ROUGH, "tentative"),)  # the instance looks right


@proves("visibility", hidden("of one instance: Google would apply it to the whole series"))
def test_the_privacy_of_one_instance_is_kept() -> None:
    form: Form = {**SERIES, f"{KEY}/visibility": "private"}
    payload = made(form)
    assert (WIRE.read(payload).form, alone(payload)) == (form, SERIES)
    assert losses_of(WIRE, payload, form) == (Loss(f"{KEY}/visibility", How.HIDDEN),)


@proves("reminders", read("text messages and reminders without a time are not read, and go with new ones"))
def test_reminders_of_former_kinds_stay_until_there_are_new_ones() -> None:
    name = "reminders_of_all_kinds"
    assert WIRE.read(FILES[name]).form["reminders"] == {"display:-PT15M", "display:PT0S", "email:-P1D"}
    assert edited(name, {"title": "new"})["reminders"] == event(FILES[name])["reminders"]
    assert edited(name, {"reminders": frozenset({"display:-PT5M"})})["reminders"]["overrides"] == [
        {"method": "popup", "minutes": 5}
    ]


@proves("visibility", read("`public` reads as the calendar's own, and stays"))
def test_public_reads_as_the_calendars_own() -> None:
    assert "visibility" not in WIRE.read(FILES["visibility_public"]).form
    assert edited("visibility_public", {"title": "new"})["visibility"] == "public"


@proves("visibility", read("a word that calsync does not know reads as private"))
def test_words_of_tomorrow_hide() -> None:
    assert event(FILES["visibility_of_tomorrow"])["visibility"] not in ("private", "confidential", "public", "default")
    assert WIRE.read(FILES["visibility_of_tomorrow"]).form["visibility"] == "private"
    assert edited("visibility_of_tomorrow", {"title": "y"})["visibility"] == (
        event(FILES["visibility_of_tomorrow"])["visibility"]
    )


@proves("description", rough("8,192 characters are shown"))
def test_long_texts_are_shown_in_part() -> None:
    check_kept("description", "x" * 8193, "x" * 8192)
    assert losses_of(WIRE, made({"title": "x", "time": HALF_TEN, "description": "<b> & x" * 100})) == ()


@proves("description", read("HTML reads as text"))
def test_html_reads_as_text() -> None:
    assert "<" in event(FILES["html_list"])["description"]
    assert WIRE.read(FILES["html_list"]).form["description"] == "Agenda\n- one\n- two now"


@proves("time", rough("an event without a time zone is shown in the calendar's own"))
def test_floating_events_are_shown_in_the_zone_of_the_calendar() -> None:
    floating = span("20261124T093000", "20261124T103000", "")
    check_kept("time", floating, HALF_TEN)
    series: Form = {"title": "x", "time": floating, "@20261201T093000": CANCELLED, "@20261208T093000/title": "y",
                    "recurrence": Recurrence(("FREQ=WEEKLY;UNTIL=20270105T093000",))}
    assert losses_of(WIRE, made(series), series) == (Loss("time", How.ROUGH, HALF_TEN),)


def test_a_floating_event_of_a_calendar_without_a_zone_is_not_shown_at_all_yet() -> None:
    form: Form = {"title": "x", "time": span("20261124T093000", "20261124T103000", ""), "color": "red"}
    payload = WIRE.make("u", form, "m", Place("cs0example", ""))
    assert losses_of(WIRE, payload, form) == ()


@proves("time", left("a zone's name that Google was slow to learn: an older one of the same clock stands for it"))
def test_new_names_of_zones_are_written_as_their_older_ones() -> None:
    form: Form = {"title": "x", "time": span("20261124T093000", "20261124T103000", "Europe/Kyiv")}
    payload = made(form)
    assert event(payload)["start"]["timeZone"] == "Europe/Kiev"
    assert WIRE.read(payload).form["time"] == span("20261124T093000", "20261124T103000", "Europe/Kiev")
    assert losses_of(WIRE, payload, form) == ()  # one clock under two names is one zone (R8)


@proves("time", read("an end before its start reads as that start; of whole days as one day"))
def test_an_end_before_its_start_reads_as_that_start() -> None:
    assert WIRE.read(FILES["ends_before_it_starts"]).form["time"] == Span(HALF_TEN.start, HALF_TEN.start)
    assert WIRE.read(FILES["all_day_end_equals_start"]).form["time"] == DAYS


@proves("", read("a date that the series has no longer is not read, and stays"))
@pytest.mark.parametrize("name", ["former_series_with_leftovers", "split_first_half_with_leftover"])
def test_leftover_dates_stay(name: str) -> None:
    assert not any(path.startswith("@") for path in WIRE.read(FILES[name]).form)
    left = json.loads(WIRE.edit(FILES[name], {"title": "new"}))["instances"]
    assert left == json.loads(FILES[name])["instances"] != []


@proves("time", read("a time zone that nobody knows is read by its offset"))
def test_unknown_zones_are_read_by_their_offset() -> None:
    reading = WIRE.read(FILES["zone_unknown"])
    assert reading.form["time"] == HALF_TEN and any("read by its offset" in remark for remark in reading.losses)


@proves(
    "recurrence",
    rough("a number of dates is written as their end, where the event does not begin at a date of its rule"),
)
def test_a_number_of_dates_is_written_as_their_end() -> None:
    rule = Recurrence(("BYDAY=MO;COUNT=3;FREQ=WEEKLY",))
    shown = Recurrence(("BYDAY=MO;FREQ=WEEKLY;UNTIL=20261214T083000Z",))
    check_kept("recurrence", rule, shown, told=False)  # the same dates


@proves("", left("a cancelled date of an event that does not repeat"))
def test_cancelled_dates_of_single_events_are_dropped() -> None:
    form: Form = {"title": "x", "time": HALF_TEN, KEY: CANCELLED}
    assert WIRE.read(made(form)).form == {"title": "x", "time": HALF_TEN}
    assert losses_of(WIRE, made(form), form) == (Loss(KEY, How.LEFT),)


@proves("x:", hidden("all but Google's own extended properties"))
def test_carried_properties_are_kept() -> None:
    own = "x:google:extended.shared.room"
    form: Form = {**SERIES, "x:X-PROJECT": "Moon", f"{KEY}/x:X-PROJECT": "Mars", own: "7"}
    payload = made(form)
    assert WIRE.carried(payload, ["x:X-PROJECT", own]) == {path: form[path] for path in form if "x:" in path}
    assert losses_of(WIRE, payload, form) == (Loss("x:X-PROJECT", How.HIDDEN),)


def test_all_other_fields_are_exact() -> None:
    form: Form = {"title": "x\ny", "time": HALF_TEN, "location": "Room 4", "busy": "free", "visibility": "confidential",
                  "status": "tentative", "url": "https://example.org/", "color": "red", "description": "a\tb\n\n\nc",
                  "reminders": frozenset({"display:-PT15M", "email:-P1D"})}
    assert losses_of(WIRE, made(form), form) == ()


def test_what_does_not_fit_is_not_copied_and_the_rest_is_kept() -> None:
    text = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(30_000))
    form: Form = {"title": "x", "time": HALF_TEN, "color": "turquoise", "description": text}
    told = losses_of(WIRE, made(form), form)
    assert [(loss.path, loss.how) for loss in told] == [("color", How.ROUGH), ("description", How.LEFT)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("kept_beside_the_event", {"categories": None, "color": "#32b67a", "status": "tentative", "url": None}),
        ("kept_words_overtaken_by_a_person", {"categories": None}),
        ("floating_copy", {"time": HALF_TEN}),
    ],
)
def test_the_losses_of_a_copy_that_lies_there(name: str, told: dict[str, Value | None]) -> None:
    found = {loss.path: loss.shown for loss in losses_of(WIRE, FILES[name])}
    assert found.keys() == told.keys()
    assert {path: found[path] for path in found if path != "color"} == {p: told[p] for p in told if p != "color"}


@pytest.mark.parametrize("name", FILES)
def test_an_event_with_nothing_kept_beside_it_loses_nothing(name: str) -> None:
    told = losses_of(WIRE, FILES[name])
    assert bool(told) == (WIRE.seen(FILES[name]) not in (None, WIRE.read(FILES[name]).form))


# -- held --------------------------------------------------------------------------------------------------------------

THIRD = "@20261215T083000Z"
FLOATING = span("20261201T140000", "20261201T150000", "")


def makes(form: Form, uid: str = "u") -> Callable[[], object]:
    return lambda: made(form, uid)


def changes(name: str, change: Mapping[str, Value | None]) -> Callable[[], object]:
    return lambda: WIRE.edit(FILES[name], change)


def repeats(*rules: str, periods: tuple[str, ...] = ()) -> Form:
    return {**SERIES, "recurrence": Recurrence(rules, (), periods)}


HOLDS: list[tuple[str, str, Callable[[], object], str]] = [
    ("time", "no length", makes({"title": "x", "time": span("20261124T093000", "20261124T093000")}), "has no length"),
    ("time", "before the year 1001 or after 9997", makes({"title": "x", "time": span("10001231", "10010101")}),
     "is not a possible date"),
    ("time", "a start that is a day and an end that is a time, or the other way round",
     lambda: WIRE.read(UNREADABLE["start_day_end_time"]), "start is a day and its end a time"),
    ("time", "one instance with a time zone, its series without one, or the other way round",
     makes({**SERIES, f"{KEY}/time": FLOATING}), "has no time zone while its series has one"),
    ("recurrence", "more often than daily", makes(repeats("COUNT=5;FREQ=HOURLY")), "every few (hours|minutes|seconds)"),
    ("recurrence", "by another calendar than the Gregorian", makes(repeats("FREQ=YEARLY;RSCALE=CHINESE")),
     "another calendar"),
    ("recurrence", "an end by number and by date at once",
     makes(repeats("COUNT=3;FREQ=WEEKLY;UNTIL=20261231T225959Z")), "by a number and by a date"),
    ("recurrence", "extra dates with a length of their own", makes(repeats(periods=("20261126T093000/PT2H",))),
     "a length of its own"),
    ("recurrence", "an exclusion rule", lambda: WIRE.read(UNREADABLE["exrule"]), "EXRULE"),
    ("", "a changed instance that is no date of its series", makes({**SERIES, "@20261202T083000Z/title": "y"}),
     "is no date of its series"),
    ("", "a new instance of a series that is not here",
     changes("two_overrides_without_master", {f"{THIRD}/title": "y", f"{THIRD}/time": HALF_TEN}),
     "series that is not here"),
    ("", "the only date of an event cancelled",
     makes({"title": "x", "time": HALF_TEN, "@20261124T083000Z": CANCELLED}), "only date is cancelled"),
    ("event", "a meeting of somebody else, but for what is one's own to say",
     changes("guest_of_a_meeting", {"title": "y"}), "only its organizer can change it"),
    ("event", "a birthday, a focus time, an absence, a working location, an event made from a mail",
     changes("focus_time", {"title": "y"}), "a focus time"),
    ("event", "text and time of an event that Google has locked", changes("locked", {"title": "y"}), "has locked"),
    ("uid", "more than 8,000 characters", makes({"title": "x", "time": HALF_TEN}, "u" * 8001), "8,001 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "clause", "call", "reason"), HOLDS, ids=[clause for _, clause, _, _ in HOLDS])
def test_what_google_cannot_hold_is_held_with_its_reason(
    field: str, clause: str, call: Callable[[], object], reason: str
) -> None:
    with pytest.raises(MappingError, match=reason):
        call()


def test_what_is_held_both_ways_is_held_both_ways() -> None:
    floating: Form = {**SERIES, "time": FLOATING, "@20261208T140000/time": span("20261208T140000", "20261208T150000")}
    with pytest.raises(MappingError, match="has a time zone while its series has none"):
        made(floating)
    for name in ("birthday", "out_of_office", "working_location", "from_gmail"):
        with pytest.raises(MappingError, match="never changes them"):
            WIRE.edit(FILES[name], {"title": "y"})
    assert Span(at("20261124"), at("20261125")) == DAYS


def test_every_clause_has_its_test_and_every_test_its_clause() -> None:
    for field, clause, _, _ in HOLDS:
        proves.note(field, held(clause))
    proves.check()
