"""A launch agent of macOS. StartCalendarInterval, and not StartInterval, runs at wake-up what sleep missed.

Source  launchd.plist(5); launchctl(1), bootstrap and bootout
"""

from __future__ import annotations

import os
import plistlib
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from calsync_cli.errors import UsageError
from calsync_cli.schedule.base import ask, put, read, told
from calsync_cli.schedule.job import Job


class Launchd:
    name = "launchd"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.folder = Path(environ.get("HOME") or Path.home()) / "Library" / "LaunchAgents"

    def usable(self) -> bool:
        return sys.platform == "darwin" and shutil.which("launchctl") is not None

    def _file(self, job: Job) -> Path:
        return self.folder / f"{job.name}.sync.plist"

    def entry(self, job: Job) -> dict[str, str]:
        data = {
            "Label": f"{job.name}.sync", "ProgramArguments": list(job.command), "RunAtLoad": True,
            "StartCalendarInterval": [{"Minute": minute} for minute in job.minutes], "ProcessType": "Background",
            "WorkingDirectory": str(job.folder),
        }
        return {str(self._file(job)): plistlib.dumps(data).decode()}

    def installed(self, job: Job) -> dict[str, str]:
        return read([self._file(job)])

    def install(self, job: Job) -> None:
        file, before = self._file(job), self.installed(job)
        put(file, self.entry(job)[str(file)])
        ask(["launchctl", "bootout", f"{_domain()}/{job.name}.sync"])  # an older one, if any
        try:
            told(["launchctl", "bootstrap", _domain(), str(file)])
        except UsageError:
            put(file, before.get(str(file)))
            raise

    def remove(self, job: Job) -> None:
        ask(["launchctl", "bootout", f"{_domain()}/{job.name}.sync"])
        put(self._file(job), None)


def _domain() -> str:
    return f"gui/{os.getuid()}" if sys.platform != "win32" else "gui"
