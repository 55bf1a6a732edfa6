"""What a person says of an event on the command line -> the fields of the model. Pure but for `zone_here`.

Shape   `new` makes the form of an event, `changes` what an existing one is to become; both from a Said
Times   `2026-11-24 09:30`, `2026-11-24` (the whole day), `tomorrow 09:30`; the last day of whole days is counted in. In
        an edit a day alone keeps the hours, hours alone keep the day, and without a new end the length stays
Errors  UsageError, naming the option
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path as File

from calsync_cli.cli.words import rule_words
from calsync_cli.errors import MappingError, UsageError
from calsync_cli.mapping.rrule_text import canonical
from calsync_cli.mapping.values import exact_text
from calsync_cli.model import recur
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Form, Path, Recurrence, Value, form_span, instance_keys, join
from calsync_cli.model.times import AllDay, InstanceKey, Span, When, Zoned, moved, wall, zone
from calsync_cli.model.words import closest

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_UNITS = {"w": timedelta(weeks=1), "d": DAY, "h": HOUR, "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
_REPEATS = {
    "daily": "FREQ=DAILY", "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "weekly": "FREQ=WEEKLY",
    "monthly": "FREQ=MONTHLY", "yearly": "FREQ=YEARLY",
}
_EVERY = re.compile(r"every ([1-9][0-9]{0,2}) (day|week|month|year)s?")
_FREQUENCIES = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
TEXTS = ("title", "location", "description", "url")


@dataclass(frozen=True, slots=True)
class Said:
    """None: not said. "" in a text, "none" in a list: nothing of it is to be left. now: for `today`; command: whose
    help answers what was said wrong."""

    now: datetime
    command: str
    title: str | None = None
    location: str | None = None
    description: str | None = None
    url: str | None = None
    start: str | None = None
    end: str | None = None
    duration: str | None = None
    all_day: bool = False
    zone: str | None = None
    repeat: str | None = None
    rrule: str | None = None
    until: str | None = None
    count: int | None = None
    reminders: Sequence[str] = ()
    categories: Sequence[str] = ()
    private: bool | None = None
    free: bool | None = None

    def wrong(self, text: str) -> UsageError:
        return UsageError(f"{text}; nothing was written", next=f"{self.command} -h")


def new(said: Said, zone_here: str) -> dict[Path, Value]:
    """zone_here: for times without --zone; "" when it is not known."""
    if not (said.title or "").strip():
        raise said.wrong("an event needs a title")
    if said.start is None:
        raise said.wrong("an event needs a start: --start \"2026-11-24 09:30\", or a day for the whole of it")
    form: dict[Path, Value] = {"time": _span(said, None, zone_here)}
    form |= {path: value for path, value in _fields(said).items() if value is not None}
    rule = _recurrence(said, form["time"], None)
    return form | ({"recurrence": rule} if rule is not None else {})


def changes(said: Said, form: Form, zone_here: str) -> dict[Path, Value | None]:
    """What the whole event is to become."""
    found: dict[Path, Value | None] = dict(_fields(said))
    span, before = form_span(form), form.get("recurrence")
    if _is_timed(said) and span is not None:
        found["time"] = _span(said, span, zone_here)
    rule = _recurrence(said, found.get("time", span), before if isinstance(before, Recurrence) else None)
    keeps_its_rule = before is not None and rule is None and said.repeat != "none"
    if keeps_its_rule and _gets_or_loses_hours(span, found.get("time")):
        raise said.wrong("a series gets or loses its hours with its repetition; say --repeat or --rrule too")
    if said.repeat == "none" or rule is not None:
        found["recurrence"] = rule
    own = len(instance_keys(form))
    if own and ("time" in found or "recurrence" in found):
        dates = "1 date" if own == 1 else f"{own} dates"
        raise said.wrong(f"{dates} of this series would be left behind, for they differ from it; name one with --date")
    return found


def _gets_or_loses_hours(before: Span | None, after: Value | None) -> bool:
    return before is not None and isinstance(after, Span) and type(after.start) is not type(before.start)


def date_changes(said: Said, key: InstanceKey, one: Form, zone_here: str) -> dict[Path, Value | None]:
    """What a single date of a series is to become. one: how it looks now."""
    if said.repeat or said.rrule or said.until or said.count:
        raise said.wrong("a single date does not repeat; leave --date away to change the series")
    emptied: dict[Path, Value] = {"categories": frozenset(), "reminders": frozenset()}
    found: dict[Path, Value | None] = {
        join(key, name): emptied.get(name, "") if value is None else value
        for name, value in _fields(said).items() if one.get(name) != value
    }
    span = form_span(one)
    if _is_timed(said) and span is not None:
        found[join(key, "time")] = _span(said, span, zone_here)
    return found


def _is_timed(said: Said) -> bool:
    return said.all_day or any(word is not None for word in (said.start, said.end, said.duration, said.zone))


def _fields(said: Said) -> dict[Path, Value | None]:
    found: dict[Path, Value | None] = {}
    for name in TEXTS:
        text = getattr(said, name)
        if text is not None:
            found[name] = text.strip() or None
    if "title" in found and found["title"] is None:
        raise said.wrong("an event needs a title")
    if said.private is not None:
        found["visibility"] = "private" if said.private else None
    if said.free is not None:
        found["busy"] = "free" if said.free else None
    if said.categories:
        found["categories"] = frozenset(_list(said, said.categories)) or None
    if said.reminders:
        lengths = [_length(said, "--reminder", word) for word in _list(said, said.reminders)]
        found["reminders"] = frozenset(f"display:{exact_text(-length)}" for length in lengths) or None
    return found


def _list(said: Said, words: Sequence[str]) -> list[str]:
    if "none" in words and len(words) > 1:
        raise said.wrong("`none` stands alone")
    return [word.strip() for word in words if word != "none" and word.strip()]


# -- times -------------------------------------------------------------------------------------------------------------


def _span(said: Said, before: Span | None, zone_here: str) -> Span:
    if said.end is not None and said.duration is not None:
        raise said.wrong("--end and --duration say the same; give one")
    old = before.start if before is not None else None
    tzid = said.zone or (old.tzid if isinstance(old, Zoned) else zone_here)
    start = old if said.start is None else _when(said, "--start", said.start, old, tzid)
    assert start is not None
    start = AllDay(wall(start).date()) if said.all_day else _in_zone(start, said.zone)
    if isinstance(start, Zoned):
        _check_zone(said, start.tzid)
    same_kind = before is not None and type(before.start) is type(start)
    length = DAY if isinstance(start, AllDay) else HOUR
    if before is not None and same_kind:
        length = wall(before.end) - wall(before.start)
    if said.duration is not None:
        length = _length(said, "--duration", said.duration)
        if isinstance(start, AllDay) and length % DAY:
            raise said.wrong(f"--duration {said.duration} are no whole days")
    end = moved(start, length)
    if said.end is not None:
        end = _when(said, "--end", said.end, start, tzid)
        if isinstance(start, AllDay):
            end = moved(AllDay(wall(end).date()), DAY)
    if type(end) is not type(start):
        raise said.wrong("--start and --end are a day and an hour; give hours to both, or days")
    if wall(end) < wall(start) or (isinstance(start, AllDay) and wall(end) == wall(start)):
        raise said.wrong(f"it would end ({said.end or said.duration}) before it starts")
    return Span(start, end)


def _in_zone(when: When, tzid: str | None) -> When:
    return replace(when, tzid=tzid) if isinstance(when, Zoned) and tzid else when


def _when(said: Said, option: str, text: str, near: When | None, tzid: str) -> When:
    """near: the day, or the hours, where the words leave them out."""
    day_text, _, clock_text = " ".join(text.replace("T", " ").split()).partition(" ")
    if re.fullmatch(r"\d{1,2}:\d\d", day_text) and near is not None and not clock_text:
        day_text, clock_text = wall(near).date().isoformat(), day_text
    day = {"today": said.now.astimezone().date(), "tomorrow": said.now.astimezone().date() + DAY}.get(day_text)
    try:
        day = day or date.fromisoformat(day_text)
        clock = time.fromisoformat(f"{clock_text:0>5}") if clock_text else None
    except ValueError:
        example = f"{said.now.astimezone():%Y-%m-%d} 09:30"
        raise said.wrong(f'{option} {text!r} is no time; write it like "{example}", or the day alone') from None
    if clock is None and not isinstance(near, AllDay) and near is not None and option == "--start":
        clock = wall(near).time()
    if clock is None:
        return AllDay(day)
    if clock.tzinfo is not None:
        raise said.wrong(f"{option} {text!r}: name the time zone with --zone Europe/Berlin")
    if not tzid:
        raise said.wrong("this machine does not tell in which time zone it is; name it with --zone Europe/Berlin")
    return Zoned(datetime.combine(day, clock), tzid)


def _check_zone(said: Said, tzid: str) -> None:
    from zoneinfo import available_timezones

    try:
        zone(tzid)
    except (KeyError, ValueError, OSError):
        hint = closest(tzid, available_timezones())
        raise said.wrong(f"there is no time zone {tzid!r}{hint}") from None


def _length(said: Said, option: str, text: str) -> timedelta:
    """`90m`, `1h30m`, `2d`."""
    parts = re.findall(r"([0-9]{1,5})([wdhms])", text)
    if not parts or "".join(f"{n}{unit}" for n, unit in parts) != text.replace(" ", ""):
        raise said.wrong(f"{option} {text!r} is no length; write 15m, 1h30m or 2d")
    return sum((int(n) * _UNITS[unit] for n, unit in parts), timedelta(0))


# -- repetition --------------------------------------------------------------------------------------------------------


def _recurrence(said: Said, span: object, before: Recurrence | None) -> Recurrence | None:
    assert isinstance(span, Span) or span is None
    if said.repeat is not None and said.rrule is not None:
        raise said.wrong("--repeat and --rrule say the same; give one")
    rule = _rule(said)
    if rule is None or span is None:
        if said.until is not None or said.count is not None:
            raise said.wrong("--until and --count go with --repeat or --rrule")
        if before is not None and span is not None and said.repeat != "none" and _is_timed(said):
            _check_first(said, span, before.rules)
        return None
    if said.until is not None and said.count is not None:
        raise said.wrong("--until and --count both say when it ends; give one")
    if said.until is not None:
        last = wall(_when(said, "--until", said.until, AllDay(wall(span.start).date()), "UTC"))
        rule += f";UNTIL={last:%Y%m%d}"
    rule += f";COUNT={said.count}" if said.count is not None else ""
    try:
        text = canonical(rule, span.start)
        if not recur.comes(text, wall(span.start)):
            raise said.wrong(f"a rule like {rule} never has a date")
        _check_first(said, span, (text,))
    except (MappingError, ValueError) as err:
        raise said.wrong(str(err)) from None
    return Recurrence((text,))


def _rule(said: Said) -> str | None:
    if said.rrule is not None:
        return said.rrule.upper().removeprefix("RRULE:")
    word = (said.repeat or "none").strip().lower()
    every = _EVERY.fullmatch(word)
    if every is not None:
        return f"FREQ={_FREQUENCIES[every[2]]};INTERVAL={every[1]}"
    if word not in _REPEATS and word != "none":
        ways = f'{", ".join(_REPEATS)}, "every 2 weeks" or none'
        raise said.wrong(f"--repeat {said.repeat!r} is none of {ways}{closest(word, _REPEATS)}")
    return _REPEATS.get(word)


def _check_first(said: Said, span: Span, rules: Sequence[str]) -> None:
    """A start that is no date of its own rule is shown by every program in another way."""
    from dateutil.rrule import rrulestr

    start = wall(span.start)
    for rule in rules:
        endless = ";".join(part for part in rule.split(";") if not part.startswith(("UNTIL=", "COUNT=")))
        if recur.expandable(Recurrence((rule,))) and next(iter(rrulestr(endless, dtstart=start)), None) != start:
            raise said.wrong(f"the start, {start:%a} {start.day} {start:%b %Y}, is no date of the repetition "
                             f"({rule_words(rule)}); say --repeat or --rrule to fit it")


# -- where this machine is ---------------------------------------------------------------------------------------------


def zone_here(environ: Mapping[str, str], link: File = File("/etc/localtime")) -> str:
    """The name of this machine's time zone, "" when it does not tell."""
    names = [environ.get("TZ", "").removeprefix(":")]
    with suppress(OSError):
        names.append(str(link.resolve()).partition("zoneinfo/")[2])
    for name in names:
        try:
            if name and zone(name).key:
                return name
        except (KeyError, ValueError, OSError):
            continue
    return ""
