"""What Google granted to one account: kept as one JSON secret under the account's name, and nowhere else.

Shape   `Grant.to_secret()` <-> `parse(secret)`; None for what is no such JSON (a password of another provider)
Times   aware UTC. signed_in: consent; obtained, expires: of the access token; ends: of the refresh token, if told
Rule    whoever uses a grant that `renewed` made stores it first: Google may have replaced the refresh token (facts 1.5)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from calsync_cli.auth.stored import header_text
from calsync_cli.model.plain import dataclass
from calsync_cli.model.secret import Secret

EARLY = timedelta(minutes=4)
TEXTS = ("client_id", "token_url", "address", "problem")
SECRETS = ("client_secret", "refresh_token", "access_token")
TIMES = ("signed_in", "obtained", "expires", "ends")


@dataclass(frozen=True, slots=True)
class Grant:
    """address: whose account it is, None when Google did not say. problem: why the last renewal was refused."""

    client_id: str
    client_secret: Secret
    token_url: str
    refresh_token: Secret
    access_token: Secret
    scopes: frozenset[str]
    signed_in: datetime
    obtained: datetime
    expires: datetime
    ends: datetime | None = None
    address: str | None = None
    problem: str | None = None

    @property
    def renewal(self) -> Secret:
        return self.refresh_token

    def is_fresh(self, now: datetime) -> bool:
        """Good for some minutes more; for a tenth of its life, where that is shorter."""
        return self.obtained - EARLY <= now < self.expires - min(EARLY, (self.expires - self.obtained) / 10)

    def renewed(self, answer: Mapping[str, Any], now: datetime) -> Grant:
        """This grant with what a token server answered. Raises KeyError, TypeError, ValueError for nonsense."""
        refresh = answer.get("refresh_token")
        scopes = answer.get("scope")
        ends = life(answer.get("refresh_token_expires_in"))
        return replace(
            self, access_token=Secret(header_text(answer["access_token"])), obtained=now,
            expires=now + (life(answer.get("expires_in")) or timedelta(hours=1)),
            refresh_token=Secret(header_text(refresh)) if refresh is not None else self.refresh_token,
            scopes=frozenset(header_text(scopes).split()) if scopes else self.scopes,
            ends=now + ends if ends else self.ends, problem=None,
        )

    def to_secret(self) -> Secret:
        data: dict[str, Any] = {"kind": "google", "scopes": sorted(self.scopes)}
        data |= {name: getattr(self, name) for name in TEXTS}
        data |= {name: getattr(self, name).reveal() for name in SECRETS}
        data |= {name: when.isoformat() if (when := getattr(self, name)) else None for name in TIMES}
        return Secret(json.dumps(data))


def parse(secret: Secret | None) -> Grant | None:
    try:
        data = json.loads(secret.reveal()) if secret is not None else None
        if not isinstance(data, dict) or data.get("kind") != "google":
            return None
        values: dict[str, Any] = {name: data[name] for name in TEXTS}
        values |= {name: Secret(header_text(data[name])) for name in SECRETS}
        values |= {name: datetime.fromisoformat(data[name]) if data[name] else None for name in TIMES}
        return Grant(scopes=frozenset(data["scopes"]), **values)
    except (ValueError, KeyError, TypeError):
        return None


def life(value: object) -> timedelta | None:
    """Seconds, as a number or in digits. Raises ValueError, TypeError, OverflowError."""
    if value is None:
        return None
    return timedelta(seconds=min(max(int(value), 0), 10**9)) if isinstance(value, int | float | str) else None
