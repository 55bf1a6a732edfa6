"""Writing event sets: heads in batches, then their instances, one of each set at a time (facts L6.2, L7, L9; J5, J6).

Shape   Writer(client, reader).bulk(cal, writes) -> a Receipt or an error for each, in order. A body to write is a
        document with its `requests` (mapping/graph/patches.py): the head first (an event, or a series' master), then
        instances. What is to be made of a series is planned anew once its dates have moved, for Graph drops exceptions
Guard   every request but an insert carries If-Match: of the head what it was planned from; of an instance what is read
        right before and is not anybody's edit (steps.is_edited)
Waves   two writes to one series side by side get into each other's way, and each gives all its plain dates another
        version: so of each set one instance is read and written, then the next
Half    a set is not written in one piece. What a cut leaves is UnknownOutcome; the next look goes on from there
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import httpx

from calsync_cli.errors import CalsyncError, ProtocolError, Refused, UnknownOutcome
from calsync_cli.mapping.graph.patches import patches
from calsync_cli.providers.base import Calendar, Receipt, Write
from calsync_cli.providers.graph.answers import Json, etag_of, event_of, events, json_of, text
from calsync_cli.providers.graph.client import Call, GraphClient
from calsync_cli.providers.graph.reading import Reader
from calsync_cli.providers.graph.refusals import Meaning, meaning, refusal
from calsync_cli.providers.graph.sets import EventSet
from calsync_cli.providers.graph.steps import (
    Plan,
    call_of,
    is_edited,
    is_original,
    no_way_back,
    original_of,
    outcome,
    planned,
    question,
)
from calsync_cli.providers.patient import Answer
from calsync_cli.providers.plans import stale
from calsync_cli.providers.writer import SetWriter

Ready = tuple[Plan, Json, str]
"""A request with the version it is for."""


class Writer(SetWriter[EventSet, Call, Plan]):
    service = "Microsoft"

    def __init__(self, client: GraphClient, reader: Reader) -> None:
        super().__init__(client)
        self._reader = reader

    def bulk(self, cal: Calendar, writes: Sequence[Write]) -> list[Receipt | CalsyncError]:
        plans = [planned(cal, write) for write in writes]
        self._check_sets(cal, plans)
        self._send(cal, [(plan, plan.head, text(plan.head, "etag")) for plan in plans if plan.head is not None])
        self._plan_again(cal, [plan for plan in plans if plan.error is None and plan.moves and plan.is_of_many])
        while waiting := [plan for plan in plans if plan.error is None and plan.rest]:
            self._send(cal, self._ready(cal, waiting))
        self._check_rights(cal, plans)
        return [outcome(cal, plan) for plan in plans]

    # -- before --------------------------------------------------------------------------------------------------------

    def _plan_again(self, cal: Calendar, plans: Sequence[Plan]) -> None:
        """The dates of these series have moved: their exceptions are what Graph has left of them (facts 0.13). What is
        held against them is the set as it was before: an exception that somebody made since is theirs."""
        for plan, found in self._now(cal, plans, moved=True):
            plan.rest = self._left(cal, plan, found)
            if any(text(one, "kind") == "restore" for one in plan.rest):
                plan.fail(no_way_back(cal))

    def _left(self, cal: Calendar, plan: Plan, found: EventSet) -> list[Json]:
        """What is still to be done to the instances of the set as it is now."""
        payload = found.item(self._reader.about(cal)).payload
        try:
            return [asdict(one) for one in patches(payload, plan.write.body) if one.original]
        except CalsyncError as err:
            plan.fail(err)
            return []

    def sets(self, cal: Calendar, plans: Sequence[Plan], *, moved: bool) -> Mapping[str, EventSet | None]:
        return self._reader.sets(cal, [plan.id for plan in plans])

    def version(self, cal: Calendar, found: EventSet) -> str | None:
        return found.etag

    # -- instances -----------------------------------------------------------------------------------------------------

    def _ready(self, cal: Calendar, plans: Sequence[Plan]) -> list[Ready]:
        """The next instance's request of each, with its id and the version it is for."""
        pairs = [(plan, plan.rest.pop(0)) for plan in plans]
        ready = []
        for plan, request, answer in self._asked(cal, pairs):
            try:
                now = self._instance(cal, request, answer)
                if now is None:
                    self._look_for(cal, plan, request)
                elif is_edited(plan, request, now):
                    plan.fail(stale(cal))
                else:
                    named = {"id": text(now, "id"), "occurrence": text(now, "occurrenceId")}
                    ready.append((plan, {**request, **named}, etag_of(now)))
            except CalsyncError as err:
                plan.fail(err)
        return ready

    def _asked(self, cal: Calendar, pairs: Sequence[tuple[Plan, Json]]) -> list[tuple[Plan, Json, Answer]]:
        asked = []
        for plan, request in pairs:
            day = original_of(request)
            if day is None:
                plan.fail(Refused(f"{cal.name}: {text(request, 'original')!r} is no date of a series"))
                continue
            asked.append((plan, request, question(plan, request, day)))
        answers = self._client.batch([call for _, _, call in asked])
        return [(plan, request, answer) for (plan, request, _), answer in zip(asked, answers, strict=True)]

    def _instance(self, cal: Calendar, request: Json, answer: Answer) -> Json | None:
        """The instance as it is; None where Graph shows none."""
        if isinstance(answer, CalsyncError):
            raise answer
        if answer.status_code != 200:
            if meaning(answer) is Meaning.GONE:
                return None
            raise refusal(cal.name, answer, self._client.account)
        if text(request, "id"):
            return event_of(answer)
        return next((one for one in events(json_of(answer)) if is_original(one, text(request, "original"))), None)

    def _look_for(self, cal: Calendar, plan: Plan, request: Json) -> None:
        """It may be off by now, or stand where nobody looked; then somebody was faster than the plan."""
        for _, found in self._now(cal, [plan]):
            original = text(request, "original")
            if any(text(one, "original") == original for one in self._left(cal, plan, found)):
                plan.fail(stale(cal))

    # -- sending -------------------------------------------------------------------------------------------------------

    def call_of(self, cal: Calendar, plan: Plan, request: Json, etag: str) -> Call:
        return call_of(cal, plan, request, etag)

    def note(self, cal: Calendar, plan: Plan, request: Json, call: Call, answer: Answer) -> None:
        if isinstance(answer, CalsyncError):
            plan.fail(answer)
            return
        off = text(request, "kind") == "cancel"
        if answer.status_code not in (200, 201, 204) and not (off and meaning(answer) is Meaning.GONE):
            plan.fail(refusal(cal.name, answer, self._client.account))
            return
        plan.done += 1
        try:
            self._note_written(plan, request, call, answer)
        except ProtocolError as err:
            plan.fail(UnknownOutcome(f"{cal.name}: the answer to a write cannot be read ({err})"))

    def _note_written(self, plan: Plan, request: Json, call: Call, answer: httpx.Response) -> None:
        fresh, name = self._reader.fresh, text(request, "id")
        if text(request, "original"):
            if call.method == "DELETE":
                fresh.cancelled(plan.id, name, text(request, "occurrence"))
                return
            if text(event_of(answer), "id") != name:
                raise ProtocolError("it is of another event")
            fresh.changed(plan.id, name)
            return
        if call.etag is not None:
            fresh.replaced(plan.id, call.etag)
        if call.method == "DELETE":
            return
        found = event_of(answer)
        if call.method == "PATCH" and text(found, "id") != name:
            raise ProtocolError("it is of another event")
        plan.answer = found
        if plan.moves:
            fresh.moved(plan.id)

    def rights(self, cal: Calendar) -> Calendar:
        return self._reader.now(cal)
