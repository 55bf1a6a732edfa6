"""Forms and values <-> JSON, byte-equal for equal input (I20).

Shape   str as itself; a set as a sorted list; Span {"s","e"}; Recurrence {"r","d","p"}; times as in `time_text`
Errors  ValueError for text that this module did not write
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from sys import intern
from types import MappingProxyType
from typing import Any

from calsync_cli.model.series import Form, Path, Recurrence, Value
from calsync_cli.model.times import AllDay, Floating, Span, When, Zoned, compact

_LOCAL = "%Y%m%dT%H%M%S"


def time_text(when: When) -> str:
    """`20261124`, `20261124T093000` or `20261124T093000 Europe/Berlin`."""
    match when:
        case AllDay(day):
            return compact(day)
        case Floating(local):
            return compact(local)
        case Zoned(local, tzid):
            return f"{compact(local)} {tzid}"


def time_from(text: str) -> When:
    stamp, _, tzid = text.partition(" ")
    if len(stamp) == 8:
        return AllDay(date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:])))
    local = datetime.fromisoformat(stamp)  # many times faster than strptime, and this is on the path of every plan
    return Zoned(local, intern(tzid)) if tzid else Floating(local)


def value_json(value: Value | None) -> Any:
    match value:
        case frozenset():
            return sorted(value)
        case Span(start, end):
            return {"s": time_text(start), "e": time_text(end)}
        case Recurrence(rules, dates, periods):
            return {"r": list(rules), "d": [time_text(d) for d in dates], "p": list(periods)}
        case _:
            return value


def value_from(data: Any) -> Value | None:
    match data:
        case None | str():
            return data
        case list():
            return frozenset(data)
        case {"s": start, "e": end}:
            return Span(time_from(start), time_from(end))
        case {"r": rules, "d": dates, "p": periods}:
            return Recurrence(tuple(rules), tuple(time_from(d) for d in dates), tuple(periods))
    raise ValueError(f"not a stored value: {data!r}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def dumps(data: Any) -> str:
    return _ENCODER.encode(data)


def form_json(form: Mapping[Path, Value | None]) -> str:
    return dumps({path: value_json(value) for path, value in form.items()})


def form_from(text: str) -> Form:
    """What an event shows, what was agreed on for each side and what was sent are mostly the same text: read once."""
    return _shared(text) if len(text) < LONG else _read(text)


LONG = 8_000


@lru_cache(maxsize=256)
def _shared(text: str) -> Form:
    return MappingProxyType(_read(text))  # nobody can change what others hold as well


def _read(text: str) -> Form:
    """Names of fields and zones are the same in thousands of forms that are held at once, so they are shared."""
    loaded = {intern(path): value_from(data) for path, data in json.loads(text).items()}
    return {path: value for path, value in loaded.items() if value is not None}


def changes_from(text: str) -> dict[Path, Value | None]:
    return {path: value_from(data) for path, data in json.loads(text).items()}


def forms_equal(a: Form, b: Form) -> bool:
    return dict(a) == dict(b)
