"""Words for the shell's Tab: accounts, pairs, calendars, titles. Offline, quick, and silent whatever is wrong.

Shape   candidates(kind, options, begin) -> the words that begin so; `options` are the global ones of the line
Quick   the configuration is read as it stands, not checked: what it names can be completed while it is being mended
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from calsync_cli.config.paths import default_config_path, default_state_dir
from calsync_cli.store import glance

Options = Mapping[str, Any]


def candidates(kind: str, options: Options, begin: str) -> list[str]:
    try:
        words = WORDS[kind](options, begin) if kind in WORDS else glance.numbers(_state(options), kind)
    except Exception:  # somebody is typing: no words is all that can be said
        return []
    return [_typed(word) for word in words if word.startswith(begin)]


def _typed(word: str) -> str:
    """Bash takes words as they are, so what it would take apart is escaped, unless a quote is open."""
    line = os.environ.get("COMP_WORDS", "").split("\n")
    number = os.environ.get("COMP_CWORD", "")
    current = line[int(number)] if number.isdecimal() and int(number) < len(line) else ""
    if os.environ.get("_CALSYNC_COMPLETE") != "complete_bash" or current.startswith(("'", '"')):
        return word
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", word)


def _tables(options: Options, name: str) -> dict[str, Any]:
    path = options.get("config_file") or os.environ.get("CALSYNC_CONFIG") or default_config_path()
    data = tomllib.loads(Path(path).expanduser().read_text(encoding="utf-8-sig"))
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _state(options: Options) -> Path:
    folder = options.get("state_dir") or os.environ.get("CALSYNC_STATE_DIR") or default_state_dir()
    return Path(folder).expanduser().absolute()


def _calendars(options: Options, begin: str) -> list[str]:
    pairs = _tables(options, "pairs").values()
    sides = (pair.get(side) for pair in pairs if isinstance(pair, dict) for side in "ab")
    named = dict.fromkeys(str(calendar) for calendar in sides if calendar)
    return [*_tables(options, "calendars"), *(name for name in named if "/" in name)]


WORDS: dict[str, Callable[[Options, str], list[str]]] = {
    "account": lambda options, begin: list(_tables(options, "accounts")),
    "pair": lambda options, begin: list(_tables(options, "pairs")),
    "calendar": _calendars,
    "event": lambda options, begin: glance.titles(_state(options), begin),
}
