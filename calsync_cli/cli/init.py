"""`init`: from nothing to a first approved sync. What options say is not asked; without a terminal nothing is asked.

Order   what is already here; accounts, each signed in to at once; two calendars; the rules; the file; the first plan
Rule    each step is kept before the next begins, so whoever stops half way goes on with the same command
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from calsync_cli.cli import importing, settings, sync
from calsync_cli.cli.choosing import Known, There, calendars, side
from calsync_cli.cli.connecting import PLACES, connect, connected, sign_in
from calsync_cli.cli.context import Context
from calsync_cli.cli.inspect import account_state
from calsync_cli.cli.questions import pick, yes
from calsync_cli.cli.screen import say
from calsync_cli.config import edit
from calsync_cli.config.load import load
from calsync_cli.errors import AuthError, CalsyncError, ConfigError, UsageError
from calsync_cli.model.account import Config
from calsync_cli.model.plain import dataclass
from calsync_cli.model.words import closest
from calsync_cli.setup.found import Found, look
from calsync_cli.setup.notes import Setup

WAYS = {
    "two-way": "both ways", "a-to-b": "from the first to the second only", "b-to-a": "from the second to the first only"
}
CONFLICTS = {
    "merge": "merge them, and ask me where both changed the same field", "ask": "ask me about each such event",
    "newest": "the newest change wins", "a": "the first calendar wins", "b": "the second calendar wins",
}


WELCOME = (
    "First where your calendars are, then which two are to be kept alike.",
    "No event is written before you have seen the plan and said yes.",
    "Ctrl-C leaves at any time; calsync init goes on from there.",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What options said; None is asked for."""

    accounts: Sequence[str] = ()
    a: str | None = None
    b: str | None = None
    direction: str | None = None
    conflict: str | None = None
    name: str | None = None
    create: bool = False
    yes: bool = False
    source: str | None = None
    file: Path | None = None


def init(ctx: Context, wanted: Wanted) -> int:
    asks = sys.stdin.isatty()
    _check(wanted, asks=asks)
    for said in wanted.accounts:
        connected(ctx, said)
    setup = None
    if wanted.source is not None:
        setup = importing.new_of(ctx, wanted.source, wanted.file)
    elif asks and not (wanted.accounts or wanted.a or wanted.b):
        setup = _found_here(ctx)
    if setup is not None:
        return _take_over(ctx, wanted, setup, asks=asks)
    if asks and not (wanted.a and wanted.b):
        say(*([] if ctx.config_file.exists() else WELCOME))
        _connect(ctx)
    known = calendars(ctx)
    for account, err in known.failed.items() if asks else ():
        say(f"! {account}: {err}", *([f"  next: {err.next}"] if err.next else []), to=sys.stderr)
    a = side(ctx, known, "a", wanted.a, None, create=wanted.create)
    b = side(ctx, known, "b", wanted.b, a, create=wanted.create)
    name = _pair_of(ctx, known, a, b) or _write(ctx, wanted, a, b, _rules(wanted, known, a, b, asks=asks))
    say(settings.sentence(ctx.config().pairs[name]), f"written to {ctx.config_file}", "")
    return _first_sync(ctx, wanted, [name])


def _first_sync(ctx: Context, wanted: Wanted, pairs: Sequence[str]) -> int:
    """The plan is shown, and asks for a yes (semantics 14)."""
    code = sync.sync(
        ctx, pairs, all=False, due=False, dry_run=False, plan_file=None, yes=wanted.yes, approve=(), full=False,
        retire=False, budget=None, as_json=False,
    )
    say(*_afterwards(pairs, code))
    return code


def _check(wanted: Wanted, *, asks: bool) -> None:
    for option, value, choices in (("--direction", wanted.direction, WAYS), ("--conflict", wanted.conflict, CONFLICTS)):
        if value is not None and value not in choices:
            text = f"{option} {value!r} is none of: {', '.join(choices)}{closest(value, choices)}"
            raise UsageError(text, next="calsync init -h")
    if not asks and not (wanted.a and wanted.b) and wanted.source is None:
        text = "there is no terminal to ask on; name both calendars: --a ACCOUNT/CALENDAR --b ACCOUNT/CALENDAR"
        raise UsageError(text, next="calsync init -h")


def _afterwards(pairs: Sequence[str], code: int) -> Iterator[str]:
    yield ""
    if code == 0:
        yield "Take all of it back:            calsync undo"
        yield "Again, when something changed:  calsync sync"
        yield "By itself, every 15 minutes:    calsync schedule install"
    else:
        yield f"{', '.join(pairs)} stays in the configuration; go on with: calsync sync"
    yield "One more pair:                  calsync init"


# -- what is here ------------------------------------------------------------------------------------------------------


def _found_here(ctx: Context) -> Setup | None:
    """Another program's set-up, which a person wants to take over."""
    for one in look(ctx.environ, Path.cwd()):
        say(f"{one.program} is set up here ({one.path}): {one.words}")
        setup = None if one.folders else _new_of(ctx, one)
        if setup is not None and setup.pairs:
            say(*importing.report(ctx, setup, preview=True))
            if yes("Take this over? [Y/n] ", default=True):
                return setup
        for folder in one.folders:
            if not _is_known(ctx.config(may_miss=True), folder) and yes(f"Connect {folder}? [Y/n] ", default=True):
                connected(ctx, f"{_free(ctx, 'local')}={folder}")
    return None


