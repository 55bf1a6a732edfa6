"""What every command starts from: the global options, where things live, the log file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from calsync_cli.errors import StoreError
from calsync_cli.ports import Ports, system_ports

if TYPE_CHECKING:
    from logging import Handler

    from calsync_cli.api import Workspace
    from calsync_cli.model.account import Config

LOG_BYTES, LOG_FILES = 1_000_000, 3


@dataclass(slots=True)
class Context:
    """Set once, by the global options. `config()` and `workspace()` do their work when asked.

    verbosity  0 warnings, 1 per item, 2 per request
    """

    config_path: Path | None = None
    state_option: Path | None = None
    verbosity: int = 0
    quiet: bool = False
    color: bool = True
    ports: Ports = field(default_factory=system_ports)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    open_workspace: Callable[[], Workspace] | None = None

    @property
    def config_file(self) -> Path:
        from calsync_cli.config.paths import default_config_path

        return self.config_path or default_config_path()

    @property
    def state_dir(self) -> Path:
        """The state folder, made for the owner alone (design 6)."""
        from calsync_cli.config.paths import default_state_dir

        folder = self.state_option or default_state_dir()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as err:
            text = f"the state folder {folder} cannot be made ({err.strerror}); nothing was touched"
            raise StoreError(text, next="calsync --state-dir DIR ...") from err
        return folder

    def config(self, *, may_miss: bool = False) -> Config:
        """Raises ConfigError with every problem at once."""
        from calsync_cli.config.load import load

        return load(self.config_file, self.environ, may_miss=may_miss)

    def workspace(self) -> Workspace:
        if self.open_workspace is not None:
            return self.open_workspace()
        from calsync_cli.api import open_workspace

        config = self.config()
        return open_workspace(config, self.state_dir, self.ports, self.environ)

    def on_stage(self, opener: Callable[[], Workspace], state_dir: Path) -> Context:
        """The same options over another workspace (the demo's)."""
        return replace(self, open_workspace=opener, state_option=state_dir)

    def start_log(self) -> Path | None:
        """A rotating file in the state folder, and stderr with -v. Returns the file, None when it cannot be written:
        a full disk must not stop a look."""
        import logging

        logging.raiseExceptions = False  # a log that cannot be written is not worth a traceback on the screen
        root = logging.getLogger("calsync_cli")
        root.setLevel(logging.DEBUG if self.verbosity > 1 else logging.INFO)
        for old in list(root.handlers):
            root.removeHandler(old)
            old.close()
        file = self._log_file()
        root.addHandler(file[1] if file else logging.NullHandler())
        if self.verbosity:
            loud = logging.StreamHandler()
            loud.setLevel(logging.INFO if self.verbosity == 1 else logging.DEBUG)
            loud.setFormatter(logging.Formatter("%(message)s"))
            root.addHandler(loud)
        return file[0] if file else None

    def _log_file(self) -> tuple[Path, Handler] | None:
        import logging
        from io import TextIOWrapper
        from logging.handlers import RotatingFileHandler

        class OwnersFile(RotatingFileHandler):
            """Each new file is for the owner alone, also after a rotation."""

            def _open(self) -> TextIOWrapper:
                return TextIOWrapper(open(self.baseFilename, "ab", opener=_private), encoding="utf-8")

        try:
            path = self.state_dir / "calsync.log"
            handler = OwnersFile(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
        except (OSError, StoreError):
            return None
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        return path, handler


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
