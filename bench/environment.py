"""What the suite needs, made once and kept in a folder of its own: calsync as it is here, installed; vdirsyncer 0.21.

Shape   ready(cache) -> Environment with the two Pythons. Where nothing has changed since, it takes a second
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEER = "vdirsyncer==0.21.0"
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info", "tests", "bench")


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "calsync-bench"


@dataclass(frozen=True)
class Environment:
    ours: Path
    peers: Path

    @property
    def python(self) -> str:
        return str(self.ours / "bin/python")

    @property
    def calsync(self) -> str:
        return str(self.ours / "bin/calsync")

    @property
    def vdirsyncer(self) -> str:
        return str(self.peers / "bin/vdirsyncer")


def ready(cache: Path) -> Environment:
    cache.mkdir(parents=True, exist_ok=True)
    environment = Environment(cache / "calsync", cache / "peers")
    _install(environment.ours, _digest(), lambda: [f"{_copied(cache)}[bench]"])
    _install(environment.peers, PEER, lambda: [PEER])
    return environment


def _install(folder: Path, wanted: str, packages: Callable[[], list[str]]) -> None:
    note = folder / "installed"
    if note.exists() and note.read_text() == wanted:
        return
    print(f"installing into {folder}", file=sys.stderr)
    if not (folder / "bin/python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    found = packages()
    _quietly([*pip, *found])
    if folder.name == "calsync":  # the version may be the same and the program another
        _quietly([*pip, "--no-deps", "--force-reinstall", *(name.partition("[")[0] for name in found)])
    note.write_text(wanted)


def _quietly(command: list[str]) -> None:
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed\n{done.stderr[-2000:]}")


def _copied(cache: Path) -> Path:
    """Built from a copy, so that nothing is left in the tree and nothing of an older build gets in."""
    source = cache / "source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT, source, ignore=LEFT_OUT)
    return source


def _digest() -> str:
    found = hashlib.sha256()
    for path in sorted([*(ROOT / "calsync_cli").rglob("*.py"), *(ROOT / "calsync_cli").rglob("*.sql")]):
        found.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    found.update((ROOT / "pyproject.toml").read_bytes())
    return found.hexdigest()
