"""Programs that stand for the system's own schedulers: a crontab in a file, a systemctl that notes what it is asked.

Shape   `put(folder)` writes them there; `environ(folder)` puts them before the system's. A file `broken` in the folder
        makes both fail as they do where no daemon answers
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CRONTAB = """#!/bin/sh
table="$FAKES/table"
if [ -e "$FAKES/broken" ]; then echo "crontab: cannot open: Permission denied" >&2; exit 1; fi
case "$1" in
  -l) if [ -e "$table" ]; then cat "$table"; else echo "no crontab for me" >&2; exit 1; fi;;
  -) cat > "$table";;
esac
"""
SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$FAKES/asked"
if [ -e "$FAKES/broken" ]; then echo "Failed to connect to bus" >&2; exit 1; fi
"""


def put(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("crontab", CRONTAB), ("systemctl", SYSTEMCTL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def environ(folder: Path) -> Mapping[str, str]:
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "FAKES": str(folder)}
