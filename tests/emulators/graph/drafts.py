"""A request body -> checked values. Nothing is stored here (facts L4.1 to L4.6, L5.1, L8).

Shape   parse(body, knobs, fresh=...) -> Draft; check_times(...); check_rule(...)
Errors  GraphError 400 in the words of the service
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.emulators.graph import bodies, recurrence
from tests.emulators.graph.errors import GraphError, bad
from tests.emulators.graph.filters import property_id
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.render import location
from tests.emulators.graph.schema import loosened, problems
from tests.emulators.graph.world import Moment
from tests.emulators.graph.zones import UnknownZone, same_zone, zone

DAY = timedelta(days=1)
SIMPLE = (
    "importance",
    "sensitivity",
    "showAs",
    "isAllDay",
    "isReminderOn",
    "reminderMinutesBeforeStart",
    "responseRequested",
    "allowNewTimeProposals",
    "hideAttendees",
)
DEFAULTS: dict[str, Any] = {
    "subject": "", "html": "", "importance": "normal", "sensitivity": "normal", "showAs": "busy", "isAllDay": False,
    "isReminderOn": True, "reminderMinutesBeforeStart": 15, "categories": [], "location": location(""), "locations": [],
    "attendees": [], "responseRequested": True, "allowNewTimeProposals": True, "hideAttendees": False,
    "isOnlineMeeting": False, "onlineMeetingProvider": "unknown", "onlineMeeting": None, "onlineMeetingUrl": None,
    "isCancelled": False, "isDraft": False, "isOrganizer": True, "hasAttachments": False,
    "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
}
NOBODY_SAID = {"response": "none", "time": "0001-01-01T00:00:00Z"}
ABSENT = frozenset({"attachments", "extensions", "multiValueExtendedProperties"})  # never sent by calsync
MISSING = object()


@dataclass
class Draft:
    members: dict[str, Any] = field(default_factory=dict)
    start: Moment | None = None
    end: Moment | None = None
    rule: Any = MISSING  # MISSING, None or the raw recurrence
    props: dict[str, str | None] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    online: bool = False


def parse(body: Any, knobs: Knobs, note: Callable[[str], None], *, fresh: bool) -> Draft:
    """`note` hears of every member that should not be there or has the wrong type."""
    if knobs.loose_values:
        body = loosened("event", body)
    found = problems("event", body)
    for text in found:
        note(text)
    _refuse(found, knobs)
    if not fresh and "transactionId" in body:
        raise bad("The property 'transactionId' cannot be updated.")
    for name in ABSENT & body.keys():
        raise GraphError(501, "NotImplemented", f"The emulator has no {name}.")
    draft = Draft(named=frozenset(body))
    for name in SIMPLE:
        if body.get(name) is not None:
            draft.members[name] = body[name]
    _texts(body, draft, knobs)
    _places(body, draft)
    draft.start, draft.end = (_moment(body, name, knobs) for name in ("start", "end"))
    if "recurrence" in body:
        draft.rule = body["recurrence"]
    for prop in body.get("singleValueExtendedProperties") or ():
        draft.props[property_id(prop.get("id") or "")] = prop.get("value")
    draft.online = body.get("isOnlineMeeting") is True
    return draft


def _refuse(found: list[str], knobs: Knobs) -> None:
    for text in found:
        if "read-only" in text or "annotation" in text:
            if knobs.read_only_members == "refuse":
                raise bad(f"The property cannot be set: {text}", "ErrorInvalidRequest")
        elif "unknown member" in text:
            if knobs.unknown_members == "refuse" or ".date:" in text:
                code = "UnableToDeserializePostBody" if "." in text.partition(":")[0] else "RequestBodyRead"
                raise bad(f"The property does not exist: {text}", code)
        elif " is no " in text:
            raise bad(f"Requested value was not found: {text}", "RequestBodyRead")
        else:
            raise bad("were unable to deserialize ", "UnableToDeserializePostBody")


def _texts(body: dict[str, Any], draft: Draft, knobs: Knobs) -> None:
    if "subject" in body:
        subject = re.sub(r"[\r\n]+", " ", body["subject"] or "")
        if len(subject) > 255 and knobs.long_subject == "refuse":
            raise bad("The subject is longer than 255 characters.", "ErrorPropertyValidationFailure")
        draft.members["subject"] = subject[:255]
    if body.get("body") is not None:
        draft.members["html"] = bodies.stored(
            body["body"].get("content") or "", body["body"].get("contentType") or "text"
        )
    if body.get("categories") is not None:
        draft.members["categories"] = list(dict.fromkeys(body["categories"]))
    if body.get("transactionId"):
        draft.members["transactionId"] = body["transactionId"]


def _places(body: dict[str, Any], draft: Draft) -> None:
    """location and locations are one thing in two forms: writing either replaces both (L4.5)."""
    if "location" in body:
        given = body["location"] or {}
        filled = location(given.get("displayName") or "") | {k: v for k, v in given.items() if v not in (None, "")}
        draft.members |= {"location": filled, "locations": [filled] if filled["displayName"] else []}
    elif "locations" in body:
        places = [location(one.get("displayName") or "") | one for one in body["locations"] or ()]
        joined = location("; ".join(one["displayName"] for one in places))
        draft.members |= {"location": places[0] if len(places) == 1 else joined, "locations": places}
    if "attendees" in body:
        people = body["attendees"] or []
        if len(people) > 500:
            raise bad("The meeting has too many attendees.", "ErrorInvalidRecipients")
        draft.members["attendees"] = [_attendee(one) for one in people]


def _attendee(given: dict[str, Any]) -> dict[str, Any]:
    address = given.get("emailAddress") or {}
    if not address.get("address"):
        raise bad("At least one recipient is not valid.", "ErrorInvalidRecipients")
    return {
        "type": given.get("type") or "required", "status": given.get("status") or NOBODY_SAID,
        "emailAddress": {"name": address.get("name") or address["address"], "address": address["address"]},
    }


def _moment(body: dict[str, Any], name: str, knobs: Knobs) -> Moment | None:
    value = body.get(name)
    if value is None:
        return None
    named = value.get("timeZone")
    try:
        rules = zone(named or "", any_iana=knobs.iana == "all")
    except UnknownZone:
        text = (
            f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{named or ''}'."
        )
        raise bad(text, "TimeZoneNotSupportedException") from None
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.get("dateTime") or ""))
    except ValueError:
        raise bad(f"The value of {name} is not a date and time.", "ErrorPropertyValidationFailure") from None
    if moment.tzinfo is not None:  # an offset is honoured (L4.2)
        moment = moment.astimezone(rules).replace(tzinfo=None)
    return Moment(moment, named)


def check_times(start: Moment, end: Moment, *, all_day: bool, series: bool) -> None:
    if all_day:
        _check_all_day(start, end)
    elif end.instant < start.instant:
        raise bad(
            "The end date of the event is earlier than its start date.", "ErrorCalendarEndDateIsEarlierThanStartDate"
        )
    if end.wall - start.wall > 1825 * DAY:
        raise bad("The duration of the event is too long.", "ErrorCalendarDurationIsTooLong")
    if series and not same_zone(start.zone, end.zone):
        raise bad("At least one property failed validation.", "ErrorPropertyValidationFailure")


def _check_all_day(start: Moment, end: Moment) -> None:
    for name, moment in (("Start", start), ("End", end)):
        if moment.wall.time() != datetime.min.time():
            raise bad(f"The Event.{name} property for an all-day event needs to be set to midnight.")
    if not same_zone(start.zone, end.zone):
        raise bad("The Event.Start and Event.End properties of an all-day event need to be in the same time zone.")
    if end.wall - start.wall < DAY:
        raise bad("The duration of an event marked as All day must be at least 24 hours.")


def check_rule(raw: Any, start: Moment, end: Moment, knobs: Knobs) -> tuple[recurrence.Rule, Moment, Moment]:
    """The rule to store, and the times of the first occurrence, which may not be the ones asked for (L17.4)."""
    rule = recurrence.checked(recurrence.normal(raw, start.wall.date(), limits=knobs.recurrence_limits))
    named = rule["range"]["recurrenceTimeZone"]
    if named and not _is_zone_of(named, start):
        raise bad("At least one property failed validation.", "ErrorPropertyValidationFailure")
    days = recurrence.dates(rule, recurrence.LATEST, limit=60)
    length = end.wall - start.wall
    gaps = [later - day for day, later in pairwise(days)]
    if gaps and length > min(gaps):
        raise GraphError(
            400, "ErrorOccurrenceTimeSpanTooBig", "An occurrence is longer than the interval of the series."
        )
    if days[0] != start.wall.date() and knobs.off_pattern_start != "keep":
        if knobs.off_pattern_start == "refuse":
            raise bad("The start is not an occurrence of the pattern.", "ErrorInvalidRecurrenceRange")
        start = start.on(days[0])
        end = Moment(start.wall + length, end.zone)
        rule = {**rule, "range": rule["range"] | {"startDate": days[0].isoformat()}}
    return rule, start, end


def _is_zone_of(named: str, start: Moment) -> bool:
    try:
        zone(named, any_iana=True)
    except UnknownZone:
        return False
    return same_zone(named, start.zone)
