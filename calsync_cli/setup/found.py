"""What other programs left on this machine that calsync can begin with: their configurations, in their usual places.

Shape   `look(environ, here)` -> Found: which program, which file, and in words what can be done with it
        `discovered(file, path, environ)` -> the collections that vdirsyncer has found, from its own status
Reads   small files of the home folder; asks nothing of the network
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from calsync_cli.model.plain import dataclass
from calsync_cli.setup import khal
from calsync_cli.setup.vdirsyncer import Collection, Discovered, collections_of
from calsync_cli.setup.vdirsyncer_file import File

LARGEST = 1_000_000
CALENDARSYNC = "sync.yaml"
"""It looks for its configuration where it is started."""


@dataclass(frozen=True, slots=True)
class Found:
    program: str
    path: Path
    words: str
    folders: tuple[str, ...] = ()


def home_of(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def look(environ: Mapping[str, str], here: Path) -> list[Found]:
    found = []
    if (file := vdirsyncer_file(environ)) is not None:
        found.append(Found("vdirsyncer", file, "calsync init --from vdirsyncer takes its calendars over"))
    if (file := khal_file(environ)) is not None and (folders := tuple(khal.folders(_text(file)))):
        found.append(Found("khal", file, f"it reads {', '.join(folders)}", folders))
    sync = here / CALENDARSYNC
    kinds = re.findall(r"^(source|sink):\s*\n\s+adapter:\s*\n\s+type:\s*\"?(\w+)", _text(sync), re.MULTILINE)
    if kinds:
        words = " to ".join(kind for _, kind in kinds)
        then = f"calsync init --from calendarsync {CALENDARSYNC} takes that over"
        found.append(Found("CalendarSync", sync, f"it copies one way, {words}; {then}"))
    return found


def khal_file(environ: Mapping[str, str]) -> Path | None:
    home = home_of(environ)
    settings = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    places = (settings / "khal" / "config", home / ".khal" / "khal.conf")
    return next((place for place in places if place.is_file()), None)


def vdirsyncer_file(environ: Mapping[str, str]) -> Path | None:
    """Where vdirsyncer itself would look."""
    home = home_of(environ)
    settings = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    said = environ.get("VDIRSYNCER_CONFIG")
    places = [Path(said)] if said else [home / ".vdirsyncer" / "config", settings / "vdirsyncer" / "config"]
    return next((place for place in places if place.is_file()), None)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file.stat().st_size < LARGEST else ""
    except OSError:
        return ""


def discovered(file: File, path: Path, environ: Mapping[str, str]) -> Discovered:
    """From the status that vdirsyncer keeps; without one, from the folders where only these are asked about."""
    status = _expanded(str(file.general.get("status_path") or "~/.vdirsyncer/status/"), environ)
    status = path.parent / status

    def known(pair: str) -> Sequence[Collection] | None:
        try:
            return list(collections_of(json.loads(_text(status / f"{pair}.collections"))))
        except (ValueError, TypeError, KeyError, AttributeError):
            return _from_folders(file, pair, environ)

    return known


def _from_folders(file: File, name: str, environ: Mapping[str, str]) -> list[Collection] | None:
    found: dict[str, Collection] = {}
    for one in file.pairs[name]["collections"]:
        if isinstance(one, list):
            found[one[0]] = (one[0], one[1], one[2])
        elif one not in ("from a", "from b"):
            found[one] = (one, one, one)
        else:
            storage = file.storages[file.pairs[name][one[-1]]]
            folder = _expanded(str(storage.get("path", "")), environ)
            if storage["type"] != "filesystem" or not folder.is_dir():
                return None
            names = sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
            found |= {each: (each, each, each) for each in names if each not in found}
    return list(found.values())


def _expanded(text: str, environ: Mapping[str, str]) -> Path:
    return Path(re.sub("^~(?=/|$)", lambda _: os.fspath(home_of(environ)), text))
