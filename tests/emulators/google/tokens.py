"""Sync tokens and page tokens: opaque to clients, checked by us (facts 4.2, items 8 to 11).

A sync token is a position in a log, bound to calendar, account, query shape and the calendar's generation of tokens.
A page token names a listing that was begun; its rows were fixed when the first page was served.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.google import errors

PAGE_LIFE_S = 3600.0


@dataclass(frozen=True)
class Position:
    """`subject` is a calendar id, or the name of another list; `window` the bounds of the first request."""

    subject: str
    user: str
    seq: int
    generation: int
    shape: dict[str, Any]
    window: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> str:
        text = json.dumps([self.subject, self.user, self.seq, self.generation, self.shape, self.window])
        packed = hashlib.sha256(text.encode()).digest()[:6] + text.encode()
        return base64.urlsafe_b64encode(packed).decode()


def read_position(token: str) -> Position:
    try:
        packed = base64.urlsafe_b64decode(token.encode())
        if hashlib.sha256(packed[6:]).digest()[:6] != packed[:6]:
            raise ValueError(token)
        return Position(*json.loads(packed[6:]))
    except (ValueError, TypeError, binascii.Error):
        raise errors.invalid("Invalid sync token value.", "syncToken") from None


@dataclass(frozen=True)
class Listing:
    """One listing between its first and its last page."""

    items: list[Any]
    sync_token: str | None
    question: dict[str, Any]                     # the parameters, which must stay the same
    began_s: float
    seq: int = 0                                 # position of the calendar when it began


@dataclass(frozen=True)
class Place:
    """Where a page begins; `blanks` empty pages come first."""

    listing: Listing
    offset: int = 0
    blanks: int = 0


@dataclass
class Listings:
    """Page tokens handed out and not yet too old; the same token gives the same page again."""

    open: dict[str, Place] = field(default_factory=dict)
    number: int = 0

    def token(self, place: Place) -> str:
        self.number += 1
        token = base64.urlsafe_b64encode(f"page {self.number} {place.offset}".encode()).decode()
        self.open[token] = place
        return token

    def resume(self, token: str, question: dict[str, Any], now_s: float) -> Place:
        place = self.open.get(token)
        if place is None or now_s > place.listing.began_s + PAGE_LIFE_S:
            raise errors.invalid("Invalid page token value.", "pageToken")
        if place.listing.question != question:
            raise errors.invalid("The parameters of a listing must not change between its pages.", "pageToken")
        return place

    def expire(self) -> None:
        self.open.clear()
