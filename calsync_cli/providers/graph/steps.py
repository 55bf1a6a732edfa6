"""One write of an event set, request by request: what is asked and sent for it, and what became of it. Pure.

Shape   `planned(cal, write)` -> Plan with its requests: the head (an event, or a series' master), the rest (instances);
        `question` and `call_of` -> the Calls for one of them; `outcome` -> the Receipt or the error of the whole
Guard   call_of refuses what has no version to be held to; is_edited tells an edit that no plan has seen yet (I13)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from calsync_cli.errors import CalsyncError, Refused
from calsync_cli.providers.base import Calendar, Receipt, Write
from calsync_cli.providers.graph.answers import Json, etag_of, event_id, text
from calsync_cli.providers.graph.client import Call, calendar_path, event_path
from calsync_cli.providers.graph.sets import EventSet
from calsync_cli.providers.plans import Plan as AnyPlan
from calsync_cli.providers.plans import members_of
from calsync_cli.providers.plans import planned as planned_for

KEY = "String {6b1de63e-6a3c-4f7b-8a56-0c6d5e0b2f11} Name calsync-key"
UNKNOWN_ID = "key:"
PROPERTIES = "singleValueExtendedProperties"
CONTENT = (
    "subject", "body", "location", "start", "end", "showAs", "sensitivity", "categories", "isReminderOn",
    "reminderMinutesBeforeStart", "importance",
)  # fmt: skip
"""What a cancellation would take away."""


class Plan(AnyPlan[EventSet]):
    """id: `key:...` until the server named what it made."""

    @property
    def id(self) -> str:
        made = self.write.kind == "create" and self.answer is not None
        return text(self.answer or {}, "id") if made else self.write.remote_id


def planned(cal: Calendar, write: Write) -> Plan:
    plan = planned_for(cal, write, event_id, Plan)
    assert isinstance(plan, Plan)
    requests = [plan.head, *plan.rest] if plan.head is not None else plan.rest
    if any(text(one, "kind") == "restore" for one in requests):
        plan.fail(no_way_back(cal))
    return plan


def no_way_back(cal: Calendar) -> Refused:
    return Refused(f"{cal.name}: a date of this series was deleted at Outlook, which has no way to bring it back")


def question(plan: Plan, request: Json, day: datetime) -> Call:
    """For one instance: by its id where it has one of its own, else among the dates around the original one (L6.2)."""
    if name := text(request, "id"):
        return Call("GET", event_path(name))
    since, until = day - timedelta(days=1), day + timedelta(days=2)
    params = {"startDateTime": f"{since:%Y-%m-%dT00:00:00Z}", "endDateTime": f"{until:%Y-%m-%dT00:00:00Z}"}
    return Call("GET", event_path(plan.id, "instances"), {**params, "$select": "*", "$top": "50"})


def original_of(request: Json) -> datetime | None:
    try:
        return datetime.fromisoformat(text(request, "original"))
    except ValueError:
        return None


def is_original(instance: Json, original: str) -> bool:
    """original: an instant in UTC, or a day. Of an all-day series Graph tells a midnight in some zone, which may be the
    day before (L6.1); but what is no exception stands on its own day, and an exception names it elsewhere.
    """
    start = instance.get("start")
    shown = text(start, "dateTime") if isinstance(start, dict) else ""
    if len(original) == 10:
        named = text(instance, "occurrenceId").rpartition(".")[2]
        return (named or shown)[:10] == original if text(instance, "type") == "exception" else shown[:10] == original
    return (text(instance, "originalStart") or shown)[:16] == original[:16]


def is_edited(plan: Plan, request: Json, now: Json) -> bool:
    """Whether somebody changed, since it was read, what the write to this instance would overwrite (I1, I13). An
    occurrence that is no exception shows its series; a change of that is another version, of the occurrence too."""
    if text(now, "type") != "exception":
        return False
    before = plan.before.instances.get(text(now, "id")) if plan.before is not None else None
    if before is None:
        return True
    if etag_of(before) == etag_of(now):
        return False
    masters = [one for one in (plan.answer, plan.before and plan.before.event) if one]
    names: Iterable[str] = CONTENT if text(request, "kind") == "cancel" else members_of(request)
    olds = [before, *masters]
    return not all(any(now.get(name) == old.get(name) for old in olds) for name in names if name != PROPERTIES)


def call_of(cal: Calendar, plan: Plan, request: Json, etag: str) -> Call:
    kind = text(request, "kind")
    if kind == "insert":
        return Call("POST", calendar_path(cal.id, "events"), body=_marked(members_of(request), plan.write))
    if not etag_of({"@odata.etag": etag}):  # I13
        raise Refused(f"{cal.name}: Microsoft gives this event no version, so it cannot be changed safely")
    path = event_path(text(request, "id"))
    if kind in ("delete", "cancel"):
        return Call("DELETE", path, etag=etag)
    return Call("PATCH", path, body=members_of(request), etag=etag)


def _marked(members: Json, write: Write) -> Json:
    """With the key twice: for Graph's own memory of repeated requests, and to be found again (facts 0.10)."""
    key = write.remote_id.removeprefix(UNKNOWN_ID)
    own = members.get(PROPERTIES)
    private = [*(own if isinstance(own, list) else []), {"id": KEY, "value": key}]
    parts = key[:8], key[8:12], key[12:16], key[16:20], key[20:]
    return {**members, PROPERTIES: private, "transactionId": "-".join(parts)}


def outcome(cal: Calendar, plan: Plan) -> Receipt | CalsyncError:
    """Answers do not show private properties (L8.1), so all that was written is read back (F4)."""
    if (failure := plan.failure(cal)) is not None:
        return failure
    whole = plan.answer is not None and not plan.is_of_many and not plan.instances
    return Receipt(plan.id, (etag_of(plan.answer or {}) or None) if whole else None)
