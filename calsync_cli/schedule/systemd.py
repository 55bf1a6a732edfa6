"""A systemd user timer: catches up after sleep and power-off, and spreads the runs.

Source  systemd.timer(5): OnCalendar elapses at wake-up, Persistent at boot; systemd.service(5), command lines
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from calsync_cli.errors import UsageError
from calsync_cli.schedule.base import ask, put, read, told
from calsync_cli.schedule.job import Job

SERVICE = """[Unit]
Description=Bring calendars up to date (calsync)

[Service]
Type=oneshot
ExecStart={command}
# 3: somebody must decide something, calsync status; 6: another run was at work
SuccessExitStatus=3 6
"""
TIMER = """[Unit]
Description=Look every {step} min which calendars are due (calsync)

[Timer]
OnCalendar={when}
RandomizedDelaySec={spread}
FixedRandomDelay=true
Persistent=true

[Install]
WantedBy=timers.target
"""
OTHERWISE = "calsync schedule install --using cron"


class Systemd:
    name = "systemd"

    def __init__(self, environ: Mapping[str, str]) -> None:
        config = environ.get("XDG_CONFIG_HOME") or f"{environ.get('HOME') or Path.home()}/.config"
        self.folder = Path(config) / "systemd" / "user"

    def usable(self) -> bool:
        return ask(["systemctl", "--user", "show-environment"])[0] == 0

    def _files(self, job: Job) -> list[Path]:
        return [self.folder / f"{job.name}.service", self.folder / f"{job.name}.timer"]

    def entry(self, job: Job) -> dict[str, str]:
        when = f"*:{job.offset:02}/{job.step}" if job.step < 60 else f"*:{job.offset:02}"
        texts = (
            SERVICE.format(command=" ".join(_quoted(word) for word in job.command)),
            TIMER.format(step=job.step, when=when, spread=min(300, job.step * 6)),
        )
        return dict(zip(map(str, self._files(job)), texts, strict=True))

    def installed(self, job: Job) -> dict[str, str]:
        return read(self._files(job))

    def install(self, job: Job) -> None:
        before = self.installed(job)
        try:
            for name, text in self.entry(job).items():
                put(Path(name), text)
            told(["systemctl", "--user", "daemon-reload"], next=OTHERWISE)
            told(["systemctl", "--user", "enable", "--now", f"{job.name}.timer"], next=OTHERWISE)
        except UsageError:
            for file in self._files(job):
                put(file, before.get(str(file)))
            raise

    def remove(self, job: Job) -> None:
        """Also where systemd does not answer: what is not there is not started."""
        ask(["systemctl", "--user", "disable", "--now", f"{job.name}.timer"])
        for file in (self.folder / "timers.target.wants" / f"{job.name}.timer", *self._files(job)):
            put(file, None)
        ask(["systemctl", "--user", "daemon-reload"])


def _quoted(word: str) -> str:
    doubled = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w@%$+=:,./-]+", doubled, re.ASCII):
        return doubled
    return '"' + doubled.replace("\\", "\\\\").replace('"', '\\"') + '"'
