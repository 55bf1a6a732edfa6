"""`recurrence[]`, one iCalendar content line per string <-> rules, extra dates and cancelled dates (facts 5.3).

Shape   `entries_of` -> the lines as they stand; each keeps its text until its meaning changes. All times here are
        "at Google": days or zoned (clock), and UNTIL of a zoned series is a UTC instant
Lenient X- parts in rules, values of the wrong type, DTSTART lines and other dirt of the wild are passed over, and stay
Errors  MappingError for what cannot be understood (EXRULE, a broken rule): nobody may guess dates
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Line, make_component
from calsync_cli.mapping.google.clock import google_zone
from calsync_cli.mapping.google.document import Json
from calsync_cli.mapping.ical_read import period_text
from calsync_cli.mapping.rrule_text import canonical, spoken
from calsync_cli.mapping.values import split_list
from calsync_cli.mapping.when import original_start, read_when, written
from calsync_cli.mapping.zones import Zones
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Recurrence
from calsync_cli.model.times import When, Zoned, by_time

_ZONES = Zones(make_component("VCALENDAR", []))
_REFUSED = {
    "FREQ=SECONDLY": "repeats every few seconds", "FREQ=MINUTELY": "repeats every few minutes",
    "FREQ=HOURLY": "repeats every few hours", "RSCALE=": "repeats by another calendar than the Gregorian one",
    "SKIP=": "repeats by another calendar than the Gregorian one",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One string of the list; `line` is None for what is no content line and is only ever kept."""

    raw: str
    line: Line | None

    @property
    def name(self) -> str:
        return self.line.name if self.line is not None else ""


def entry(raw: str) -> Entry:
    flat = raw.strip().encode("utf-8", "replace")
    line = Line(flat, flat)
    return Entry(raw, line if line.name and b"\n" not in flat and b"\r" not in flat else None)


def entries_of(resource: Json) -> list[Entry]:
    found = resource.get("recurrence")
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(raw, str) for raw in found):
        raise MappingError("its repetition is not a list of lines")
    return [entry(raw) for raw in found]


# -- reading -----------------------------------------------------------------------------------------------------------


def recurrence_of(entries: Iterable[Entry], start: When, losses: list[str]) -> Recurrence | None:
    rules: set[str] = set()
    dates: set[When] = set()
    periods: set[str] = set()
    for one in entries:
        if one.name == "RRULE" and one.line is not None and one.line.value.strip():
            rules.add(rule_of(one, start))
        elif one.name == "RDATE":
            for _, when in dates_of(one, start):
                (periods if isinstance(when, str) else dates).add(when)  # type: ignore[arg-type]
        elif one.name == "EXRULE":
            raise MappingError("it repeats with an exclusion rule (EXRULE), which calsync cannot express")
        elif one.name not in ("RRULE", "EXDATE") and one.raw.strip():
            losses.append(f"a line of its repetition was left alone: {one.raw[:60]!r}")
    if any("COUNT=" in rule and "UNTIL=" in rule for rule in rules):
        losses.append("its rule has both COUNT and UNTIL, of which RFC 5545 allows one")
    if not (rules or dates or periods):
        return None
    return Recurrence(tuple(sorted(rules)), tuple(sorted(dates, key=by_time)), tuple(sorted(periods)))


def rule_of(one: Entry, start: When) -> str:
    assert one.line is not None
    parts = one.line.value.split(";")
    return canonical(";".join(part for part in parts if not part.strip().upper().startswith("X-")), start)


def dates_of(one: Entry, start: When) -> list[tuple[str, When | str]]:
    """Each item of an RDATE or EXDATE line with the time it names in the series; a period with its text."""
    assert one.line is not None
    found: list[tuple[str, When | str]] = []
    for item in split_list(one.line.value):
        if one.line.param("VALUE").upper() == "PERIOD" or "/" in item:
            found.append((item, period_text(one.line, item, start, _ZONES)))
        else:
            found.append((item, original_start(read_when(one.line, _ZONES, item), start, None, None)))
    return found


# -- writing -----------------------------------------------------------------------------------------------------------


def check_rules(recurrence: Recurrence) -> None:
    """Raises for what Google refuses or would hold as something else (facts 5.3): held, never approximated."""
    for rule in recurrence.rules:
        why = next((words for part, words in _REFUSED.items() if part in rule), "")
        if why:
            raise MappingError(f"it {why}, which Google Calendar cannot hold: RRULE:{spoken(rule)}")
        if "COUNT=" in rule and "UNTIL=" in rule:
            raise MappingError("its rule ends by a number and by a date at once, which Google Calendar refuses")
    if recurrence.periods:
        raise MappingError("it has an extra date with a length of its own, which Google Calendar cannot hold")


def dates_lines(name: str, dates: Iterable[When]) -> list[Entry]:
    """One line for each way to say a time (a zone, UTC, days), its items in order."""
    lines: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for when in sorted(set(dates), key=by_time):
        value, params = written(when, google_zone(when.tzid) if isinstance(when, Zoned) else None)
        lines.setdefault(params, []).append(value)
    heads = {params: "".join(f";{key}={value}" for key, value in params) for params in lines}
    return [entry(f"{name}{heads[params]}:{','.join(items)}") for params, items in lines.items()]


def with_rules(entries: Sequence[Entry], rules: Sequence[str], start: When, *, renew: bool) -> list[Entry]:
    """Lines whose meaning stays keep their text; a changed rule goes in the place of one that goes.

    `renew`: the series begins to count days instead of times or the reverse, so an UNTIL of the old kind must go.
    """
    have = {one: rule_of(one, start) for one in entries if one.line and one.name == "RRULE" and one.line.value.strip()}
    stay = {one for one, rule in have.items() if rule in rules and not (renew and "UNTIL=" in rule)}
    missing = [rule for rule in rules if rule not in {have[one] for one in stay}]
    result: list[Entry] = []
    for one in entries:
        if one not in have or one in stay:
            result.append(one)
        elif missing:
            result.append(entry(f"RRULE:{spoken(missing.pop(0))}"))
    last = max((i + 1 for i, one in enumerate(result) if one.name == "RRULE"), default=0)
    return [*result[:last], *(entry(f"RRULE:{spoken(rule)}") for rule in missing), *result[last:]]


Keep = Callable[[Entry, str], When | str | None]
"""The time (or period) that an item of a line shall stand for from now on; None for one that goes."""


def with_dates(entries: Sequence[Entry], name: str, keep: Keep, missing: Iterable[When], start: When) -> list[Entry]:
    """The lines of one name brought to what `keep` says, and new ones for `missing`.

    A line keeps its text while each of its items stands for what it shall in the series that starts at `start`.
    """
    result: list[Entry] = []
    for one in entries:
        result += _kept(one, keep, start) if one.name == name else [one]
    return [*result, *dates_lines(name, missing)]


def _kept(one: Entry, keep: Keep, start: When) -> list[Entry]:
    assert one.line is not None
    items = split_list(one.line.value)
    stays = [(item, when) for item in items if (when := keep(one, item)) is not None]
    if not items:
        return [one]
    told = dict(dates_of(one, start))
    if any(told[item] != when for item, when in stays):
        return dates_lines(one.name, (when for _, when in stays if not isinstance(when, str)))
    if len(stays) == len(items):
        return [one]
    head = one.line.text[: len(one.line.text) - len(one.line.value)]
    return [entry(head + ",".join(item for item, _ in stays))] if stays else []
