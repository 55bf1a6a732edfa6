"""`undo`, `trash`, `restore` and `retry`: what a run did or gave up is taken back, brought back, tried again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lines import ago, day_words
from calsync_cli.cli.running import Job, run
from calsync_cli.cli.screen import say, shown
from calsync_cli.cli.sync import asked, show
from calsync_cli.engine.state import Wish


def undo(ctx: Context, number: int | None, *, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Take back what a run wrote: the last one that wrote something, or the one named."""
    meant = number or ctx.look(lambda work: work.last_run())
    wish = _wish(f"undo {meant}", dry_run=dry_run, yes=yes, as_json=as_json)
    return _done(ctx, wish, lambda work, wish: work.undo(meant, wish), as_json=as_json)


def restore(ctx: Context, words: str, on: Sequence[str], *, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Make a deleted event again, on the calendars named, or on all of its pairs."""
    where = "".join(f" --on {shlex.quote(name)}" for name in on)
    wish = _wish(f"restore {shlex.quote(words)}{where}", dry_run=dry_run, yes=yes, as_json=as_json)
    return _done(ctx, wish, lambda work, wish: work.restore(words, on, wish), as_json=as_json)


def restore_pair(ctx: Context, pair: str, *, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Make again what was deleted on one calendar of a pair and is still on the other."""
    wish = _wish(f"restore --pair {shlex.quote(pair)}", dry_run=dry_run, yes=yes, as_json=as_json)
    return _done(ctx, wish, lambda work, wish: work.restore_pair(pair, wish), as_json=as_json)


def purge(ctx: Context, pair: str, *, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Take away the copies that a pair made."""
    wish = _wish(f"purge {shlex.quote(pair)}", dry_run=dry_run, yes=yes, as_json=as_json)
    return _done(ctx, wish, lambda work, wish: work.purge(pair, wish), as_json=as_json)


def retry(ctx: Context, words: Sequence[str], *, as_json: bool) -> int:
    """Try again what failed, and read everything anew."""
    wish = Wish(full=True, trigger="retry", plans_dir=ctx.state_dir / "plans", confirm=asked(as_json=as_json))
    report, signal_code = run(ctx, wish, lambda work, wish: work.retry(words, wish))
    show(ctx, report, as_json=as_json)
    return signal_code or report.exit_code


def trash(ctx: Context, *, as_json: bool) -> int:
    """What was deleted and can be brought back."""
    rows, now = ctx.look(lambda work: work.trash()), ctx.ports.now()
    if as_json:
        print_json(rows)
        return 0
    cells = [[day_words(row["start"]), row["title"] or row["uid"], row["calendar"], ago(row["deleted"], now),
              str(row["run"])] for row in rows]
    table(["start", "title", "calendar", "deleted", "run>"], cells, color=ctx.color)
    ways = "bring one back: calsync restore TITLE; all that a run deleted: calsync undo RUN"
    say(*(["", ways] if rows else ["nothing was deleted in the last 90 days"]))
    return 0


def _wish(trigger: str, *, dry_run: bool, yes: bool, as_json: bool) -> Wish:
    return Wish(dry_run=dry_run, yes=yes, trigger=trigger, confirm=asked(as_json=as_json))


def _done(ctx: Context, wish: Wish, job: Job, *, as_json: bool) -> int:
    report, signal_code = run(ctx, wish, job)
    if as_json or report.changes or report.problems:
        show(ctx, report, as_json=as_json)
    elif not ctx.quiet:
        say(f"{shown(wish.trigger)}: nothing is left to do")
    return signal_code or report.exit_code
