"""Series of accounts that do not tell their deleted dates and exceptions with the master (L6.1, L17.7).

Shape   `completed(client, path, masters)` -> {id: EventSet or None}; path: of an event below its calendar
How     the recurrence blob names all such dates, of the whole series; the exceptions are found around theirs. What does
        not add up was changed meanwhile, or is not told at all: an error, never taken for a series without exceptions
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import httpx

from calsync_cli.errors import CalsyncError, ProtocolError, TransientError
from calsync_cli.providers.graph.answers import Json, event_of, events, json_of, text
from calsync_cli.providers.graph.blob import NAME, Dates, dates_of
from calsync_cli.providers.graph.client import Call, GraphClient
from calsync_cli.providers.graph.refusals import Meaning, meaning, read_problem
from calsync_cli.providers.graph.sets import CANCELLED, EXCEPTIONS, EventSet, series
from calsync_cli.providers.patient import Answer

_BLOB = {"$select": "id", "$expand": f"singleValueExtendedProperties($filter=id eq '{NAME}')"}


def completed(client: GraphClient, path: Callable[[str], str], masters: Sequence[Json]) -> dict[str, EventSet | None]:
    found: dict[str, EventSet | None] = {}
    asked = [Call("GET", path(text(one, "id")), _BLOB) for one in masters]
    for master, answer in zip(masters, client.batch(asked), strict=True):
        response = _heard(client, answer)
        name = text(master, "id")
        found[name] = None if response is None else _whole(client, path(name), master, dates_of(event_of(response)))
    return found


def _whole(client: GraphClient, path: str, master: Json, dates: Dates) -> EventSet:
    answers = client.batch([_around(path, day) for day in dict.fromkeys(dates.changed)])
    exceptions: dict[str, Json] = {}
    for answer in answers:
        response = _heard(client, answer)
        rows = events(json_of(response)) if response is not None else []
        exceptions |= {text(one, "id"): one for one in rows if text(one, "type") == "exception"}
    originals = {text(one, "occurrenceId").rpartition(".")[2] for one in exceptions.values()}
    if len(exceptions) != len(dates.changed) or len(originals) != len(exceptions):
        raise TransientError("a series was changed while it was read, or does not tell its dates; it is read again")
    prefix = f"OID.{text(master, 'id')}."
    cancelled = [f"{prefix}{day}" for day in map(str, dates.off) if day not in originals]
    if len(cancelled) != len(dates.off) - len(originals):
        raise ProtocolError("the changed dates of a series are none of its own")
    return series({**master, CANCELLED: cancelled, EXCEPTIONS: list(exceptions.values())})


def _around(path: str, day: date) -> Call:
    since, until = day - timedelta(days=1), day + timedelta(days=2)
    params = {"startDateTime": f"{since}T00:00:00Z", "endDateTime": f"{until}T00:00:00Z"}
    return Call("GET", f"{path}/instances", {**params, "$select": "*", "$top": "100"})


def _heard(client: GraphClient, answer: Answer) -> httpx.Response | None:
    if isinstance(answer, CalsyncError):
        raise answer
    if answer.status_code != 200:
        if meaning(answer) is Meaning.GONE:
            return None
        raise read_problem(answer, client.account)
    return answer
