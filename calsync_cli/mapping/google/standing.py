"""What may be done to a resource, as a person is told: hidden details, special kinds, other people's events.

Shape   each function gives the reason in words, or ""
Source  facts 3.2 (roles), 5.1 (locked), 5.5 (guests), 5.8 (kinds)
"""

from __future__ import annotations

from collections.abc import Iterable

from calsync_cli.mapping.google.document import Json, object_of, text_of
from calsync_cli.mapping.google.fields import has_people

_KINDS = {
    "birthday": "a birthday", "fromGmail": "made by Google from a mail", "focusTime": "a focus time",
    "outOfOffice": "an out-of-office time", "workingLocation": "a working location",
}  # fmt: skip
_SERVICE_KINDS = {
    "birthday": "birthday", "focusTime": "focus-time", "outOfOffice": "out-of-office",
    "workingLocation": "working-location",
}  # fmt: skip
_DETAILS = ("summary", "description", "location", "attendees", "attachments", "conferenceData", "colorId")
_BUSY_ROLES = frozenset({"freeBusyReader", "none"})
_LIMITED_ROLES = frozenset({"reader", "writerWithoutPrivateAccess"})
_LOCKED = frozenset({"title", "description", "location", "time", "recurrence", ""})
_OWN = frozenset({"reminders", "color", "busy", "visibility"})


def kind_of(resource: Json) -> str:
    return text_of(resource, "eventType") or "default"


def service_kind(resource: Json) -> str:
    """One of views.SERVICE_KINDS, or ""."""
    return _SERVICE_KINDS.get(kind_of(resource), "")


def special(resource: Json) -> str:
    """Why an event of this kind is read and never written; "" for an ordinary one."""
    kind = kind_of(resource)
    if kind == "default":
        return ""
    words = _KINDS.get(kind, f"of the kind {kind[:40]!r}, which calsync does not know")
    return f"this event is {words}; calsync reads such events and never changes them"


def redacted(resource: Json, role: str) -> str:
    """Why what is shown is less than the event, for an access role of the calendar ("" when unknown)."""
    if role in _BUSY_ROLES:
        return "this account may only see when this calendar is busy, not its events"
    hides = role in _LIMITED_ROLES and resource.get("visibility") in ("private", "confidential")
    if hides and not any(resource.get(name) for name in _DETAILS):
        return "the details of this private event are hidden from this account"
    return ""


def is_guest(resource: Json, calendar: Json) -> bool:
    """Whether this calendar holds a guest's copy of somebody else's meeting, which only that one may change."""
    organizer = object_of(resource, "organizer")
    if not has_people(resource) or not organizer or resource.get("guestsCanModify") is True:
        return False
    own = text_of(calendar, "id").lower()
    return organizer.get("self") is not True and not (own and text_of(organizer, "email").lower() == own)


def refusal(resource: Json, calendar: Json, fields: Iterable[str]) -> str:
    """Why these fields of an event ("" for the existence of an instance) cannot be written; "" when they can."""
    fields = set(fields)
    if why := special(resource):
        return why
    if resource.get("locked") is True and fields & _LOCKED:
        return "Google has locked this event, so its text, time and repetition cannot be changed"
    if is_guest(resource, calendar) and not fields <= _OWN:
        return "this is somebody else's meeting; only its organizer can change it"
    return ""
