"""What an answer of Graph says, looked at before it is believed (facts A2, L2). Pure.

Shape   json_of, event_id, text as in providers.answers; listed(data) -> the rows of a list, events(data) -> with usable
        ids; event_of(response) -> one; said(response) -> Said, what a refusal says
Errors  ProtocolError for an answer of another shape than Graph's; members of single events are the mapping's matter
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from calsync_cli.errors import ProtocolError
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.answers import Json, Service, printable, text, version

__all__ = [
    "GRAPH", "Json", "Said", "etag_of", "event_id", "event_of", "events", "instant", "json_of", "listed", "modified",
    "said", "text",
]

GRAPH = Service("Microsoft", "Graph")
json_of, event_id = GRAPH.json_of, GRAPH.item_id


def listed(data: Mapping[str, Any]) -> list[Json]:
    """An answer without any list is none: it must not look like an empty calendar."""
    if data.get("value") is None:
        raise ProtocolError("Microsoft's answer holds no list; is api_url right?")
    return GRAPH.objects(data, "value")


def events(data: Mapping[str, Any]) -> list[Json]:
    found = listed(data)
    for one in found:
        event_id(one)
    return found


def event_of(response: httpx.Response) -> Json:
    """The one event that was asked for or written."""
    found = json_of(response)
    event_id(found)
    return found


def etag_of(resource: Mapping[str, Any]) -> str:
    return version(resource, "@odata.etag")


def modified(resource: Mapping[str, Any]) -> datetime | None:
    return instant(resource, "lastModifiedDateTime")


def instant(resource: Mapping[str, Any], name: str) -> datetime | None:
    """Up to seven digits of a second come; Python takes six."""
    told = text(resource, name)
    head, dot, rest = told.partition(".")
    try:
        when = datetime.fromisoformat(f"{head}.{rest.rstrip('Zz')[:6]}+00:00" if dot else told)
    except ValueError:
        return None
    return when if when.tzinfo is not None else None


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal: all its codes in lower case, the nested ones too, and its words.

    known: it has the form of Graph's errors at all; pages of proxies and gateways have not
    """

    codes: frozenset[str] = frozenset()
    message: str = ""
    known: bool = False


def said(response: httpx.Response) -> Said:
    """The message is without what could steer a terminal; nothing is ever decided by it (A2)."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Said()
    if not isinstance(error, dict):
        return Said()
    found: set[str] = set()
    inner: Any = error
    while isinstance(inner, dict):
        found.add(text(inner, "code").lower())
        inner = inner.get("innerError") or inner.get("innererror")
    return Said(frozenset(found - {""}), printable(text(error, "message")), known=True)
