"""Folder accounts, watched by the operating system.

Shape   `keep(roots)` says what is to be watched; `tend(now)` starts again what stopped, and returns when to come again
Order   a folder is watched, and then its account is looked at: whatever changed before is seen by that
Rule    a folder that is missing, replaced or cannot be watched is looked at again each LOOK; its account is polled
        like any other, so nothing depends on this
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from calsync_cli.providers.vdir_files import is_temporary
from calsync_cli.watch.inbox import Inbox, Touched

LOOK = timedelta(seconds=60)
GATHER_MS, STOP_MS = 200, 1000


class Folder:
    """One root, in a thread of its own."""

    def __init__(self, account: str, root: Path, inbox: Inbox) -> None:
        self.account, self.root = account, root
        self.problem = ""
        self.identity = _identity(root)
        self._inbox = inbox
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"folder {account}", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        from watchfiles import watch

        try:
            changes = watch(
                self.root, watch_filter=lambda _, path: not is_temporary(Path(path).name), step=50,
                debounce=GATHER_MS, rust_timeout=STOP_MS, stop_event=self._stop, raise_interrupt=False,
                yield_on_timeout=True,
            )
            for number, found in enumerate(changes):
                if number == 0:  # only now it surely stands: what changed before is to be looked for
                    self._inbox.put(Touched(self.account, None))
                for _, path in found:
                    self._inbox.put(Touched(self.account, Path(path).parent))
        except (OSError, RuntimeError) as err:  # the second: what the library makes of a full table of the kernel
            self.problem = str(err)

    @property
    def works(self) -> bool:
        return self._thread.is_alive() and self.identity is not None and self.identity == _identity(self.root)

    def close(self) -> None:
        self._stop.set()


class Folders:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._roots: Mapping[str, Path] = {}
        self._open: dict[str, Folder] = {}
        self._look: datetime | None = None

    @property
    def accounts(self) -> frozenset[str]:
        return frozenset(self._roots)

    def keep(self, roots: Mapping[str, Path]) -> None:
        """Account -> its folder."""
        if roots != self._roots:
            self._roots, self._look = dict(roots), None
        for account in [name for name, one in self._open.items() if roots.get(name) != one.root]:
            self._open.pop(account).close()

    def tend(self, now: datetime) -> datetime | None:
        if self._look is not None and self._look - LOOK <= now < self._look:
            return self._look
        for account, root in self._roots.items():
            before = self._open.get(account)
            if before is not None and before.works:
                continue
            if before is not None:
                before.close()
            self._open[account] = Folder(account, root, self._inbox)
        self._look = now + LOOK if self._roots else None
        return self._look

    def problem(self, account: str) -> str:
        """Why this one is not watched just now; nothing where it is."""
        one = self._open.get(account)
        if one is None or one.works:
            return ""
        return one.problem or f"{one.root} is not there"

    def close(self) -> None:
        for one in self._open.values():
            one.close()


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
