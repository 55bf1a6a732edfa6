"""Feeds of the wild, each named for what is odd about it (facts section 8)."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.feed.names import Entry, digest_of, entries_of, renamed
from calsync_cli.mapping.feed.split import Split, split
from calsync_cli.mapping.feed.text import NotAFeed, lines_of
from calsync_cli.mapping.ical import ICAL
from calsync_cli.model.series import CANCELLED, Form
from calsync_cli.model.times import Floating, Span, Zoned
from tests.fakes.ics_server import event, feed


def taken(raw: bytes, charset: str = "") -> Split:
    return split(lines_of(raw, charset))


def entries(raw: bytes, charset: str = "", *, by_content: bool = False) -> dict[str, Entry]:
    return entries_of(taken(raw, charset), "feed", by_content=by_content)


def forms(raw: bytes, charset: str = "") -> dict[str, Form]:
    """What the reader makes of each event; the names it finds are those that the splitter gave."""
    found = {}
    for name, entry in entries(raw, charset).items():
        reading = ICAL.read(entry.payload())
        assert reading.uid == name
        found[name] = dict(reading.form)
    return found


def titles(raw: bytes, charset: str = "") -> dict[str, object]:
    return {uid: form["title"] for uid, form in forms(raw, charset).items()}


PLAIN = feed(event("u1", "Tea"), event("u2", "Käse"))
NAMES = {"u1": "Tea", "u2": "Käse"}

BERLIN = (
    "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n"
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
    "DTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
    "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
)

SAME = {
    "as it should be": PLAIN,
    "a BOM": b"\xef\xbb\xbf" + PLAIN,
    "UTF-16 with a BOM": PLAIN.decode().encode("utf-16"),
    "LF ends": PLAIN.replace(b"\r\n", b"\n"),
    "CR ends": PLAIN.replace(b"\r\n", b"\r"),
    "mixed ends": PLAIN.replace(b"\r\nDTSTART", b"\nDTSTART").replace(b"\r\nSUMMARY", b"\rSUMMARY"),
    "blank lines": PLAIN.replace(b"\r\nDTSTART", b"\r\n\r\n  \r\nDTSTART"),
    "no last line end": PLAIN.rstrip(),
    "lower case names": PLAIN.replace(b"BEGIN", b"begin").replace(b"SUMMARY", b"summary").replace(b"UID", b"uid"),
    "a warning before it": b"Warning: date() on line 3\r\n<br />\r\n" + PLAIN,
    "a comment after it": PLAIN + b"<!-- served from cache in 0.01 s -->\n",
    "stray words between properties": PLAIN.replace(b"DURATION", b"undefined\r\nDURATION"),
    "a fold in the middle of a character": PLAIN.replace(b"K\xc3\xa4se", b"K\xc3\r\n \xa4se"),
    "a fold with a tab": PLAIN.replace(b"SUMMARY:Tea", b"SUMMARY:T\r\n\tea"),
    "METHOD": PLAIN.replace(b"VERSION", b"METHOD:CANCEL\r\nVERSION"),
    "a task and a journal": PLAIN.replace(
        b"END:VCALENDAR", b"BEGIN:VTODO\r\nUID:u1\r\nSUMMARY:To do\r\nEND:VTODO\r\nBEGIN:VJOURNAL\r\nUID:j\r\n"
        b"SUMMARY:Log\r\nEND:VJOURNAL\r\nEND:VCALENDAR"),
    "a task that never ends": PLAIN.replace(b"BEGIN:VEVENT", b"BEGIN:VTODO\r\nSUMMARY:Do it\r\nBEGIN:VEVENT", 1),
    "an unknown component": PLAIN.replace(
        b"BEGIN:VEVENT", b"BEGIN:X-AD\r\nSUMMARY:Buy\r\nEND:X-AD\r\nBEGIN:VEVENT", 1),
    "two calendars, one after the other": feed(event("u1", "Tea")) + feed(event("u2", "Käse")),
    "an event that is there twice": feed(event("u1", "Tea"), event("u2", "Käse"), event("u1", "Tea")),
    "an event that is there twice, at another DTSTAMP": feed(
        event("u1", "Tea"), event("u2", "Käse"), event("u1", "Tea", stamp="20260202T000000Z")),
    "an alarm that uses the names of the event": feed(
        event("u1", "Tea", "BEGIN:VALARM", "SUMMARY:Alarm", "UID:alarm", "TRIGGER:nonsense", "END:VALARM"),
        event("u2", "Käse")),
    "an END of nothing in an alarm": feed(
        event("u1", "Tea", "BEGIN:VALARM", "END:X-SOUND", "END:VALARM"), event("u2", "Käse")),
    "an END:VCALENDAR in the middle": PLAIN.replace(b"BEGIN:VEVENT", b"END:VCALENDAR\r\nBEGIN:VEVENT", 2),
    "END:VEVENT where there is none": PLAIN.replace(b"BEGIN:VEVENT", b"END:VEVENT\r\nBEGIN:VEVENT", 1),
}


@pytest.mark.parametrize("raw", SAME.values(), ids=SAME)
def test_what_is_odd_here_changes_nothing(raw: bytes) -> None:
    assert titles(raw) == NAMES
    assert all("reminders" not in form for form in forms(raw).values())


def test_bytes_that_are_not_utf8_are_read_as_the_server_says_and_else_as_windows_1252() -> None:
    latin, greek = PLAIN.decode().encode("cp1252"), feed(event("u1", "Tea"), event("u2", "Γεια")).decode()
    assert titles(latin) == NAMES
    assert titles(greek.encode("iso-8859-7"), "iso-8859-7")["u2"] == "Γεια"
    assert titles(latin, "no-such-charset") == NAMES
    assert titles(latin, "base64") == NAMES


def test_one_line_that_is_not_utf8_leaves_the_others_as_they_are() -> None:
    mixed = feed(event("u1", "Tea"), event("u2", "Käse")).replace(b"Tea", b"Th\xe9")
    assert titles(mixed) == {"u1": "Thé", "u2": "Käse"}


def test_a_text_that_goes_on_without_a_fold_is_whole_again() -> None:
    broken = feed(event("u1", "Tea", "DESCRIPTION:First", "and second", "  and third", "LOCATION:Room"))
    assert forms(broken)["u1"]["description"] == "First\nand second and third"
    full = "DESCRIPTION:" + "a" * 60
    assert forms(feed(event("u1", "Tea", full, "bcd")))["u1"]["description"] == "a" * 60 + "bcd"


NO_FEED = {
    "nothing": (b"", "empty"),
    "blanks": (b" \r\n\r\n", "empty"),
    "a web page": (b"<!DOCTYPE html><html><body>Please sign in</body></html>", "web page"),
    "a web page that quotes a calendar": (b"<html>" + b" " * 2000 + PLAIN, "web page"),
    "XML": (b"<?xml version='1.0'?><error/>", "XML"),
    "JSON": (b'{"error": "rate"}', "JSON"),
    "a text": (b"Not found", "BEGIN:VCALENDAR is missing"),
    "a calendar without its end": (PLAIN.replace(b"END:VCALENDAR\r\n", b""), "cut off"),
    "a calendar that breaks off in an event": (PLAIN[:-60], "cut off"),
    "a second calendar that breaks off": (PLAIN + PLAIN[:90], "cut off"),
    "events after the end, and no end after them": (PLAIN + event("u3", "More").encode(), "cut off"),
    "nothing but a beginning": (b"BEGIN:VCALENDAR", "cut off"),
}


@pytest.mark.parametrize(("raw", "words"), NO_FEED.values(), ids=NO_FEED)
def test_this_is_no_feed_and_the_words_say_why(raw: bytes, words: str) -> None:
    with pytest.raises(NotAFeed, match=words):
        taken(raw)


def test_too_many_events_are_no_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync_cli.mapping.feed.split.MAX_EVENTS", 3)
    assert len(entries(feed(*(event(f"u{n}", "Tea") for n in range(3))))) == 3
    with pytest.raises(NotAFeed, match="more than 3 events"):
        taken(feed(*(event(f"u{n}", "Tea") for n in range(4))))


def test_a_calendar_without_events_is_a_feed() -> None:
    assert entries(feed()) == {}


# -- damage stays where it is -----------------------------------------------------------------------------------------

BROKEN = {
    "no END": event("bad", "Bad").replace("END:VEVENT\r\n", ""),
    "an END of something else": event("bad", "Bad", "END:VALARM"),
    "an alarm without an end": event("bad", "Bad", "BEGIN:VALARM", "TRIGGER:-PT5M"),
    "an impossible start": event("bad", "Bad", start="20261399T990000"),
    "no start": event("bad", "Bad").replace("DTSTART:20300105T090000Z\r\n", ""),
    "a rule of nonsense": event("bad", "Bad", "RRULE:FREQ=SOMETIMES"),
    "an unknown zone": event("bad", "Bad").replace("DTSTART:20300105T090000Z", "DTSTART;TZID=Shire:20300105T090000"),
    "parts nested without end": event("bad", "Bad", *["BEGIN:X-A"] * 200, *["END:X-A"] * 200),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_broken_event_is_one_entry_under_its_uid_that_cannot_be_read(broken: str, place: int) -> None:
    events = [event("u1", "Tea"), event("u2", "Käse")]
    found = entries(feed(*events[:place], broken, *events[place:]))
    assert sorted(found) == ["bad", "u1", "u2"]
    with pytest.raises(MappingError):
        ICAL.read(found["bad"].payload())
    assert {name: ICAL.read(found[name].payload()).form["title"] for name in NAMES} == NAMES


# -- names ------------------------------------------------------------------------------------------------------------


def test_events_that_share_a_uid_are_numbered_by_their_starts() -> None:
    early, late = event("same", "Early", start="20300101T090000"), event("same", "Late", start="20300201T090000")
    assert titles(feed(late, early, event("u1", "Tea"))) == {"same#1": "Early", "same#2": "Late", "u1": "Tea"}


def test_a_uid_that_looks_like_a_number_of_another_one_is_not_taken_for_it() -> None:
    early, late = event("same", "Early", start="20300101T090000"), event("same", "Late", start="20300201T090000")
    found = titles(feed(late, event("same#2", "Tea"), early))
    assert sorted(found.values(), key=str) == ["Early", "Late", "Tea"] and len(found) == 3


def test_an_event_without_a_uid_is_named_by_start_and_title_and_twins_by_their_number() -> None:
    one = entries(feed(event("", "Tea"), event("", "Tea"), event("", "Milk")))
    other = entries(feed(event("", "Milk"), event("", "Tea", stamp="20270101T000000Z"), event("", "Tea")))
    assert len(one) == 3 and set(one) == set(other)
    assert set(entries_of(taken(feed(event("", "Tea"))), "another feed")).isdisjoint(one)
    assert titles(feed(event("", "Tea"))) == dict.fromkeys(entries(feed(event("", "Tea"))), "Tea")


def test_a_uid_keeps_its_words_and_loses_the_blanks_around_it() -> None:
    assert set(entries(feed(event("  a b;c,d:e\\n  ", "Tea")))) == {"a b;c,d:e\\n"}


def test_a_series_is_one_event_with_its_changed_dates_wherever_they_stand() -> None:
    moved = event("s", "Moved", "RECURRENCE-ID:20300112T090000Z", start="20300112T110000")
    other = event("u1", "Tea")
    series = event("s", "Weekly", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20300119T090000Z")
    form = forms(feed(moved, other, series))["s"]
    assert form["title"] == "Weekly" and form["@20300112T090000Z/title"] == "Moved"
    assert form["@20300119T090000Z"] == CANCELLED


def test_changed_dates_without_their_series_are_kept() -> None:
    form = forms(feed(event("s", "Once", "RECURRENCE-ID:20300112T090000Z", start="20300112T110000")))["s"]
    assert "title" not in form and form["@20300112T090000Z/title"] == "Once"


def test_the_changed_dates_of_a_uid_with_several_events_go_with_the_series() -> None:
    moved = event("s", "Moved", "RECURRENCE-ID:20300112T090000Z", start="20300112T110000")
    single, series = event("s", "Single", start="20300101T090000"), event("s", "Weekly", "RRULE:FREQ=WEEKLY;COUNT=3")
    found = forms(feed(single, moved, series))
    assert found["s#2"]["@20300112T090000Z/title"] == "Moved" and "recurrence" not in found["s#1"]


MANY = [
    event("s", "Moved", "RECURRENCE-ID:20300112T090000Z", start="20300112T110000"),
    event("s", "Weekly", "RRULE:FREQ=WEEKLY"), event("s", "Other", start="20310101T090000"), event("", "Tea"),
    event("", "Tea"), event("", "Milk"), event("u1", "One"), event("u1", "Two"), event("u2", "Käse"),
    event("u2", "Käse"), event("u1#1", "Three"), event("x", "Bad", "END:VALARM"),
]  # fmt: skip


def said(events: Sequence[str], *, by_content: bool = False) -> dict[str, tuple[str, bytes]]:
    found = entries(feed(*events), by_content=by_content)
    return {name: (entry.etag, entry.payload()) for name, entry in found.items()}


@pytest.mark.parametrize("by_content", [False, True])
def test_the_order_of_a_feed_makes_no_difference(by_content: bool) -> None:
    wanted = said(MANY, by_content=by_content)
    shuffle = random.Random(5)
    for _ in range(20):
        events = list(MANY)
        shuffle.shuffle(events)
        assert said(events, by_content=by_content) == wanted


# -- what an event says -----------------------------------------------------------------------------------------------

NOISE = {
    "DTSTAMP": event("u1", "Tea", stamp="20280101T000000Z"),
    "CREATED and LAST-MODIFIED": event("u1", "Tea", "CREATED:20260101T000000Z", "LAST-MODIFIED:20260101T000000Z"),
    "SEQUENCE": event("u1", "Tea", "SEQUENCE:1700000000"),
    "the order of lines": event("u1", "Tea").replace(
        "DURATION:PT1H\r\nSUMMARY:Tea\r\n", "SUMMARY:Tea\r\nDURATION:PT1H\r\n"),
    "folds": event("u1", "Tea").replace("SUMMARY:Tea", "SUMMARY:T\r\n ea"),
    "alarms": event("u1", "Tea", "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM"),
    "the UID": event("u2", "Tea"),
}


@pytest.mark.parametrize("noisy", NOISE.values(), ids=NOISE)
def test_what_a_publisher_changes_each_time_is_no_change(noisy: str) -> None:
    one, other = entries(feed(event("u1", "Tea"))), entries(feed(noisy))
    assert [entry.etag for entry in one.values()] == [entry.etag for entry in other.values()]
    assert digest_of(one) == digest_of(other)


def test_a_change_of_what_it_says_is_one() -> None:
    plain = digest_of(entries(feed(event("u1", "Tea"))))
    changed = [event("u1", "Milk"), event("u1", "Tea", start="20300106T090000"), event("u1", "Tea", "LOCATION:Here")]
    assert plain not in {digest_of(entries(feed(one))) for one in [*changed, event("u1", "Tea") + event("u2", "Tea")]}


def test_another_definition_of_the_zone_that_it_names_is_a_change() -> None:
    zoned = event("u1", "Tea").replace("DTSTART:20300105T090000Z", "DTSTART;TZID=Customized Time Zone:20300105T090000")
    here, there = BERLIN, BERLIN.replace("+0200", "+0600").replace("+0100", "+0500")
    assert digest_of(entries(feed(zoned, head=here))) != digest_of(entries(feed(zoned, head=there)))


def test_new_uids_with_the_same_events_are_seen_and_named_by_what_they_say() -> None:
    one = feed(*(event(f"one-{n}", f"Match {n}") for n in range(5)), event("stays", "Tea"))
    other = feed(*(event(f"other-{n}", f"Match {n}") for n in range(5)), event("stays", "Tea"))
    assert renamed(entries(one), entries(other)) and not renamed(entries(one), entries(one))
    assert set(entries(one, by_content=True)) == set(entries(other, by_content=True))
    half = feed(*(event(f"one-{n}", f"Match {n}") for n in range(3)), event("new", "Match 3"), event("stays", "Tea"))
    assert not renamed(entries(one), entries(half))
    assert not renamed(entries(one), entries(feed(*(event(f"other-{n}", f"New {n}") for n in range(6)))))


# -- zones ------------------------------------------------------------------------------------------------------------

LOCAL = event("u1", "Tea", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20300112T090000").replace("090000Z", "090000")


def when(form: Form) -> object:
    span = form["time"]
    assert isinstance(span, Span)
    return span.start


def test_floating_times_are_in_the_zone_of_the_feed() -> None:
    form = forms(feed(LOCAL, head="X-WR-TIMEZONE:America/New_York\r\n"))["u1"]
    start = when(form)
    assert isinstance(start, Zoned) and start.tzid == "America/New_York" and start.local.hour == 9
    assert form["@20300112T140000Z"] == CANCELLED


def test_a_zone_of_the_feed_that_nobody_knows_leaves_floating_times_floating() -> None:
    assert isinstance(when(forms(feed(LOCAL, head="X-WR-TIMEZONE:Shire\r\n"))["u1"]), Floating)
    assert isinstance(when(forms(feed(LOCAL))["u1"]), Floating)


def test_times_that_have_a_zone_and_days_have_nothing_to_do_with_the_zone_of_the_feed() -> None:
    day = event("d", "Day").replace("DTSTART:20300105T090000Z\r\nDURATION:PT1H", "DTSTART;VALUE=DATE:20300105")
    zoned = event("z", "Zoned").replace("DTSTART:20300105T090000Z", "DTSTART;TZID=Europe/Berlin:20300105T090000")
    for head in ("", "X-WR-TIMEZONE:America/New_York\r\n"):
        assert forms(feed(day, zoned, event("u", "UTC"), head=head)) == forms(feed(day, zoned, event("u", "UTC")))


def test_each_of_two_calendars_has_its_own_zone_and_blocks() -> None:
    both = feed(LOCAL, head="X-WR-TIMEZONE:Asia/Tokyo\r\n") + feed(LOCAL.replace("UID:u1", "UID:u2"))
    found = forms(both)
    assert isinstance(when(found["u1"]), Zoned) and isinstance(when(found["u2"]), Floating)


def test_only_the_zones_that_an_event_names_travel_with_it() -> None:
    named = 'DTSTART;TZID="Customized Time Zone":20300705T090000'
    zoned = event("z", "Zoned").replace("DTSTART:20300105T090000Z", named)
    found = entries(feed(zoned, event("u", "UTC"), head=BERLIN))
    assert b"VTIMEZONE" in found["z"].payload() and b"VTIMEZONE" not in found["u"].payload()
    start = when(dict(ICAL.read(found["z"].payload()).form))
    assert isinstance(start, Zoned) and start.tzid == "Europe/Berlin"


# -- the calendar -----------------------------------------------------------------------------------------------------


def test_name_and_colour_and_how_often_to_ask() -> None:
    found = taken(feed(head="NAME;LANGUAGE=en:Days\\, off\r\nX-WR-CALNAME:Other\r\nX-APPLE-CALENDAR-COLOR:#FF2D55FF\r\n"
                            "REFRESH-INTERVAL;VALUE=DURATION:PT12H\r\nX-PUBLISHED-TTL:PT1H\r\n"))
    assert found.text(b"NAME", b"X-WR-CALNAME") == "Days, off" and found.color == "#FF2D55"
    assert found.refresh is not None and found.refresh.total_seconds() == 12 * 3600


@pytest.mark.parametrize("broken", ["PT", "", "soon", "-PT1H", "PT0S", "P99999999999D"])
def test_a_refresh_interval_that_makes_no_sense_says_nothing(broken: str) -> None:
    assert taken(feed(head=f"REFRESH-INTERVAL:{broken}\r\n")).refresh is None
    assert taken(feed(head=f"REFRESH-INTERVAL:{broken}\r\nX-PUBLISHED-TTL:PT3H\r\n")).refresh is not None
