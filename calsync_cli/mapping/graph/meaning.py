"""What two resources say differently. Graph rewrites most of what it is given (wrapped bodies, filled-in members, times
in UTC), so members are never compared as they stand.

Shape   `difference(old, new)` -> the members of `new` that a PATCH must carry; WRITABLE are all that are ever sent
Never   guests, online meetings, `transactionId`, `recurrenceTimeZone`, and what only Graph can say (facts L4.1, L4.7)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from calsync_cli.mapping.graph import body, reminders
from calsync_cli.mapping.graph.fields import shown_categories, shown_location, shown_title
from calsync_cli.mapping.graph.pattern import pattern_of, range_of
from calsync_cli.mapping.jsondoc import Json, object_of, text_of

TIMES = ("start", "end", "isAllDay")
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "subject": ("subject",), "body": ("body",), "times": TIMES, "location": ("location",), "showAs": ("showAs",),
    "sensitivity": ("sensitivity",), "categories": ("categories",), "recurrence": ("recurrence",),
    "reminder": ("isReminderOn", "reminderMinutesBeforeStart"),
}  # fmt: skip
"""What is compared -> the members that say it."""
WRITABLE = tuple(member for members in _GROUPS.values() for member in members)
INSTANCE = tuple(member for member in WRITABLE if member != "recurrence")
_EMPTY: Json = {
    "subject": "", "body": {"contentType": "html", "content": ""}, "location": {"displayName": ""}, "showAs": "busy",
    "sensitivity": "normal", "categories": [], "isReminderOn": False, "recurrence": None,
}  # fmt: skip
"""For a member that the wanted event does not have."""


def _meaning(resource: Json, *, recurs: bool) -> dict[str, object]:
    """What each group of members says, but for the times, which need their series. Graph rewrites most of what it is
    given, so members are not compared as they stand."""
    return {
        "subject": shown_title(resource), "body": body.shown(resource), "location": shown_location(resource),
        "showAs": text_of(resource, "showAs") or "busy", "sensitivity": text_of(resource, "sensitivity") or "normal",
        "categories": shown_categories(resource), "reminder": reminders.shown(resource),
        "recurrence": _rule(resource) if recurs else None,
    }  # fmt: skip


def _rule(resource: Json) -> object:
    node = resource.get("recurrence")
    if not isinstance(node, dict):
        return None
    extent = object_of(node, "range")
    start = date.fromisoformat(text_of(extent, "startDate")[:10])
    return pattern_of(node), range_of(node, start)


def difference(old: Json, new: Json, *, same_times: bool, recurs: bool) -> Json:
    """The members that make `new` of `old`, as a PATCH takes them; {} when both say the same."""
    was, now = _meaning(old, recurs=recurs), _meaning(new, recurs=recurs)
    members: Json = {}
    for group, names in _GROUPS.items():
        if same_times if group == "times" else was[group] == now[group]:
            continue
        found = {name: new.get(name, _EMPTY.get(name)) for name in names if name in new or name in _EMPTY}
        members |= {name: said(name, value) for name, value in found.items()}
    if members.get("isAllDay") == (old.get("isAllDay") is True):
        del members["isAllDay"]
    return members


def said(name: str, value: object) -> object:
    """A member as a request says it: Graph fills in the zone of a series by itself."""
    if name != "recurrence" or not isinstance(value, dict):
        return value
    extent = {key: part for key, part in object_of(value, "range").items() if key != "recurrenceTimeZone"}
    return {**value, "range": extent}
