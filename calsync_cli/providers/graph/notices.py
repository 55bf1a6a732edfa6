"""A handshake or some notices of a Graph subscription (facts L12.2 to L12.4). Pure."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

from calsync_cli.providers.base import Channel
from calsync_cli.providers.notices import NOTHING, Heard, News

LONGEST_TOKEN = 2048
LIFECYCLE: Mapping[str, News] = {
    "reauthorizationRequired": "renew", "subscriptionRemoved": "gone", "missed": "changed",
}  # fmt: skip


def read(channel: Channel, query: Mapping[str, str], body: bytes) -> Heard:
    token = query.get("validationToken")
    if token is not None:
        harmless = len(token) <= LONGEST_TOKEN and token.isprintable() and "<" not in token
        return Heard(echo=token) if harmless else NOTHING
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return NOTHING
    entries = told.get("value") if isinstance(told, dict) else None
    ours = [one for one in entries if _is_ours(channel, one)] if isinstance(entries, list) else []
    return Heard(frozenset(_news(one) for one in ours))


def _is_ours(channel: Channel, entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    secret = str(entry.get("clientState") or "").encode("utf-8", "replace")
    known = not channel.id or entry.get("subscriptionId") == channel.id
    return hmac.compare_digest(secret, channel.secret.encode()) and known


def _news(entry: Mapping[str, Any]) -> News:
    return LIFECYCLE.get(str(entry.get("lifecycleEvent") or ""), "changed")
