"""The command line: options in, one call of a command module, exit code out. The one place where errors become codes.

Start   imports typer only; each command imports its own module when it is called (design section 5). Annotations are
        not postponed here: typer would have to evaluate all of them as text, 10 ms of every start
"""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from calsync_cli import __version__
from calsync_cli.cli.context import Context
from calsync_cli.errors import CalsyncError

HELP = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    name="calsync", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=HELP,
    help="Keeps calendars in two-way sync, from your own machine.",
)


def _group(name: str, text: str, *, bare: bool = True) -> typer.Typer:
    """bare: the group's own name does something; else it prints help."""
    made = typer.Typer(no_args_is_help=not bare, rich_markup_mode=None, context_settings=HELP, help=text)
    app.add_typer(made, name=name)
    return made


events = _group("events", "The mirror, with the sync status of every event.")
conflicts = _group("conflicts", "What both sides changed differently: see it and decide.")
config = _group("config", "The configuration file.", bare=False)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[PAIR]...", help="Pairs; all of them when none is named.")]


_current = Context()
"""The context of this process, for the log of an unexpected error."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"calsync {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    config_file: Annotated[
        Path | None, typer.Option("-c", "--config", envvar="CALSYNC_CONFIG", help="Configuration file.")
    ] = None,
    state_dir: Annotated[
        Path | None, typer.Option("--state-dir", envvar="CALSYNC_STATE_DIR", help="Folder of database, lock and logs.")
    ] = None,
    verbose: Annotated[int, typer.Option("-v", count=True, help="Say more; -vv tells every request.")] = 0,
    quiet: Annotated[bool, typer.Option("-q", help="Say nothing while all is well.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    global _current
    wanted = os.environ.get("CALSYNC_LOG_LEVEL", "").upper()
    level = {"INFO": 1, "DEBUG": 2}.get(wanted, 0)
    color = not (no_color or os.environ.get("NO_COLOR"))
    silent = quiet or (wanted in ("ERROR", "CRITICAL") and not verbose)
    ctx.obj = _current = Context(config_file, state_dir, max(verbose, level), silent, color)


def _end(code: int) -> None:
    if code:
        raise typer.Exit(code)


# -- the main job ------------------------------------------------------------------------------------------------------


@app.command()
def sync(
    ctx: typer.Context,
    pairs: Names = None,
    all: Annotated[bool, typer.Option("--all", help="Every pair; the same as naming none.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Only pairs whose `every` has passed.")] = False,
    dry_run: Annotated[bool, typer.Option("-n", "--dry-run", help="Show the plan, change nothing.")] = False,
    plan_file: Annotated[Path | None, typer.Option("--plan-file", help="Save the plan for `calsync apply`.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm a first plan, or one after changed rules.")] = False,
    approve: Annotated[
        list[str] | None, typer.Option("--approve", metavar="PLAN-ID", help="Run a plan that a guard stopped.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="List everything anew, ignoring sync tokens.")] = False,
    budget: Annotated[str | None, typer.Option("--budget", metavar="5m", help="Stop cleanly after this time.")] = None,
    json: Json = False,
) -> None:
    """Bring the given pairs up to date (all pairs when none are named)."""
    from calsync_cli.cli import sync as command

    ctx.obj.start_log()
    _end(command.sync(
        ctx.obj, pairs or [], all=all, due=due, dry_run=dry_run, plan_file=plan_file, yes=yes, approve=approve or [],
        full=full, budget=budget, as_json=json,
    ))


@app.command()
def apply(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")], json: Json = False) -> None:
    """Run a saved plan if nothing has moved since; else say what moved."""
    from calsync_cli.cli import sync as command

    ctx.obj.start_log()
    _end(command.apply(ctx.obj, file, as_json=json))


@app.command()
def status(ctx: typer.Context, pair: Annotated[str | None, typer.Argument()] = None, json: Json = False) -> None:
    """Every pair at a glance, and whether anything needs you."""
    from calsync_cli.cli import inspect as command

    _end(command.status(ctx.obj, pair, as_json=json))


@app.command()
def history(ctx: typer.Context, run: Annotated[int | None, typer.Argument()] = None, json: Json = False) -> None:
    """What the runs did; with a number, one run with each change."""
    from calsync_cli.cli import inspect as command

    _end(command.history(ctx.obj, run, as_json=json))


@app.command()
def why(
    ctx: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="A UID, or words of the title.")],
    json: Json = False,
) -> None:
    """All that is known of one event: where it is, what was done to it, what holds it."""
    from calsync_cli.cli import inspect as command

    _end(command.why(ctx.obj, event, as_json=json))


@app.command()
def demo(
    ctx: typer.Context,
    source: Annotated[Path | None, typer.Option("--from", metavar="FILE.ics", help="Use your own events.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the two calendars.")] = False,
) -> None:
    """Sync two calendars in a temporary folder: a merge, a conflict, a guard. No network, no keyring."""
    from calsync_cli.cli import demo as command

    _end(command.demo(ctx.obj, source=source, keep=keep))


# -- events and conflicts ----------------------------------------------------------------------------------------------

InCalendar = Annotated[str | None, typer.Option("--calendar", help="Only this calendar (account/name).")]
WithStatus = Annotated[
    str | None, typer.Option("--status", help="synced, pending, held, conflict, error, quarantined or dormant.")
]


@events.callback(invoke_without_command=True)
def events_default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        _list_events(ctx, None, None, json=False)


@events.command("list")
def events_list(
    ctx: typer.Context, calendar: InCalendar = None, status: WithStatus = None, json: Json = False
) -> None:
    """Events with their sync status."""
    _list_events(ctx, calendar, status, json=json)


def _list_events(ctx: typer.Context, calendar: str | None, status: str | None, *, json: bool) -> None:
    from calsync_cli.cli import inspect as command

    _end(command.events(ctx.obj, calendar=calendar, status=status, as_json=json))


@events.command("show")
def events_show(
    ctx: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="A UID, or words of the title.")],
    json: Json = False,
) -> None:
    """All fields of one event, on every calendar."""
    from calsync_cli.cli import inspect as command

    _end(command.event_show(ctx.obj, event, as_json=json))


@conflicts.callback(invoke_without_command=True)
def conflicts_default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        conflicts_list(ctx)


@conflicts.command("list")
def conflicts_list(ctx: typer.Context, json: Json = False) -> None:
    """What waits for a decision."""
    from calsync_cli.cli import conflicts as command

    _end(command.listing(ctx.obj, as_json=json))


@conflicts.command("show")
def conflicts_show(ctx: typer.Context, id: int, json: Json = False) -> None:
    """Both versions and the one before them, field by field."""
    from calsync_cli.cli import conflicts as command

    _end(command.show(ctx.obj, id, as_json=json))


@conflicts.command("resolve")
def conflicts_resolve(
    ctx: typer.Context,
    id: Annotated[int | None, typer.Argument()] = None,
    take: Annotated[str | None, typer.Option("--take", metavar="a|b|newest|base|both")] = None,
    field: Annotated[list[str] | None, typer.Option("--field", metavar="NAME=SIDE", help="Decide one field.")] = None,
    all: Annotated[bool, typer.Option("--all", help="Decide all conflicts the same way.")] = False,
    json: Json = False,
) -> None:
    """Decide, and sync what was decided. Asks one after the other when no option says what to take."""
    from calsync_cli.cli import conflicts as command

    ctx.obj.start_log()
    _end(command.resolve(ctx.obj, id, take=take, fields=field or [], all=all, as_json=json))


# -- accounts and configuration ----------------------------------------------------------------------------------------


@app.command()
def login(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="An account, or `caldav` for a new one.")],
    url: Annotated[str | None, typer.Option("--url", help="Address of a new CalDAV account.")] = None,
    username: Annotated[str | None, typer.Option("--username")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
) -> None:
    """Sign in: the password is tried at once, and kept in the keyring if it is right."""
    from calsync_cli.cli import accounts as command

    ctx.obj.start_log()
    _end(command.login(ctx.obj, account, url=url, username=username, password_stdin=password_stdin))


@app.command()
def logout(ctx: typer.Context, account: Annotated[str, typer.Argument(metavar="ACCOUNT")]) -> None:
    """Remove the stored password of an account."""
    from calsync_cli.cli import accounts as command

    _end(command.logout(ctx.obj, account))


@app.command("accounts")
def accounts_command(ctx: typer.Context, json: Json = False) -> None:
    """Accounts, and whether they are signed in."""
    from calsync_cli.cli import accounts as command

    _end(command.accounts(ctx.obj, as_json=json))


@app.command("calendars")
def calendars_command(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT] | create ACCOUNT NAME", help="An account; all without one.")
    ] = None,
    json: Json = False,
) -> None:
    """Calendars with name, id and what this login may do. `calendars create ACCOUNT NAME` makes a new one."""
    from calsync_cli.cli import accounts as command
    from calsync_cli.errors import UsageError

    ctx.obj.start_log()
    match words or []:
        case ["create", account, name]:
            _end(command.create_calendar(ctx.obj, account, name))
        case [] | [_] as one:
            _end(command.calendars(ctx.obj, one[0] if one else None, as_json=json))
        case _:
            raise UsageError("write: calsync calendars [ACCOUNT], or calsync calendars create ACCOUNT NAME")


@app.command()
def doctor(ctx: typer.Context, json: Json = False) -> None:
    """Check everything a sync needs; each finding names a command."""
    from calsync_cli.cli import doctor as command

    ctx.obj.start_log()
    _end(command.doctor(ctx.obj, as_json=json))


@config.command("check")
def config_check(ctx: typer.Context, json: Json = False) -> None:
    """Every problem at once, each with its path."""
    from calsync_cli.cli import settings as command

    _end(command.check(ctx.obj, as_json=json))


@config.command("path")
def config_path(ctx: typer.Context) -> None:
    """Where the configuration file is."""
    from calsync_cli.cli import settings as command

    _end(command.path(ctx.obj))


@config.command("edit")
def config_edit(ctx: typer.Context) -> None:
    """Open the file in your editor and check it afterwards."""
    from calsync_cli.cli import settings as command

    _end(command.edit(ctx.obj))


@config.command("schema")
def config_schema(ctx: typer.Context, json: Json = False) -> None:
    """Every key, what it may hold and what it means."""
    from calsync_cli.cli import settings as command

    _end(command.show_schema(ctx.obj, as_json=json))


# -- errors ------------------------------------------------------------------------------------------------------------


def main() -> None:
    """Run the program. Every way out is an exit code of cli.md section 4; no traceback reaches the user."""
    as_json = "--json" in sys.argv[1:]
    _speak_safely(as_json)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # `sync` has a gentler one of its own (J7)
    try:
        sys.argv[1:] = _hoisted(sys.argv[1:])
        code = int(app(standalone_mode=False) or 0)  # typer.Exit comes back as a value
    except CalsyncError as err:
        code = _tell(err, as_json)
    except (KeyboardInterrupt, typer.Abort):  # the option parser turns the first into the second
        print("stopped", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        code = 1
    except Exception as err:
        code = _unexpected_or_usage(err, as_json)
    sys.exit(_flushed(code))


def _speak_safely(as_json: bool) -> None:
    """A title that the terminal's alphabet lacks must not stop a run; JSON is UTF-8 whatever the locale (RFC 8259)."""
    for stream in (sys.stdout, sys.stderr):
        change = getattr(stream, "reconfigure", None)
        if change is not None and as_json and stream is sys.stdout:
            change(encoding="utf-8", errors="backslashreplace")
        elif change is not None:
            change(errors="backslashreplace")


