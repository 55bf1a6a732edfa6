"""C4: random rules, expanded by calsync and by somebody else; cut, counted, shuffled, and as clouds are told them.

Left out, because python-dateutil, by which calsync expands, is known to read them otherwise than RFC 5545: the weeks
around New Year (52, 53, 1, -1) for days of the other year, and BYSETPOS in the first week of a weekly rule.

CALSYNC_RULES sets their number (whole: 10,000, `python -m tests.corpus --full`), CALSYNC_RULES_SEED the first seed.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.base import Place
from calsync_cli.mapping.google.document import parsed as google_parsed
from calsync_cli.mapping.google.mapping import GOOGLE
from calsync_cli.mapping.graph.document import parsed as graph_parsed
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.rrule_text import canonical, spoken
from calsync_cli.model import recur
from calsync_cli.model.series import Form, Recurrence
from calsync_cli.model.times import AllDay, Floating, Span, When, Zoned, instance_key, moved, wall
from tests.corpus.expander import DAYS, expand
from tests.emulators.graph import recurrence as outlook

NUMBER = int(os.environ.get("CALSYNC_RULES", "240"))
FIRST = int(os.environ.get("CALSYNC_RULES_SEED", "0"))
SHARES = 8
YEARS, MOST = 9, 40
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata")


def some(rng: random.Random, values: list[Any], most: int = 3) -> str:
    return ",".join(map(str, rng.sample(values, rng.randint(1, most))))


def rule_of(rng: random.Random) -> str:
    freq = rng.choice(("DAILY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY", "YEARLY"))
    parts = [f"FREQ={freq}"]
    if rng.random() < 0.4:
        parts.append(f"INTERVAL={rng.choice((1, 2, 2, 3, 4, 7))}")
    if rng.random() < 0.3:
        parts.append(f"WKST={rng.choice(DAYS)}")
    if rng.random() < 0.3:
        parts.append(f"BYMONTH={some(rng, list(range(1, 13)), 4)}")
    nth = [f"{n}{day}" for n in (1, 2, 3, 4, 5, -1, -2) for day in DAYS]
    kinds = {
        "DAILY": [("BYDAY", list(DAYS)), ("BYMONTHDAY", [1, 13, 28, 31, -1])],
        "WEEKLY": [("BYDAY", list(DAYS)), ("BYDAY", list(DAYS))],
        "MONTHLY": [("BYDAY", list(DAYS)), ("BYDAY", nth), ("BYMONTHDAY", [1, 5, 13, 28, 29, 30, 31, -1, -2])],
        "YEARLY": [("BYDAY", nth), ("BYMONTHDAY", [1, 13, 29, 31, -1]), ("BYYEARDAY", [1, 60, 200, 366, -1]),
                   ("BYWEEKNO", [2, 10, 20, 33, 40, 48])],
    }  # fmt: skip
    for name, values in rng.sample(kinds[freq], rng.choice((0, 1, 1, 1, 2))):
        if not any(part.startswith(name) for part in parts):
            parts.append(f"{name}={some(rng, values)}")
    if any(part.startswith("BYWEEKNO") for part in parts):  # n-th ones mean nothing; without any, programs disagree
        parts = [part for part in parts if not part.startswith("BYDAY")] + [f"BYDAY={some(rng, list(DAYS))}"]
    if rng.random() < 0.2 and freq != "WEEKLY" and any(part.startswith("BYDAY") for part in parts):
        parts.append(f"BYSETPOS={some(rng, [1, 2, 3, -1, -2], 2)}")
    if rng.random() < 0.1:
        parts.append(f"BYHOUR={some(rng, [7, 12, 20], 2)}")
    rng.shuffle(parts)
    return ";".join(parts)


def start_of(rng: random.Random) -> When:
    local = datetime(rng.randint(2019, 2029), rng.randint(1, 12), rng.randint(1, 28), rng.choice((9, 15, 23)), 30)
    kind = rng.choice(("day", "zoned", "zoned", "floating"))
    if kind == "day":
        return AllDay(local.date())
    return Zoned(local, rng.choice(ZONES)) if kind == "zoned" else Floating(local)


def spans(start: When) -> Span:
    return Span(start, moved(start, timedelta(days=1) if isinstance(start, AllDay) else timedelta(minutes=45)))


def walls(span: Span, rule: Recurrence) -> list[datetime]:
    return [wall(one) for one in islice(recur.starts(span, rule), MOST)]


def theirs(text: str, start: datetime, *, more: bool = True) -> list[datetime]:
    """The first dates by the other expander, and DTSTART, which counts always."""
    last = start + timedelta(days=366 * YEARS)
    found = expand(text, start, last, MOST)
    return sorted({start, *found} if more else set(found))[:MOST]


def case(seed: int) -> tuple[random.Random, str, When]:
    """A rule that has dates, and a start; the start is one of them, but for one in five."""
    rng = random.Random(seed)
    while True:
        rule, start = rule_of(rng), start_of(rng)
        if isinstance(start, AllDay):
            rule = ";".join(part for part in rule.split(";") if not part.startswith("BYHOUR"))
        if first := expand(rule, wall(start), wall(start) + timedelta(days=366 * YEARS), 1):
            return rng, rule, moved(start, first[0] - wall(start)) if rng.random() < 0.8 else start


@pytest.mark.parametrize("share", range(SHARES))
def test_each_rule_gives_the_dates_that_another_expander_gives(share: int) -> None:
    for seed in range(FIRST + share, FIRST + NUMBER, SHARES):
        _holds(seed)


def _holds(seed: int) -> None:
    rng, raw, start = case(seed)
    rule, span = canonical(raw, start), spans(start)
    ours = walls(span, Recurrence((rule,)))
    wanted = theirs(raw, wall(start))
    assert _within(ours, start) == _within(wanted, start), (seed, raw, start)
    assert canonical(spoken(rule), start) == rule, (seed, raw)
    if len(ours) > 2:
        _cut(rng, seed, rule, span, ours)
        _counted(rng, seed, rule, span)
    _copied(seed, span, rule, ours)


def _within(found: list[datetime], start: When) -> list[datetime]:
    return [at for at in found if at <= wall(start) + timedelta(days=366 * (YEARS - 1))]


def _cut(rng: random.Random, seed: int, rule: str, span: Span, ours: list[datetime]) -> None:
    """R6: a series ended before one of its dates, and another one from there on, have the dates of the whole."""
    at = rng.randrange(1, len(ours))
    later = moved(span.start, ours[at] - wall(span.start))
    day_before = moved(later, timedelta(days=-1)) if isinstance(later, AllDay) else later
    until = f"{rule};UNTIL={instance_key(day_before)}"
    early = [one for one in walls(span, Recurrence((until,))) if one < ours[at]]
    rest = walls(spans(later), Recurrence((rule,)))
    assert (early + rest)[: len(ours)] == ours, (seed, rule, at)


def _counted(rng: random.Random, seed: int, rule: str, span: Span) -> None:
    """R8: so many dates and an end at the last of them are one rule, where the start is a date of it."""
    if theirs(rule, wall(span.start), more=False)[:1] != [wall(span.start)]:
        return
    count = rng.randint(1, 12)
    counted = Recurrence((f"COUNT={count};{rule}",))
    dates = list(recur.starts(span, counted))
    if len(dates) < count:
        return  # beyond the bound of the expansion
    ended = Recurrence((f"{rule};UNTIL={instance_key(dates[-1])}",))
    assert recur.same_recurrence(span, counted, ended), (seed, rule, count)


def _copied(seed: int, span: Span, rule: str, ours: list[datetime]) -> None:
    """What a file, Google and Outlook are told has the same dates, or they are told nothing."""
    form: Form = {"title": "x", "time": span, "recurrence": Recurrence((rule,))}
    assert ICAL.read(ICAL.make("u", form, "m")).form == form, (seed, rule)
    lines = (google_parsed(GOOGLE.make("u", form, "m")).event or {})["recurrence"]
    told = [line.removeprefix("RRULE:") for line in lines if line.startswith("RRULE:")]
    assert len(told) == 1, (seed, rule, lines)
    assert _within(theirs(_local_until(told[0], span.start), wall(span.start)), span.start) == _within(ours, span.start)
    try:
        event = graph_parsed(GRAPH.make("u", form, "m", Place("", "Europe/Berlin"))).event
    except MappingError:
        return
    assert event is not None
    pattern = outlook.normal(event["recurrence"], wall(span.start).date(), limits=True)
    shown = outlook.dates(pattern, date(2060, 1, 1), MOST)
    assert shown[: len(ours)] == [at.date() for at in ours][: len(shown)], (seed, rule, event["recurrence"])
    assert len(shown) >= len(_within(ours, span.start)), (seed, rule, event["recurrence"])


def _local_until(rule: str, start: When) -> str:
    """UNTIL on the wall clock of the series, which the other expander wants."""
    head, found, text = rule.partition("UNTIL=")
    stamp, semicolon, tail = text.partition(";")
    if not (found and stamp.endswith("Z") and isinstance(start, Zoned)):
        return rule
    moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(ZoneInfo(start.tzid))
    return f"{head}UNTIL={moment:%Y%m%dT%H%M%S}{semicolon}{tail}"
