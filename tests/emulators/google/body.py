"""From the body of a request to one to be stored: what a client may set, merging of a patch, checks (facts 5, 6.1)."""

from __future__ import annotations

from typing import Any

from tests.emulators.google import errors
from tests.emulators.google.call import Call
from tests.emulators.google.kinds import check_kind
from tests.emulators.google.limits import check_fields, check_reminders
from tests.emulators.google.recurrence import check_lines
from tests.emulators.google.state import Body, Calendar
from tests.emulators.google.times import check_range, read_when

READ_ONLY = frozenset({
    "kind", "etag", "htmlLink", "created", "updated", "creator", "hangoutLink", "locked", "organizer",
    "recurringEventId", "originalStartTime", "gadget",
})
CREATE_ONLY = frozenset({"id", "iCalUID", "eventType", "privateCopy"})
SIGNIFICANT = ("start", "end", "recurrence")


def writable(call: Call, given: Body) -> Body:
    """Without read-only members, and without those that need a parameter to be heard (facts 5.9)."""
    kept = {name: value for name, value in given.items() if name not in READ_ONLY}
    if not call.params.get("conferenceDataVersion"):
        kept.pop("conferenceData", None)
    if not call.params.get("supportsAttachments"):
        kept.pop("attachments", None)
    kept.pop("colorId" if call.params.get("eventLabelVersion") else "eventLabelId", None)
    return kept


def merged(stored: Any, patch: Any) -> Any:
    """RFC 7396: objects merge, null deletes, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(stored) if isinstance(stored, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def without_nulls(given: Any) -> Any:
    if isinstance(given, dict):
        return {name: without_nulls(value) for name, value in given.items() if value is not None}
    return given


def checked(call: Call, calendar: Calendar, body: Body, before: Body | None = None) -> Body:
    """A body fit to be stored; ApiError for the 400s of facts 8.2. `before` is the stored one, if there is one."""
    modes = call.world.modes
    body = dict(body)
    start = read_when(body.get("start"), "start", modes.unknown_zones)
    end = read_when(body.get("end"), "end", modes.unknown_zones)
    if before is None or (start, end) != (before["start"], before["end"]):
        check_range(start, end)
    body["start"], body["end"] = start, end
    if body.get("recurrence"):
        if before is not None and before.get("recurringEventId"):
            raise errors.invalid("Instances of a series have no recurrence of their own.", "recurrence")
        _check_series(body, before)
    elif modes.zone_filled:
        for when in (start, end):
            if "dateTime" in when:
                when.setdefault("timeZone", calendar.time_zone)
    body.setdefault("status", "confirmed")
    check_fields(body, modes)
    check_kind(calendar, body, before)
    body.pop("conferenceData", None) if not body.get("conferenceData") else _conference(body)
    body["sequence"] = _sequence(body, before)
    return body


def _check_series(body: Body, before: Body | None) -> None:
    if "dateTime" in body["start"] and "timeZone" not in body["start"]:
        raise errors.invalid("Missing time zone definition for start time.")
    if before is None or body["recurrence"] != before.get("recurrence") or body["start"] != before["start"]:
        body["recurrence"] = check_lines(body["recurrence"], body["start"])


def _sequence(body: Body, before: Body | None) -> int:
    """Grows by itself on changes of time and rule; a lower one is refused (facts 4.5)."""
    stored = before["sequence"] if before else 0
    given: int = body.get("sequence", stored)
    if given < stored:
        raise errors.invalid(f"Invalid sequence value. The specified sequence number is below the current {stored}.")
    moved = before is not None and any(body.get(name) != before.get(name) for name in SIGNIFICANT)
    return max(given, stored + 1) if moved else given


def _conference(body: Body) -> None:
    """A request for a Meet link is answered at once; the same requestId again is ignored (facts 5.9)."""
    data = body["conferenceData"]
    if "createRequest" in data and "entryPoints" not in data:
        link = f"https://meet.google.com/{data['createRequest'].get('requestId', 'x')[:12]}"
        body["hangoutLink"] = link
        body["conferenceData"] = {
            "createRequest": {**data["createRequest"], "status": {"statusCode": "success"}},
            "entryPoints": [{"entryPointType": "video", "uri": link}], "conferenceId": link.rpartition("/")[2],
            "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        }


def take_reminders(body: Body) -> Body | None:
    """Reminders belong to the signed-in user, not to the event: out of the body, checked."""
    given = body.pop("reminders", None)
    return None if given is None else check_reminders(given)