def _flushed(code: int) -> int:
    """The reader of a pipe may have gone (`| head`), which is no error of the run."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would try again at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


FLAGS = frozenset({"-q", "--no-color"})
WITH_VALUE = frozenset({"-c", "--config", "--state-dir"})


def _hoisted(words: list[str]) -> list[str]:
    """Global options count wherever they stand, also behind the command's name."""
    front: list[str] = []
    rest: list[str] = []
    todo = iter(words)
    for word in todo:
        if word == "--":
            rest += [word, *todo]
        elif word in FLAGS or set(word[1:]) == {"v"} or word.startswith(("--config=", "--state-dir=")):
            front.append(word)
        elif word in WITH_VALUE:
            front += [word, *([value] if (value := next(todo, None)) is not None else [])]
        else:
            rest.append(word)
    return front + rest


def _tell(err: CalsyncError, as_json: bool) -> int:
    if as_json:
        import json

        problem = {"account": None, "event": None, "code": err.code, "message": str(err), "next": err.next}
        print(json.dumps({"exit_code": err.exit_code, "errors": [problem]}, ensure_ascii=False))
    else:
        print(f"calsync: {err}", file=sys.stderr)
        if err.next:
            print(f"  next: {err.next}", file=sys.stderr)
    return err.exit_code


def _unexpected_or_usage(err: Exception, as_json: bool) -> int:
    """Usage errors of the option parser are 2; anything else is ours to mend: a sentence here, the trace in the log."""
    if hasattr(err, "exit_code") and hasattr(err, "format_message"):
        return _usage(err, as_json)
    import logging

    from calsync_cli.errors import InternalCheck

    log = _current.start_log()
    logging.getLogger("calsync_cli").error("unexpected error", exc_info=err)
    where = f"; details are in {log}" if log else ""
    text = f"an unexpected error ({type(err).__name__}: {err}) stopped the run{where}"
    return _tell(InternalCheck(text, next="calsync doctor"), as_json)


def _usage(err: Any, as_json: bool) -> int:
    from calsync_cli.errors import UsageError

    if type(err).__name__ == "NoArgsIsHelpError":
        print(err.format_message())
        return 0
    if not as_json:
        err.show()
        return int(err.exit_code)
    path = getattr(getattr(err, "ctx", None), "command_path", "calsync")
    return _tell(UsageError(err.format_message(), next=f"{path} -h"), as_json)
