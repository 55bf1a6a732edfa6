"""The owner's own answer at Google: `responseStatus` of the guest that Google marks as `self` (facts 5.5).

Sent    with all other guests just as they are, since PATCH replaces the list: held to its version by If-Match, and
        never where Google shows only a part of them (`attendeesOmitted` is documented for `update` alone)
"""

from __future__ import annotations

from calsync_cli.errors import MappingError
from calsync_cli.mapping.answer import not_invited
from calsync_cli.mapping.google.document import Json, object_of, objects_of, parsed, text_of
from calsync_cli.mapping.google.fields import own_answer
from calsync_cli.mapping.inherit import Fields
from calsync_cli.model.series import ANSWER

_STATUSES = {
    "accepted": "accepted", "maybe": "tentative", "declined": "declined", "unanswered": "needsAction",
}  # fmt: skip
MEMBER = "responseStatus"
_SHOWN = ("self", "organizer")


def answer_form(event: Json | None) -> Fields:
    """{} where nobody asked: of one's own meetings, and of events that do not name the owner."""
    said = own_answer(event) if event is not None and object_of(event, "organizer").get("self") is not True else ""
    return {ANSWER: said} if said else {}


def answered(payload: bytes, answer: str) -> bytes:
    """Raises MappingError where the owner is no guest."""
    body = parsed(payload)
    if body.event is None or not answer_form(body.event):
        raise not_invited()
    if body.event.get("attendeesOmitted") is True or body.event.get("guestsCanSeeOtherGuests") is False:
        raise MappingError("Google shows only a part of its guests here; answer it in Google Calendar")
    for guest in objects_of(body.event, "attendees"):
        if guest.get("self") is True:
            guest[MEMBER] = _STATUSES[answer]
    return body.data()


def answer_members(old: Json, new: Json) -> Json:
    """What a PATCH must carry to make the answer of `old` that of `new`."""
    if not _own(new) or text_of(_own(old), MEMBER) == text_of(_own(new), MEMBER):
        return {}
    guests = objects_of(new, "attendees")
    return {"attendees": [{name: value for name, value in one.items() if name not in _SHOWN} for one in guests]}


def _own(event: Json) -> Json:
    return next((one for one in objects_of(event, "attendees") if one.get("self") is True), {})
