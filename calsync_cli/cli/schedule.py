"""`schedule`: show, put and take away the entry that runs `sync --due`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.screen import say
from calsync_cli.config.environment import PREFIX
from calsync_cli.errors import CalsyncError, ConfigError
from calsync_cli.schedule.base import Scheduler
from calsync_cli.schedule.choice import chosen, schedulers
from calsync_cli.schedule.job import Job, job

KEY = f"{PREFIX}SECRET_KEY"
USUAL = timedelta(minutes=15)


def show(ctx: Context, using: str | None, every: str | None, *, as_json: bool) -> int:
    """What is installed, of the named scheduler or of all that work here."""
    wanted = _job(ctx, every)
    all_of_them = {using: chosen(using, ctx.environ)} if using else schedulers(ctx.environ)
    rows = [_row(one, wanted) for one in all_of_them.values()]
    rows = [row for row in rows if using or row["installed"] or all_of_them[row["using"]].usable()]
    if as_json:
        print_json(rows)
        return 0
    table(("scheduler", "state", "where"), [(r["using"], r["state"], tuple(r["where"])) for r in rows], color=ctx.color)
    if not any(row["installed"] for row in rows) and not ctx.quiet:
        say("next: calsync schedule install")
    return 0


def _row(one: Scheduler, wanted: Job) -> dict[str, Any]:
    try:
        there = one.installed(wanted)
    except CalsyncError as err:
        return {"using": one.name, "installed": False, "state": str(err), "where": []}
    state = f"installed, looks every {wanted.step} min" if there else "not installed"
    if there and one.name != "schtasks" and there != one.entry(wanted):
        state = "installed, but not as `calsync schedule install` would do it now"
    return {"using": one.name, "installed": bool(there), "state": state, "where": list(there)}


def install(ctx: Context, using: str | None, every: str | None, *, preview: bool) -> int:
    wanted = _job(ctx, every)
    one = chosen(using, ctx.environ)
    if preview:
        return _preview(one.entry(wanted))
    one.install(wanted)
    if not ctx.quiet:
        say(f"{one.name} now runs `calsync sync --due` every {wanted.step} min: calsync schedule show")
        say(*_advice(ctx, one))
    return 0


def _advice(ctx: Context, one: Scheduler) -> Iterator[str]:
    if one.name == "systemd":
        yield "while you are logged in; without that too: loginctl enable-linger"
    if one.name == "cron" and ctx.config(may_miss=True).secrets.backend == "keyring":
        yield "cron opens no keyring on most systems: docs/headless.md names two ways"
    if here := sorted(name for name in ctx.environ if name == KEY or (name.startswith(PREFIX) and "__" in name)):
        yield f"! {one.name} does not know what only this shell sets: {', '.join(here)} (docs/headless.md)"
        yield "  next: calsync config edit"


def remove(ctx: Context, using: str | None, *, preview: bool) -> int:
    """Wherever it is installed, or from the named scheduler."""
    wanted = _job(ctx, None)
    all_of_them = [chosen(using, ctx.environ)] if using else list(schedulers(ctx.environ).values())
    looked = [one for one in all_of_them if using or one.name == "systemd" or one.usable()]
    there = [(one, entry) for one in looked if (entry := one.installed(wanted))]
    for one, entry in there:
        if preview:
            _preview(entry)
        else:
            one.remove(wanted)
    if not ctx.quiet and not preview:
        say(*([f"taken out of {one.name}" for one, _ in there] or ["nothing was scheduled"]))
    return 0


def _preview(entry: Mapping[str, str]) -> int:
    for where, text in entry.items():
        print(f"# {where}\n{text}")
    return 0


def _job(ctx: Context, every: str | None) -> Job:
    """By default as often as the pair that is due most often."""
    if every is not None:
        from calsync_cli.cli.running import parse_duration

        wanted = parse_duration(every)
    else:
        try:
            wanted = min((pair.every for pair in ctx.config().pairs.values()), default=USUAL)
        except ConfigError:
            wanted = USUAL
    usual = ctx.config_path is None and ctx.state_option is None
    return job(ctx.config_file, ctx.state_dir, wanted, usual=usual)
