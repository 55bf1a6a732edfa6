"""The program: global options, the commands, the way in and every way out.

Start   imports typer only; each command imports its own module when it is called (design section 5). Annotations are
        not postponed in the modules that declare options: typer would have to evaluate all of them as text. To make the
        words of all forty commands takes longer than most of them do, so `sync`, which timers start, is made alone
"""

import atexit
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from calsync_cli import __version__
from calsync_cli.cli import exits
from calsync_cli.cli.commands import sync
from calsync_cli.cli.commands.shared import examples
from calsync_cli.cli.context import Context

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
"""httpx's own command line, which would load click, pygments and rich in every run; httpx does without it."""

atexit.register(gc.freeze)
"""The interpreter looks for garbage among all it has loaded once more before it ends: a sixth of a quiet run."""


class _Commands(typer.core.TyperGroup):
    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Ctrl-C is answered here: the option parser would end the program without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if sys.stderr.isatty():
                print(file=sys.stderr)  # the terminal showed ^C, and no line end
            raise SystemExit(exits.stopped()) from None


VERSION = f"calsync {__version__}"


def _version(wanted: bool) -> None:
    if wanted:
        print(VERSION)
        raise typer.Exit


def options(
    ctx: typer.Context,
    config_file: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", envvar="CALSYNC_CONFIG", help="Configuration file.")
    ] = None,
    state_dir: Annotated[
        Path | None,
        typer.Option("--state-dir", metavar="DIR", envvar="CALSYNC_STATE_DIR", help="Folder of database, lock, logs."),
    ] = None,
    verbose: Annotated[
        int, typer.Option("-v", count=True, show_default=False, help="Say more; -vv tells every request.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("-q", help="Say nothing while all is well.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Plain text.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    wanted = os.environ.get("CALSYNC_LOG_LEVEL", "").upper()
    context: Context = ctx.obj
    context.config_path, context.state_option = config_file, state_dir
    context.command = f"{ctx.command_path} {ctx.invoked_subcommand or ''}".rstrip()
    context.verbosity = max(verbose, {"INFO": 1, "DEBUG": 2}.get(wanted, 0))
    context.quiet = quiet or (wanted in ("ERROR", "CRITICAL") and not verbose)
    context.color = not (no_color or os.environ.get("NO_COLOR"))


def every_command() -> typer.Typer:
    from calsync_cli.cli.commands import (
        approvals,
        begin,
        conflicts,
        events,
        journal,
        look,
        recall,
        schedule,
        setup,
        watch,
    )

    return _with(begin, sync, look, events, conflicts, approvals, journal, recall, watch, schedule, setup)


def _with(*parts: ModuleType) -> typer.Typer:
    app = typer.Typer(
        cls=_Commands, name="calsync", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
        help="Keeps calendars in two-way sync, from your own machine.",
        epilog=examples("calsync init", "calsync sync", "calsync --install-completion   # Tab completes from then on"),
    )
    app.callback()(options)
    for part in parts:
        app.add_typer(part.commands)
    return app


def main() -> None:
    """Run the program. Every way out is an exit code of cli.md section 4; no traceback reaches the user."""
    gc.set_threshold(20_000, 20, 20)  # loading and planning make much that stays: looking for garbage is in vain
    front, rest = _hoisted(sys.argv[1:])
    words = front + rest
    as_json = "--json" in (words[: words.index("--")] if "--" in words else words)
    exits.speak_safely(as_json=as_json)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # `sync` has a gentler one of its own (J7)
    context = Context(as_json=as_json)
    try:
        if words == ["--version"]:  # nobody needs to know the words of every command for that
            print(VERSION)
            code = 0
        else:
            app = _with(sync) if rest[:1] == ["sync"] else every_command()
            code = int(app(words, prog_name="calsync", standalone_mode=False, obj=context) or 0)
    except Exception as err:
        code = exits.tell(err, context, as_json=as_json)
    except KeyboardInterrupt:
        code = exits.stopped()
    except SystemExit as end:
        code = int(end.code or 0)
    sys.exit(exits.flushed(exits.noted(code, context)))


FLAGS = frozenset({"-q", "--no-color"})
WITH_VALUE = frozenset({"-c", "--config", "--state-dir"})


def _hoisted(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Global options, which count wherever they stand, also behind the command's name; and all other words."""
    front: list[str] = []
    rest: list[str] = []
    todo = iter(words)
    for word in todo:
        if word == "--":
            rest += [word, *todo]
        elif word in FLAGS or _is_verbose(word) or word.startswith(("--config=", "--state-dir=")):
            front.append(word)
        elif word in WITH_VALUE:
            front += [word, *([value] if (value := next(todo, None)) is not None else [])]
        else:
            rest.append(word)
    return front, rest


def _is_verbose(word: str) -> bool:
    return word[:1] == "-" and set(word[1:]) == {"v"}
