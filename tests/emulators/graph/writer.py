"""Writes: create, change, delete, as the service applies them and as a person in Outlook does (facts L4, L6, L7).

Shape   Writer(knobs).create(box, calendar, draft) -> Seen; .patch(seen, draft) -> Seen; .delete(seen)
Facts   a nested value replaces the old one whole; a write on time or rule of a master drops its exceptions (knob)
Errors  GraphError; nothing is stored when one is raised
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from tests.emulators.graph import bodies, meetings, recurrence
from tests.emulators.graph.drafts import DEFAULTS, MISSING, Draft, check_rule, check_times
from tests.emulators.graph.errors import GraphError, bad, denied
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.views import Seen, one, original, whole
from tests.emulators.graph.world import Calendar, Item, Mailbox, Moment, Override, State
from tests.emulators.graph.zones import same_zone


class Writer:
    def __init__(self, knobs: Knobs) -> None:
        self.knobs = knobs

    # -- create --------------------------------------------------------------------------------------------------------

    def create(self, box: Mailbox, calendar: Calendar, draft: Draft, *, by_person: bool = False) -> Seen:
        if not by_person:
            _may_write(box, calendar.key)
            if box.full:
                raise GraphError(507, "ErrorQuotaExceeded", "The mailbox is full.")
        start, end = draft.start, draft.end
        if start is None or end is None:
            raise bad(f"Missing parameters: Event.{'Start' if start is None else 'End'}")
        owner = calendar.owner or (box.user.name, box.user.address)
        members = {
            **DEFAULTS, "organizer": {"emailAddress": {"name": owner[0], "address": owner[1]}}, **draft.members,
        }
        series = draft.rule not in (None, MISSING)
        check_times(start, end, all_day=members["isAllDay"], series=series)
        rule = None
        if series:
            rule, start, end = check_rule(draft.rule, start, end, self.knobs)
        item = Item(box.next_key())
        self._online(box, item, calendar, members, draft)
        now = box.clock.now()
        props = {key: value for key, value in draft.props.items() if value is not None}
        state = State(calendar.key, members, start, end, now, now, self._number(box), rule, props=props)
        box.commit(item, state)
        seen = whole(box, item, state)
        if not by_person:
            meetings.after_write(None, seen, draft.named, self.knobs)
        return seen

    def _number(self, box: Mailbox) -> int:
        """Of the next version: even for items, odd for the exceptions written with it."""
        return (box.seq + 1) * 2

    # -- change --------------------------------------------------------------------------------------------------------

    def patch(self, seen: Seen, draft: Draft, *, by_person: bool = False) -> Seen:
        if not by_person:
            _may_write(seen.box, seen.state.calendar)
        self._check_all_day_patch(seen, draft)
        state = self._patched_instance(seen, draft) if seen.day else self._patched_whole(seen, draft)
        seen.box.commit(seen.item, state)
        after = one(seen.box, seen.item, state, seen.day) if seen.day else whole(seen.box, seen.item, state)
        assert after is not None
        if not by_person:
            meetings.after_write(seen, after, draft.named, self.knobs)
        return after

    def _check_all_day_patch(self, seen: Seen, draft: Draft) -> None:
        if "isAllDay" in draft.members:
            for name, moment in (("Start", draft.start), ("End", draft.end)):
                if moment is None:
                    raise bad(f"Missing parameters: Event.{name}")

    def _patched_whole(self, seen: Seen, draft: Draft) -> State:
        old = seen.state
        members = {**old.members, **draft.members}
        start, end, rule = draft.start or old.start, draft.end or old.end, old.rule
        moved = draft.start is not None or draft.end is not None
        if moved and "zoneShown" not in draft.members:
            members.pop("zoneShown", None)
        if draft.rule is None:
            rule = None
        elif draft.rule is not MISSING:
            check_times(start, end, all_day=members["isAllDay"], series=True)
            rule, start, end = check_rule(draft.rule, start, end, self.knobs)
        elif rule and moved:
            rule = self._shifted(rule, old.start, start)
        check_times(start, end, all_day=members["isAllDay"], series=rule is not None)
        self._online(seen.box, seen.item, seen.box.calendars[old.calendar], members, draft)
        drops = rule is None or (self.knobs.master_patch_drops and (moved or draft.rule is not MISSING))
        return replace(
            old, members=members, start=start, end=end, rule=rule, props=_merged(old.props, draft),
            overrides={} if drops else old.overrides, cancelled=frozenset() if drops else old.cancelled,
            pattern=old.pattern + (rule != old.rule), modified=seen.box.clock.now(), change=self._number(seen.box),
        )

    def _shifted(self, rule: recurrence.Rule, old: Moment, new: Moment) -> recurrence.Rule:
        """A new time for a series whose rule is not sent along."""
        if not same_zone(old.zone, new.zone):
            raise bad("At least one property failed validation.", "ErrorPropertyValidationFailure")
        if old.wall.date() == new.wall.date():
            return rule
        extent = rule["range"] | {"startDate": new.wall.date().isoformat()}
        if extent["type"] == "endDate" and extent["endDate"] < extent["startDate"]:
            raise bad("The recurrence range ends before it starts.", "ErrorInvalidRecurrenceRange")
        return recurrence.checked({**rule, "range": extent})

    def _patched_instance(self, seen: Seen, draft: Draft) -> State:
        if draft.rule is not MISSING:
            raise bad("Recurrence cannot be set on an occurrence.")
        assert seen.day is not None
        old, day = seen.state, seen.day
        before = old.overrides.get(day)
        start, end = draft.start or seen.start, draft.end or seen.end
        members = {**(before.members if before else {}), **draft.members}
        check_times(start, end, all_day={**old.members, **members}["isAllDay"], series=False)
        if draft.start or draft.end:
            _keep_between_neighbours(old, day, start, end)
        inherited = old.props if self.knobs.exceptions_inherit_properties else {}
        number, now = self._number(seen.box), seen.box.clock.now()
        override = Override(members, start, end, _merged(before.props if before else inherited, draft), number + 1, now)
        return replace(old, overrides={**old.overrides, day: override}, modified=now, change=number)

    # -- delete --------------------------------------------------------------------------------------------------------

    def delete(self, seen: Seen, *, by_person: bool = False) -> None:
        if not by_person:
            _may_write(seen.box, seen.state.calendar)
        if seen.day is None:
            seen.box.commit(seen.item, None)
        else:
            seen.box.commit(seen.item, self._without(seen, seen.day))
        if not by_person:
            meetings.after_write(seen, None, frozenset(), self.knobs)

    def _without(self, seen: Seen, day: date) -> State:
        old = seen.state
        kept = {other: override for other, override in old.overrides.items() if other != day}
        state = replace(old, overrides=kept, cancelled=old.cancelled | {day})
        if self.knobs.etag_on_instance_delete:
            state = replace(state, modified=seen.box.clock.now(), change=self._number(seen.box))
        return state

    # -- more that only people do --------------------------------------------------------------------------------------

    def move(self, seen: Seen, calendar: Calendar) -> Seen:
        state = replace(seen.state, calendar=calendar.key, moves=seen.state.moves + 1, change=self._number(seen.box))
        seen.box.commit(seen.item, state)
        return whole(seen.box, seen.item, state)

    def touch(self, seen: Seen) -> None:
        """A new etag without any visible change."""
        state = seen.item.now
        if state is not None:
            seen.box.commit(seen.item, replace(state, change=self._number(seen.box)))

    def restore(self, box: Mailbox, item: Item) -> Seen:
        state = replace(item.last, change=self._number(box))
        alive = item if self.knobs.restore == "same" else Item(box.next_key())
        box.commit(alive, state)
        return whole(box, alive, state)

    def copy(self, seen: Seen, calendar: Calendar) -> Seen:
        now, number = seen.box.clock.now(), self._number(seen.box)
        props = seen.state.props if self.knobs.copies_properties else {}
        members = {key: value for key, value in seen.state.members.items() if key != "transactionId"}
        state = replace(seen.state, calendar=calendar.key, members=members, props=props, created=now, modified=now,
                        change=number, moves=0)
        item = Item(seen.box.next_key())
        seen.box.commit(item, state)
        return whole(seen.box, item, state)

    # -- online meetings -----------------------------------------------------------------------------------------------

    def _online(self, box: Mailbox, item: Item, calendar: Calendar, members: dict[str, Any], draft: Draft) -> None:
        """The join block lives in the body: without it the meeting is gone (L4.4, L4.6)."""
        if members["isOnlineMeeting"] and "html" in draft.members:
            if not bodies.holds(members["html"], members["onlineMeeting"]["joinUrl"]):
                members |= {"isOnlineMeeting": False, "onlineMeeting": None, "onlineMeetingProvider": "unknown"}
        elif draft.online and not members["isOnlineMeeting"] and calendar.can_edit and not box.user.personal:
            url = f"https://teams.example.com/l/meetup-join/19%3ameeting_{box.number}-{item.key}/0"
            members |= {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness",
                        "onlineMeeting": {"joinUrl": url}, "html": bodies.with_conference(members["html"], url)}


def _may_write(box: Mailbox, calendar: int) -> None:
    if not box.calendars[calendar].can_edit:
        raise denied()


def _merged(old: Mapping[str, str], draft: Draft) -> dict[str, str]:
    both: dict[str, str | None] = {**old, **draft.props}
    return {key: value for key, value in both.items() if value is not None}


def _keep_between_neighbours(state: State, day: date, start: Moment, end: Moment) -> None:
    """An occurrence may not reach the day of a neighbour, not even of a cancelled one (L6.2)."""
    assert state.rule is not None
    before, after = recurrence.neighbours(state.rule, day)
    crosses = before is not None and start.wall.date() <= _stands(state, before)
    if after is not None:
        follows = state.overrides[after].start if after in state.overrides else original(state, after)[0]
        crosses |= start.wall.date() >= _stands(state, after) or end.wall > follows.wall
    if crosses:
        text = "Modified occurrence is crossing or overlapping adjacent occurrence."
        raise GraphError(400, "ErrorOccurrenceCrossingBoundary", text)


def _stands(state: State, day: date) -> date:
    return state.overrides[day].start.wall.date() if day in state.overrides else day


