"""Which events a pair's filter lets through (V5, V6): pure, of one form and what is known of its replica.

Shape   rejected(rule, form, facts) -> "", or words that name the key and the value that keep it out
Times   a series goes by its master's first start. `between` and `weekdays` look at wall times: in the rule's zone, or
        in the event's own; floating times and days are the same in every zone. An all-day event has no hours:
        `between` lets it through, `weekdays` takes its first day
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Form, form_span, form_title
from calsync_cli.model.times import AllDay, Span, When, Zoned, from_utc, utc, wall
from calsync_cli.model.views import ALL, DAYS, Filter, answer_of, days_text, hours_text, length_text

_DAY = timedelta(days=1)
_PATHS = {"place": "location", "text": "description"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the form does not say. Addresses are lower-case, without `mailto:`.

    me, other  the owner's addresses of the account whose event it is, and of the account on the other side
    kind       what its service says it is (views.SERVICE_KINDS), or ""
    answer     what its service says was answered (views.ANSWERS); "": what the guests of the form say of `me`
    """

    me: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()
    kind: str = ""
    answer: str = ""


def rejected(rule: Filter, form: Form, facts: Facts) -> str:
    return "" if rule == ALL else next(_reasons(rule, form, facts), "")


def _reasons(rule: Filter, form: Form, facts: Facts) -> Iterator[str]:
    """In the order of the configuration's page."""
    yield from _by_kind(rule, form, facts)
    yield from _by_text(rule, form)
    yield from _by_category(rule, form)
    span = form_span(form)
    if span is not None:
        yield from _by_length(rule, span)
        yield from _by_time(rule, span)
    if not rule.invited and facts.other & {*_guests(form), _address(_text(form, "organizer"))}:
        yield "filter.invited false: somebody of the other side is invited already"


# -- kinds -------------------------------------------------------------------------------------------------------------


def kinds(form: Form, facts: Facts) -> frozenset[str]:
    """All words of views.KINDS that are true of it."""
    span = form_span(form)
    found = {
        "free" if form.get("busy") == "free" else "busy",
        _text(form, "status") or "confirmed",
        "all-day" if span is not None and isinstance(span.start, AllDay) else "timed",
        "series" if "recurrence" in form else "single",
        "private" if form.get("visibility") else "public",
        _answer(form, facts),
    }
    return frozenset(found | ({"meeting"} if _guests(form) else set()) | ({facts.kind} if facts.kind else set()))


def _answer(form: Form, facts: Facts) -> str:
    if facts.answer:
        return facts.answer
    if _address(_text(form, "organizer")) in facts.me:
        return "accepted"
    return next((answer_of(said) for address, said in sorted(_guests(form).items()) if address in facts.me), "accepted")


def _by_kind(rule: Filter, form: Form, facts: Facts) -> Iterator[str]:
    found = kinds(form, facts) if rule.only or rule.never else frozenset()
    for word in sorted(rule.only - found):
        yield f'filter.only "{word}" does not fit it'
    for word in sorted(rule.never & found):
        yield f'filter.never "{word}" fits it'


# -- texts -------------------------------------------------------------------------------------------------------------


def _by_text(rule: Filter, form: Form) -> Iterator[str]:
    for name, pattern in rule.patterns.items():
        if not _fits(form, name, pattern):
            yield f'filter.{name} "{pattern}" does not fit its {name}'
    for name, pattern in rule.not_patterns.items():
        if _fits(form, name, pattern):
            yield f'filter.not_{name} "{pattern}" fits its {name}'


def _fits(form: Form, name: str, pattern: str) -> bool:
    """Found anywhere; addresses have no case."""
    if name == "organizer":
        return re.search(pattern, _address(_text(form, "organizer")), re.IGNORECASE) is not None
    text = form_title(form) if name == "title" else _text(form, _PATHS[name])
    return re.search(pattern, text) is not None


def _by_category(rule: Filter, form: Form) -> Iterator[str]:
    value = form.get("categories")
    there = {name.casefold() for name in value} if isinstance(value, frozenset) else set()
    if rule.categories and not any(name.casefold() in there for name in rule.categories):
        yield f"filter.categories {_quoted(rule.categories)}: it has none of them"
    for name in sorted(rule.not_categories):
        if name.casefold() in there:
            yield f'filter.not_categories "{name}" is one of its categories'


# -- times -------------------------------------------------------------------------------------------------------------


def _by_length(rule: Filter, span: Span) -> Iterator[str]:
    length = _length(span)
    if rule.min_duration is not None and length < rule.min_duration:
        yield f'filter.min_duration "{length_text(rule.min_duration)}": it is shorter'
    if rule.max_duration is not None and length > rule.max_duration:
        yield f'filter.max_duration "{length_text(rule.max_duration)}": it is longer'


def _length(span: Span) -> timedelta:
    """Exact where both ends are instants; by the wall clock of days and floating times."""
    if isinstance(span.start, Zoned) and isinstance(span.end, Zoned):
        try:
            return utc(span.end) - utc(span.start)
        except OverflowError:  # within a day of the ends of all time
            pass
    return wall(span.end) - wall(span.start)


def _by_time(rule: Filter, span: Span) -> Iterator[str]:
    start, end = _in_zone(span.start, rule.zone), _in_zone(span.end, rule.zone or _own_zone(span.start))
    where = f" in {rule.zone}" if rule.zone else ""
    if rule.weekdays and start.weekday() not in rule.weekdays:
        yield f'filter.weekdays "{days_text(rule.weekdays)}": it begins on {DAYS[start.weekday()]}{where}'
    if rule.between is not None and not isinstance(span.start, AllDay) and not _within(rule, start, end):
        yield f'filter.between "{hours_text(rule.between)}": it does not lie within{where}'


def _own_zone(when: When) -> str | None:
    return when.tzid if isinstance(when, Zoned) else None


def _in_zone(when: When, tzid: str | None) -> datetime:
    """The wall time in a zone; None: as it stands."""
    if not isinstance(when, Zoned) or tzid is None or tzid == when.tzid:
        return wall(when)
    try:
        return wall(from_utc(utc(when), tzid))
    except OverflowError:
        return wall(when)


def _within(rule: Filter, start: datetime, end: datetime) -> bool:
    """Hours that pass midnight began today or yesterday."""
    assert rule.between is not None
    low, high = (timedelta(hours=at.hour, minutes=at.minute) for at in rule.between)
    high += _DAY if high <= low else timedelta(0)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    begins, ends = start - midnight, end - midnight
    return any(low + day <= begins < high + day and ends <= high + day for day in (timedelta(0), -_DAY))


# -- forms -------------------------------------------------------------------------------------------------------------


def _text(form: Form, path: str) -> str:
    value = form.get(path)
    return value if isinstance(value, str) else ""


def _guests(form: Form) -> Mapping[str, str]:
    """PARTSTAT by address."""
    value = form.get("guests")
    rows = [guest.split(" ") for guest in value] if isinstance(value, frozenset) else []
    return {_address(row[0]): row[1] if len(row) > 1 else "" for row in rows}


def _address(uri: str) -> str:
    return uri.removeprefix("mailto:").lower()


def _quoted(names: frozenset[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(names))
