"""docs/commands.md, docs/configuration.md and docs/calsync.1, made of the program's own help. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import typer.main

from calsync_cli import __version__
from calsync_cli.cli.app import every_command
from calsync_cli.cli.context import Context
from calsync_cli.config import schema
from tests.docs.documents import ROOT, text

COMMANDS = ROOT / "docs" / "commands.md"
CONFIGURATION = ROOT / "docs" / "configuration.md"
MAN = ROOT / "docs" / "calsync.1"
WIDTH = 100
MADE = "<!-- Made of the program's own help; not edited by hand: python -m tests.docs.make -->"


def helps() -> Iterator[tuple[str, str]]:
    """(words of a command, what `-h` shows behind it), the program itself first."""
    group = typer.main.get_command(every_command())
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    todo = [("calsync", group, group.make_context("calsync", ["status"], obj=Context(), **settings))]
    while todo:
        name, command, context = todo.pop(0)
        yield name, "\n".join(line.rstrip() for line in command.get_help(context).strip().splitlines())
        inner = []
        for word in command.list_commands(context) if hasattr(command, "list_commands") else []:
            found = command.get_command(context, word)
            inside = type(context)(found, info_name=word, parent=context, **settings)
            inner.append((f"{name} {word}", found, inside))
        todo = inner + todo


def commands() -> str:
    found = list(helps())
    parts = [
        "# Every command", "", MADE, "",
        "What `calsync -h` and `calsync COMMAND -h` say. The global options may stand anywhere in the line. What",
        "the exit codes mean is [a page of its own](exit-codes.md).", "",
    ]  # fmt: skip
    listed = [f"[{name.partition(' ')[2]}](#{name.replace(' ', '-')})" for name, _ in found[1:]]
    parts += [*textwrap.wrap(", ".join(listed), WIDTH, break_long_words=False, break_on_hyphens=False), ""]
    for name, shown in found:
        parts += [f"## {name}", "", "```text", shown, "```", ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def configuration() -> str:
    return "\n".join([
        "# Every key of the configuration", "", MADE, "",
        "What `calsync config schema` says. `calsync config check` finds every mistake at once,",
        "`calsync config path` says where the file belongs.",
        "[An example with all of it](../config.example.toml), [recipes](recipes.md).", "",
        "```text", schema.reference().strip("\n"), "```", "",
    ])  # fmt: skip


def man() -> str:
    """A man page; its texts are those of the help, line by line."""
    found = list(helps())
    parts = [
        '.\\" Made of the help of the program: python -m tests.docs.make',
        f'.TH CALSYNC 1 "" "calsync {__version__}" "User Commands"',
        ".SH NAME", "calsync \\- keeps calendars in two-way sync, from your own machine",
        ".SH SYNOPSIS", ".B calsync", "[OPTIONS] COMMAND [ARGS]...",
        ".SH DESCRIPTION",
        "Two-way sync of calendars between Google, Microsoft 365, Outlook.com, Apple iCloud, CalDAV servers and local",
        "folders. To begin:", ".B calsync init", ".PP", "To see it work:", ".B calsync demo",
        ".SH OPTIONS", *_literal(found[0][1]),
        ".SH COMMANDS",
    ]  # fmt: skip
    for name, shown in found[1:]:
        parts += [f".SS {name}", *_literal(shown)]
    parts += [".SH EXIT STATUS"]
    for code, meaning in re.findall(r"^\| ([\d /]+) \| ([^|]+) \|", text("docs/exit-codes.md"), re.MULTILINE):
        parts += [".TP", f".B {code}", _escaped(meaning.strip())]
    parts += [
        ".SH FILES", "The configuration and the state:", ".B calsync config path", "and", ".BR \"calsync doctor\" .",
        ".PP", "The documents that messages name (docs/google.md and others):", ".B share/doc/calsync",
        "beside the share/man that holds this page.",
        ".SH SEE ALSO", ".BR khal (1), \" vdirsyncer\" (1)",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _literal(shown: str) -> list[str]:
    return [".nf", *map(_escaped, shown.splitlines()), ".fi"]


def _escaped(line: str) -> str:
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line[:1] in (".", "'") else line
