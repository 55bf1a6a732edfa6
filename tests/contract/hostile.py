"""What a server that answers anything at all might send: real answers with one member, somewhere, of another type."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

ODD: list[Any] = [
    None, 5, -1, 1e308, True, False, "", "x", "..", "\ud800", "\x00", "\x1b[2J", "x" * 5000, [], {}, [None], [5], [[]],
    ["x"], {"a": None}, {"id": 5}, "2026-05-04", "9999-12-31T23:59:59-14:00", "cancelled", "freeBusyReader", "\u202e",
]  # fmt: skip
GONE = object()
DEEP = [b"[" * 50_000, b'{"a":' * 50_000, b'{"items":' + b"[" * 900 + b"]" * 900 + b"}"]
BODIES = [b"", b"null", b"5", b"[]", b'"x"', b"{}", b"<html>", b"\xff\xfe\x00", b"{" * 10, *DEEP]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*at, name))
    if isinstance(value, list):
        for n in range(len(value)):
            yield from places(value[n], (*at, n))


def spoil(value: Any, dice: Random) -> Any:
    found = list(places(value))
    if not found or dice.random() < 0.05:
        return dice.choice(ODD)
    *way, last = dice.choice(found)
    inside = value
    for step in way:
        inside = inside[step]
    odd = dice.choice([*ODD, GONE])
    if odd is not GONE:
        inside[last] = odd
    elif isinstance(inside, dict):
        del inside[last]
    return value
