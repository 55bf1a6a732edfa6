"""Pairs with a feed: it is only read, so such a pair goes one way, and says so when it was told another one.

Shape   `one_way(pairs, said, feeds)` -> the pairs, each with a direction that can be; `problems` -> (path, text).
        said: names of the pairs that give their direction themselves. feeds: names of the accounts that are feeds
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from calsync_cli.model.account import Pair


def one_way(pairs: Mapping[str, Pair], said: Container[str], feeds: Container[str]) -> dict[str, Pair]:
    """A pair that says nothing goes away from its feed, whatever the direction is by default."""
    found = dict(pairs)
    for name, pair in pairs.items():
        away = _away(pair, feeds)
        if away is not None and name not in said:
            found[name] = replace(pair, direction=away)
    return found


def problems(pairs: Mapping[str, Pair], feeds: Container[str]) -> Iterator[tuple[str, str]]:
    for name, pair in pairs.items():
        if pair.a.account in feeds and pair.b.account in feeds:
            yield f"pairs.{name}", f"{pair.a} and {pair.b} are feeds, which can only be read; nothing could be written"
            continue
        away = _away(pair, feeds)
        if away is not None and pair.direction != away:
            feed = pair.a if away == "a-to-b" else pair.b
            text = f'{feed} is a feed, which can only be read; write direction = "{away}", or leave the line out'
            yield f"pairs.{name}.direction", text


def _away(pair: Pair, feeds: Container[str]) -> Literal["a-to-b", "b-to-a"] | None:
    """The direction in which the feed is not written; None without one, or where both are."""
    a, b = pair.a.account in feeds, pair.b.account in feeds
    return None if a == b else "a-to-b" if a else "b-to-a"
