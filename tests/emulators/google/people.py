"""What people do in their own calendar at the web page: no guards and no tokens.

Shape   People(world).patch(calendar, event_id, changes, user="") and so on; `user` is the calendar's owner unless
        given; answers are event resources as that person sees them. Mails go out only with send=True.
Odd     `put` stores any shape, also those that the API refuses but delivers: zero length, fromGmail, dirty rules
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from tests.emulators.clock import stamp
from tests.emulators.google import change, create, discovery, errors, move
from tests.emulators.google.body import without_nulls
from tests.emulators.google.call import Call
from tests.emulators.google.create import imported_id
from tests.emulators.google.expand import expanded
from tests.emulators.google.guests import spread
from tests.emulators.google.lookup import find, original
from tests.emulators.google.recurrence import instance_id, stamp_of, until_before
from tests.emulators.google.series import rekey
from tests.emulators.google.state import Body, Calendar, Row, World
from tests.emulators.google.times import Original, as_stored, read_when, shifted_end
from tests.emulators.google.view import render

HANDLERS = {"insert": create.insert, "patch": change.patch, "delete": change.delete, "move": move.move}
EVERYTHING = {"conferenceDataVersion": 1, "supportsAttachments": True}


Method = TypeVar("Method", bound=Callable[..., Any])


def _locked(method: Method) -> Method:
    """No request is answered while somebody edits."""
    @wraps(method)
    def inside(self: People, *args: Any, **more: Any) -> Any:
        with self.world.lock:
            return method(self, *args, **more)

    return cast(Method, inside)


class People:
    def __init__(self, world: World) -> None:
        self.world = world

    # -- what the API can do, too --------------------------------------------------------------------------------------

    @_locked
    def insert(self, calendar: str, event: Body, *, user: str = "", send: bool = False) -> Body:
        return self._do("insert", calendar, body=event, user=user, send=send)

    @_locked
    def patch(self, calendar: str, event_id: str, changes: Body, *, user: str = "", send: bool = False) -> Body:
        return self._do("patch", calendar, event_id, changes, user=user, send=send)

    @_locked
    def delete(self, calendar: str, event_id: str, *, user: str = "", send: bool = False) -> None:
        """An event, a whole series, or one instance by its id."""
        self._do("delete", calendar, event_id, user=user, send=send)

    @_locked
    def move(self, calendar: str, event_id: str, to: str, *, user: str = "", send: bool = False) -> Body:
        return self._do("move", calendar, event_id, user=user, send=send, destination=to)

    @_locked
    def respond(self, calendar: str, event_id: str, response: str, *, send: bool = False) -> Body:
        """The guest whose calendar this is answers."""
        row = find(self.world.calendars[calendar], event_id)
        guests = [{**guest, "responseStatus": response} if guest["email"] == calendar else guest
                  for guest in row.body.get("attendees", ())]
        return self.patch(calendar, event_id, {"attendees": guests}, send=send)

    def _do(self, what: str, calendar: str, event_id: str = "", body: Body | None = None, *, user: str, send: bool,
            **params: Any) -> Body:
        who = user or self._owner(calendar)
        call = Call(
            self.world, discovery.method(f"events.{what}"), who, {"calendarId": calendar, "eventId": event_id},
            {**(EVERYTHING if body else {}), "sendUpdates": "all" if send else "none", **params}, dict(body or {}),
        )
        return HANDLERS[what](call).content or {}

    def _owner(self, calendar: str) -> str:
        found = self.world.calendars.get(calendar)
        if found is None:
            raise errors.not_found()
        return found.owner

    # -- what only people can do ---------------------------------------------------------------------------------------

    @_locked
    def split(
        self, calendar: str, master_id: str, at: str, changes: Body | None = None, *, full_prefix: bool = False
    ) -> Body:
        """"This and following": `at` is the id of the first instance that changes (facts 4.4).

        The old master ends before it, a new one `<base>_R<stamp>` begins, private properties are copied, exceptions
        from there on are reset. Instance ids of the new series keep the old prefix, or with full_prefix the new id.
        """
        home = self.world.calendars[calendar]
        master, point = find(home, master_id), original(find(home, at))
        base = master.id.partition("_R")[0]
        new_id = f"{base}_R{stamp_of(point).removesuffix('Z')}"
        start = as_stored(point, master.body["start"])
        body = {**master.body, "start": start, "end": shifted_end(master.body["start"], master.body["end"], point),
                "recurrence": _rest(master, point), "iCalUID": f"{new_id}@google.com", "sequence": 0}
        self._cut(home, master, point)
        prefix = new_id if full_prefix else master.prefix
        kept = self.world.store(home, new_id, body, prefix=prefix, reminders=master.reminders)
        spread(self._call(home), home, kept, None)
        if changes:
            return self.patch(calendar, new_id, changes)
        return self._shown(home, kept)

    @_locked
    def delete_following(self, calendar: str, master_id: str, at: str) -> Body:
        home = self.world.calendars[calendar]
        master = find(home, master_id)
        return self._shown(home, self._cut(home, master, original(find(home, at))))

    def _cut(self, home: Calendar, master: Row, point: Original) -> Row:
        lines = [_ended(line, point) for line in master.body["recurrence"]]
        body = {**master.body, "recurrence": [line for line in lines if line]}
        cut = self.world.store(home, master.id, body)
        rekey(self.world, home, cut)
        spread(self._call(home), home, cut, master.body)
        return cut

    @_locked
    def duplicate(self, calendar: str, event_id: str) -> Body:
        """Extended properties are copied, so two live events carry one private marker."""
        home = self.world.calendars[calendar]
        row, new_id = find(home, event_id), self.world.ids.event_id()
        body = {**row.body, "iCalUID": f"{new_id}@google.com", "sequence": 0}
        for name in ("recurringEventId", "originalStartTime"):
            body.pop(name, None)
        prefix = new_id if row.is_master else ""
        return self._shown(home, self.world.store(home, new_id, body, prefix=prefix, reminders=row.reminders))

    @_locked
    def invite(self, calendar: str, organizer: str, event: Body, *, uid: str = "", instance_of: str = "") -> Body:
        """Somebody without an account here invites this calendar by mail: the whole event, or one instance of a
        series whose master is not here (`instance_of` is the master's id; originalStartTime comes in the event)."""
        home, given = self.world.calendars[calendar], dict(event)
        uid = uid or f"{self.world.ids.secret(length=12)}@{organizer.partition('@')[2]}"
        given["organizer"] = {"email": organizer}
        given["creator"] = {"email": organizer}
        listed = {guest["email"]: guest for guest in given.get("attendees", ())}
        given["attendees"] = [{"responseStatus": "needsAction", **guest} for guest in
                              ({calendar: {"email": calendar}} | listed).values()]
        event_id = imported_id(uid)
        if instance_of:
            start = read_when(given["originalStartTime"], "start")
            given |= {"recurringEventId": instance_of, "originalStartTime": start}
            event_id = instance_id(instance_of, original(Row("", given, 0, "", 0)))
        return self.put(home.id, event_id, {"iCalUID": uid, **given})

    @_locked
    def put(self, calendar: str, event_id: str, event: Body) -> Body:
        """Any shape, unchecked: what the server holds from other times and other clients."""
        home, given = self.world.calendars[calendar], without_nulls(event)
        now = stamp(self.world.clock.now_us())
        body: Body = {
            "status": "confirmed", "iCalUID": f"{event_id}@google.com", "sequence": 0, "eventType": "default",
            "created": now, "creator": {"email": home.owner}, "organizer": {"email": home.id}, **given,
        }
        reminders = body.pop("reminders", None)
        for name in ("start", "end", "originalStartTime"):
            if name in body:
                body[name] = _as_given(body[name])
        mine = {home.owner: reminders} if reminders else {}
        prefix = event_id if body.get("recurrence") else ""
        return self._shown(home, self.world.store(home, event_id, body, prefix=prefix, reminders=mine))

    @_locked
    def instances(self, calendar: str, master_id: str) -> list[Body]:
        """The first instances as the person sees them, in order."""
        home = self.world.calendars[calendar]
        rows = expanded(home, find(home, master_id), home.overrides_of(master_id), None, None)
        living = [self._shown(home, row) for row in rows if not row.dead]
        return sorted(living, key=lambda event: str(event["id"].rpartition("_")[2]))

    def _call(self, home: Calendar) -> Call:
        return Call(self.world, discovery.method("events.patch"), home.owner, {"calendarId": home.id, "eventId": ""})

    def _shown(self, home: Calendar, row: Row) -> Body:
        return render(self.world, home, row, home.owner)


def _as_given(when: Body) -> Body:
    try:
        return dict(read_when(when, "start"))
    except errors.ApiError:
        return when


def _rest(master: Row, point: Original) -> list[str]:
    """The lines of the new series: a COUNT is what is left of it."""
    lines = []
    for line in master.body["recurrence"]:
        parts = line.partition(":")[2].split(";")
        count = next((part for part in parts if part.startswith("COUNT=")), None)
        if line.startswith("RRULE") and count:
            past = sum(one < point for one in master.recurrence.originals(int(count[6:])))
            line = line.replace(count, f"COUNT={int(count[6:]) - past}")
        lines.append(line)
    return lines


def _ended(line: str, point: Original) -> str:
    if not line.startswith("RRULE"):
        return line
    parts = [part for part in line.partition(":")[2].split(";") if not part.startswith(("COUNT=", "UNTIL="))]
    return "RRULE:" + ";".join([*parts, f"UNTIL={until_before(point)}"])
