"""Calendars of Microsoft 365 and Outlook.com: delta in a window, whole sets, PATCH of changed members (facts 0, L4-L8).

Shape   Calendar.id and remote_id are Graph's own (immutable) ids; a payload is the document of sets.py. A body to write
        is such a document with its `requests`: what makes it of what is there
Creates get their id from the server: until it is known an operation goes by `key:` and its key, which is stored in a
        private property and as transactionId, so that one that was cut is found again and never made twice (J table)
Sets    are not written in one piece: a write that was cut half way is found by the next look and goes on from there
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import httpx

from calsync_cli.errors import CalsyncError, NotFound, PreconditionFailed, ProtocolError, UnknownOutcome
from calsync_cli.mapping.graph.patches import patches
from calsync_cli.model.account import EVERYTHING, Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Capabilities, Item, Missing, Page, Receipt, Write
from calsync_cli.providers.graph.client import MAX_PARTS, Call, GraphClient, calendar_path, event_path, json_of
from calsync_cli.providers.graph.reading import GONE, Reader
from calsync_cli.providers.graph.refusals import DUPLICATE, codes, refusal
from calsync_cli.providers.graph.sets import Json, etag_of, master_etag, objects, text

KEY = "String {6b1de63e-6a3c-4f7b-8a56-0c6d5e0b2f11} Name calsync-key"
UNKNOWN_ID = "key:"
MOVES = frozenset({"start", "end", "isAllDay", "recurrence"})


class GraphProvider:
    """One account. names: the mapping's private properties, read with every event."""

    def __init__(self, account: Account, auth: httpx.Auth, ports: Ports, names: Sequence[str]) -> None:
        self._account = account
        self._client = GraphClient(account, auth, ports)
        self._reader = Reader(self._client, ports, [*names, KEY])
        self.caps = Capabilities(
            mapping="graph", delta=True, server_stamps=True, concurrency=4, batch=MAX_PARTS, bulk=MAX_PARTS,
            atomic=False,
        )

    @property
    def requests(self) -> dict[str, int]:
        return self._client.requests

    def close(self) -> None:
        self._client.close()

    # -- calendars -----------------------------------------------------------------------------------------------------

    def calendars(self) -> Sequence[Calendar]:
        found: list[Calendar] = []
        call = Call("GET", "/me/calendars", {"$top": "100"})
        for _ in range(1000):
            data = self._reader.read(Calendar("", "the list of calendars"), self._client.call(call))
            found += [self._calendar(one) for one in objects(data.get("value"))]
            after = text(data, "@odata.nextLink")
            if not after:
                return found
            call = Call("GET", after)
        raise ProtocolError(f"the calendar list of {self._account.name} does not end")

    def open(self, calendar_id: str) -> Calendar:
        response = self._client.call(Call("GET", calendar_path(calendar_id)))
        return self._calendar(self._reader.read(Calendar(calendar_id, calendar_id), response))

    def create_calendar(self, name: str) -> Calendar:
        response = self._client.call(Call("POST", "/me/calendars", body={"name": name}))
        if response.status_code != 201:
            raise refusal(name, response, self._account)
        return self._calendar(json_of(response))

    def _calendar(self, one: Json) -> Calendar:
        """Meetings of this account mail people whatever we do (facts 0.12), so `mails` is always set."""
        writable = one.get("canEdit") is not False and self._account.access != "read"
        level = "full" if one.get("canViewPrivateItems") is not False else "limited"
        return Calendar(
            text(one, "id"), text(one, "name") or text(one, "id"), "write" if writable else "read",
            level,  # type: ignore[arg-type]
            mails=True, color=text(one, "hexColor") or None,
            alias="primary" if one.get("isDefaultCalendar") is True else "",
        )

    # -- reading -------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        return self._reader.changes(cal, since, window)

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        for name, found in self._reader.sets(cal, list(dict.fromkeys(remote_ids))).items():
            yield found.item(_about(cal)) if found is not None else Missing(name)

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Item | None:
        if remote_id.startswith(UNKNOWN_ID):
            named = self._reader.with_property(cal, KEY, remote_id.removeprefix(UNKNOWN_ID))
            if not named:
                return None
            remote_id = named[0]
        found = self._reader.sets(cal, [remote_id])[remote_id]
        if found is None or not self._reader.is_here(cal, remote_id):
            return None
        return found.item(_about(cal))

    # -- writing -------------------------------------------------------------------------------------------------------

    def remote_id_for(self, cal: Calendar, key: str) -> str:
        return UNKNOWN_ID + key

    def create(self, cal: Calendar, key: str, body: bytes) -> Receipt:
        return self._one(cal, Write("create", self.remote_id_for(cal, key), body))

    def update(self, cal: Calendar, remote_id: str, body: bytes, etag: str) -> Receipt:
        return self._one(cal, Write("update", remote_id, body, etag))

    def delete(self, cal: Calendar, remote_id: str, etag: str) -> None:
        self._one(cal, Write("delete", remote_id, b"", etag))

    def _one(self, cal: Calendar, write: Write) -> Receipt:
        (answer,) = self.bulk(cal, [write])
        if isinstance(answer, CalsyncError):
            raise answer
        return answer

    def bulk(self, cal: Calendar, writes: Sequence[Write]) -> list[Receipt | CalsyncError]:
        """In the order of `writes`. First requests leave in batches; what a set needs beyond its first goes after."""
        plans = [_Plan(write, _requests(write)) for write in writes]
        self._check_sets(cal, [plan for plan in plans if plan.is_of_many])
        firsts = [plan for plan in plans if plan.error is None and plan.may_begin_in_a_batch]
        answers = self._client.batch([self._call(cal, plan, plan.requests[0]) for plan in firsts])
        for plan, answer in zip(firsts, answers, strict=True):
            self._note(cal, plan, answer)
        for plan in plans:
            self._finish(cal, plan)
        return [plan.outcome for plan in plans]

    def _check_sets(self, cal: Calendar, plans: Sequence[_Plan]) -> None:
        """No single request can be held to the version of a whole set, so that is compared before the first (I13)."""
        versions = {plan.id: plan for plan in plans if plan.write.etag is not None}
        if not versions:
            return
        for name, found in self._reader.sets(cal, list(versions)).items():
            if found is None:
                versions[name].error = NotFound("the event is gone")
            elif found.etag != versions[name].write.etag:
                versions[name].error = PreconditionFailed("the event was changed by somebody else")

    def _call(self, cal: Calendar, plan: _Plan, request: Json) -> Call:
        kind = text(request, "kind")
        if kind == "insert":
            return Call("POST", calendar_path(cal.id, "events"), body=_marked(request["members"], plan.write))
        name, etag = text(request, "id"), text(request, "etag")
        if not name or not etag:
            raise ProtocolError(f"{cal.name}: a write without the version it is for")  # I13
        if kind in ("delete", "cancel"):
            return Call("DELETE", event_path(name), etag=etag)
        return Call("PATCH", event_path(name), body=request["members"], etag=etag)

    def _note(self, cal: Calendar, plan: _Plan, answer: httpx.Response | CalsyncError) -> None:
        if isinstance(answer, CalsyncError):
            plan.error = answer
        elif DUPLICATE in codes(answer)[0]:
            plan.error = PreconditionFailed("this event was made already")
        elif answer.status_code not in (200, 201, 204):
            plan.error = refusal(cal.name, answer, self._account)
        else:
            plan.done += 1
            if answer.status_code != 204:
                self._note_answer(plan, answer)

    def _note_answer(self, plan: _Plan, answer: httpx.Response) -> None:
        try:
            made = json_of(answer)
        except ProtocolError as err:
            plan.error = UnknownOutcome(f"the answer to a write cannot be read ({err})")
            return
        self._reader.note([made])
        plan.id = text(made, "id") if plan.write.kind == "create" and plan.done == 1 else plan.id

    def _finish(self, cal: Calendar, plan: _Plan) -> None:
        """The rest of a set, one by one; each instance is looked up first, for its id and version."""
        self._plan_again(cal, plan)
        while plan.error is None and plan.done < len(plan.requests):
            request = plan.requests[plan.done]
            try:
                instance = self._instance(cal, plan.id, request)
                if instance is None and text(request, "kind") == "cancel":
                    plan.done += 1
                    continue
                if instance is None:
                    raise NotFound(f"the series has no instance at {text(request, 'original')}")
                etag = (text(request, "etag") if plan.begun_with_instance else "") or etag_of(instance)
                call = self._call(cal, plan, {**request, "id": text(instance, "id"), "etag": etag})
                self._note(cal, plan, self._client.call(call))
            except CalsyncError as err:
                plan.error = err

    def _plan_again(self, cal: Calendar, plan: _Plan) -> None:
        """The dates of this series have moved: its exceptions are what Graph has left of them (facts 0.13, L6.2)."""
        if plan.error is not None or not plan.has_moved:
            return
        try:
            found = self._reader.sets(cal, [plan.id])[plan.id]
            if found is None:
                raise NotFound("the event is gone")
            rest = patches(found.item(_about(cal)).payload, plan.write.body)
            plan.requests[plan.done :] = [asdict(one) for one in rest if one.original]
        except CalsyncError as err:
            plan.error = err

    def _instance(self, cal: Calendar, series: str, request: Json) -> Json | None:
        """The instance that began at `original` (UTC, or a day); None where that date is cancelled (L6.2). An exception
        may have moved far from there, but it has an id.
        """
        if name := text(request, "id"):
            response = self._client.call(Call("GET", event_path(name)))
            return None if response.status_code in GONE else self._reader.read(cal, response)
        original = text(request, "original")
        day = datetime.fromisoformat(original)
        params = {
            "startDateTime": f"{day - timedelta(days=1):%Y-%m-%dT00:00:00Z}",
            "endDateTime": f"{day + timedelta(days=2):%Y-%m-%dT00:00:00Z}", "$select": "*",
        }
        data = self._reader.read(cal, self._client.call(Call("GET", event_path(series, "instances"), params)))
        for one in objects(data.get("value")):
            said = text(one, "originalStart") or text(one.get("start") or {}, "dateTime")
            if said[:16] == original[:16] or (len(original) == 10 and said[:10] == original):
                return one
        return None


