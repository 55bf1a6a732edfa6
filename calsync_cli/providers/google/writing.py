"""Writing event sets: heads in batches, then their instances in batches (facts 5.4, 6, 7; J5, J6, I13).

Shape   Writer(client, reader).bulk(cal, writes) -> a Receipt or an error for each, in order. A body to write is a
        document with its `requests` (mapping/google/wire.py): the head first (an event, or a series' master), then
        instances. What is to be made of a series is planned anew once its dates have moved, for Google drops exceptions
Guard   every request but an insert carries If-Match: of the head what it was planned from; of an instance the same
        while nothing else of the series was written, else what was read right before and is not anybody's edit (unseen)
Half    a set is not written in one piece. What a cut leaves is UnknownOutcome; the next look goes on from there
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from calsync_cli.errors import (
    CalsyncError,
    InternalCheck,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    Refused,
    RemoteError,
    UnknownOutcome,
)
from calsync_cli.mapping.google.patches import patches
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Receipt, Write
from calsync_cli.providers.google.answers import Json, etag_of, event_of, events, json_of, objects, text
from calsync_cli.providers.google.client import Answer, Call, GoogleClient, event_path, events_path
from calsync_cli.providers.google.multipart import MAX_PARTS
from calsync_cli.providers.google.reading import Reader
from calsync_cli.providers.google.refusals import FULL_S, Meaning, meaning, refusal
from calsync_cli.providers.google.sets import EventSet, is_cancelled, is_of_many, is_plain, master_etag
from calsync_cli.providers.google.unseen import CONTENT, is_overwritten

QUIET = {"sendUpdates": "none"}
MOVES = frozenset({"start", "end", "recurrence"})


@dataclass(slots=True)
class Plan:
    """One write and how far it has come.

    rest    the instances' requests; before: the whole set as it was right before, where the write is of several
    now     the instances after the head moved their dates; answer: what the head was answered
    """

    write: Write
    head: Json | None = None
    rest: list[Json] = field(default_factory=list)
    instances: frozenset[str] = frozenset()
    before: EventSet | None = None
    now: dict[str, Json] = field(default_factory=dict)
    answer: Json | None = None
    done: int = 0
    error: CalsyncError | None = None

    @property
    def is_of_many(self) -> bool:
        """A set of several resources, now or after this."""
        return bool(self.rest) or is_of_many(self.write.etag or "")

    @property
    def moves(self) -> bool:
        head = self.head or {}
        return text(head, "kind") == "patch" and not MOVES.isdisjoint(_members(head))

    def fail(self, error: CalsyncError) -> None:
        self.error = self.error or error


Ready = tuple[Plan, Json, str]
"""A request with the version it is for."""


class Writer:
    def __init__(self, client: GoogleClient, reader: Reader, ports: Ports) -> None:
        self._client, self._reader, self._ports = client, reader, ports
        self._full: tuple[float, CalsyncError] | None = None

    def bulk(self, cal: Calendar, writes: Sequence[Write]) -> list[Receipt | CalsyncError]:
        """Raises only before anything has left."""
        if self._full is not None and self._ports.monotonic_s() < self._full[0]:
            return [self._full[1]] * len(writes)  # usage limits of the account: not a matter of seconds (facts 8.2)
        about = self._reader.about(cal)
        plans = [_planned(cal, write) for write in writes]
        self._check_sets(cal, [plan for plan in plans if plan.error is None and plan.is_of_many])
        self._send(cal, [(plan, plan.head, text(plan.head, "etag")) for plan in plans if plan.head is not None])
        self._plan_again(cal, [plan for plan in plans if plan.error is None and plan.moves and plan.is_of_many])
        self._send(cal, self._ready(cal, [plan for plan in plans if plan.error is None]))
        self._check_rights(cal, plans)
        return [_outcome(cal, plan, about) for plan in plans]

    # -- before --------------------------------------------------------------------------------------------------------

    def _check_sets(self, cal: Calendar, plans: Sequence[Plan]) -> None:
        """No single request can be held to the version of a whole set, so that is compared before the first (I13)."""
        plans = [plan for plan in plans if plan.write.kind != "create"]
        try:
            about, found = self._reader.about(cal), self._reader.sets(cal, [plan.write.remote_id for plan in plans])
        except CalsyncError as err:
            for plan in plans:
                plan.fail(err)
            return
        for plan in plans:
            plan.before = found[plan.write.remote_id]
            if plan.before is None:
                plan.fail(NotFound(f"{cal.name}: the event is gone"))
            elif plan.before.item(about).etag != plan.write.etag:
                plan.fail(_stale(cal))

    def _plan_again(self, cal: Calendar, plans: Sequence[Plan]) -> None:
        """The dates of these series have moved: their exceptions are what Google has left of them (facts 4.4)."""
        known = {plan.write.remote_id: plan.instances for plan in plans}
        try:
            found = self._reader.sets(cal, list(known), known)
            for plan in plans:
                current = found[plan.write.remote_id]
                if current is None:
                    raise NotFound(f"{cal.name}: the event is gone")
                payload = current.item(self._reader.about(cal)).payload
                plan.rest = [asdict(one) for one in patches(payload, plan.write.body) if one.original]
                plan.now = current.instances
        except CalsyncError as err:
            for plan in plans:
                plan.fail(err)

    # -- instances -----------------------------------------------------------------------------------------------------

    def _ready(self, cal: Calendar, plans: Sequence[Plan]) -> list[Ready]:
        """Every instance's request with its id and the version it is for; none of a set where one cannot be sent."""
        pairs = [(plan, request) for plan in plans for request in plan.rest]
        unread = [pair for pair in pairs if not _is_settled(*pair) and text(pair[1], "id") not in pair[0].now]
        read = self._read(cal, unread)
        ready = []
        for plan, request in pairs:
            if _is_settled(plan, request):
                ready.append((plan, request, text(request, "etag")))
                continue
            now = read.get(id(request)) or plan.now.get(text(request, "id"))
            if now is None:
                words = f"Google knows no date of this series at {text(request, 'original')}"
                plan.fail(Refused(f"{cal.name}: {words}"))
            elif _is_edited(plan, request, now):
                plan.fail(_stale(cal))
            elif not (text(request, "kind") == "cancel" and is_cancelled(now)):
                ready.append((plan, {**request, "id": text(now, "id")}, etag_of(now)))
        return [one for one in ready if one[0].error is None]

    def _read(self, cal: Calendar, pairs: Sequence[tuple[Plan, Json]]) -> dict[int, Json]:
        """By identity of the request, the instance as it is; those that Google does not know are left out."""
        found: dict[int, Json] = {}
        answers = self._client.batch([_question(cal, plan, request) for plan, request in pairs])
        for (plan, request), answer in zip(pairs, answers, strict=True):
            try:
                if isinstance(answer, CalsyncError):
                    raise answer
                if answer.status_code == 200:
                    listed = [event_of(answer)] if text(request, "id") else events(json_of(answer))
                    found |= {id(request): one for one in listed[:1]}
                elif answer.status_code != 404:
                    raise refusal(cal.name, answer, self._client.account)
            except CalsyncError as err:
                plan.fail(err)
        return found

    # -- sending -------------------------------------------------------------------------------------------------------

    def _send(self, cal: Calendar, ready: Sequence[Ready]) -> None:
        """Nothing more leaves for a set that failed, and nothing at all once the account did."""
        for start in range(0, len(ready), MAX_PARTS):
            calls = self._calls(cal, [one for one in ready[start : start + MAX_PARTS] if one[0].error is None])
            answers = self._client.batch([call for _, call in calls])
            for (plan, call), answer in zip(calls, answers, strict=True):
                self._note(cal, plan, call, answer)
            ended = next((plan.error for plan, _ in calls if isinstance(plan.error, RemoteError)), None)
            if ended is not None:
                for plan, _, _ in ready[start + MAX_PARTS :]:
                    plan.fail(ended)
                return

    def _calls(self, cal: Calendar, ready: Sequence[Ready]) -> list[tuple[Plan, Call]]:
        calls = []
        for plan, request, etag in ready:
            try:
                calls.append((plan, _call(cal, plan, request, etag)))
            except CalsyncError as err:
                plan.fail(err)
        return calls

    def _note(self, cal: Calendar, plan: Plan, call: Call, answer: Answer) -> None:
        if isinstance(answer, CalsyncError):
            plan.fail(answer)
            return
        if answer.status_code not in (200, 204):
            error = refusal(cal.name, answer, self._client.account)
            if meaning(answer) is Meaning.FULL:
                self._full = (self._ports.monotonic_s() + FULL_S, error)
            plan.fail(error)
            return
        plan.done += 1
        if call.method == "DELETE":
            return
        try:
            found = event_of(answer)
            self._reader.fresh.note(cal.id, [found])
        except ProtocolError as err:
            plan.fail(UnknownOutcome(f"{cal.name}: the answer to a write cannot be read ({err})"))
            return
        if not text(found, "recurringEventId"):
            plan.answer = found

    def _check_rights(self, cal: Calendar, plans: Sequence[Plan]) -> None:
        """"Forbidden" is said of calendars and of single events: the list of calendars tells which was meant."""
        forbidden = [plan for plan in plans if isinstance(plan.error, ReadOnly)]
        if forbidden and self._reader.now(cal).access == "write":
            for plan in forbidden:
                plan.error = Refused(f"{cal.name}: Google does not let this account change this event")


