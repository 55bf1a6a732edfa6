"""Keys of the configuration from the environment: CALSYNC_ACCOUNTS__WORK__CLIENT_FILE (cli.md section 3).

Shape   `overlay(data, environ)` changes the parsed file in place and says which variable set which path
        `without_secrets(environ)` is what other programs get to see of it
Names   `__` goes one table down; case does not matter; `-`, `.` and spaces of a name are written `_`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from calsync_cli.config.values import FromEnvironment

PREFIX = "CALSYNC_"


def overlay(data: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """{path: variable} of what was set, for messages."""
    sources = {}
    for variable in sorted(environ):
        words = variable.removeprefix(PREFIX).split("__")
        if variable.startswith(PREFIX) and len(words) > 1 and all(words):
            sources[_put(data, words, environ[variable])] = variable
    return sources


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """For programs that calsync starts: the passphrase and passwords are for itself alone."""
    return {
        name: value for name, value in environ.items()
        if name != PREFIX + "SECRET_KEY" and not (name.startswith(PREFIX) and name.upper().endswith("__PASSWORD"))
    }


def _put(table: dict[str, Any], words: list[str], value: str) -> str:
    """Sets the value and returns its path in the names of the file."""
    path = []
    for word in words[:-1]:
        name = _name(table, word)
        path.append(name)
        if not isinstance(table.get(name), dict):  # the environment wins, also over window = "all"
            table[name] = {}
        table = table[name]
    name = _name(table, words[-1])
    table[name] = FromEnvironment(value)
    return ".".join([*path, name])


def _name(table: Mapping[str, Any], word: str) -> str:
    """The name in the file that the variable's word stands for, else the word in small letters."""
    return next((name for name in table if _folded(name) == _folded(word)), word.lower())


def _folded(name: str) -> str:
    return re.sub(r"\W", "_", name.lower())
