"""C3: every IANA zone around each change of its clock from 2000 to 2040, in a file and at Google, and read again.

Shape   `check(tzid, every)` -> how many instants; raises Broken where one differs. every: one of so many is looked at
Judge   the instants by zoneinfo; what a file's own VTIMEZONE says by its dates and rules alone; what Google shows by
        its dateTime and timeZone
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from calsync_cli.mapping.google.document import parsed
from calsync_cli.mapping.google.mapping import GOOGLE
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.inherit import normal
from calsync_cli.mapping.vtimezones import vtimezone
from calsync_cli.model.series import Form
from calsync_cli.model.times import Span, Zoned
from tests.corpus.expander import expand
from tests.corpus.laws import Broken

NAMES = sorted(name for name in available_timezones() if name not in ("localtime", "Factory"))
MINUTES = (-61, -31, -1, 0, 1, 29, 30, 59, 61, 121)
"""Around a change: before it, in what is left out or comes twice, and after."""
FIRST, LAST = 2000, 2040
LENGTH = timedelta(minutes=45)


def moments(tzid: str) -> list[datetime]:
    """UTC: some about each change, and twice a month."""
    rules = ZoneInfo(tzid)
    days = [datetime(FIRST, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(366 * (LAST - FIRST + 1))]
    offsets = [day.astimezone(rules).utcoffset() for day in days]
    changes = [_minute(rules, a, b) for (a, x), (b, y) in pairwise(zip(days, offsets, strict=True)) if x != y]
    plain = [datetime(year, month, day, 9, 30, tzinfo=UTC)
             for year in range(FIRST, LAST) for month in range(1, 13) for day in (1, 15)]
    return sorted({*(at + timedelta(minutes=by) for at in changes for by in MINUTES), *plain})


def _minute(rules: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before = low.astimezone(rules).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = (low + (high - low) / 2).replace(second=0, microsecond=0)
        low, high = (middle, high) if middle.astimezone(rules).utcoffset() == before else (low, middle)
    return high


def check(tzid: str, every: int = 1) -> int:
    found = moments(tzid)[hash_of(tzid) % every :: every]
    walls = [at.astimezone(ZoneInfo(tzid)).replace(tzinfo=None, fold=0) for at in found]
    for wall in walls:
        _in_a_file(tzid, wall)
        _at_google(tzid, wall)
    return 2 * len(walls) + _by_block(tzid, found)


def hash_of(tzid: str) -> int:
    return sum(tzid.encode())


def _form(tzid: str, wall: datetime) -> Form:
    end = _instant(tzid, wall) + LENGTH
    return normal({"title": "x", "time": Span(Zoned(wall, tzid), Zoned(end.replace(tzinfo=None), "UTC"))})


def _instant(tzid: str, wall: datetime) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(tzid)).astimezone(UTC)


def _in_a_file(tzid: str, wall: datetime) -> None:
    span = ICAL.read(ICAL.make("u", _form(tzid, wall), "m")).form["time"]
    assert isinstance(span, Span) and isinstance(span.start, Zoned) and isinstance(span.end, Zoned)
    _same("a file", tzid, wall, _instant(span.start.tzid, span.start.local))
    _same("a file", tzid, wall, _instant(span.end.tzid, span.end.local) - LENGTH)


def _at_google(tzid: str, wall: datetime) -> None:
    """What the JSON says by itself, and what calsync reads from it."""
    payload = GOOGLE.make("u", _form(tzid, wall), "m")
    node = (parsed(payload).event or {})["start"]
    said = datetime.fromisoformat(node["dateTime"])
    zone = ZoneInfo(node.get("timeZone", "UTC"))
    _same("Google", tzid, wall, (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC))
    span = GOOGLE.read(payload).form["time"]
    assert isinstance(span, Span) and isinstance(span.start, Zoned)
    _same("Google", tzid, wall, _instant(span.start.tzid, span.start.local))


def _by_block(tzid: str, found: list[datetime]) -> int:
    """The block that a series from 2000 on takes along, read without any table of zones."""
    onsets = onsets_of(vtimezone(tzid, FIRST, LAST))
    starts = [at for at, _ in onsets]
    for at in found:
        offset = onsets[bisect_right(starts, at) - 1][1]
        if offset != at.astimezone(ZoneInfo(tzid)).utcoffset():
            raise Broken(f"{tzid} {at}: the block says {offset}, not {at.astimezone(ZoneInfo(tzid)).utcoffset()}")
    return len(found)


def onsets_of(block: Sequence[str]) -> list[tuple[datetime, timedelta]]:
    """Instant -> offset from then on, of each observance and each of its dates (RFC 5545 section 3.6.5)."""
    found: list[tuple[datetime, timedelta]] = []
    values: dict[str, list[str]] = {}
    for line in block:
        name, _, value = line.partition(":")
        if line in ("BEGIN:STANDARD", "BEGIN:DAYLIGHT"):
            values = {}
        elif line in ("END:STANDARD", "END:DAYLIGHT"):
            first, *more = (datetime.strptime(text, "%Y%m%dT%H%M%S")
                            for key in ("DTSTART", "RDATE") for text in values.get(key, ()))
            for rule in values.get("RRULE", ()):
                more += expand(rule, first, datetime(LAST + 1, 12, 31), 200)
            before, after = (_offset(values[key][0]) for key in ("TZOFFSETFROM", "TZOFFSETTO"))
            found += [((at - before).replace(tzinfo=UTC), after) for at in {first, *more}]
        else:
            values.setdefault(name, []).append(value)
    return sorted(found)


def _offset(text: str) -> timedelta:
    hours, minutes, seconds = (int(text[n : n + 2] or 0) for n in (1, 3, 5))
    return (-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _same(where: str, tzid: str, wall: datetime, got: datetime) -> None:
    if got != _instant(tzid, wall):
        raise Broken(f"{where}: {wall} {tzid} comes back as {got}, which is {got - _instant(tzid, wall)} off")
