"""`agenda`: the coming days over all calendars, offline."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta

from calsync_cli.api.days import Agenda, Happening, midnight, today
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lines import day_words
from calsync_cli.cli.screen import say, shown
from calsync_cli.errors import UsageError


def agenda(ctx: Context, first: str, days: int, *, overlaps: bool, as_json: bool) -> int:
    """One row per event and day, or one per double booking."""
    begin = day_of(first, ctx.ports.now())
    found = ctx.look(lambda work: work.agenda(begin, days))
    if as_json:
        print_json(_json(found, overlaps=overlaps))
        return 0
    if overlaps:
        _draw_overlaps(ctx, found)
    else:
        _draw(ctx, found)
    say(*(f"! {shown(note)}" for note in found.notes), to=sys.stderr)
    return 0


def day_of(words: str, now: datetime, command: str = "calsync agenda") -> date:
    """Raises UsageError for what is no day."""
    if words in ("today", "tomorrow"):
        return today(now) + timedelta(days=words == "tomorrow")
    try:
        day = date.fromisoformat(words)
    except ValueError:
        day = date.min
    if not 1900 <= day.year < 2200:
        text = f"{words!r} is no day; give today, tomorrow or a date such as {today(now)}"
        raise UsageError(text, next=f"{command} -h")
    return day


def _json(found: Agenda, *, overlaps: bool) -> dict[str, object]:
    head = {"from": found.first.isoformat(), "days": found.days}
    if not overlaps:
        rows = [{"day": day.isoformat(), **one.json()} for day, one in found.rows()]
        return {**head, "events": rows, "notes": list(found.notes)}
    clashes = [{"start": max(a.start, b.start).isoformat(), "end": min(a.end, b.end).isoformat(),
                "events": [a.json(), b.json()]} for a, b in found.clashes()]
    return {**head, "overlaps": clashes, "notes": list(found.notes)}


def _draw(ctx: Context, found: Agenda) -> None:
    rows = [[day_words(day.isoformat()), _hours(day, one), _title(one), ", ".join(one.calendars)]
            for day, one in found.rows()]
    if not rows:
        print(f"nothing {_stretch(found)}")
    table(["day", "time", "title", "calendars"], rows, color=ctx.color)


def _draw_overlaps(ctx: Context, found: Agenda) -> None:
    rows = []
    for a, b in found.clashes():
        start, end = max(a.start, b.start), min(a.end, b.end)
        whole = a.all_day and b.all_day
        hours = "all day" if whole else f"{start:%H:%M}-{end:%H:%M}"
        both = [f"{_title(one)} ({', '.join(one.calendars)})" for one in (a, b)]
        rows.append([day_words(start.date().isoformat()), hours, *both])
    if not rows:
        print(f"no double bookings {_stretch(found)}")
    table(["day", "time", "event", "and"], rows, color=ctx.color)


def _stretch(found: Agenda) -> str:
    first, last = (day_words(day.isoformat()) for day in (found.first, found.first + timedelta(days=found.days - 1)))
    return f"on {first}" if first == last else f"from {first} to {last}"


def _title(one: Happening) -> str:
    return shown(one.title) or "(no title)"


def _hours(day: date, one: Happening) -> str:
    """`09:30-10:00`; `22:00-` and `-02:00` where it goes on over midnight."""
    low, high = midnight(day), midnight(day + timedelta(days=1))
    if one.all_day or (one.start <= low and one.end >= high):
        return "all day"
    begins = f"{one.start:%H:%M}" if one.start >= low else ""
    return f"{begins}-{one.end:%H:%M}" if one.end < high or (one.end == high and begins) else f"{begins}-"
