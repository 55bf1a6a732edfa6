"""The window that a delta is read through, and the token that holds it and the link of the next round (A4.6, T3). Pure.

Token   {"w": [start, end], "l": delta link}: the window is part of the link; another one needs a new round
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from calsync_cli.errors import SyncTokenExpired
from calsync_cli.model.account import IN_WINDOWS, Window

LONGEST = timedelta(days=1800)
"""Graph refuses windows over 1,825 days (facts 0.8)."""


def edges(window: Window, now: datetime) -> tuple[datetime, datetime]:
    """Whole months around the window of every day of this month, so that both of its ends move with the month and not
    between; a side without end gets calsync's default (V1)."""
    past = IN_WINDOWS.past if window.past is None else window.past
    future = IN_WINDOWS.future if window.future is None else window.future
    assert past is not None and future is not None
    low, high = _month(_month(now, 0) - past, 0), _month(_month(now, 1) + future, 1)
    return low, min(high, low + LONGEST)


def bounds(low: datetime, high: datetime) -> tuple[str, str]:
    """As they are asked for: always with a Z, for they are read as UTC without one too (L15)."""
    return f"{low:%Y-%m-%dT00:00:00Z}", f"{high:%Y-%m-%dT00:00:00Z}"


def _month(when: datetime, later: int) -> datetime:
    months = when.year * 12 + when.month - 1 + later
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def token_of(link: str, asked: tuple[str, str]) -> str:
    return json.dumps({"w": list(asked), "l": link})


def link_of(since: str | None, asked: tuple[str, str]) -> str:
    """The stored link; "" where there is none or it is for another window: then the whole window is listed anew."""
    try:
        data: Any = json.loads(since) if since else {}
        link = data["l"] if data.get("w") == list(asked) else ""
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise SyncTokenExpired("the last state was noted by another version; everything is listed anew") from None
    return link if isinstance(link, str) else ""
