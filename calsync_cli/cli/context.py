"""What every command starts from: the global options, where things live, the log file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from calsync_cli.errors import StoreError
from calsync_cli.model.plain import dataclass
from calsync_cli.ports import Ports, system_ports

if TYPE_CHECKING:
    from calsync_cli.api import Workspace
    from calsync_cli.model.account import Config

T = TypeVar("T")


@dataclass(slots=True)
class Context:
    """Set once, by the global options. `config()` and `workspace()` do their work when asked.

    verbosity  0 warnings, 1 per item, 2 per request
    as_json    one JSON document was asked for: a program reads along
    command    what was typed, without its arguments: `calsync conflicts resolve`
    """

    config_path: Path | None = None
    state_option: Path | None = None
    verbosity: int = 0
    quiet: bool = False
    color: bool = True
    as_json: bool = False
    ports: Ports = field(default_factory=system_ports)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    open_workspace: Callable[[], Workspace] | None = None
    command: str = ""
    _log: Path | None = None

    @property
    def config_file(self) -> Path:
        from calsync_cli.config.paths import default_config_path

        return (self.config_path or default_config_path()).expanduser().absolute()

    @property
    def state_dir(self) -> Path:
        """The state folder, made for the owner alone (design 6)."""
        from calsync_cli import files
        from calsync_cli.config.paths import default_state_dir

        folder = (self.state_option or default_state_dir()).expanduser().absolute()
        try:
            files.make_folder(folder)
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

    def look(self, ask: Callable[[Workspace], T]) -> T:
        """Open the workspace for one question."""
        work = self.workspace()
        try:
            return ask(work)
        finally:
            work.close()

    def on_stage(self, opener: Callable[[], Workspace], state_dir: Path) -> Context:
        """The same options over another workspace (the demo's)."""
        return replace(self, open_workspace=opener, state_option=state_dir)

    def start_log(self) -> Path | None:
        """The log in the state folder, begun once. Returns its file, None when it cannot be written."""
        if self._log is None:
            from calsync_cli.cli.log import open_log

            try:
                self._log = open_log(self.state_dir, self.verbosity)
            except (OSError, StoreError):
                open_log(None, self.verbosity)
        return self._log

    @property
    def logs(self) -> bool:
        return self._log is not None
