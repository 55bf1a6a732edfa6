"""Google calendars: delta by sync token, whole event sets, PATCH of changed members, nobody mailed (facts 0, 4, 6).

Shape   Calendar.id is the calendar's address, remote_id the id of the event or of the series' master; a payload is the
        document of sets.py. A body to write is such a document with its `requests`: what makes it of what is there
Writes  every one with `sendUpdates=none` and, unless it makes something new, with If-Match on the resource it changes
Sets    are not written in one piece: a write that was cut half way is found by the next look and goes on from there
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from calsync_cli.errors import CalsyncError, NotFound, PreconditionFailed, ProtocolError, UnknownOutcome
from calsync_cli.model.account import EVERYTHING, Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Capabilities, Item, Missing, Page, Receipt, Write
from calsync_cli.providers.google.calendar_list import entries, json_of
from calsync_cli.providers.google.client import Call, GoogleClient, calendar_path, list_entry_path
from calsync_cli.providers.google.multipart import MAX_PARTS
from calsync_cli.providers.google.reading import ROLES, Reader, rights
from calsync_cli.providers.google.refusals import refusal
from calsync_cli.providers.google.sets import EventSet, Json, is_cancelled, master_etag, text

QUIET = {"sendUpdates": "none"}
ID_PREFIX = "cs"
"""With 32 hex digits after it: 5 to 1024 characters of a-v and 0-9 (facts 6.2)."""


class GoogleProvider:
    """One account. Nothing is asked before it is needed."""

    def __init__(self, account: Account, auth: httpx.Auth, ports: Ports) -> None:
        self._account = account
        self._client = GoogleClient(account, auth, ports)
        self._reader = Reader(self._client)
        self.caps = Capabilities(
            mapping="google", delta=True, server_stamps=True, concurrency=account.concurrency, batch=MAX_PARTS,
            bulk=MAX_PARTS, atomic=False,
        )

    @property
    def requests(self) -> dict[str, int]:
        return self._client.requests

    def close(self) -> None:
        self._client.close()

    # -- calendars -----------------------------------------------------------------------------------------------------

    def calendars(self) -> Sequence[Calendar]:
        """All but those without any right (facts 3.2)."""
        found = entries(self._client.http, self._client.auth, self._account)
        shown = (one for one in found if text(one, "accessRole") in ROLES and not one.get("deleted"))
        return [_calendar(one, self._account) for one in shown]

    def open(self, calendar_id: str) -> Calendar:
        response = self._client.call(Call("GET", list_entry_path(calendar_id)))
        return _calendar(self._reader.read(Calendar(calendar_id, calendar_id), response), self._account)

    def create_calendar(self, name: str) -> Calendar:
        """Raises AuthError where the sign-in does not allow it (facts 1.6)."""
        response = self._client.call(Call("POST", "calendars", body={"summary": name}))
        if response.status_code != 200:
            raise refusal(name, response, self._account)
        return self.open(text(json_of(response), "id"))

    # -- reading -------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        return self._reader.changes(cal, since)

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        about = self._reader.about(cal)
        for name, found in self._reader.sets(cal, list(dict.fromkeys(remote_ids))).items():
            yield found.item(about) if found is not None else Missing(name)

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Item | None:
        """Every instance that `known` or a list names is read by its id, which is never behind (facts 4.5)."""
        found = self._reader.sets(cal, [remote_id], known=_instance_ids(known) or ("",))[remote_id]
        return found.item(self._reader.about(cal)) if found is not None else None

    def buried(self, cal: Calendar, remote_id: str) -> bool:
        """Whether the server remembers this id as made and removed: a GET shows it as cancelled (facts 4.3)."""
        response = self._client.call(Call("GET", calendar_path(cal.id, "events", remote_id)))
        return response.status_code == 200 and is_cancelled(json_of(response))

    # -- writing -------------------------------------------------------------------------------------------------------

    def remote_id_for(self, cal: Calendar, key: str) -> str:
        return ID_PREFIX + key

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
        answers = self._client.batch([self._call(cal, plan.write, plan.requests[0]) for plan in firsts])
        for plan, answer in zip(firsts, answers, strict=True):
            self._note(cal, plan, answer)
        for plan in plans:
            self._finish(cal, plan)
        return [self._receipt(cal, plan) for plan in plans]

    def _check_sets(self, cal: Calendar, plans: Sequence[_Plan]) -> None:
        """No single request can be held to the version of a whole set, so that is compared before the first (I13)."""
        versions = {plan.write.remote_id: plan for plan in plans if plan.write.etag is not None}
        if not versions:
            return
        about = self._reader.about(cal)
        for name, found in self._reader.sets(cal, list(versions)).items():
            if found is None:
                versions[name].error = NotFound(f"{cal.name}: the event is gone")
            elif found.item(about).etag != versions[name].write.etag:
                versions[name].error = PreconditionFailed(f"{cal.name}: the event was changed by somebody else")

    def _call(self, cal: Calendar, write: Write, request: Json) -> Call:
        kind = text(request, "kind")
        if kind == "insert":
            body = {**request["members"], "id": write.remote_id}
            return Call("POST", calendar_path(cal.id, "events"), QUIET, body)
        path, etag = calendar_path(cal.id, "events", text(request, "id")), text(request, "etag")
        if not text(request, "id") or not etag:
            raise ProtocolError(f"{cal.name}: a write without the version it is for")  # I13
        if kind in ("delete", "cancel"):
            return Call("DELETE", path, QUIET, etag=etag)
        return Call("PATCH", path, QUIET, request["members"], etag)

    def _note(self, cal: Calendar, plan: _Plan, answer: httpx.Response | CalsyncError) -> None:
        if isinstance(answer, CalsyncError):
            plan.error = answer
        elif answer.status_code not in (200, 204):
            plan.error = refusal(cal.name, answer, self._account)
        else:
            plan.done += 1
            if answer.status_code == 200:
                plan.answers.append(json_of(answer))
                self._reader.note(cal, plan.answers[-1:])

    def _finish(self, cal: Calendar, plan: _Plan) -> None:
        """The rest of a set, one by one: each instance is read first, for its version and for the id of a new one."""
        while plan.error is None and plan.done < len(plan.requests):
            request = plan.requests[plan.done]
            try:
                instance = self._instance(cal, plan, request)
            except CalsyncError as err:
                plan.error = UnknownOutcome(f"{cal.name}: not all of the series was written ({err})")
                return
            if text(request, "kind") == "cancel" and is_cancelled(instance):
                plan.done += 1
                continue
            etag = (plan.begun_with_instance and text(request, "etag")) or text(instance, "etag")
            try:
                call = self._call(cal, plan.write, {**request, "id": text(instance, "id"), "etag": etag})
                self._note(cal, plan, self._client.call(call))
            except CalsyncError as err:
                plan.error = err
        if plan.error is not None and plan.done and plan.write.kind == "create":
            plan.error = UnknownOutcome(f"{cal.name}: not all of the series was written ({plan.error})")

    def _instance(self, cal: Calendar, plan: _Plan, request: Json) -> Json:
        series, original = plan.write.remote_id, text(request, "original")
        params = {"originalStart": original, "showDeleted": "true"}
        response = self._client.call(Call("GET", calendar_path(cal.id, "events", series, "instances"), params))
        if response.status_code != 200:
            raise refusal(cal.name, response, self._account)
        items = json_of(response).get("items") or ()
        if not items:
            raise ProtocolError(f"Google knows no instance of it at {original}")
        return dict(items[0])

    def _receipt(self, cal: Calendar, plan: _Plan) -> Receipt | CalsyncError:
        """With what Google answered, where that is all of the event; else it is read back (F4)."""
        if plan.error is not None:
            return plan.error
        name = plan.write.remote_id
        if plan.write.kind == "delete" or plan.is_of_many or len(plan.answers) != 1 or plan.has_instances:
            return Receipt(name)
        item = EventSet(name, plan.answers[0]).item(self._reader.about(cal))
        return Receipt(name, item.etag, item)


class _Plan:
    """One write and how far it has come."""

    def __init__(self, write: Write, requests: list[Json]) -> None:
        self.write, self.requests = write, requests
        self.done = 0
        self.answers: list[Json] = []
        self.error: CalsyncError | None = None
        self.has_instances = bool(_instance_ids(write.body))

    @property
    def is_of_many(self) -> bool:
        """A set of several resources, now or after this: its requests or its version say so."""
        return len(self.requests) > 1 or self.begun_with_instance or (self.write.etag or "").rpartition("#")[1] == "#"

    @property
    def begun_with_instance(self) -> bool:
        """The series itself stays, so its instances keep the versions they were planned from."""
        return bool(self.requests) and bool(text(self.requests[0], "original"))

    @property
    def may_begin_in_a_batch(self) -> bool:
        """Its first request knows where it goes; an instance without a resource has to be asked for first."""
        return bool(self.requests) and (not self.begun_with_instance or bool(text(self.requests[0], "etag")))


def _requests(write: Write) -> list[Json]:
    if write.kind == "delete":
        return [{"kind": "delete", "id": write.remote_id, "etag": master_etag(write.etag or "")}]
    found: Any = json.loads(write.body).get("requests")
    assert isinstance(found, list), "a body without requests"
    return found


def _instance_ids(payload: bytes) -> tuple[str, ...]:
    try:
        found = json.loads(payload).get("instances") if payload else None
    except (ValueError, AttributeError):
        return ()
    return tuple(text(one, "id") for one in found or () if isinstance(one, dict) and text(one, "id"))


def _calendar(entry: Mapping[str, Any], account: Account) -> Calendar:
    role = text(entry, "accessRole")
    if role not in ROLES:
        raise ProtocolError("this calendar is not shared with you")
    access, level = rights(role, account)
    name = text(entry, "summaryOverride") or text(entry, "summary") or text(entry, "id")
    return Calendar(
        text(entry, "id"), name, access, level, color=text(entry, "backgroundColor") or None,
        alias="primary" if entry.get("primary") else "", zone=text(entry, "timeZone") or "UTC",
    )
