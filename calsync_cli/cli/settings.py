"""`config`: where the file is, whether it is right, what it may hold."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json
from calsync_cli.cli.explain import sentence as sentence
from calsync_cli.cli.lines import counted
from calsync_cli.cli.screen import say
from calsync_cli.config import schema
from calsync_cli.errors import ConfigError, UsageError
from calsync_cli.model.account import Config


def check(ctx: Context, *, as_json: bool) -> int:
    """Every problem at once, each with its path; each pair in one sentence when all is well."""
    try:
        config = ctx.config()
    except ConfigError as err:
        if not as_json:
            err.next = "calsync config edit" if err.next == "calsync config check" else err.next
            raise
        problems = [{"path": path, "message": text} for path, text in err.problems]
        print_json({"ok": False, "problems": problems, "warnings": [], "pairs": []})
        return 2
    if as_json:
        pairs = [{"pair": name, "sentence": sentence(pair)} for name, pair in config.pairs.items()]
        print_json({"ok": True, "problems": [], "warnings": list(config.warnings), "pairs": pairs})
        return 0
    for pair in config.pairs.values() if not ctx.quiet else ():
        say(sentence(pair))
    for warning in config.warnings:
        say(f"warning: {warning}", to=sys.stderr)
    if not ctx.quiet:
        say(f"{ctx.config_file} is fine: {_counts(config)}")
    return 0


def _counts(config: Config) -> str:
    return f"{counted(len(config.accounts), 'account')}, {counted(len(config.pairs), 'pair')}"


def path(ctx: Context, *, as_json: bool) -> int:
    if as_json:
        print_json({"path": str(ctx.config_file), "exists": ctx.config_file.exists()})
    else:
        print(ctx.config_file)
    return 0


def show_schema(ctx: Context, *, as_json: bool) -> int:
    if as_json:
        print_json(schema.json_schema())
    else:
        print(schema.reference())
    return 0


def edit(ctx: Context) -> int:
    """The file in the user's editor; checked afterwards."""
    editor = shlex.split(ctx.environ.get("VISUAL") or ctx.environ.get("EDITOR") or "")
    if not editor or not sys.stdin.isatty():
        text = f"there is no editor or terminal here; set EDITOR, or edit {ctx.config_file}"
        raise UsageError(text, next="calsync config check, once it is written")
    try:
        ctx.config_file.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([*editor, os.fspath(ctx.config_file)], check=False)
    except OSError as err:
        text = f"{editor[0]} cannot be started on {ctx.config_file} ({err.strerror})"
        raise UsageError(text, next="set EDITOR to your editor, then calsync config edit") from err
    return check(ctx, as_json=False) if done.returncode == 0 else 1
