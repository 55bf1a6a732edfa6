"""What an answer of the Calendar API says, looked at before it is believed (facts 2). Pure.

Shape   json_of(response) -> object; objects(data, name) -> list of objects; events(data) -> event resources with ids,
        event_of(response) -> one; text(resource, name) -> text or ""; said(response) -> Said, what a refusal says
Errors  ProtocolError for an answer of another shape than Google's; members of single events are the mapping's matter
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from calsync_cli.errors import ProtocolError

Json = dict[str, Any]
_ID = re.compile(r"[^\s\x00-\x1f\x7f]{1,1100}")
"""Google's own limit is 1024 (facts 5.1); instances carry their start behind it."""
_ETAG = re.compile(r"[\x21-\x7e]{1,1000}")


def json_of(response: httpx.Response) -> Json:
    try:
        data = response.json()
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        words = f"{_host(response)} sent something that is no answer of the Calendar API"
        raise ProtocolError(f"{words}; is api_url right?")
    return data


def objects(data: Mapping[str, Any], name: str) -> list[Json]:
    """A list of objects; absent is empty."""
    found = data.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ProtocolError(f"Google's answer holds no list of {name}; is api_url right?")
    return found


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


def event_id(resource: Mapping[str, Any]) -> str:
    """An id that can stand in an address, and in the database."""
    name = text(resource, "id")
    if not _ID.fullmatch(name) or name in (".", ".."):
        raise ProtocolError("Google's answer holds an event or a calendar without a usable id")
    return name


def etag_of(resource: Mapping[str, Any]) -> str:
    """"" where there is none that can stand in a header."""
    found = text(resource, "etag")
    return found if _ETAG.fullmatch(found) else ""


def text(resource: Mapping[str, Any], name: str) -> str:
    """A text member; "" for another type, and for text that no database and no address takes (half surrogates)."""
    value = resource.get(name)
    if not isinstance(value, str):
        return ""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return ""
    return value


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
    message = "".join(c for c in text(error, "message") if c.isprintable())
    return Said(frozenset(reasons - {""}), message[:300], location, known=True)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _host(response: httpx.Response) -> str:
    return response.request.url.host
