"""What calsync asks Microsoft for: one right, as small as the account's `access` needs (facts 1.1, 1.2). Pure.

Shape   `wanted(account)` is asked for at sign-in, `held(account, granted)` at renewals; `missing(...)` was not given
Names   short ones, as in the global cloud. A token answer may write them long, and in any case (facts L1.3); elsewhere
        than in the global cloud they carry Graph's host when they are asked for
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit

from calsync_cli.model.account import Account

READ, WRITE = "Calendars.Read", "Calendars.ReadWrite"
NEEDED: Mapping[str, str] = {"read": READ, "write": WRITE, "create": WRITE}
WORDS = {READ: "Read your calendars", WRITE: "Have full access to your calendars"}
_ENOUGH: Mapping[str, Sequence[str]] = {READ: (READ, WRITE), WRITE: (WRITE,)}
GLOBAL = frozenset({"graph.microsoft.com", "127.0.0.1", "localhost", "::1"})


def wanted(account: Account) -> list[str]:
    return [_addressed(account, NEEDED[account.access])]


def held(account: Account, granted: Collection[str]) -> list[str]:
    """What was granted of it, or what is wider: a right that nobody agreed to would be refused."""
    needed = NEEDED[account.access]
    found = next((scope for scope in _ENOUGH[needed] if scope in granted), needed)
    return [_addressed(account, found)]


def missing(access: str, granted: Collection[str]) -> str | None:
    needed = NEEDED[access]
    return None if any(scope in granted for scope in _ENOUGH[needed]) else needed


def in_words(scope: str) -> str:
    return f'"{WORDS[scope]}" ({scope})'


def short(text: str) -> frozenset[str]:
    """The rights of a token answer, spelt as ours where they are ours."""
    ours = {scope.casefold(): scope for scope in WORDS}
    names = [word.rpartition("/")[2] for word in text.split()]
    return frozenset(ours.get(name.casefold(), name) for name in names)


def _addressed(account: Account, scope: str) -> str:
    parts = urlsplit(account.api_url or "https://graph.microsoft.com/")
    return scope if parts.hostname in GLOBAL else f"https://{parts.hostname}/{scope}"