class _Plan:
    """One write and how far it has come. id: `key:...` until the server named what it made."""

    def __init__(self, write: Write, requests: list[Json]) -> None:
        self.write, self.requests, self.id = write, requests, write.remote_id
        self.done = 0
        self.error: CalsyncError | None = None

    @property
    def is_of_many(self) -> bool:
        return len(self.requests) > 1 or self.begun_with_instance or (self.write.etag or "").rpartition("#")[1] == "#"

    @property
    def has_moved(self) -> bool:
        first = self.requests[0] if self.requests else {}
        moves = text(first, "kind") == "patch" and not MOVES.isdisjoint(first["members"])
        return self.done == 1 and self.is_of_many and not self.begun_with_instance and moves

    @property
    def outcome(self) -> Receipt | CalsyncError:
        """What stopped half way is found by the next look, which goes on from there."""
        if self.error is not None and self.done:
            return UnknownOutcome(f"not all of the series was written ({self.error})")
        return self.error or Receipt(self.id)

    @property
    def begun_with_instance(self) -> bool:
        return bool(self.requests) and bool(text(self.requests[0], "original"))

    @property
    def may_begin_in_a_batch(self) -> bool:
        return bool(self.requests) and (not self.begun_with_instance or bool(text(self.requests[0], "etag")))


def _marked(members: Json, write: Write) -> Json:
    """With the key twice: for Graph's own memory of repeated requests, and to be found again (facts 0.10)."""
    key = write.remote_id.removeprefix(UNKNOWN_ID)
    name = "singleValueExtendedProperties"
    private = [*objects(members.get(name)), {"id": KEY, "value": key}]
    parts = key[:8], key[8:12], key[12:16], key[16:20], key[20:]
    return {**members, name: private, "transactionId": "-".join(parts)}


def _requests(write: Write) -> list[Json]:
    if write.kind == "delete":
        return [{"kind": "delete", "id": write.remote_id, "etag": master_etag(write.etag or "")}]
    found: Any = json.loads(write.body).get("requests")
    assert isinstance(found, list), "a body without requests"
    return found


def _about(cal: Calendar) -> Json:
    return {"id": cal.id, "name": cal.name}
