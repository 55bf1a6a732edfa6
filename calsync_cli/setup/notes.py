"""What a translation of somebody else's configuration comes to: tables for the file, and what could not be taken along.

Shape   Setup: `accounts` and `pairs` are TOML tables by name; each Note says of which of them it is, so that it stands
        above it in the file, and what to do
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Any

from calsync_cli.model.plain import dataclass

Table = dict[str, Any]


class BadSetup(ValueError):
    """It is no configuration of that program; the text says why."""


@dataclass(frozen=True, slots=True)
class Note:
    """what: as it is called there. words: what became of it. next: a command or an edit, where ACCOUNT is `account`."""

    what: str
    words: str
    next: str = ""
    account: str = ""
    pair: str = ""

    @property
    def then(self) -> str:
        return self.next.replace("ACCOUNT", self.account or "ACCOUNT")

    @property
    def text(self) -> str:
        return f"{self.what}: {self.words}" + (f"; {self.then}" if self.next else "")


@dataclass(slots=True)
class Setup:
    """passwords: by account, as they stood there in plain text; they belong into the keyring, not into the file.

    program: whose set-up it was
    """

    accounts: dict[str, Table] = field(default_factory=dict)
    pairs: dict[str, Table] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    program: str = "vdirsyncer"

    def of(self, *, account: str = "", pair: str = "") -> Iterator[Note]:
        return (one for one in self.notes if (one.account, one.pair) == (account, pair))

    def renamed(self, accounts: dict[str, str], pairs: dict[str, str]) -> Setup:
        """Under other names, where the file has these already."""
        return Setup(
            {accounts.get(name, name): table for name, table in self.accounts.items()},
            {pairs.get(name, name): {**table, **_sides(table, accounts)} for name, table in self.pairs.items()},
            [Note(one.what, one.words, one.next, accounts.get(one.account, one.account),
                  pairs.get(one.pair, one.pair)) for one in self.notes],
            {accounts.get(name, name): secret for name, secret in self.passwords.items()}, self.program,
        )  # fmt: skip


def _sides(table: Table, accounts: dict[str, str]) -> Table:
    found = {}
    for side in ("a", "b"):
        account, _, calendar = table[side].partition("/")
        found[side] = f"{accounts.get(account, account)}/{calendar}"
    return found
