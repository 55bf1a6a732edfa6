"""What an answer in JSON says, looked at before it is believed; what the services that speak JSON have in common. Pure.

Shape   Service(name, api).json_of(response) -> object; .objects(data, name) -> list of objects; .item_id(resource)
        -> id; text(resource, name) -> text or ""; printable(text) -> what can be shown on a terminal
Errors  ProtocolError for an answer of another shape than the service's; single events are the mapping's matter.
        TooMuch for more objects and lists than fit into memory, each of which takes a hundred times its length there
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from calsync_cli.errors import ProtocolError
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.body import TooMuch

MAX_PARTS = 1_000_000  # an event has some twenty
Json = dict[str, Any]
_ID = re.compile(r"[^\s\x00-\x1f\x7f]{1,1100}")
"""Google's own limit is 1024 (its facts 5.1), Graph's ids have some 150 (A8); instances carry their date in them."""
_ETAG = re.compile(r"[\x21-\x7e]{1,1000}")


@dataclass(frozen=True, slots=True)
class Service:
    """name: as a person knows it; api: what its addresses are of."""

    name: str
    api: str

    def json_of(self, response: httpx.Response) -> Json:
        """The object that an answer holds."""
        if response.content.count(b"{") + response.content.count(b"[") > MAX_PARTS:
            raise TooMuch(f"{response.request.url.host} sent an answer of more than {MAX_PARTS:,} parts")
        try:
            data = response.json()
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            words = f"{response.request.url.host} sent something that is no answer of {self.api}"
            raise ProtocolError(f"{words}; is api_url right?")
        return data

    def objects(self, data: Mapping[str, Any], name: str) -> list[Json]:
        """A list of objects; absent is empty."""
        found = data.get(name)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise ProtocolError(f"{self.name}'s answer holds no list of {name}; is api_url right?")
        return found

    def item_id(self, resource: Mapping[str, Any]) -> str:
        """An id that can stand in an address, and in the database."""
        name = text(resource, "id")
        if not _ID.fullmatch(name) or name in (".", ".."):
            raise ProtocolError(f"{self.name}'s answer holds an event or a calendar without a usable id")
        return name


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


def version(resource: Mapping[str, Any], name: str) -> str:
    """A version; "" where there is none that can stand in a header."""
    found = text(resource, name)
    return found if _ETAG.fullmatch(found) else ""


def printable(words: str) -> str:
    """A server's words without what could steer a terminal, and not too many of them."""
    return "".join(c for c in words if c.isprintable())[:300]
