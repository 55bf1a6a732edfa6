"""`events add`, `edit` and `rm`: one calendar is changed and its pairs are synced, in a run that `undo` takes back."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from datetime import date

from calsync_cli.api import Workspace
from calsync_cli.api.editing import Copy
from calsync_cli.cli.agenda import day_of
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import table
from calsync_cli.cli.lines import counted, day_words
from calsync_cli.cli.running import run
from calsync_cli.cli.said import Said, changes, date_changes, new, zone_here
from calsync_cli.cli.screen import say, shown
from calsync_cli.cli.sync import asked, show
from calsync_cli.engine.report import Report, iso
from calsync_cli.engine.state import Wish
from calsync_cli.errors import PersonNeeded, UsageError
from calsync_cli.model.codec import time_text
from calsync_cli.model.series import CANCELLED, Changes, Form, form_span, form_title
from calsync_cli.model.times import InstanceKey

Job = Callable[[Workspace, Wish], Report]


def add(ctx: Context, calendar: str, said: Said, *, again: bool, dry_run: bool, as_json: bool) -> int:
    """A new event on a calendar of a pair."""
    name = ctx.look(lambda work: work.calendar_named(calendar))
    form = new(said, zone_here(ctx.environ))
    job: Job = lambda work, wish: work.add(name, form, wish, again=again)  # noqa: E731
    return _done(ctx, "events add", job, dry_run=dry_run, as_json=as_json)


def edit(
    ctx: Context, words: str, said: Said, *, calendar: str | None, day: str | None, dry_run: bool, as_json: bool
) -> int:
    """Other values in one event, or in one date of a series."""
    copy = _one(ctx, words, calendar, "calsync events edit")
    here = zone_here(ctx.environ)
    if day is None:
        wanted: Changes = changes(said, copy.form, here)
    else:
        key, one = _date(ctx, copy, day, "calsync events edit")
        wanted = date_changes(said, key, one, here)
    if not wanted:
        raise said.wrong("say what is to change, such as --title or --start")
    return _done(ctx, "events edit", lambda work, wish: work.edit(copy, wanted, wish), dry_run=dry_run, as_json=as_json)


def remove(
    ctx: Context, words: str, *, calendar: str | None, day: str | None, yes: bool, dry_run: bool, as_json: bool
) -> int:
    """An event less, or one date of a series."""
    copy = _one(ctx, words, calendar, "calsync events rm")
    key, one = ("", copy.form) if day is None else _date(ctx, copy, day, "calsync events rm")
    if not (yes or dry_run):
        again = f"calsync events rm {shlex.quote(words)}" + (f" --date {day}" if day else "")
        _confirm(copy, one, f"{again} --yes", whole=not key, may_ask=not as_json)
    if key:
        job: Job = lambda work, wish: work.edit(copy, {f"@{key}": CANCELLED}, wish)  # noqa: E731
    else:
        job = lambda work, wish: work.remove(copy, wish)  # noqa: E731
    return _done(ctx, "events rm", job, dry_run=dry_run, as_json=as_json)


def _done(ctx: Context, trigger: str, job: Job, *, dry_run: bool, as_json: bool) -> int:
    """`yes` is for what was typed; the sync behind it asks as ever."""
    wish = Wish(dry_run=dry_run, yes=True, trigger=trigger, plans_dir=ctx.state_dir / "plans",
                confirm=asked(as_json=as_json))
    report, signal_code = run(ctx, wish, job)
    if as_json or report.changes or report.problems or not ctx.quiet:
        show(ctx, report, as_json=as_json)
    if not (as_json or ctx.quiet):
        if dry_run and report.changes:
            say("then its pairs are synced")
        elif any(change.outcome == "confirmed" for change in report.changes):
            say(f"take it back with: calsync undo {report.run}")
    return signal_code or report.exit_code


# -- which one ---------------------------------------------------------------------------------------------------------


def _one(ctx: Context, words: str, calendar: str | None, command: str) -> Copy:
    """Raises UsageError when the words fit no event, or, behind a table of them, several."""
    found = ctx.look(lambda work: work.copy_of(words, calendar))
    if len(found) > 1:
        rows = sorted((_start(copy.form), form_title(copy.form), copy.row.uid, str(copy.calendar)) for copy in found)
        table(["start", "title", "UID", "calendar"], [[day_words(r[0]), *r[1:]] for r in rows], color=ctx.color)
        text = f"{counted(len(found), 'event')} fit {words!r}; name one by its UID, or its --calendar"
        raise UsageError(f"{text}; nothing was written", next=f"{command} UID")
    (copy,) = found
    if copy.row.link_id is None:
        why = shown(copy.row.detail) or "it is not in sync"
        text = f'"{form_title(copy.form)}" on {copy.calendar} is left alone by calsync ({why}); nothing was written'
        raise UsageError(text, next=f"calsync why {shlex.quote(words)}")
    return copy


def _date(ctx: Context, copy: Copy, words: str, command: str) -> tuple[InstanceKey, Form]:
    day = day_of(words, ctx.ports.now(), command)
    if "recurrence" not in copy.form:
        text = f'"{form_title(copy.form)}" does not repeat, so it has no single dates; leave --date away'
        raise UsageError(f"{text}; nothing was written", next=f"{command} -h")
    dates = copy.dates(day)
    if len(dates) != 1:
        count = "no date" if not dates else f"{len(dates)} dates"
        text = f'"{form_title(copy.form)}" has {count} on {day_words(date.isoformat(day))}; nothing was written'
        raise UsageError(text, next=f"calsync events show {shlex.quote(copy.row.uid)}")
    return dates[0]


def _start(form: Form) -> str:
    span = form_span(form)
    return iso(time_text(span.start)) if span else ""


def _confirm(copy: Copy, form: Form, command: str, *, whole: bool, may_ask: bool) -> None:
    series = " (series, with all its dates)" if whole and "recurrence" in form else ""
    where = " and ".join([str(copy.calendar), *copy.others])
    what = f'"{shown(form_title(form)) or "(no title)"}"{series} {day_words(_start(form))} from {where}'
    if not (may_ask and sys.stdin.isatty()):
        raise PersonNeeded(f"to delete {what} needs your yes; nothing was deleted", next=command)
    from calsync_cli.cli.questions import yes

    if not yes(f"Delete {what}? [y/N] ", default=False):
        raise PersonNeeded("nothing was deleted", next=command)
