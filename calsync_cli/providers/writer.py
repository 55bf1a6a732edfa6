"""Writing event sets that are stored as several resources: what the services with such sets have in common (J5, I13).

Shape   a service gives `sets`, `version`, `call_of`, `note` and `rights`; what is done in which order is its own
Guard   no single request can be held to the version of a whole set, so that is compared before the first
Errors  each Plan keeps its own; nothing more leaves for a set that failed, and nothing at all once the account did
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from calsync_cli.errors import CalsyncError, NotFound, ReadOnly, Refused, RemoteError
from calsync_cli.providers.answers import Json
from calsync_cli.providers.base import Calendar
from calsync_cli.providers.patient import Answer, Asking, PatientClient
from calsync_cli.providers.plans import Plan, stale

S = TypeVar("S")
C = TypeVar("C", bound=Asking)
P = TypeVar("P", bound=Plan)  # type: ignore[type-arg]


class SetWriter(ABC, Generic[S, C, P]):
    service: str

    def __init__(self, client: PatientClient[C]) -> None:
        self._client = client

    # -- the service's own ---------------------------------------------------------------------------------------------

    @abstractmethod
    def sets(self, cal: Calendar, plans: Sequence[P], *, moved: bool) -> Mapping[str, S | None]:
        """The whole sets as they are. moved: the dates of these series were changed just now."""

    @abstractmethod
    def version(self, cal: Calendar, found: S) -> str | None: ...

    @abstractmethod
    def call_of(self, cal: Calendar, plan: P, request: Json, etag: str) -> C: ...

    @abstractmethod
    def note(self, cal: Calendar, plan: P, request: Json, call: C, answer: Answer) -> None:
        """What became of a request."""

    @abstractmethod
    def rights(self, cal: Calendar) -> Calendar:
        """The calendar as it is now."""

    # -- before --------------------------------------------------------------------------------------------------------

    def _check_sets(self, cal: Calendar, plans: Sequence[P]) -> None:
        plans = [plan for plan in plans if plan.error is None and plan.is_of_many and plan.write.kind != "create"]
        for plan, found in self._now(cal, plans):
            plan.before = found
            if self.version(cal, found) != plan.write.etag:
                plan.fail(stale(cal))

    def _now(self, cal: Calendar, plans: Sequence[P], *, moved: bool = False) -> list[tuple[P, S]]:
        """The whole sets as they are; those that are gone or cannot be read fail."""
        try:
            found = self.sets(cal, plans, moved=moved)
        except CalsyncError as err:
            for plan in plans:
                plan.fail(err)
            return []
        for plan in plans:
            if found[plan.id] is None:
                plan.fail(NotFound(f"{cal.name}: the event is gone"))
        return [(plan, one) for plan in plans if (one := found[plan.id]) is not None]

    # -- sending -------------------------------------------------------------------------------------------------------

    def _send(self, cal: Calendar, ready: Sequence[tuple[P, Json, str]]) -> None:
        """Requests, each with the version it is for."""
        size = self._client.max_parts
        for start in range(0, len(ready), size):
            calls = self._calls(cal, [one for one in ready[start : start + size] if one[0].error is None])
            answers = self._client.batch([call for _, _, call in calls])
            for (plan, request, call), answer in zip(calls, answers, strict=True):
                self.note(cal, plan, request, call, answer)
            ended = next((plan.error for plan, _, _ in calls if isinstance(plan.error, RemoteError)), None)
            if ended is not None:
                for plan, _, _ in ready[start + size :]:
                    plan.fail(ended)
                return

    def _calls(self, cal: Calendar, ready: Sequence[tuple[P, Json, str]]) -> list[tuple[P, Json, C]]:
        calls = []
        for plan, request, etag in ready:
            try:
                calls.append((plan, request, self.call_of(cal, plan, request, etag)))
            except CalsyncError as err:
                plan.fail(err)
        return calls

    def _check_rights(self, cal: Calendar, plans: Sequence[P]) -> None:
        """A no to a write is said of calendars and of single events: the calendar itself tells which was meant."""
        forbidden = [plan for plan in plans if isinstance(plan.error, ReadOnly)]
        try:
            mine = bool(forbidden) and self.rights(cal).access == "write"
        except CalsyncError:
            return  # then nobody knows better
        for plan in forbidden if mine else ():
            plan.error = Refused(f"{cal.name}: {self.service} does not let this account change this event")