def _planned(cal: Calendar, write: Write) -> Plan:
    if write.kind == "delete":
        head = {"kind": "delete", "id": write.remote_id, "etag": master_etag(write.etag or "")}
        return Plan(write, head)
    try:
        body = json.loads(write.body)
        requests, instances = objects(body, "requests"), objects(body, "instances")
        if not isinstance(body.get("requests"), list):
            raise TypeError
    except (ValueError, TypeError, AttributeError, ProtocolError):
        return Plan(write, error=InternalCheck(f"{cal.name}: a payload that does not say how it is to be written"))
    plan = Plan(write, instances=frozenset(text(one, "id") for one in instances) - {""})
    plan.head = next((one for one in requests if not text(one, "original")), None)
    plan.rest = [one for one in requests if text(one, "original")]
    if write.kind == "update" and plan.head is not None and text(plan.head, "etag") != master_etag(write.etag or ""):
        plan.fail(PreconditionFailed(f"{cal.name}: the change was planned from another version"))
    return plan


def _members(request: Json) -> Json:
    found = request.get("members")
    return found if isinstance(found, dict) else {}


def _is_settled(plan: Plan, request: Json) -> bool:
    """The version it was planned from still counts, since nothing else of its series was written."""
    return plan.head is None and bool(text(request, "etag"))


