"""What Microsoft granted to one account: kept as one JSON secret under the account's name, and nowhere else.

Shape   `Grant.to_secret()` <-> `parse(secret)`; None for what is no such JSON (a password of another provider)
Times   aware UTC. signed_in: by a person; obtained, expires: of the access token
Cache   MSAL's own, as compact JSON without access and id tokens: the access token stands beside it, so that a run uses
        it without MSAL, and small back ends of the keyring need few pieces
Rule    whoever uses a grant that was renewed stores it first: each renewal brings another refresh token (facts 1.4)
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from calsync_cli.auth.stored import header_text
from calsync_cli.model.plain import dataclass
from calsync_cli.model.secret import Secret

EARLY = timedelta(minutes=5)
UNUSED = timedelta(days=90)
"""A refresh token that is not used for so long ends (facts 1.5)."""
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal accounts (facts 1.2)."""
TEXTS = ("client_id", "home_account_id", "address", "claims", "wanted", "problem")
TIMES = ("signed_in", "obtained", "expires")


@dataclass(frozen=True, slots=True)
class Grant:
    """home_account_id: whose sign-in it is, for ever; the address may change. claims: what Graph demanded of the access
    token; wanted: what the next sign-in by a person must ask for. problem: why the last renewal was refused."""

    client_id: str
    home_account_id: str
    cache: Secret
    access_token: Secret
    scopes: frozenset[str]
    signed_in: datetime
    obtained: datetime
    expires: datetime
    address: str | None = None
    claims: str | None = None
    wanted: str | None = None
    problem: str | None = None

    @property
    def renewal(self) -> Secret:
        return self.cache

    def is_fresh(self, now: datetime) -> bool:
        """Good for some minutes more; for a tenth of its life, where that is shorter."""
        return self.obtained - EARLY <= now < self.expires - min(EARLY, (self.expires - self.obtained) / 10)

    @property
    def ends(self) -> datetime:
        """When the sign-in ends if it is not used any more."""
        return self.obtained + UNUSED

    @property
    def kind(self) -> str:
        return "personal" if self.home_account_id.endswith(f".{CONSUMERS}") else "work or school"

    def to_secret(self) -> Secret:
        data: dict[str, Any] = {"kind": "microsoft", "scopes": sorted(self.scopes)}
        data |= {name: getattr(self, name) for name in TEXTS}
        data |= {name: getattr(self, name).isoformat() for name in TIMES}
        data |= {"access_token": self.access_token.reveal(), "cache": json.loads(self.cache.reveal())}
        return Secret(compact(data))


def parse(secret: Secret | None) -> Grant | None:
    try:
        data = json.loads(secret.reveal()) if secret is not None else None
        if not isinstance(data, dict) or data.get("kind") != "microsoft" or not isinstance(data["cache"], dict):
            return None
        values: dict[str, Any] = {name: data[name] for name in TEXTS}
        if not all(isinstance(values[name], str) for name in TEXTS[:2]):
            return None
        values |= {name: datetime.fromisoformat(data[name]) for name in TIMES}
        return Grant(
            cache=Secret(compact(data["cache"])), access_token=Secret(header_text(data["access_token"])),
            scopes=frozenset(data["scopes"]), **values,
        )
    except (ValueError, KeyError, TypeError):
        return None


def compact(data: object) -> str:
    return json.dumps(data, separators=(",", ":"), sort_keys=True)


def life(value: object) -> timedelta:
    """Seconds, as a number or in digits; an hour where nothing is said. Raises ValueError, TypeError, OverflowError."""
    if value is None:
        return timedelta(hours=1)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("no number")
    return timedelta(seconds=min(max(int(value), 0), 10**9))
