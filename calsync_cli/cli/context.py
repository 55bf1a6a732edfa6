"""What every command starts from: the global options, where things live, the log file."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from calsync_cli.ports import Ports, system_ports

if TYPE_CHECKING:
    from calsync_cli.api import Workspace
    from calsync_cli.model.account import Config

LOG_BYTES, LOG_FILES = 1_000_000, 3


@dataclass(frozen=True, slots=True)
class Context:
    """verbosity: 0 warnings, 1 per item, 2 per request. `config()` and `workspace()` do their work when asked."""

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
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def config(self) -> Config:
        """Raises ConfigError with every problem at once."""
        from calsync_cli.config.load import load

        return load(self.config_file, self.environ)

    def workspace(self) -> Workspace:
        if self.open_workspace is not None:
            return self.open_workspace()
        from calsync_cli.api import open_workspace

        config = self.config()
        return open_workspace(config, self.state_dir, self.ports, self.environ)

    def on_stage(self, opener: Callable[[], Workspace], state_dir: Path) -> Context:
        """The same options over another workspace (the demo's)."""
        return replace(self, open_workspace=opener, state_option=state_dir)

    def start_log(self) -> None:
        """A rotating file in the state folder, and stderr with -v. Never raises: a full disk must not stop a look."""
        from logging.handlers import RotatingFileHandler

        root = logging.getLogger("calsync_cli")
        root.setLevel(logging.DEBUG if self.verbosity > 1 else logging.INFO)
        try:
            path = self.state_dir / "calsync.log"
            path.touch(mode=0o600)
            handler: logging.Handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, delay=True)
        except OSError:
            handler = logging.NullHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        root.addHandler(handler)
        if self.verbosity:
            loud = logging.StreamHandler()
            loud.setLevel(logging.INFO if self.verbosity == 1 else logging.DEBUG)
            loud.setFormatter(logging.Formatter("%(message)s"))
            root.addHandler(loud)
