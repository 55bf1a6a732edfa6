"""Stored things -> JSON of Graph, as the preferences of one request ask for it.

Shape   Renderer(ids, knobs, base).event(seen, prefs) / .sparse / .removed / .calendar / .group
Units   seven fractional digits; start and end without offset in the zone asked for, UTC otherwise (facts L4.2)
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

from tests.emulators.graph import bodies
from tests.emulators.graph.ids import Ids, Name
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.prefer import Prefs
from tests.emulators.graph.views import Seen, original, whole
from tests.emulators.graph.world import Calendar, Mailbox, Moment
from tests.emulators.graph.zones import to_windows, zone

Json = dict[str, Any]
PLAIN = (
    "subject", "importance", "sensitivity", "isAllDay", "isCancelled", "isOrganizer", "responseRequested", "showAs",
    "isOnlineMeeting", "onlineMeetingProvider", "allowNewTimeProposals", "isDraft", "hideAttendees", "responseStatus",
    "location", "locations", "attendees", "organizer", "onlineMeeting", "categories", "isReminderOn",
    "reminderMinutesBeforeStart", "hasAttachments", "onlineMeetingUrl",
)


def seven(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "0"


def stamp(moment: datetime) -> str:
    return seven(moment.astimezone(UTC)) + "Z"


def change_key(box: Mailbox, number: int) -> str:
    raw = hashlib.blake2b(f"{box.number}:{number}".encode(), digest_size=22).digest()
    return "DwAAAB" + base64.b64encode(raw).decode()


def etag(seen: Seen) -> str:
    return f'W/"{change_key(seen.box, seen.change)}"'


class Renderer:
    def __init__(self, ids: Ids, knobs: Knobs, base: str) -> None:
        self.ids, self.knobs, self.base = ids, knobs, base

    # -- ids -----------------------------------------------------------------------------------------------------------

    def event_id(self, seen: Seen, prefs: Prefs) -> str:
        if seen.day is None:
            return self.master_id(seen, prefs)
        if prefs.immutable:
            name = Name("j", seen.box.number, seen.item.key, pattern=seen.state.pattern, day=seen.day)
        else:
            turned = int(seen.kind == "exception" and self.knobs.exception_id_changes)
            name = Name(
                "o", seen.box.number, seen.item.key, seen.state.moves * 2 + turned, seen.state.pattern, seen.day
            )
        return self.ids.make(name)

    def master_id(self, seen: Seen, prefs: Prefs) -> str:
        if prefs.immutable:
            return self.ids.make(Name("i", seen.box.number, seen.item.key))
        return self.ids.make(Name("e", seen.box.number, seen.item.key, seen.state.moves))

    def calendar_id(self, box: Mailbox, key: int) -> str:
        return self.ids.make(Name("c", box.number, key))

    # -- events --------------------------------------------------------------------------------------------------------

    def event(self, seen: Seen, prefs: Prefs, *, view: bool = False) -> Json:
        """All members. `view` leaves out what a calendarView does not carry."""
        members = seen.members
        name = self.event_id(seen, prefs)
        full: Json = {
            "@odata.etag": etag(seen),
            "id": name,
            "changeKey": change_key(seen.box, seen.change),
            "createdDateTime": stamp(seen.state.created),
            "lastModifiedDateTime": stamp(seen.modified),
            "type": seen.kind,
            "seriesMasterId": self.master_id(seen, prefs) if seen.day else None,
            "iCalUId": ical_uid(seen),
            "uid": ical_uid(whole(seen.box, seen.item, seen.state)),
            "originalStartTimeZone": self._zone_name(seen, seen.start),
            "originalEndTimeZone": self._zone_name(seen, seen.end),
            "start": _shown(seen.start, seen.all_day, prefs),
            "end": _shown(seen.end, seen.all_day, prefs),
            "recurrence": None if seen.day else self._rule(seen),
            "bodyPreview": bodies.preview(members["html"]),
            "body": self._body(members["html"], prefs),
            "originalStart": None,
            "webLink": f"https://outlook.office365.com/owa/?itemid={name[:24]}&exvsurl=1&path=/calendar/item",
            **{key: members[key] for key in PLAIN},
        }
        if members.get("transactionId"):
            full["transactionId"] = members["transactionId"]
        if seen.day:
            full["occurrenceId"] = self.occurrence_id(seen, prefs)
            full["originalStart"] = stamp(_original(seen))
        if lone := members.get("partOf"):
            full |= {"type": "exception", "seriesMasterId": lone["series"], "originalStart": lone["original"]}
        if view:
            del full["createdDateTime"], full["lastModifiedDateTime"]
        here = seen.box.calendars.get(seen.state.calendar)
        if here and not here.can_view_private and members["sensitivity"] == "private":
            full |= {
                "subject": "Private Appointment",
                "body": {"contentType": "html", "content": ""},
                "bodyPreview": "",
                "location": location(""),
                "locations": [],
                "attendees": [],
                "categories": [],
            }
        return _with_nulls(full, seen.item.key) if self.knobs.nulls else full

    def occurrence_id(self, seen: Seen, prefs: Prefs) -> str:
        return f"OID.{self.master_id(seen, prefs)}.{seen.day}"

    def cancelled(self, seen: Seen, prefs: Prefs) -> list[str]:
        return [f"OID.{self.master_id(seen, prefs)}.{day}" for day in sorted(seen.state.cancelled)]

    def delta_row(self, seen: Seen, prefs: Prefs) -> Json:
        """Masters, exceptions and singles nearly whole, occurrences sparse (A4.3)."""
        kind = {"@odata.type": "#microsoft.graph.event"}
        if seen.kind != "occurrence":
            return kind | self.event(seen, prefs)
        return kind | {
            "@odata.etag": etag(seen), "id": self.event_id(seen, prefs), "seriesMasterId": self.master_id(seen, prefs),
            "type": "occurrence", "start": _shown(seen.start, seen.all_day, prefs),
            "end": _shown(seen.end, seen.all_day, prefs),
        }

    def removed(self, seen: Seen, prefs: Prefs) -> Json:
        return {"@odata.type": "#microsoft.graph.event", "id": self.event_id(seen, prefs),
                "@removed": {"reason": self.knobs.removed_reason}}

    def empty(self, seen: Seen, prefs: Prefs) -> Json:
        """A row that says no more than that something of that id exists somewhere."""
        return {"@odata.type": "#microsoft.graph.event", "@odata.etag": etag(seen), "id": self.event_id(seen, prefs)}

    def _zone_name(self, seen: Seen, moment: Moment) -> str:
        odd = seen.members.get("zoneShown")
        if odd is not None:
            return str(odd)
        return to_windows(moment.zone) if self.knobs.zone_names == "windows" else moment.zone

    def _rule(self, seen: Seen) -> Json | None:
        rule = seen.state.rule
        if rule is None:
            return None
        odd = {"event": self._zone_name(seen, seen.start), "empty": "", "custom": "tzone://Microsoft/Custom"}
        return {
            "pattern": rule["pattern"],
            "range": rule["range"] | {"recurrenceTimeZone": odd[self.knobs.recurrence_zone]},
        }

    def _body(self, page: str, prefs: Prefs) -> Json:
        if prefs.text:
            return {"contentType": "text", "content": bodies.as_text(page) or self.knobs.empty_body}
        return {"contentType": "html", "content": page}

    # -- calendars -----------------------------------------------------------------------------------------------------

    def calendar(self, box: Mailbox, calendar: Calendar) -> Json:
        personal = box.user.personal
        providers = [] if personal or not calendar.can_edit else ["teamsForBusiness"]
        shown: Json = {
            "id": self.calendar_id(box, calendar.key), "name": calendar.name, "color": calendar.color,
            "hexColor": calendar.hex_color, "isDefaultCalendar": calendar.default, "canEdit": calendar.can_edit,
            "changeKey": change_key(box, calendar.key * 1_000_003 + calendar.change), "canShare": calendar.can_share,
            "canViewPrivateItems": calendar.can_view_private, "isRemovable": calendar.removable,
            "isTallyingResponses": calendar.default, "allowedOnlineMeetingProviders": providers,
            "defaultOnlineMeetingProvider": providers[0] if providers else "unknown", "owner": None,
        }
        if calendar.owner:
            shown["owner"] = {"name": calendar.owner[0], "address": calendar.owner[1]}
        return shown

    def group(self, box: Mailbox, key: int) -> Json:
        return {
            "id": self.ids.make(Name("g", box.number, key)),
            "name": box.groups[key],
            "changeKey": change_key(box, key),
            "classId": f"0006f0b{key}-0000-0000-c000-000000000046",
        }


def _shown(moment: Moment, all_day: bool, prefs: Prefs) -> Json:
    """All-day events keep their own dates whatever zone is asked for (L4.3)."""
    wanted = prefs.zone or "UTC"
    if all_day:
        return {"dateTime": seven(moment.wall), "timeZone": wanted}
    return {"dateTime": seven(moment.instant.astimezone(zone(wanted))), "timeZone": wanted}


def _original(seen: Seen) -> datetime:
    assert seen.day is not None
    return original(seen.state, seen.day)[0].instant


def ical_uid(seen: Seen) -> str:
    """As Exchange makes it: the date of the occurrence stands inside."""
    tail = hashlib.blake2b(f"{seen.box.number}:{seen.item.key}".encode(), digest_size=16).hexdigest().upper()
    day = f"{seen.day.year:04X}{seen.day.month:02X}{seen.day.day:02X}" if seen.day else "00000000"
    return f"040000008200E00074C5B7101A82E008{day}{tail}000000000000000010000000{tail}"


def location(text: str) -> Json:
    if not text:
        return {
            "displayName": "",
            "locationType": "default",
            "uniqueIdType": "unknown",
            "address": {},
            "coordinates": {},
        }
    return {"displayName": text, "locationType": "default", "uniqueId": text, "uniqueIdType": "private"}


def _with_nulls(full: Json, key: int) -> Json:
    """Members that clients have met as null, and what a newer service may add (L2.1, L16.13)."""
    places = ("subject", "iCalUId", "bodyPreview", "organizer", "uid", "webLink")
    name = places[key % len(places)]
    if name == "organizer":
        full["organizer"] = {"emailAddress": {"name": "", "address": None}}
    elif full[name] in ("", None) or name != "subject":
        full[name] = None
    full["futureMember"] = {"futureKind": "unknownFutureValue"}
    return full
