"""How the watch is, as data: what a live view draws and `systemctl status` shows. Times are aware UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from calsync_cli.model.plain import dataclass

if TYPE_CHECKING:
    from calsync_cli.engine.report import Problem, Report


How = Literal["notices", "folder", "looking"]
"""What brings the changes of an account."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """problem: why its changes are not brought any faster. look: when it is looked at if nothing is heard."""

    name: str
    how: How
    problem: str
    notice: datetime | None
    run: datetime | None
    renewal: datetime | None
    look: datetime | None


@dataclass(frozen=True, slots=True)
class WatchState:
    """way: how notices get here, in words. waits: what needs a person, or is tried again, each with what to type."""

    now: datetime
    way: str
    accounts: tuple[AccountState, ...]
    busy: bool
    waits: tuple[str, ...]

    @property
    def sentence(self) -> str:
        pushed = sum(one.how == "notices" for one in self.accounts)
        words = f"{len(self.accounts)} accounts, {pushed} by notices; {self.way}"
        return words + (f"; {len(self.waits)} to look at: calsync status" if self.waits else "")


class Screen(Protocol):
    """Where the loop tells what happens. Nothing here may raise or take long."""

    def tell(self, line: str, *, wrong: bool = False) -> None:
        """One change of state, in a line."""
        ...

    def report(self, report: Report, new: Sequence[Problem]) -> None:
        """A run ended. new: of its problems those that were not there before."""
        ...

    def draw(self, state: WatchState) -> None: ...
