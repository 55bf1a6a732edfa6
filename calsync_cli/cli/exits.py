"""Every way out: the one place where errors become a sentence, the next command and an exit code (cli.md section 4)."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from calsync_cli.cli.context import Context
from calsync_cli.errors import CalsyncError


def speak_safely(*, as_json: bool) -> None:
    """A title that the terminal's alphabet lacks must not stop a run; JSON is UTF-8 whatever the locale (RFC 8259)."""
    for stream in (sys.stdout, sys.stderr):
        change = getattr(stream, "reconfigure", None)
        if change is not None and as_json and stream is sys.stdout:
            change(encoding="utf-8", errors="backslashreplace")
        elif change is not None:
            change(errors="backslashreplace")


def noted(code: int, context: Context) -> int:
    """The end of the command, in the log if that was begun."""
    if context.logs:
        import logging

        logging.getLogger(__name__).info("ends with exit code %d", code)
    return code


def tell(err: Exception, context: Context, *, as_json: bool) -> int:
    """Say what happened, as one JSON document when that was asked for. Returns the exit code."""
    if isinstance(err, CalsyncError):
        if context.logs:
            import logging

            logging.getLogger(__name__).error("%s: %s", err.code, err)
        if context.quiet and err.exit_code == 6 and not as_json:  # of two runs of a schedule one is enough
            return err.exit_code
        return _say(err, as_json, context)
    if isinstance(err, BrokenPipeError):
        return 1
    if type(err).__name__ == "Abort":  # the option parser's word for Ctrl-C, and for the end of input at a prompt
        return stopped()
    if hasattr(err, "exit_code") and hasattr(err, "format_message"):
        return _usage(err, context, as_json)
    return _unexpected(err, context, as_json)


def stopped() -> int:
    print("stopped", file=sys.stderr)
    return 130


def flushed(code: int) -> int:
    """The reader of a pipe may have gone (`| head`), which is no error of the run."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would try again at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _say(err: CalsyncError, as_json: bool, context: Context | None = None) -> int:
    if not err.next and context is not None and context.command:
        err.next = f"{context.command} -h"
    if as_json:
        from calsync_cli.cli.draw import print_json

        problem = {"account": None, "event": None, "code": err.code, "message": str(err), "next": err.next}
        print_json({"exit_code": err.exit_code, "errors": [problem]}, indent=None)
    else:
        from calsync_cli.cli.screen import say

        lines = str(err).split("\n")
        problems = lines if err.exit_code == 2 else [" ".join(lines)]  # what a server worded makes no lines
        if context is not None and len(problems) > 1:
            where = f"{len(problems)} problems in {context.config_file}; nothing was touched"
            say(f"calsync: {where}", *(f"  {problem}" for problem in problems), to=sys.stderr)
        else:
            say(f"calsync: {problems[0]}", *problems[1:], to=sys.stderr)
        if err.next:
            say(f"  next: {err.next}", to=sys.stderr)
    return err.exit_code


def _usage(err: Any, context: Context, as_json: bool) -> int:
    """What the option parser found wrong. A group without a command is no error: its help is the answer."""
    from calsync_cli.errors import UsageError

    if type(err).__name__ == "NoArgsIsHelpError":
        print(err.format_message())
        return 0
    path = getattr(getattr(err, "ctx", None), "command_path", "") or context.command or "calsync"
    return _say(UsageError(_mistyped(err) or err.format_message().rstrip("."), next=f"{path} -h"), as_json)


def _mistyped(err: Any) -> str:
    """A word that the option parser does not know, told as calsync tells all such words; "" for all else it says."""
    from calsync_cli.model.words import closest

    command = getattr(getattr(err, "ctx", None), "command", None)
    option = getattr(err, "option_name", None)
    if option is not None and type(err).__name__ == "NoSuchOption":
        known = [word for param in command.params for word in (*param.opts, *param.secondary_opts)] if command else []
        return f"there is no option {option}{closest(option, [word for word in known if word.startswith('-')])}"
    found = re.match(r"No such command '(.*?)'", err.format_message(), re.DOTALL)
    if found is None:
        return ""
    return f"there is no command {found[1]!r}{closest(found[1], getattr(command, 'commands', ()))}"


def _unexpected(err: Exception, context: Context, as_json: bool) -> int:
    """Ours to mend: a sentence here, the trace in the log."""
    import logging

    from calsync_cli.cli.log import scrubbed
    from calsync_cli.errors import InternalCheck

    log = context.start_log()
    logging.getLogger(__name__).error("unexpected error", exc_info=err)
    where = f"; details are in {log}" if log else ""
    text = f"an unexpected error ({type(err).__name__}: {scrubbed(str(err))}) stopped the run{where}"
    return _say(InternalCheck(text), as_json)