def _new_of(ctx: Context, one: Found) -> Setup | None:
    try:
        return importing.new_of(ctx, one.program.lower(), one.path)
    except UsageError as err:
        say(f"! {err}")
        return None


def _take_over(ctx: Context, wanted: Wanted, setup: Setup, *, asks: bool) -> int:
    """And sign in where that is needed, and sync; what vdirsyncer has synced is linked, not copied."""
    importing.keep(ctx, setup)
    if wanted.source is not None:
        say(*importing.report(ctx, setup, preview=False))
    for name in setup.accounts:
        kind, state = _states(ctx)[name]
        if state == NOT_YET and not asks:
            raise AuthError(f"{name} is not signed in to; the configuration is written", next=f"calsync login {name}")
        if state == NOT_YET:
            _told(lambda kind=kind, name=name: sign_in(ctx, kind, name), "")  # type: ignore[misc]
    return _first_sync(ctx, wanted, list(setup.pairs)) if setup.pairs else 0


def _told(step: Callable[[], None], again: str) -> None:
    """What fails is said, and the way goes on. again: what to type at the next question to try it once more."""
    try:
        step()
    except CalsyncError as err:
        ways = [f"{again} to try again" if again else "", f"{'later: ' if again else ''}{err.next}" if err.next else ""]
        say(f"! {err}", *([f"  next: {', or '.join(filter(None, ways))}"] if any(ways) else []))


def _is_known(config: Config, folder: str) -> bool:
    path = Path(folder).expanduser()
    return any(one.path == path for one in config.accounts.values())


def _free(ctx: Context, name: str) -> str:
    there, number, found = ctx.config(may_miss=True).accounts, 2, name
    while found in there:
        number, found = number + 1, f"{name}{number}"
    return found


NOT_YET = "not signed in"


def _states(ctx: Context) -> dict[str, tuple[str, str]]:
    """The kind of each account, and in a word how it is."""
    if not ctx.config(may_miss=True).accounts:
        return {}
    rows = ctx.look(lambda work: [account_state(work, name) for name in work.config.accounts])
    return {row["account"]: (row["provider"], row["provider"] if row["signed_in"] else NOT_YET) for row in rows}


def _connect(ctx: Context) -> None:
    """Accounts, until there are enough. What fails is told, and asked for again."""
    while True:
        there = _states(ctx)
        if there:
            say("Accounts: " + ", ".join(f"{name} ({state})" for name, (_, state) in there.items()))
        options = {**PLACES, "": "no more: go on"} if there else PLACES
        kind = pick("What shall be connected?", options, "" if there else None)
        if not kind:
            return
        waits = (name for name, state in there.items() if state == (kind, NOT_YET))
        free = next(waits, None) or _free(ctx, kind)
        _told(lambda kind=kind, free=free: connect(ctx, kind, free), kind)  # type: ignore[misc]


# -- rules -------------------------------------------------------------------------------------------------------------


def _rules(wanted: Wanted, known: Known, a: There, b: There, *, asks: bool) -> dict[str, Any]:
    """The pair as the file has it. A calendar that is only read says the direction."""
    if not (a.writable or b.writable):
        raise UsageError(f"{a} and {b} can both only be read", next="calsync calendars")
    only = "a-to-b" if not a.writable else "b-to-a" if not b.writable else None
    if only and wanted.direction not in (None, only):
        text = f"{a if only == 'a-to-b' else b} can only be read; the direction is {only}"
        raise UsageError(text, next="calsync calendars")
    asks = asks and not wanted.yes
    way = only or wanted.direction
    way = way or (pick("Which way?", WAYS, "two-way") if asks else "two-way")
    table = {"a": known.spelled(a), "b": known.spelled(b), "direction": way}
    if way != "two-way":
        return table
    question = "When both sides changed one event?"
    return table | {"conflict": wanted.conflict or (pick(question, CONFLICTS, "merge") if asks else "merge")}


def _pair_of(ctx: Context, known: Known, a: There, b: There) -> str:
    """The pair that these two are already, or ""."""
    for name, pair in ctx.config().pairs.items():
        if {a, b} == {one for side in (pair.a, pair.b) for one in known.called(str(side))[:1]}:
            say(f"these two are a pair already: {name}")
            return name
    return ""


def _write(ctx: Context, wanted: Wanted, a: There, b: There, table: dict[str, Any]) -> str:
    config = ctx.config()
    number, base = 2, wanted.name or (
        f"{a.account}-{b.account}" if a.account != b.account else f"{a.name}-{b.name}"
    )
    name = base
    while name in config.pairs:
        if wanted.name:
            raise UsageError(f"there is a pair {name!r} already", next="calsync status")
        number, name = number + 1, f"{base}-{number}"
    comments = ["every key: calsync config schema", 'first_sync = "ask": the first plan waits for your yes']

    def put(document: Any) -> None:
        edit.add(document, "pairs", name, {**table, "first_sync": "ask"}, comments)

    try:
        edit.changed(ctx.config_file, put, lambda file: load(file, ctx.environ))
    except ConfigError as err:
        text = "; ".join(words for _, words in err.problems)
        raise UsageError(f"this pair cannot be: {text}; nothing was written", next="calsync init") from None
    except OSError as err:
        raise UsageError(f"{ctx.config_file} cannot be written ({err.strerror})", next="calsync -c FILE init") from None
    return name
