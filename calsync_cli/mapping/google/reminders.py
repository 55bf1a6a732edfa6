"""`reminders` <-> reminders of the form (facts 5.6, 11.1).

At Google  popup or email, whole minutes before the start, 0 to 40320, at most five. Anything else gets a popup in its
           place if one can stand for it, and is kept beside the event (kept): "audio:-PT15M" shows as a popup at 15
Default    `useDefault` belongs to the calendar, not to the event: it reads as no reminders; "none" is written as none
Shape      `shown` of a resource is {"popup:15", "email:60"}; `form` and `placed` go to and from the form's words
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from calsync_cli.mapping.google.document import Json, object_of, objects_of, text_of
from calsync_cli.mapping.reminders import form as originals
from calsync_cli.mapping.reminders import stand_in
from calsync_cli.mapping.values import exact_text
from calsync_cli.model.times import Span

_KINDS = {"popup": "display", "email": "email"}
_METHODS = {"display": "popup", "email": "email"}
_MOST_MINUTES = 40320
_MOST = 5


def shown(resource: Json) -> list[str]:
    """The overrides in their order, as "method:minutes"."""
    return [text for item in objects_of(object_of(resource, "reminders"), "overrides") if (text := _shown(item))]


def _shown(item: Json) -> str:
    method, minutes = text_of(item, "method"), item.get("minutes")
    if method not in _KINDS or not isinstance(minutes, int) or isinstance(minutes, bool):
        return ""
    return f"{method}:{minutes}" if 0 <= minutes <= _MOST_MINUTES else ""


def form(there: Iterable[str], kept: Iterable[tuple[str, str]]) -> frozenset[str]:
    """What Google shows, with the kept originals in the place of what stands for them."""
    return originals(there, kept, _word)


def _word(text: str) -> str:
    method, _, minutes = text.partition(":")
    return f"{_KINDS[method]}:{exact_text(-timedelta(minutes=int(minutes)))}"


def placed(wanted: Iterable[str], span: Span) -> tuple[list[str], list[list[str]]]:
    """What Google shall show for the wanted reminders, and what must be kept as [original, what stands for it]."""
    stand = {reminder: _stand_in(reminder, span) for reminder in sorted(wanted)}
    exact = [text for reminder, text in stand.items() if text and _word(text) == reminder]
    others = {text for text in stand.values() if text and text not in exact}
    there = [*_earliest(exact), *_earliest(others)][:_MOST]
    rough = {text for reminder, text in stand.items() if text and _word(text) != reminder}
    kept = []
    for reminder, text in stand.items():
        if text not in there:
            kept.append([reminder, ""])
        elif text in rough:  # also an exact one beside it: what Google shows then stands for both
            kept.append([reminder, text])
    return there, kept


def _earliest(items: Iterable[str]) -> list[str]:
    return sorted(items, key=lambda text: (-int(text.partition(":")[2]), text))


def _stand_in(reminder: str, span: Span) -> str:
    """The popup or mail nearest to it, rounded to the earlier minute; "" for what rings after the start."""
    found = stand_in(reminder, span)
    if found is None or found[1] > _MOST_MINUTES:
        return ""
    return f"{_METHODS.get(found[0], 'popup')}:{found[1]}"


def written(resource: Json, there: Iterable[str]) -> Json:
    """The `reminders` member that shows `there`; entries that stay keep their objects and their order."""
    there = list(there)
    old = objects_of(object_of(resource, "reminders"), "overrides")
    stay = [item for item in old if _shown(item) in there]
    have = {_shown(item) for item in stay}
    new = [text.split(":") for text in there if text not in have]
    added = [{"method": method, "minutes": int(minutes)} for method, minutes in new]
    if not old and not added:
        return {"useDefault": False}
    return {"useDefault": False, "overrides": [*stay, *added]}
