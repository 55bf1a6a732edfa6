"""Writing events over HTTP: preconditions, transaction ids, answers to meetings (facts L7, A8).

Shape   functions of a Call that give an Answer
Errors  GraphError; nothing is stored when one is raised
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tests.emulators.graph import drafts, meetings
from tests.emulators.graph.calls import Answer, Call
from tests.emulators.graph.errors import GraphError, bad
from tests.emulators.graph.reads import find
from tests.emulators.graph.render import etag
from tests.emulators.graph.views import Seen, whole

MOST_BYTES = 4_000_000
RESPONSES = {"accept": "accepted", "tentativelyAccept": "tentativelyAccepted", "decline": "declined"}
ACTION_MEMBERS = {
    **dict.fromkeys(RESPONSES, frozenset({"comment", "sendResponse", "proposedNewTime"})),
    "cancel": frozenset({"comment"}),
    "forward": frozenset({"toRecipients", "comment"}),
    "snoozeReminder": frozenset({"newReminderTime"}),
    "dismissReminder": frozenset[str](),
    "permanentDelete": frozenset[str](),
}


def create(call: Call) -> Answer:
    body = call.json()
    call.take()
    if len(call.raw.body) > MOST_BYTES:
        raise GraphError(413, "RequestEntityTooLarge", "The request is too large.")
    draft = drafts.parse(body, call.emulator.knobs, call.note, fresh=True)
    again = _same_transaction(call, body)
    if again is not None:
        return again
    seen = call.emulator.writer.create(call.box, call.calendar or call.box.default, draft)
    if body.get("transactionId"):
        call.box.transactions[body["transactionId"]] = (call.box.clock.now(), seen.item.key, _canonical(body))
    call.emulator.after_write(seen)
    return _created(call, seen)


def _created(call: Call, seen: Seen) -> Answer:
    """Private properties are not echoed (L8.1)."""
    full = call.emulator.renderer.event(seen, call.prefs)
    place = f"{call.emulator.graph_url}/users('{call.box.user.oid}')/events('{full['id']}')"
    return Answer(
        201,
        {"@odata.context": f"{call.emulator.graph_url}/$metadata#events/$entity", **full},
        {"Location": place},
        entity="event",
    )


def _canonical(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True)


def _same_transaction(call: Call, body: dict[str, Any]) -> Answer | None:
    """A repeat of a create that is still remembered, whatever became of its answer."""
    knobs = call.emulator.knobs
    known = call.box.transactions.get(body.get("transactionId") or "")
    if known is None or call.box.clock.now() - known[0] > timedelta(seconds=knobs.transaction_memory_s):
        return None
    item = call.box.items[known[1]]
    if item.now is None and knobs.transaction_after_delete == "new":
        return None
    if item.now is None and knobs.transaction_after_delete == "error":
        raise _duplicate(call, item.key, 400)
    first = whole(call.box, item, item.now or item.last)
    if _canonical(body) != known[2] and knobs.transaction_conflict != "first":
        raise _duplicate(call, item.key, int(knobs.transaction_conflict))
    return _created(call, first)


def _duplicate(call: Call, key: int, status: int) -> GraphError:
    item = call.box.items[key]
    name = call.emulator.renderer.event_id(whole(call.box, item, item.last), call.prefs)
    text = (
        "Your request can't be completed. The TransactionId specified in the request has already been used to create a "
        "different event."
    )
    extra: dict[str, Any] = {"@event.existingEventId": name}
    return GraphError(status, "ErrorDuplicateTransactionId", text, **extra)


def patch(call: Call, text: str) -> Answer:
    body = call.json()
    call.take()
    if len(call.raw.body) > MOST_BYTES:
        raise GraphError(413, "RequestEntityTooLarge", "The request is too large.")
    seen = find(call, text)
    check_match(call, seen)
    draft = drafts.parse(body, call.emulator.knobs, call.note, fresh=False)
    after = call.emulator.writer.patch(seen, draft)
    if seen.day is not None:
        call.emulator.stale_reads[call.box.number, seen.item.key] = call.emulator.knobs.stale_instance_reads
    call.emulator.after_write(after)
    return Answer(200, call.emulator.renderer.event(after, call.prefs), entity="event")


def check_match(call: Call, seen: Seen) -> None:
    """Without If-Match the last writer wins (A2)."""
    wanted = call.raw.headers.get("if-match")
    if wanted not in (None, "*", etag(seen)):
        stale = (
            "The send or update operation could not be performed because the change key passed in the request does not "
            "match the current change key for the item."
        )
        raise GraphError(412, "ErrorIrresolvableConflict", stale)


def delete(call: Call, text: str) -> Answer:
    call.take()
    seen = find(call, text)
    check_match(call, seen)
    call.emulator.writer.delete(seen)
    return Answer(204)


def action(call: Call, text: str, name: str) -> Answer:
    call.take()
    seen = find(call, text)
    body = call.json() if call.raw.body else {}
    for member in body.keys() - {
        key for known in ACTION_MEMBERS[name] for key in (known, known[0].upper() + known[1:])
    }:
        call.note(f"unknown member {member} of {name}")
    if name in RESPONSES:
        return _respond(call, seen, name, {key[0].lower() + key[1:]: value for key, value in body.items()})
    if name == "cancel":
        if not seen.members["isOrganizer"]:
            raise bad("Your request can't be completed. You need to be an organizer to cancel a meeting.")
        meetings.log(call.box, "cancellation", sorted(meetings.people(seen).values()), seen, body.get("comment") or "")
        call.emulator.writer.delete(seen, by_person=True)
    elif name == "forward":
        to = [one["emailAddress"]["address"] for one in body.get("toRecipients") or ()]
        meetings.log(call.box, "forward", to, seen, body.get("comment") or "")
    elif name == "permanentDelete":
        call.emulator.writer.delete(seen)
        return Answer(204)
    return Answer(202)


def _respond(call: Call, seen: Seen, name: str, body: dict[str, Any]) -> Answer:
    if seen.members["isOrganizer"]:
        raise bad(
            "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer."
        )
    answering = body.get("sendResponse", True)
    if body.get("proposedNewTime") and not answering:
        raise bad("ProposedNewTime needs a response to be sent.", "ErrorInvalidParameter")
    if answering:
        organizer = seen.members["organizer"]["emailAddress"]["address"]
        meetings.log(call.box, "response", [organizer], seen, RESPONSES[name])
    if name == "decline":
        call.emulator.writer.delete(seen, by_person=True)
    else:
        status = {"response": RESPONSES[name], "time": call.box.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
        call.emulator.writer.patch(seen, drafts.Draft({"responseStatus": status}), by_person=True)
    return Answer(202)
