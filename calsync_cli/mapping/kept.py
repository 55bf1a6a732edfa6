"""What is kept beside an event that its provider's members cannot hold: values, and what stands in their place.

Kept    {field: value}: a list for a set, [value, what the provider shows in its place] for a word, a text for the end
        of one that was too long. A word counts only while the provider still shows that: a person's edit there wins
Shape   pure; where it is stored, and how much of it fits, is the affair of each mapping
"""

from __future__ import annotations

from typing import Any

Kept = dict[str, Any]

LOST = "-"
"""In `Kept`: the names of fields that did not fit."""


def keep(kept: Kept, name: str, value: Any) -> None:
    """Note or forget (None, or empty) what a field cannot show; it is not lost any more."""
    kept.pop(name, None)
    if value:
        kept[name] = value
    if name in texts(kept, LOST):
        kept[LOST] = [other for other in texts(kept, LOST) if other != name]


def word(kept: Kept, name: str, shown: str) -> str:
    """The kept word for a field while the provider shows what was put in its place; else what it shows."""
    match kept.get(name):
        case [str(value), str(instead)] if instead == shown:
            return value
    return shown


def texts(kept: Kept, name: str) -> list[str]:
    found = kept.get(name)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def pairs(kept: Kept, name: str) -> list[tuple[str, str]]:
    """[[value, what the provider shows in its place or ""], ...]"""
    found = kept.get(name)
    items = found if isinstance(found, list) else []
    return [(item[0], item[1]) for item in items if _is_pair(item)]


def _is_pair(item: object) -> bool:
    return isinstance(item, list) and len(item) == 2 and all(isinstance(part, str) for part in item)
