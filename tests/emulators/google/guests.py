"""Who else has a copy of an event, and who would have had a mail (facts 5.5).

Guests who use Google (they have an account here) see the event in their own calendar at once, whatever `sendUpdates`
says. A copy has the id and iCalUID of the original; reminders, colour, private properties, transparency and visibility
are its own.
Every mail the real service would have sent is appended to `world.mails`; nothing is ever sent.
"""

from __future__ import annotations

from tests.emulators.clock import stamp
from tests.emulators.google.call import Call
from tests.emulators.google.errors import ApiError
from tests.emulators.google.lookup import belongs, find
from tests.emulators.google.series import cancelled, end, rekey
from tests.emulators.google.state import Body, Calendar, Row

OWN = ("colorId", "transparency", "visibility", "eventLabelId")
QUIET = (*OWN, "sequence")
PROPAGATED = 200


def guests(body: Body) -> dict[str, Body]:
    return {guest["email"]: guest for guest in body.get("attendees", ())}


def organizes(calendar: Calendar, body: Body) -> bool:
    return bool(body["organizer"]["email"] == calendar.id)


def shared_part(body: Body) -> Body:
    """What all copies have in common."""
    part = {name: value for name, value in body.items() if name not in QUIET}
    part["extendedProperties"] = body.get("extendedProperties", {}).get("shared", {})
    return part


def list_organizer(call: Call, calendar: Calendar, body: Body) -> None:
    """The organizer's own row appears in the list of guests (facts 11.2)."""
    listed = body.get("attendees")
    wanted = call.world.modes.normalises and calendar.kind == "primary" and organizes(calendar, body)
    if listed and wanted and all(guest["email"] != calendar.id for guest in listed):
        own = {"email": calendar.id, "responseStatus": "accepted"}
        body["attendees"] = sorted([*listed, own], key=lambda guest: str(guest["email"]))


def spread(call: Call, calendar: Calendar, row: Row, before: Body | None) -> None:
    """After a write on the organizer's calendar: every copy follows, and mails are noted."""
    if row.body.get("privateCopy"):
        return
    was, now = guests(before) if before else {}, guests(row.body)
    for email in sorted(set(was) | set(now)):
        copy = call.world.primary_of(email)
        if copy is not None and copy.id not in (calendar.id, row.body["organizer"]["email"]):
            _copy(call, copy, row, invited=email in now and not row.dead)
    _mail_changes(call, calendar, row, before)


def _copy(call: Call, target: Calendar, row: Row, invited: bool) -> None:
    mine = target.rows.get(row.id)
    if not invited:
        if mine is not None and not mine.dead:
            end(call.world, target, mine)
        elif mine is None and belongs(target, row):
            call.world.store(target, row.id, cancelled({name: row.body[name] for name in row.body if name not in OWN}))
        return
    body = {name: value for name, value in row.body.items() if name not in OWN}
    own = mine.body if mine else {}
    body |= {name: own[name] for name in OWN if name in own}
    properties = {"private": own.get("extendedProperties", {}).get("private"),
                  "shared": row.body.get("extendedProperties", {}).get("shared")}
    body.pop("extendedProperties", None)
    if any(properties.values()):
        body["extendedProperties"] = {name: value for name, value in properties.items() if value}
    if mine is None or mine.body != body:
        rekey(call.world, target, call.world.store(target, row.id, body, prefix=row.prefix))


def answer(call: Call, calendar: Calendar, body: Body, before: Body) -> None:
    """A guest's own row changed on the guest's copy: the organizer and the other guests see it."""
    mine, old = guests(body).get(calendar.id), guests(before).get(calendar.id)
    if mine is None or mine == old or len(body["attendees"]) > PROPAGATED:
        return
    note(call, calendar, "response", body, [body["organizer"]["email"]])
    found = original_row(call, body)
    if found is None:
        return
    home, row = found
    listed = [mine if guest["email"] == calendar.id else guest for guest in row.body.get("attendees", ())]
    kept = call.world.store(home, row.id, {**row.body, "attendees": listed})
    for email in guests(kept.body):
        other = call.world.primary_of(email)
        if other is not None and other.id not in (home.id, calendar.id):
            _copy(call, other, kept, invited=True)


def original_row(call: Call, body: Body) -> tuple[Calendar, Row] | None:
    """The organizer's own row of an event, if the organizer has an account here; an instance may have none yet."""
    home = call.world.calendars.get(body["organizer"]["email"])
    try:
        row = find(home, call.path["eventId"]) if home else None
    except ApiError:
        return None
    return None if home is None or row is None or row.dead else (home, row)


def _mail_changes(call: Call, calendar: Calendar, row: Row, before: Body | None) -> None:
    was, now = guests(before) if before else {}, guests(row.body)
    if row.dead:
        note(call, calendar, "cancellation", row.body, list(was or now))
        return
    note(call, calendar, "invitation", row.body, [email for email in now if email not in was])
    note(call, calendar, "cancellation", row.body, [email for email in was if email not in now])
    if before is not None and shared_part(before) != shared_part(row.body):
        note(call, calendar, "update", row.body, [email for email in now if email in was])


def note(call: Call, calendar: Calendar, kind: str, body: Body, people: list[str]) -> None:
    """The mail log: one line per person, when `sendUpdates` would have let the mail go."""
    world, wanted = call.world, call.send_updates
    sender = calendar.id if kind == "response" else body["organizer"]["email"]
    for email in people:
        inside = email in world.accounts
        is_room = guests(body).get(email, {}).get("resource", False)
        if email in (sender, call.user) or is_room or wanted == "none" or (wanted == "externalOnly" and inside):
            continue
        world.mails.append({
            "kind": kind, "to": email, "from": sender, "calendar": calendar.id, "iCalUID": body["iCalUID"],
            "summary": body.get("summary", ""), "method": call.method.name, "sendUpdates": wanted,
            "at": stamp(world.clock.now_us()),
        })