def _question(cal: Calendar, plan: Plan, request: Json) -> Call:
    """For one instance: by its id, or by its original start where only Google can name it (facts 5.4)."""
    if name := text(request, "id"):
        return Call("GET", event_path(cal.id, name))
    params = {"originalStart": text(request, "original"), "showDeleted": "true"}
    return Call("GET", event_path(cal.id, plan.write.remote_id, "instances"), params)


def _is_edited(plan: Plan, request: Json, now: Json) -> bool:
    masters = [one for one in (plan.answer, plan.before and plan.before.event) if one]
    before = plan.before.instances.get(text(now, "id")) if plan.before is not None else None
    if masters and is_plain(now, masters[0]):
        before = None  # whatever exception there was, Google has dropped it
    members = CONTENT if text(request, "kind") == "cancel" else _members(request)
    return is_overwritten(now, members, before, masters)


def _call(cal: Calendar, plan: Plan, request: Json, etag: str) -> Call:
    kind = text(request, "kind")
    if kind == "insert":
        return Call("POST", events_path(cal.id), QUIET, {**_members(request), "id": plan.write.remote_id})
    if not etag_of({"etag": etag}):  # I13
        raise Refused(f"{cal.name}: Google gives this event no version, so it cannot be changed safely")
    path = event_path(cal.id, text(request, "id"))
    if kind in ("delete", "cancel"):
        return Call("DELETE", path, QUIET, etag=etag)
    return Call("PATCH", path, QUIET, _members(request), etag)


def _outcome(cal: Calendar, plan: Plan, about: Json) -> Receipt | CalsyncError:
    """With what Google answered, where that is all of the event; else it is read back (F4)."""
    name, error = plan.write.remote_id, plan.error
    if error is not None:
        half = f"{cal.name}: not all of the series was written ({error})"
        return UnknownOutcome(half) if plan.done else error
    if plan.answer is None or plan.is_of_many or plan.instances:
        return Receipt(name)
    item = EventSet(name, plan.answer).item(about)
    return Receipt(name, item.etag, item)


def _stale(cal: Calendar) -> PreconditionFailed:
    return PreconditionFailed(f"{cal.name}: the event was changed by somebody else")
