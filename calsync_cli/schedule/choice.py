"""Which scheduler this machine has: the only place that asks what kind of system it is."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from calsync_cli.errors import UsageError
from calsync_cli.model.words import closest
from calsync_cli.schedule.base import Scheduler
from calsync_cli.schedule.cron import Cron
from calsync_cli.schedule.launchd import Launchd
from calsync_cli.schedule.schtasks import TaskScheduler
from calsync_cli.schedule.systemd import Systemd

NAMES = ("systemd", "cron", "launchd", "schtasks")


def schedulers(environ: Mapping[str, str]) -> dict[str, Scheduler]:
    """All of them, by name."""
    found: tuple[Scheduler, ...] = (Systemd(environ), Cron(), Launchd(environ), TaskScheduler())
    return {one.name: one for one in found}


def chosen(using: str | None, environ: Mapping[str, str]) -> Scheduler:
    """The named one, or the best that works here. Raises UsageError."""
    known = schedulers(environ)
    if using is not None:
        if using not in known:
            text = f"{using!r} is no scheduler{closest(using, NAMES)}; one of: {', '.join(NAMES)}"
            raise UsageError(text, next="calsync schedule -h")
        return known[using]
    usual = {"darwin": ("launchd",), "win32": ("schtasks",)}.get(sys.platform, ("systemd", "cron"))
    for name in usual:
        if known[name].usable():
            return known[name]
    text = f"none of the schedulers of this machine answers ({', '.join(usual)}); nothing was done"
    raise UsageError(text, next=f"calsync schedule install --using {usual[-1]} --print")
