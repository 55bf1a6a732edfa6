"""Whether somebody changed, since it was read, what a write to an instance would overwrite (I1, I13). Pure.

For     an instance without an exception of its own has no version that a write could be planned from, and a change of
        its series gives each exception another one. So its version is read right before the write, and what it shows is
        compared with what the plan knows: the exception as it was, or its series, before and after our own change
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from calsync_cli.providers.google.answers import Json, text
from calsync_cli.providers.google.sets import is_cancelled

CONTENT: Mapping[str, Any] = dict.fromkeys(
    ("summary", "description", "location", "start", "end", "transparency", "visibility", "colorId")
)
"""What a cancellation would take away."""


def is_overwritten(now: Json, members: Mapping[str, Any], before: Json | None, masters: Iterable[Json]) -> bool:
    """members: what the write sends, or CONTENT; before: the exception that the plan knows, masters: its series."""
    if before is not None and is_cancelled(before):
        return not is_cancelled(now)
    if is_cancelled(now):
        return True
    olds = [*([before] if before is not None else []), *masters]
    return not all(_is_known(now, name, value, before, olds) for name, value in members.items())


def _is_known(now: Json, name: str, value: Any, before: Json | None, olds: list[Json]) -> bool:
    if name == "start":
        return _moment(now, name) == _moment(before or now, name if before is not None else "originalStartTime")
    if name == "end":
        return before is None or _moment(now, name) == _moment(before, name)
    if name == "extendedProperties":
        there, known = _private(now), [_private(old) for old in olds]
        keys = _private({name: value})
        return all(there.get(key) in (None, mine, *(old.get(key) for old in known)) for key, mine in keys.items())
    return any(now.get(name) == old.get(name) for old in olds)


def _private(resource: Json) -> Json:
    outer = resource.get("extendedProperties")
    inner = outer.get("private") if isinstance(outer, dict) else None
    return inner if isinstance(inner, dict) else {}


def _moment(resource: Json, name: str) -> object:
    """A day as text, an instant whatever its offset."""
    node = resource.get(name)
    if not isinstance(node, dict):
        return None
    try:
        return datetime.fromisoformat(text(node, "dateTime"))
    except ValueError:
        return text(node, "date")
