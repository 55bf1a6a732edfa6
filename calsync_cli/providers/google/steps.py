"""One write of an event set, request by request: what is asked and sent for it, and what became of it. Pure.

Shape   `planned(cal, write)` -> Plan with its requests: the head (an event, or a series' master), the rest (instances);
        `question` and `call_of` -> the Calls for one of them; `outcome` -> the Receipt or the error of the whole
Guard   call_of refuses what has no version to be held to; is_edited tells an edit that no plan has seen yet (I13)
Errors  a Plan keeps its first one; nothing more is sent for it
"""

from __future__ import annotations

from calsync_cli.errors import CalsyncError, Refused
from calsync_cli.providers.base import Calendar, Receipt, Write
from calsync_cli.providers.google.answers import Json, etag_of, event_id, text
from calsync_cli.providers.google.client import Call, event_path, events_path
from calsync_cli.providers.google.sets import EventSet, is_plain
from calsync_cli.providers.google.unseen import CONTENT, is_overwritten
from calsync_cli.providers.plans import Plan as AnyPlan
from calsync_cli.providers.plans import members_of
from calsync_cli.providers.plans import planned as planned_for

QUIET = {"sendUpdates": "none"}
Plan = AnyPlan[EventSet]


def planned(cal: Calendar, write: Write) -> Plan:
    return planned_for(cal, write, event_id, Plan)


def is_settled(plan: Plan, request: Json) -> bool:
    """The version it was planned from still counts, since nothing else of its series was written."""
    return plan.head is None and bool(text(request, "etag"))


def question(cal: Calendar, plan: Plan, request: Json) -> Call:
    """For one instance: by its id, or by its original start where only Google can name it (facts 5.4)."""
    if name := text(request, "id"):
        return Call("GET", event_path(cal.id, name))
    params = {"originalStart": text(request, "original"), "showDeleted": "true"}
    return Call("GET", event_path(cal.id, plan.write.remote_id, "instances"), params)


def is_edited(plan: Plan, request: Json, now: Json) -> bool:
    masters = [one for one in (plan.answer, plan.before and plan.before.event) if one]
    before = plan.before.instances.get(text(now, "id")) if plan.before is not None else None
    if masters and is_plain(now, masters[0]):
        before = None  # whatever exception there was, Google has dropped it
    members = CONTENT if text(request, "kind") == "cancel" else members_of(request)
    return is_overwritten(now, members, before, masters)


def call_of(cal: Calendar, plan: Plan, request: Json, etag: str) -> Call:
    kind = text(request, "kind")
    if kind == "insert":
        return Call("POST", events_path(cal.id), QUIET, {**members_of(request), "id": plan.write.remote_id})
    if not etag_of({"etag": etag}):  # I13
        raise Refused(f"{cal.name}: Google gives this event no version, so it cannot be changed safely")
    path = event_path(cal.id, text(request, "id"))
    if kind in ("delete", "cancel"):
        return Call("DELETE", path, QUIET, etag=etag)
    return Call("PATCH", path, QUIET, members_of(request), etag)


def outcome(cal: Calendar, plan: Plan, about: Json) -> Receipt | CalsyncError:
    """With what Google answered, where that is all of the event; else it is read back (F4)."""
    name, failure = plan.write.remote_id, plan.failure(cal)
    if failure is not None:
        return failure
    if plan.answer is None or plan.is_of_many or plan.instances:
        return Receipt(name)
    item = EventSet(name, plan.answer).item(about)
    return Receipt(name, item.etag, item)
