"""What an answer of the Calendar API says, looked at before it is believed (facts 2). Pure.

Shape   json_of, objects, event_id, text as in providers.answers; events(data) -> event resources with ids,
        event_of(response) -> one; said(response) -> Said, what a refusal says
Errors  ProtocolError for an answer of another shape than Google's; members of single events are the mapping's matter
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from calsync_cli.model.plain import dataclass
from calsync_cli.providers.answers import Json, Service, printable, text, version

__all__ = ["Json", "Said", "etag_of", "event_id", "event_of", "events", "json_of", "objects", "said", "text"]

GOOGLE = Service("Google", "the Calendar API")
json_of, objects, event_id = GOOGLE.json_of, GOOGLE.objects, GOOGLE.item_id


def events(data: Mapping[str, Any]) -> list[Json]:
    found = objects(data, "items")
    for one in found:
        event_id(one)
    return found


def event_of(response: httpx.Response) -> Json:
    """The one event that was asked for or written."""
    found = json_of(response)
    event_id(found)
    return found


def etag_of(resource: Mapping[str, Any]) -> str:
    return version(resource, "etag")


@dataclass(frozen=True, slots=True)
class Said:
    """A refusal: its reasons in the classic and the newer place, its words, and what they are about.

    known: it has the form of Google's errors at all; pages of proxies and load balancers have not
    """

    reasons: frozenset[str] = frozenset()
    message: str = ""
    location: str = ""
    known: bool = False


def said(response: httpx.Response) -> Said:
    """The message is without what could steer a terminal."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Said()
    if not isinstance(error, dict):
        return Said()
    listed = [one for name in ("errors", "details") for one in _list(error.get(name)) if isinstance(one, dict)]
    reasons = {text(one, "reason") for one in listed} | {text(error, "status")}
    location = next((text(one, "location") for one in listed if text(one, "location")), "")
    return Said(frozenset(reasons - {""}), printable(text(error, "message")), location, known=True)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
