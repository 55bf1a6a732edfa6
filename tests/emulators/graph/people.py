"""What a person does in Outlook, past the API, and what they see there.

Shape   People(emulator).do({"do": "create", ...}) -> {"id": immutable id}; .events(box) -> {calendar: [...]}
Edits   each names its event by "id" (either form) or by "subject", its calendar by name or id, its "mailbox" by address
        create {calendar, event}            update {changes}            delete {}           move {calendar}
        copy {calendar}                     restore {id}                touch {}: a new etag, nothing else
        edit_occurrence {date, changes}     delete_occurrence {date}    refresh_ics {calendar}: every id new
        respond {attendee, response}        cancel_meeting {}           organizer_update {changes}: overwrites a copy
        add_calendar {name, can_edit...}    set_calendar {calendar, can_edit...}    delete_calendar {calendar}
        "event" and "changes" are events as in Graph; isOrganizer, organizer, isCancelled and
        status may stand there too, and zoneShown: the odd name that originalStartTimeZone shows (L13.4), and partOf
        {series, original}: one date of somebody's series, of which nothing else is in this mailbox
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from tests.emulators.graph import bodies, drafts
from tests.emulators.graph.folders import remove_calendar
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.prefer import Prefs
from tests.emulators.graph.render import ical_uid, seven
from tests.emulators.graph.views import Seen, one, whole
from tests.emulators.graph.world import Calendar, Item, Mailbox, add_calendar
from tests.emulators.graph.writer import Writer

if TYPE_CHECKING:
    from tests.emulators.graph.app import Emulator

IMMUTABLE = Prefs(immutable=True)
FREE = ("zoneShown", "organizer", "isOrganizer", "isCancelled", "isDraft", "responseStatus", "partOf")
OUTLOOK = Knobs(iana="all", unknown_members="ignore", read_only_members="ignore", recurrence_limits=False,
                master_patch_drops=True, off_pattern_start="move")
Edit = dict[str, Any]


class People:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.writer = Writer(OUTLOOK)

    def do(self, edit: Edit) -> dict[str, Any]:
        action: Callable[[Mailbox, Edit], Seen | Calendar | None] | None = getattr(self, f"_{edit.get('do')}", None)
        if action is None:
            raise ValueError(f"no such edit: {edit.get('do')}")
        box = self.emulator.world.mailbox(edit["mailbox"]) if "mailbox" in edit else self.emulator.world.mailboxes[0]
        if box is None:
            raise ValueError(f"no such mailbox: {edit['mailbox']}")
        made = action(box, edit)
        if isinstance(made, Seen):
            return {"id": self.emulator.renderer.event_id(made, IMMUTABLE)}
        return {"id": self.emulator.renderer.calendar_id(box, made.key)} if made else {}

    # -- finding -------------------------------------------------------------------------------------------------------

    def calendar(self, box: Mailbox, edit: Edit) -> Calendar:
        wanted = edit.get("calendar")
        if wanted is None:
            return box.default
        name = self.emulator.ids.read(wanted)
        return box.calendars[name.key] if name else box.named(wanted)

    def event(self, box: Mailbox, edit: Edit) -> Seen:
        if "id" in edit:
            name = self.emulator.ids.read(edit["id"])
            if name is None or name.key not in box.items:
                raise ValueError("no such event")
            item = box.items[name.key]
        else:
            item = next(i for i, state in box.living(None) if state.members["subject"] == edit["subject"])
        if item.now is None:
            raise ValueError("the event is deleted")
        return whole(box, item, item.now)

    def occurrence(self, box: Mailbox, edit: Edit) -> Seen:
        master = self.event(box, edit)
        found = one(box, master.item, master.state, date.fromisoformat(edit["date"]))
        if found is None:
            raise ValueError(f"no occurrence on {edit['date']}")
        return found

    def draft(self, event: Edit, *, fresh: bool) -> drafts.Draft:
        sent = {key: value for key, value in event.items() if key not in FREE}
        draft = drafts.parse(sent, OUTLOOK, lambda text: None, fresh=fresh)
        draft.members |= {key: event[key] for key in FREE if key in event}
        return draft

    # -- events --------------------------------------------------------------------------------------------------------

    def _create(self, box: Mailbox, edit: Edit) -> Seen:
        return self.writer.create(box, self.calendar(box, edit), self.draft(edit["event"], fresh=True), by_person=True)

    def _update(self, box: Mailbox, edit: Edit) -> Seen:
        return self.writer.patch(self.event(box, edit), self.draft(edit["changes"], fresh=False), by_person=True)

    def _delete(self, box: Mailbox, edit: Edit) -> None:
        self.writer.delete(self.event(box, edit), by_person=True)

    def _move(self, box: Mailbox, edit: Edit) -> Seen:
        return self.writer.move(self.event(box, edit), self.calendar(box, edit))

    def _copy(self, box: Mailbox, edit: Edit) -> Seen:
        self.writer.knobs = replace(OUTLOOK, copies_properties=self.emulator.knobs.copies_properties)
        return self.writer.copy(self.event(box, edit), self.calendar(box, edit))

    def _restore(self, box: Mailbox, edit: Edit) -> Seen:
        name = self.emulator.ids.read(edit["id"])
        if name is None:
            raise ValueError("no such event")
        self.writer.knobs = replace(OUTLOOK, restore=self.emulator.knobs.restore)
        return self.writer.restore(box, box.items[name.key])

    def _touch(self, box: Mailbox, edit: Edit) -> Seen:
        seen = self.event(box, edit)
        self.writer.touch(seen)
        return seen

    def _edit_occurrence(self, box: Mailbox, edit: Edit) -> Seen:
        return self.writer.patch(self.occurrence(box, edit), self.draft(edit["changes"], fresh=False), by_person=True)

    def _delete_occurrence(self, box: Mailbox, edit: Edit) -> None:
        self.writer.knobs = replace(OUTLOOK, etag_on_instance_delete=self.emulator.knobs.etag_on_instance_delete)
        self.writer.delete(self.occurrence(box, edit), by_person=True)

    def _respond(self, box: Mailbox, edit: Edit) -> Seen:
        """A guest answers: the attendee list of the organizer's event changes."""
        seen = self.event(box, edit)
        status = {"response": edit["response"], "time": seen.box.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
        people = [
            guest | {"status": status}
            if guest["emailAddress"]["address"].lower() == edit["attendee"].lower()
            else guest
            for guest in seen.members["attendees"]
        ]
        return self.writer.patch(seen, drafts.Draft({"attendees": people}), by_person=True)

    def _cancel_meeting(self, box: Mailbox, edit: Edit) -> Seen:
        """The organizer elsewhere cancels: the copy here stays until it is removed (A4.3)."""
        seen = self.event(box, edit)
        changes = {"isCancelled": True, "subject": f"Canceled: {seen.members['subject']}", "showAs": "free"}
        return self.writer.patch(seen, drafts.Draft(changes), by_person=True)

    def _organizer_update(self, box: Mailbox, edit: Edit) -> Seen:
        """Overwrites what the attendee changed in their copy."""
        seen = self.event(box, edit)
        first = next(state for _, _, state in seen.item.history if state is not None)
        draft = self.draft(edit.get("changes") or {}, fresh=False)
        draft.members = {**first.members, **draft.members}
        draft.start, draft.end = draft.start or first.start, draft.end or first.end
        return self.writer.patch(seen, draft, by_person=True)

    # -- calendars -----------------------------------------------------------------------------------------------------

    def _add_calendar(self, box: Mailbox, edit: Edit) -> Calendar:
        return add_calendar(box, edit["name"], **_settings(edit, "name"))

    def _set_calendar(self, box: Mailbox, edit: Edit) -> Calendar:
        calendar = self.calendar(box, edit)
        for name, value in _settings(edit, "calendar").items():
            setattr(calendar, name, value)
        calendar.change += 1
        return calendar

    def _delete_calendar(self, box: Mailbox, edit: Edit) -> None:
        remove_calendar(box, self.calendar(box, edit))

    def _refresh_ics(self, box: Mailbox, edit: Edit) -> Calendar:
        """A subscribed calendar is fetched again: the same events under new ids (A9.13)."""
        calendar = self.calendar(box, edit)
        for item, state in list(box.living(calendar.key)):
            box.commit(item, None)
            box.commit(Item(box.next_key()), state)
        return calendar

    # -- what a person sees --------------------------------------------------------------------------------------------

    def events(self, box: Mailbox) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for calendar in box.calendars.values():
            name = calendar.name if calendar.name not in found else f"{calendar.name}#{calendar.key}"
            found[name] = [self.plain(whole(box, item, state)) for item, state in box.living(calendar.key)]
        return found

    def plain(self, seen: Seen) -> dict[str, Any]:
        """In the event's own zone, the whole series in one object, private properties named."""
        state = seen.state
        shown = _members(dict(state.members)) | {
            "id": self.emulator.renderer.event_id(seen, IMMUTABLE), "type": seen.kind, **_times(state),
            "recurrence": state.rule, "props": dict(state.props), "change": state.change,
            "cancelled": [day.isoformat() for day in sorted(state.cancelled)], "iCalUId": ical_uid(seen),
        }
        shown["exceptions"] = {
            day.isoformat(): _members(dict(other.members)) | _times(other) | {"props": dict(other.props)}
            for day, other in sorted(state.overrides.items())
        }
        return shown


def _settings(edit: Edit, taken: str) -> dict[str, Any]:
    found = {key: value for key, value in edit.items() if key not in ("do", "mailbox", taken)}
    if found.get("owner"):
        found["owner"] = tuple(found["owner"])
    return found


def _members(members: dict[str, Any]) -> dict[str, Any]:
    if "html" in members:
        members["body"] = bodies.as_text(members["html"]).strip()
    return members


def _times(what: Any) -> dict[str, Any]:
    return {
        "start": {"dateTime": seven(what.start.wall)[:19], "timeZone": what.start.zone},
        "end": {"dateTime": seven(what.end.wall)[:19], "timeZone": what.end.zone},
    }
