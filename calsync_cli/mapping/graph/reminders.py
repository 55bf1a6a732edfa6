"""`isReminderOn` and `reminderMinutesBeforeStart` <-> reminders of the form (facts 0.17, L14).

At Outlook  one, on the screen, whole minutes before the start. Of several the nearest to the start is shown, a display
            before any other kind; the rest, and what is shown only roughly, is kept beside the event
Shape       `shown` of a resource is ["15"] or []; `form` and `placed` go to and from the form's words
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from calsync_cli.mapping.jsondoc import Json
from calsync_cli.mapping.reminders import form as originals
from calsync_cli.mapping.reminders import stand_in
from calsync_cli.mapping.values import exact_text
from calsync_cli.model.times import Span

_MOST_MINUTES = 2_000_000
_DEFAULT_MINUTES = 15


def shown(resource: Json) -> list[str]:
    minutes = resource.get("reminderMinutesBeforeStart")
    if resource.get("isReminderOn") is not True or not isinstance(minutes, int) or isinstance(minutes, bool):
        return []
    return [str(minutes)] if 0 <= minutes <= _MOST_MINUTES else []


def form(there: Iterable[str], kept: Iterable[tuple[str, str]]) -> frozenset[str]:
    return originals(there, kept, _word)


def _word(minutes: str) -> str:
    return f"display:{exact_text(-timedelta(minutes=int(minutes)))}"


def placed(wanted: Iterable[str], span: Span) -> tuple[str, list[list[str]]]:
    """The minutes Outlook shall show ("" for none), and what must be kept as [original, what stands for it]."""
    stand = {reminder: _minutes(reminder, span) for reminder in sorted(wanted)}
    can = sorted((_word(text) != reminder, int(text)) for reminder, text in stand.items() if text)
    there = str(can[0][1]) if can else ""
    rough = any(text and text == there and _word(text) != reminder for reminder, text in stand.items())
    kept = []
    for reminder, text in stand.items():
        if text != there or not text:
            kept.append([reminder, ""])
        elif rough:  # also an exact one beside it: what Outlook shows then stands for both
            kept.append([reminder, text])
    return there, kept


def _minutes(reminder: str, span: Span) -> str:
    found = stand_in(reminder, span)
    return str(found[1]) if found is not None and found[1] <= _MOST_MINUTES else ""


def write(resource: Json, minutes: str) -> None:
    """Both members, always: a new event has a reminder unless it is told otherwise (L4.1)."""
    resource["isReminderOn"] = bool(minutes)
    if minutes or "reminderMinutesBeforeStart" not in resource:
        resource["reminderMinutesBeforeStart"] = int(minutes or _DEFAULT_MINUTES)
