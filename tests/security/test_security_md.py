"""SECURITY.md stays true: what it names is there, and every test of this folder stands in it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    """Cells of the tables that say what shows each line."""
    found, shows = [], False
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            shows = False
        elif cells[-1].rstrip(" |") == "what shows it":
            shows = True
        elif shows and not set(line) <= set("|- "):
            found.append([cell.rstrip(" |") for cell in cells])
    return found


def test_every_threat_has_tests_that_are_there() -> None:
    assert len(rows()) > 25
    for threat, done, shown in rows():
        files = shown.split()
        assert threat and done and files, threat
        for name in files:
            assert re.search(r"^\s*def test_", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE), (threat, name)


def test_every_test_of_this_folder_stands_in_it() -> None:
    here = {f"tests/security/{path.name}" for path in Path(__file__).parent.glob("test_*.py")} - {
        "tests/security/test_security_md.py"
    }
    assert here <= set(re.findall(r"tests/[\w/]+\.py", TEXT))


def test_the_limits_that_it_names_are_those_of_the_program() -> None:
    from calsync_cli.providers import http
    from calsync_cli.store.retention import IMAGES

    assert f"{http.MAX_BODY // 1_000_000} MB to an answer and {http.MAX_LIST // 1_000_000} MB to a list" in TEXT
    assert http.PATIENCE == 10 and "ten times the account's `timeout`" in TEXT
    assert f"{IMAGES.days} days" in TEXT
