"""`config`: where the file is, whether it is right, what it may hold."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json
from calsync_cli.config import schema
from calsync_cli.errors import ConfigError, UsageError
from calsync_cli.model.account import Config, Pair

ARROWS = {"two-way": "<->", "a-to-b": "->", "b-to-a": "<-"}


def check(ctx: Context, *, as_json: bool) -> int:
    """Every problem at once, each with its path; each pair in one sentence when all is well."""
    try:
        config = ctx.config()
    except ConfigError as err:
        if not as_json:
            print(f"{ctx.config_file}:", file=sys.stderr)
            raise
        problems = [{"path": path, "message": text} for path, text in err.problems]
        print_json({"ok": False, "problems": problems, "warnings": []})
        return 2
    if as_json:
        print_json({"ok": True, "problems": [], "warnings": list(config.warnings)})
        return 0
    for pair in config.pairs.values() if not ctx.quiet else ():
        print(sentence(pair))
    for warning in config.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if not ctx.quiet:
        print(f"{ctx.config_file} is fine: {_counts(config)}")
    return 0


def _counts(config: Config) -> str:
    accounts, pairs = len(config.accounts), len(config.pairs)
    return f"{accounts} account{'s' * (accounts != 1)}, {pairs} pair{'s' * (pairs != 1)}"


def sentence(pair: Pair) -> str:
    """What a pair does, in words."""
    decide = {
        "merge": f"both sides' changes are merged, a field changed on both: {pair.tie}",
        "ask": "conflicts wait for you", "newest": "the newest change wins", "a": "side a wins", "b": "side b wins",
    }[pair.conflict]
    return f"{pair.name}: {pair.a} {ARROWS[pair.direction]} {pair.b}; {decide}"


def path(ctx: Context) -> int:
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
        raise UsageError(f"there is no editor or terminal here; set EDITOR, or edit {ctx.config_file}")
    try:
        ctx.config_file.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([*editor, os.fspath(ctx.config_file)], check=False)
    except OSError as err:
        text = f"{editor[0]} cannot be started on {ctx.config_file} ({err.strerror})"
        raise UsageError(text, next="set EDITOR to your editor, then calsync config edit") from err
    return check(ctx, as_json=False) if done.returncode == 0 else 1
