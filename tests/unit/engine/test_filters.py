"""V5, V6: which events take part, and which words say why one does not."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_cli.engine.filters import Facts, kinds, rejected
from calsync_cli.model.series import Form, Recurrence, Value
from calsync_cli.model.times import AllDay, Floating, Span, Zoned
from calsync_cli.model.views import ALL, ANSWERS, KINDS, SERVICE_KINDS, Filter

ME, OTHER = "me@example.com", "other@example.org"
FACTS = Facts(frozenset({ME}), frozenset({OTHER}))
PARTSTAT = {"accepted": "ACCEPTED", "maybe": "TENTATIVE", "declined": "DECLINED", "unanswered": "NEEDS-ACTION"}


def zoned(start: str, minutes: int = 60, tzid: str = "Europe/Berlin") -> Span:
    first = datetime.fromisoformat(start)
    return Span(Zoned(first, tzid), Zoned(first + timedelta(minutes=minutes), tzid))


def floating(start: str, minutes: int = 60) -> Span:
    first = datetime.fromisoformat(start)
    return Span(Floating(first), Floating(first + timedelta(minutes=minutes)))


def days(first: str, count: int = 1) -> Span:
    day = date.fromisoformat(first)
    return Span(AllDay(day), AllDay(day + timedelta(days=count)))


TUESDAY = zoned("2026-11-24 09:30")


def form(**more: Value) -> Form:
    return {"title": "Dentist", "time": TUESDAY, **more}


def invited(*guests: str) -> frozenset[str]:
    return frozenset(f"mailto:{guest} REQ-PARTICIPANT INDIVIDUAL" for guest in guests)


def test_a_filter_without_rules_lets_everything_through() -> None:
    assert rejected(ALL, {}, Facts()) == rejected(ALL, form(), FACTS) == ""


# -- kinds -------------------------------------------------------------------------------------------------------------

CASES: dict[str, tuple[Form, Facts, Form, Facts]] = {
    "busy": (form(), FACTS, form(busy="free"), FACTS),
    "free": (form(busy="free"), FACTS, form(), FACTS),
    "confirmed": (form(), FACTS, form(status="tentative"), FACTS),
    "tentative": (form(status="tentative"), FACTS, form(status="cancelled"), FACTS),
    "cancelled": (form(status="cancelled"), FACTS, form(), FACTS),
    "all-day": (form(time=days("2026-11-24")), FACTS, form(time=floating("2026-11-24 00:00", 1440)), FACTS),
    "timed": (form(time=floating("2026-11-24 09:00")), FACTS, form(time=days("2026-11-24")), FACTS),
    "series": (form(recurrence=Recurrence(("FREQ=DAILY",))), FACTS, form(), FACTS),
    "single": (form(), FACTS, form(recurrence=Recurrence(("FREQ=DAILY",))), FACTS),
    "public": (form(), FACTS, form(visibility="confidential"), FACTS),
    "private": (form(visibility="private"), FACTS, form(), FACTS),
    "meeting": (form(guests=invited(f"{OTHER} ACCEPTED")), FACTS, form(), FACTS),
    **{
        word: (form(guests=invited(f"{ME} {PARTSTAT[word]}")), FACTS,
               form(), Facts(answer="declined" if word != "declined" else "accepted"))
        for word in ANSWERS
    },
    **{word: (form(), Facts(kind=word), form(), FACTS) for word in SERVICE_KINDS},
}
"""word: (an event of which it is true, one of which it is not)."""


def test_every_kind_has_a_case() -> None:
    assert CASES.keys() == KINDS.keys()


@pytest.mark.parametrize("word", KINDS)
def test_only_and_never_by_kind(word: str) -> None:
    yes, known, no, of_no = CASES[word]
    only, never = Filter(only=frozenset({word})), Filter(never=frozenset({word}))
    assert (rejected(only, yes, known), rejected(only, no, of_no)) == ("", f'filter.only "{word}" does not fit it')
    assert (rejected(never, yes, known), rejected(never, no, of_no)) == (f'filter.never "{word}" fits it', "")


@pytest.mark.parametrize(
    ("more", "facts", "answer"),
    [
        ({}, FACTS, "accepted"),
        ({"guests": invited(f"{OTHER} DECLINED")}, FACTS, "accepted"),
        ({"guests": invited(f"{ME} DELEGATED")}, FACTS, "unanswered"),
        ({"guests": invited(f"{ME} NEEDS-ACTION"), "organizer": f"mailto:{ME}"}, FACTS, "accepted"),
        ({"guests": invited(f"{ME} ACCEPTED")}, Facts(frozenset({ME}), answer="declined"), "declined"),
        ({"guests": invited(f"{ME} DECLINED")}, Facts(), "accepted"),
    ],
)
def test_the_answer_of_the_service_comes_before_that_of_the_guests(
    more: dict[str, Any], facts: Facts, answer: str
) -> None:
    assert kinds(form(**more), facts) & set(ANSWERS) == {answer}


# -- texts -------------------------------------------------------------------------------------------------------------

TEXTS = {"title": "title", "place": "location", "text": "description"}


@pytest.mark.parametrize(("name", "path"), TEXTS.items())
def test_regular_expressions_are_found_anywhere_and_by_case(name: str, path: str) -> None:
    yes, no = {"time": TUESDAY, path: "a Lunch b"}, {"time": TUESDAY}
    fits, against = Filter(patterns={name: "Lu.ch"}), Filter(not_patterns={name: "Lu.ch"})
    assert rejected(fits, yes, FACTS) == "" and rejected(against, no, FACTS) == ""
    assert rejected(fits, no, FACTS) == f'filter.{name} "Lu.ch" does not fit its {name}'
    assert rejected(against, yes, FACTS) == f'filter.not_{name} "Lu.ch" fits its {name}'
    assert rejected(Filter(not_patterns={name: "lunch"}), yes, FACTS) == ""
    assert rejected(Filter(not_patterns={name: "(?i)lunch"}), yes, FACTS)


def test_an_organizer_is_looked_at_without_its_scheme_and_whatever_its_case() -> None:
    of_boss, own = form(organizer="mailto:boss@example.com"), "^Boss@example.com$"
    assert rejected(Filter(patterns={"organizer": own}), of_boss, FACTS) == ""
    assert rejected(Filter(patterns={"organizer": own}), form(), FACTS) == (
        f'filter.organizer "{own}" does not fit its organizer')
    assert rejected(Filter(not_patterns={"organizer": own}), of_boss, FACTS) == (
        f'filter.not_organizer "{own}" fits its organizer')


def test_categories_count_whatever_their_case() -> None:
    both = form(categories=frozenset({"Work", "Travel"}))
    assert rejected(Filter(categories=frozenset({"WORK", "Home"})), both, FACTS) == ""
    words = rejected(Filter(categories=frozenset({"Home", "Club"})), both, FACTS)
    assert words == 'filter.categories "Club", "Home": it has none of them'
    assert rejected(Filter(not_categories=frozenset({"home"})), both, FACTS) == ""
    assert rejected(Filter(not_categories=frozenset({"travel"})), both, FACTS) == (
        'filter.not_categories "travel" is one of its categories')
    assert rejected(Filter(categories=frozenset({"Home"})), form(), FACTS)


# -- times -------------------------------------------------------------------------------------------------------------

OFFICE = Filter(between=(time(8), time(18)))
NIGHT = Filter(between=(time(22), time(6)))
EVENING = Filter(between=(time(18), time(0)))


@pytest.mark.parametrize(
    ("rule", "span", "passes"),
    [
        (OFFICE, zoned("2026-11-24 08:00", 600), True),
        (OFFICE, zoned("2026-11-24 07:59", 60), False),
        (OFFICE, zoned("2026-11-24 17:30", 31), False),
        (OFFICE, zoned("2026-11-24 09:00", 25 * 60), False),
        (OFFICE, zoned("2026-11-24 18:00", 0), False),
        (OFFICE, zoned("2026-11-24 12:00", 0), True),
        (OFFICE, zoned("2026-11-24 09:00", tzid="Asia/Tokyo"), True),
        (OFFICE, floating("2026-11-24 09:00"), True),
        (OFFICE, days("2026-11-24"), True),
        (NIGHT, zoned("2026-11-24 22:00", 480), True),
        (NIGHT, zoned("2026-11-24 02:00", 60), True),
        (NIGHT, zoned("2026-11-24 05:30", 60), False),
        (NIGHT, zoned("2026-11-24 21:00", 120), False),
        (NIGHT, zoned("2026-11-24 23:00", 24 * 60), False),
        (EVENING, zoned("2026-11-24 20:00", 240), True),
        (EVENING, zoned("2026-11-24 20:00", 241), False),
        (EVENING, floating("0001-01-01 20:00"), True),
    ],
)
def test_between_means_wholly_within(rule: Filter, span: Span, passes: bool) -> None:
    assert (rejected(rule, form(time=span), FACTS) == "") is passes


def test_hours_and_days_are_those_of_the_zone_of_the_rule() -> None:
    """09:30 in Berlin is 17:30 in Tokyo; Tuesday 23:00 in Berlin is Wednesday there."""
    tokyo = Filter(between=(time(8), time(18)), zone="Asia/Tokyo")
    assert rejected(tokyo, form(), FACTS) == (
        'filter.between "08:00-18:00": it does not lie within in Asia/Tokyo')
    assert rejected(Filter(between=(time(17), time(19)), zone="Asia/Tokyo"), form(), FACTS) == ""
    late = form(time=zoned("2026-11-24 23:00"))
    assert rejected(Filter(weekdays=frozenset({1})), late, FACTS) == ""
    assert rejected(Filter(weekdays=frozenset({1}), zone="Asia/Tokyo"), late, FACTS) == (
        'filter.weekdays "tue": it begins on wed in Asia/Tokyo')
    for same in (floating("2026-11-24 23:00"), days("2026-11-24")):
        assert rejected(Filter(weekdays=frozenset({1}), zone="Asia/Tokyo"), form(time=same), FACTS) == ""


def test_the_end_is_looked_at_in_the_zone_of_the_start() -> None:
    nine = datetime(2026, 11, 24, 9)
    flight = Span(Zoned(nine, "Europe/Berlin"), Zoned(nine + timedelta(minutes=30), "Europe/London"))
    assert rejected(Filter(between=(time(8), time(10))), form(time=flight), FACTS)
    assert rejected(Filter(between=(time(8), time(10, 30))), form(time=flight), FACTS) == ""


@pytest.mark.parametrize(
    ("days_of", "span", "words"),
    [
        (range(5), zoned("2026-11-27 09:00"), ""),
        (range(5), zoned("2026-11-28 09:00"), 'filter.weekdays "mon-fri": it begins on sat'),
        ({0, 6}, days("2026-11-29", 3), ""),
        ({0, 2, 3, 4, 6}, days("2026-11-24", 5), 'filter.weekdays "mon, wed-fri, sun": it begins on tue'),
    ],
)
def test_weekdays_are_those_on_which_it_begins(days_of: Any, span: Span, words: str) -> None:
    assert rejected(Filter(weekdays=frozenset(days_of)), form(time=span), FACTS) == words


@pytest.mark.parametrize(
    ("span", "minutes"),
    [
        (zoned("2026-11-24 09:00", 30), 30),
        (zoned("2026-10-25 01:30", 120), 180),  # the hour after two comes twice
        (Span(zoned("2026-11-24 09:00").start, zoned("2026-11-24 09:00", tzid="Europe/London").start), 60),
        (floating("2026-10-25 01:30", 120), 120),
        (days("2026-11-24", 2), 2880),
        (zoned("2026-11-24 09:00", 0), 0),
    ],
)
def test_lengths_are_exact(span: Span, minutes: int) -> None:
    for more, too_long, too_short in ((0, False, False), (-1, True, False), (1, False, True)):
        length = timedelta(minutes=minutes + more)
        low, high = Filter(min_duration=length), Filter(max_duration=length)
        assert bool(rejected(low, form(time=span), FACTS)) is too_short
        assert bool(rejected(high, form(time=span), FACTS)) is too_long


def test_lengths_are_told_as_they_were_written() -> None:
    assert rejected(Filter(min_duration=timedelta(minutes=90)), form(), FACTS) == (
        'filter.min_duration "90m": it is shorter')
    assert rejected(Filter(max_duration=timedelta(seconds=45)), form(), FACTS) == (
        'filter.max_duration "45s": it is longer')
    assert '"1d"' in rejected(Filter(min_duration=timedelta(days=1)), form(), FACTS)


def test_a_series_goes_by_its_first_start() -> None:
    moved = "@20261201T083000Z/time"
    series = form(recurrence=Recurrence(("FREQ=WEEKLY",)), **{moved: zoned("2026-12-05 20:00")})
    assert rejected(Filter(weekdays=frozenset({1}), between=(time(8), time(18))), series, FACTS) == ""


# -- people ------------------------------------------------------------------------------------------------------------


def test_who_is_invited_on_the_other_side_already() -> None:
    rule, words = Filter(invited=False), "filter.invited false: somebody of the other side is invited already"
    assert rejected(rule, form(), FACTS) == rejected(rule, form(guests=invited(f"{ME} ACCEPTED")), FACTS) == ""
    assert rejected(rule, form(guests=invited(f"{ME} ACCEPTED", f"{OTHER} DECLINED")), FACTS) == words
    assert rejected(rule, form(guests=invited(f"{ME} ACCEPTED"), organizer=f"mailto:{OTHER}"), FACTS) == words


# -- the whole ---------------------------------------------------------------------------------------------------------

SPANS = st.one_of(
    *(st.builds(Span, one, one) for one in (
        st.dates().map(AllDay), st.datetimes().map(Floating),
        st.builds(Zoned, st.datetimes(), st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati"])),
    ))
)
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
RULES = st.builds(
    Filter,
    only=st.frozensets(st.sampled_from(sorted(KINDS)), max_size=2),
    never=st.frozensets(st.sampled_from(sorted(KINDS)), max_size=2),
    min_duration=st.none() | st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=9)),
    weekdays=st.frozensets(st.integers(0, 6)),
    between=st.none() | st.tuples(TIMES, TIMES),
    zone=st.none() | st.sampled_from(["UTC", "Asia/Tokyo"]),
)


@settings(max_examples=150, deadline=None)
@given(rule=RULES, span=SPANS, kind=st.sampled_from(["", *SERVICE_KINDS]), answer=st.sampled_from(["", *ANSWERS]))
def test_every_event_has_an_answer_and_fewer_rules_let_more_through(
    rule: Filter, span: Span, kind: str, answer: str
) -> None:
    """Whatever the dates, up to the ends of all time; and no rule lets through what another keeps out."""
    event, facts = form(time=span), Facts(kind=kind, answer=answer)
    alone = [
        Filter(only=rule.only), Filter(never=rule.never), Filter(min_duration=rule.min_duration),
        Filter(weekdays=rule.weekdays, zone=rule.zone), Filter(between=rule.between, zone=rule.zone),
    ]
    reasons = [words for one in alone if (words := rejected(one, event, facts))]
    assert rejected(rule, event, facts) == (reasons[0] if reasons else "")
    assert len(kinds(event, facts)) == 6 + bool(kind) and kinds(event, facts) <= KINDS.keys()
