"""What is installed is the whole program and nothing else: `pip install .`, and so `pipx install .`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from calsync_cli import __version__
from tests.docs.documents import ROOT

SOURCES = ("pyproject.toml", "README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "config.example.toml")
MADE = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy, since setuptools leaves its own files beside the sources."""
    place = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        shutil.copy(ROOT / name, place / name)
    for folder in ("calsync_cli", "docs"):
        shutil.copytree(ROOT / folder, place / folder, ignore=MADE)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", place / "out", place]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "Could not find a version" in done.stderr or "No matching distribution" in done.stderr:
        pytest.skip("no network here from which the build could get setuptools")
    assert done.returncode == 0, done.stderr
    (made,) = (place / "out").glob("*.whl")
    return made


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    source = wheel.parents[1]
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    ours = {
        path.relative_to(source).as_posix() for path in (source / "calsync_cli").rglob("*") if path.is_file()
    }  # fmt: skip
    package = {name for name in names if name.startswith("calsync_cli/")}
    assert package == ours and any(name.endswith(".sql") for name in package)
    shared = {name.partition("/share/")[2] for name in names if ".data/data/share/" in name}
    written = {path.name for path in (source / "docs").iterdir() if path.suffix in (".md", ".svg")}
    assert shared == {f"doc/calsync/docs/{name}" for name in written} | {"man/man1/calsync.1"} | {
        f"doc/calsync/{name}" for name in SOURCES if name not in ("pyproject.toml", "LICENSE")
    }
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"calsync_cli", "calsync"}


def test_the_version_stands_in_one_place(wheel: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"] and "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "calsync_cli.__version__"}
    assert wheel.name.startswith(f"calsync-{__version__}-")
    assert f'"calsync {__version__}"' in (ROOT / "docs" / "calsync.1").read_text(encoding="utf-8")


def test_it_runs_where_it_was_just_installed(wheel: Path, tmp_path: Path) -> None:
    """In a new virtual environment, which finds the libraries of this one behind its own."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    inside = Path(sysconfig.get_path("purelib", vars={"base": str(venv), "platbase": str(venv)}))
    python = venv / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel]
    subprocess.run(install, check=True, capture_output=True)
    (inside / "libraries.pth").write_text(sysconfig.get_path("purelib"))  # afterwards: a calsync there is not its own
    program = python.with_name("calsync")
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}

    def says(*words: str) -> str:
        done = subprocess.run([program, *words], capture_output=True, text=True, cwd=tmp_path, env=environ, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert says("--version") == f"calsync {__version__}\n"
    assert "nothing needs you" in says("demo")
    where = "import calsync_cli; print(calsync_cli.__file__)"
    found = subprocess.run([python, "-c", where], capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    assert Path(found.strip()).is_relative_to(venv)
    assert (venv / "share" / "man" / "man1" / "calsync.1").exists()
