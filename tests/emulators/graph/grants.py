"""What a token, a code or a device stands for while somebody holds it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.emulators.graph.world import Mailbox


def short(scope: str) -> str:
    return scope.rsplit("/", 1)[-1] if scope.lower().startswith("https://") else scope


@dataclass
class Session:
    """What an access token stands for."""

    mailbox: Mailbox
    scopes: frozenset[str]
    expires: datetime
    claims: dict[str, Any] = field(default_factory=dict)
    uses: int = 0
    dead: bool = False

    def may(self, scope: str) -> bool:
        held = {short(one).lower() for one in self.scopes}
        stem = scope.lower().replace(".read", ".readwrite") if scope.endswith(".Read") else scope.lower()
        return bool(held & {scope.lower(), stem, ".default"})


@dataclass
class Grant:
    """A consent on its way: an authorization code, a refresh token or a device."""

    mailbox: Mailbox | None
    scopes: frozenset[str]
    made: datetime
    request: dict[str, str] = field(default_factory=dict)
    state: str = "pending"
    polls: int = 0
    used: bool = False


def packed(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
