"""Writing event sets: heads in batches, then their instances in batches (facts 5.4, 6, 7; J5, J6, I13).

Shape   Writer(client, reader).bulk(cal, writes) -> a Receipt or an error for each, in order. A body to write is a
        document with its `requests` (mapping/google/wire.py): the head first (an event, or a series' master), then
        instances. What is to be made of a series is planned anew once its dates have moved, for Google drops exceptions
Guard   every request but an insert carries If-Match: of the head what it was planned from; of an instance the same
        while nothing else of the series was written, else what was read right before and is not anybody's edit (unseen)
Limit   a date that somebody edited seconds ago is in no list yet, and nothing else tells of it: what moves or deletes
        its whole series just then does not see that edit (facts 4.5)
Half    a set is not written in one piece. What a cut leaves is UnknownOutcome; the next look goes on from there
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from calsync_cli.errors import (
    CalsyncError,
    ProtocolError,
    Refused,
    UnknownOutcome,
)
from calsync_cli.mapping.google.patches import patches
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Receipt, Write
from calsync_cli.providers.google.answers import Json, etag_of, event_of, events, json_of, text
from calsync_cli.providers.google.client import Answer, Call, GoogleClient
from calsync_cli.providers.google.reading import Known, Reader
from calsync_cli.providers.google.refusals import FULL_S, Meaning, meaning, refusal
from calsync_cli.providers.google.sets import EventSet, is_cancelled
from calsync_cli.providers.google.steps import (
    Plan,
    call_of,
    is_edited,
    is_settled,
    outcome,
    planned,
    question,
)
from calsync_cli.providers.plans import stale
from calsync_cli.providers.writer import SetWriter

Ready = tuple[Plan, Json, str]
"""A request with the version it is for."""


class Writer(SetWriter[EventSet, Call, Plan]):
    service = "Google"

    def __init__(self, client: GoogleClient, reader: Reader, ports: Ports) -> None:
        super().__init__(client)
        self._reader, self._ports = reader, ports
        self._full: tuple[float, CalsyncError] | None = None

    def bulk(self, cal: Calendar, writes: Sequence[Write]) -> list[Receipt | CalsyncError]:
        """Raises only before anything has left."""
        if self._full is not None and self._ports.monotonic_s() < self._full[0]:
            return [self._full[1]] * len(writes)  # usage limits of the account: not a matter of seconds (facts 8.2)
        about = self._reader.about(cal)
        plans = [planned(cal, write) for write in writes]
        self._check_sets(cal, plans)
        self._send(cal, [(plan, plan.head, text(plan.head, "etag")) for plan in plans if plan.head is not None])
        self._plan_again(cal, [plan for plan in plans if plan.error is None and plan.moves and plan.is_of_many])
        self._send(cal, self._ready(cal, [plan for plan in plans if plan.error is None]))
        self._check_rights(cal, plans)
        return [outcome(cal, plan, about) for plan in plans]

    # -- before --------------------------------------------------------------------------------------------------------

    def _plan_again(self, cal: Calendar, plans: Sequence[Plan]) -> None:
        """The dates of these series have moved: their exceptions are what Google has left of them (facts 4.4)."""
        for plan, found in self._now(cal, plans, moved=True):
            payload = found.item(self._reader.about(cal)).payload
            try:
                plan.rest = [asdict(one) for one in patches(payload, plan.write.body) if one.original]
            except CalsyncError as err:
                plan.fail(err)
            plan.now = found.instances

    def sets(self, cal: Calendar, plans: Sequence[Plan], *, moved: bool) -> Mapping[str, EventSet | None]:
        known: Known | None = {plan.id: plan.instances for plan in plans} if moved else None
        return self._reader.sets(cal, [plan.id for plan in plans], known)

    def version(self, cal: Calendar, found: EventSet) -> str | None:
        return found.item(self._reader.about(cal)).etag

    # -- instances -----------------------------------------------------------------------------------------------------

    def _ready(self, cal: Calendar, plans: Sequence[Plan]) -> list[Ready]:
        """Every instance's request with its id and the version it is for; none of a set where one cannot be sent."""
        pairs = [(plan, request) for plan in plans for request in plan.rest]
        unread = [pair for pair in pairs if not is_settled(*pair) and text(pair[1], "id") not in pair[0].now]
        read = self._read(cal, unread)
        ready = []
        for plan, request in pairs:
            if is_settled(plan, request):
                ready.append((plan, request, text(request, "etag")))
                continue
            now = read.get(id(request)) or plan.now.get(text(request, "id"))
            if now is None:
                words = f"Google knows no date of this series at {text(request, 'original')}"
                plan.fail(Refused(f"{cal.name}: {words}"))
            elif is_edited(plan, request, now):
                plan.fail(stale(cal))
            elif not (text(request, "kind") == "cancel" and is_cancelled(now)):
                ready.append((plan, {**request, "id": text(now, "id")}, etag_of(now)))
        return [one for one in ready if one[0].error is None]

    def _read(self, cal: Calendar, pairs: Sequence[tuple[Plan, Json]]) -> dict[int, Json]:
        """By identity of the request, the instance as it is; those that Google does not know are left out."""
        found: dict[int, Json] = {}
        answers = self._client.batch([question(cal, plan, request) for plan, request in pairs])
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

    def call_of(self, cal: Calendar, plan: Plan, request: Json, etag: str) -> Call:
        return call_of(cal, plan, request, etag)

    def note(self, cal: Calendar, plan: Plan, request: Json, call: Call, answer: Answer) -> None:
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

    def rights(self, cal: Calendar) -> Calendar:
        return self._reader.now(cal)
