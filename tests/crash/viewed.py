"""Crash scenarios of pairs where one side shows less, leaves events out, or takes more along (W3, W6, V5, V7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from calsync_cli.engine.views import veiled_uid
from calsync_cli.model.series import CANCELLED
from calsync_cli.model.times import Span, Zoned
from calsync_cli.model.views import Filter, View
from tests.crash.further import pairs_left, rules
from tests.crash.scenarios import Deed, Scenario, both, delete, edit, put, two, weekly

BUSY = {"to_b": View("busy")}
NO_TALKS = Filter(not_patterns={"title": "Talk"})
SECOND = "20261208T080000Z"


def block(uid: str = "u1") -> str:
    """What the block of this event is called on b."""
    return veiled_uid("i" * 32, uid)


def at(hour: int) -> Span:
    return Span(*(Zoned(datetime(2026, 12, 1, hour + more), "Europe/Berlin") for more in (0, 1)))


def viewed(name: str, then: Deed, before: Deed | None = two, writes: int = 1, **more: Any) -> Scenario:
    return Scenario(name, then, before, writes, **{"rules": BUSY, **more})


VIEWED = (
    viewed("blocks, first sync", both(two, put("b", "n1", "Choir")), None, writes=3),
    viewed("blocks, one is moved", edit("b", block(), time=at(15))),
    viewed("blocks, an event is moved", edit("a", time=at(15))),
    viewed("blocks, moved on both sides", both(edit("a", time=at(15)), edit("b", block(), time=at(16))), writes=0),
    viewed("blocks, only hidden words change", edit("a", title="T", description="D"), writes=0),
    viewed("blocks, one is deleted", delete("b", block())),
    viewed("blocks, an event is deleted", delete("a")),
    viewed("blocks, moved on one side and deleted on the other", both(edit("a", time=at(15)), delete("b", block()))),
    viewed("blocks, an event is free now", edit("a", busy="free")),
    viewed("blocks, an event is busy again", edit("a", busy=None), put("a", "u1", "One", "TRANSP:TRANSPARENT")),
    viewed("blocks of a series", edit("a", "s1", _at_20261208T080000Z=CANCELLED), weekly),
    viewed("blocks, a date is cancelled on one", edit("b", block("s1"), _at_20261208T080000Z=CANCELLED), weekly),
    viewed("blocks one way", both(edit("a", time=at(15)), delete("a", "u2")), writes=2,
           rules={**BUSY, "direction": "a-to-b"}),
    viewed("blocks, words written at home", both(edit("b", "n1", title="N"), edit("a", "n1", location="L")),
           put("b", "n1", "Choir"), writes=2),
    viewed("titles with a prefix", both(edit("a", title="T"), edit("b", "u2", time=at(12))), writes=2,
           rules={"to_b": View("titles", title="[a] {title}")}),
    viewed("a pair hides more", rules(to_b=View("busy")), rules={}, writes=4, approve=True),
    viewed("a pair hides less", rules(to_b=View("titles")), writes=2, approve=True),
    viewed("an event leaves the filter", edit("a", title="Talk"), writes=0, rules={"filter": NO_TALKS}),
    viewed("an event leaves the filter, its copy goes", edit("a", title="Talk"),
           rules={"filter": NO_TALKS, "on_leave": "retire"}),
    viewed("an event comes into the filter", edit("a", title="One"), both(two, edit("a", title="Talk")),
           rules={"filter": NO_TALKS}),
    viewed("blocks that a pair left behind are retired", both(edit("b", block(), time=at(15)), pairs_left(0)),
           both(two, put("b", "n1", "Choir")), writes=3, errand=lambda w: w.retire()),
    viewed("what is carried", both(put("a", "u3", "Three", "X-P:one"), edit("a", title="T")), writes=2,
           rules={"carry": ("x:X-P",)}),
)
