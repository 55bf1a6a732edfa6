"""A message of a Google channel: headers and no body (facts 9). Pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from calsync_cli.providers.base import Channel
from calsync_cli.providers.notices import NOTHING, Heard

STATES = frozenset({"sync", "exists", "not_exists"})


def read(channel: Channel, headers: Mapping[str, str]) -> Heard:
    """The first one, `sync`, may come before the answer to the request that opened the channel."""
    told = headers.get("x-goog-channel-token", "").encode()
    ours = hmac.compare_digest(told, channel.secret.encode()) and headers.get("x-goog-channel-id") == channel.id
    resource = headers.get("x-goog-resource-id", "")
    if not ours or (channel.resource and resource != channel.resource):
        return NOTHING
    return Heard(frozenset({"changed"})) if headers.get("x-goog-resource-state") in STATES else NOTHING
