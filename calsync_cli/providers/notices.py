"""What a notice says, for every service that sends some. Pure; nothing of it is believed but that something changed.

Shape   `heard(kind, channel, query, headers, body)` -> Heard. Header names are lower case
Rule    a notice counts only with the channel's own secret, compared in constant time; whatever else it holds is not
        looked at. All answers to what is not understood are alike
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from calsync_cli.model.account import ProviderKind
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.base import Channel

News = Literal["changed", "renew", "gone"]
"""Something changed; the channel wants to be renewed at once; it is closed at the server."""
MAX_BODY = 262_144


@dataclass(frozen=True, slots=True)
class Heard:
    """news: nothing for a notice that is not believed. echo: what the answer must hold (a handshake)."""

    news: frozenset[News] = frozenset()
    echo: str | None = None


NOTHING = Heard()


def heard(
    kind: ProviderKind, channel: Channel, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> Heard:
    match kind:
        case "google":
            from calsync_cli.providers.google.notices import read as google

            return google(channel, headers)
        case "microsoft":
            from calsync_cli.providers.graph.notices import read as graph

            return graph(channel, query, body)
        case _:
            return NOTHING
