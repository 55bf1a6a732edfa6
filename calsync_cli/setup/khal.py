"""khal's configuration -> accounts that are folders. khal shows calendars and syncs none, so there are no pairs. Pure.

Shape   `translate(text)` -> Setup; each `[[calendar]]` of `[calendars]` is a sub-folder of an account, and folders that
        are found by a pattern (`type = discover`) are those of the folder before its last `*`
Source  khal 0.9 to 0.11, "Configuration": `path`, `type`, `readonly`
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from calsync_cli.setup.notes import BadSetup, Note, Setup, Table


def translate(text: str) -> Setup:
    """Raises BadSetup."""
    found = Setup(program="khal")
    calendars = dict(_calendars(text))
    if not calendars:
        raise BadSetup("it has no [calendars] with a path")
    for name, keys in calendars.items():
        folder = folder_of(keys)
        if keys.get("type") == "birthdays":
            found.notes.append(Note(name, "is made of contacts, and calsync is for calendars"))
        elif not folder:
            found.notes.append(Note(name, f"{keys['path']} is no folder whose sub-folders are calendars",
                                    "calsync init --account NAME=FOLDER"))
        elif all(one["path"] != folder for one in found.accounts.values()):
            account = _free(found, re.sub(r"[^A-Za-z0-9_-]", "", posixpath.basename(folder)) or "local")
            found.accounts[account] = {"provider": "vdir", "path": folder}
        if keys.get("readonly", "").lower() in ("true", "yes", "1", "on"):
            text = "khal only reads it; what calsync may write is said by the direction of a pair"
            found.notes.append(Note(f"readonly of {name}", text))
    return found


def folders(text: str) -> Iterator[str]:
    """Those whose sub-folders are calendars."""
    yield from dict.fromkeys(filter(None, (folder_of(keys) for _, keys in _calendars(text))))


def folder_of(keys: Table) -> str:
    """`~/.calendars` of `~/.calendars/home` and of `~/.calendars/*`; "" where it cannot be told."""
    path = str(keys["path"]).rstrip("/")
    folder = posixpath.dirname(path)
    return "" if "*" in folder or "/" not in path or keys.get("type") == "birthdays" else folder


def _calendars(text: str) -> Iterator[tuple[str, Table]]:
    """As khal's own reader has sections: [one] and, below it, [[another]]."""
    section, name = "", ""
    keys: Table = {}
    for raw in (*text.splitlines(), "[end]"):
        line = raw.strip()
        if match := re.fullmatch(r"(\[+)\s*(.*?)\s*\]+\s*(?:#.*)?", line):
            if section == "calendars" and name and keys.get("path"):
                yield name, keys
            level, title = len(match[1]), match[2].strip("\"'")
            section, name, keys = (title, "", {}) if level == 1 else (section, title if level == 2 else name, {})
        elif match := re.fullmatch(r"(\w+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^#]*?)\s*(?:#.*)?", line):
            keys[match[1]] = match[2].strip("\"'")


def _free(found: Setup, name: str) -> str:
    number, other = 2, name
    while other in found.accounts:
        number, other = number + 1, f"{name}-{number}"
    return other
