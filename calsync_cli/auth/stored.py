"""What is stored of a sign-in, for `accounts` and `status`: told without asking anybody.

Start   nothing that speaks HTTP is imported here; `status` is quick
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from calsync_cli.config.secrets import SecretStore
from calsync_cli.errors import CalsyncError
from calsync_cli.model.account import Account
from calsync_cli.model.plain import dataclass
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports


class Grant(Protocol):
    """ends: when the sign-in ends unless it is used before, None for never. address: whose it is, if known."""

    @property
    def ends(self) -> datetime | None: ...

    @property
    def address(self) -> str | None: ...


G = TypeVar("G", bound=Grant)


@dataclass(frozen=True, slots=True)
class State:
    """expires: when the sign-in ends unless it is used before, None for never. problem: with the command that helps."""

    signed_in: bool
    problem: str | None = None
    expires: datetime | None = None
    address: str | None = None


def state(
    account: Account, store: SecretStore, ports: Ports, parse: Callable[[Secret | None], G | None],
    problem: Callable[[Account, G, datetime], str | None],
) -> State:
    """problem: what is wrong with a grant now, or None."""
    again = f"calsync login {account.name}"
    try:
        grant = read(account, store, ports, parse)
    except CalsyncError as err:
        return State(False, str(err))
    if grant is None:
        return State(False, f"not signed in; {again}")
    found = problem(account, grant, ports.now())
    return State(found is None, f"{found}; {again}" if found else None, grant.ends, grant.address)


def read(
    account: Account, store: SecretStore, ports: Ports, parse: Callable[[Secret | None], G | None]
) -> G | None:
    """Once more inside the guard when there is nothing: a keyring may be in the middle of taking a new value."""
    found = parse(store.get(account.name))
    if found is None:
        with store.guard(account.name, ports):
            found = parse(store.get(account.name))
    return found


def header_text(value: object) -> str:
    """A text that a header can hold. Raises TypeError, ValueError."""
    if not isinstance(value, str):
        raise TypeError("no text")
    if not value or not value.isascii() or not value.isprintable():
        raise ValueError("no readable text")
    return value
