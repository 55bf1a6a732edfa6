"""[notify]: tell somebody what is new of a run's trouble, by a program or on the desktop."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from calsync_cli.after.news import Problem, compare, sentence
from calsync_cli.after.programs import call
from calsync_cli.model.account import Notify
from calsync_cli.store import told

LIMIT_S = 15.0
TITLE = "calsync"
TOAST = (
    "$ErrorActionPreference='Stop';Add-Type -AssemblyName System.Windows.Forms;$n=New-Object "
    "System.Windows.Forms.NotifyIcon;$n.Icon=[System.Drawing.SystemIcons]::Information;$n.Visible=$true;"
    "$n.ShowBalloonTip(8000,'calsync',([Console]::In.ReadToEnd()|ConvertFrom-Json).text,'Info');Start-Sleep 8"
)
"""The text comes with the JSON on standard input: within a command it could be taken for one."""


def tell(
    notify: Notify, state_dir: Path, problems: Sequence[Problem], pairs: Sequence[str], *, run: int | None,
    folder: Path, environ: Mapping[str, str],
) -> list[str]:
    """What went wrong with the telling, in words; then it is tried again behind the next run."""
    known = told.read(state_dir)
    new, after = compare([one for one in problems if one["kind"] in notify.on], pairs, known)
    notes = []
    if new:
        data = {"text": sentence(new), "run": run, "new": new, "all": list(problems)}
        notes = [
            f"notify: {problem}; calsync status says what is wrong"
            for command in _commands(notify, data["text"], environ)
            if (problem := call(command, data, folder=folder, environ=environ, limit_s=LIMIT_S))
        ]
    if after != known and not notes:
        try:
            told.write(state_dir, after)
        except OSError as err:
            notes.append(f"notify: what was told cannot be noted ({err.strerror}), so it is told again")
    return notes


def _commands(notify: Notify, text: Any, environ: Mapping[str, str]) -> list[list[str]]:
    found = [[*notify.command, text]] if notify.command else []
    return found + ([desktop(text, sys.platform)] if notify.desktop else [])


def desktop(text: str, platform: str) -> list[str]:
    """The command that shows a notice on this kind of desktop. Linux reads markup in it: links, pictures."""
    if platform == "darwin":
        script = "on run {words}\ndisplay notification words with title \"calsync\"\nend run"
        return ["osascript", "-e", script, text]
    if platform == "win32":
        return ["powershell", "-NoProfile", "-Command", TOAST]
    return ["notify-send", "--app-name", TITLE, "--", TITLE, escape(text, quote=False)]
