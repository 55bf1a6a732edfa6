"""The public library surface: whatever a command does, a program can do with the same call (design section 3).

Shape   `open_workspace(config, state_dir, ports, environ).sync(["work-home"], Wish())`; results are typed values and
        the plain data that `--json` prints
Errors  CalsyncError and its kinds; nothing else is raised on purpose
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from calsync_cli.api.behind import Behind
from calsync_cli.api.days import Days
from calsync_cli.api.editing import Editing
from calsync_cli.api.exporting import Exporting
from calsync_cli.api.recalling import Recalling
from calsync_cli.api.rows import event_json, operation_json
from calsync_cli.api.waiting import Waiting
from calsync_cli.model.account import Config
from calsync_cli.ports import Ports

if TYPE_CHECKING:
    from calsync_cli.engine.report import Report
    from calsync_cli.engine.state import Wish

__all__ = ["Workspace", "event_json", "open_workspace", "operation_json"]


class Workspace(Waiting, Recalling, Days, Exporting, Editing, Behind):
    """A configuration with its state folder."""

    __slots__ = ()

    def sync(self, pairs: Sequence[str], wish: Wish, *, due: bool = False, retire: bool = False) -> Report:
        """Bring the pairs' groups up to date; all of them when none is named (N3). retire: before that, take away the
        copies of pairs that are not in the configuration any more (W4); these can be named too."""
        from calsync_cli.engine.run import run

        with self.locked() as session:
            if retire:
                return self._retire(session, pairs, wish, due=due)
            return run(session, self.groups(pairs, due=due), wish)


def open_workspace(config: Config, state_dir: Path, ports: Ports, environ: Mapping[str, str]) -> Workspace:
    return Workspace(config, state_dir, ports, environ)
