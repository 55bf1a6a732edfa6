"""What may be done to a resource, as a person is told: hidden details, other people's meetings, unsent drafts.

Shape   each function gives the reason in words, or ""
Source  facts 0.12, 4, L4.7, L7.3; `people` of a reading is what the notification rule looks at (semantics 15)
"""

from __future__ import annotations

from collections.abc import Collection

from calsync_cli.mapping.jsondoc import Json, text_of
from calsync_cli.model.series import People

OWN = frozenset({"reminders", "busy", "status", "categories", "visibility", "color"})
"""Of somebody else's meeting what is one's own to say (L7.3)."""


def has_people(resource: Json) -> bool:
    """Guests, or an organizer who is not the owner of this calendar."""
    return bool(resource.get("attendees")) or is_guest(resource)


def is_guest(resource: Json) -> bool:
    """A guest's copy: its organizer's next update overwrites what is changed here."""
    return resource.get("isOrganizer") is False


def people_of(resources: Collection[Json], calendar: Json) -> People:
    """Whom writing this event set may mail. In a calendar of somebody else its meetings may be that person's own."""
    meetings = [resource for resource in resources if has_people(resource)]
    if not meetings:
        return ""
    own = calendar.get("canShare") is True  # only for who made it (facts A3)
    return "guest" if own and all(is_guest(resource) for resource in meetings) else "host"


def is_called_off(resource: Json) -> bool:
    return resource.get("isCancelled") is True


def redacted(resource: Json, calendar: Json) -> str:
    """Why what is shown is less than the event (O7)."""
    hides = calendar.get("canViewPrivateItems") is False
    if hides and text_of(resource, "sensitivity") in ("private", "confidential"):
        return "the details of this private event are hidden from this account"
    return ""


def refusal(resource: Json, fields: Collection[str]) -> str:
    """Why these fields of an event ("" for the existence of an instance) cannot be written; "" when they can."""
    fields = set(fields)
    if resource.get("isDraft") is True:
        return "this meeting was never sent; a change could send it"
    if is_called_off(resource) and not fields <= OWN - {"status"}:
        return "its organizer has called this meeting off; it cannot be changed any more"
    if is_guest(resource) and not fields <= OWN:
        return "this is somebody else's meeting; only its organizer can change it"
    return ""
