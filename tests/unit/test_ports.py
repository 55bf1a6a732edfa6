"""Time, sleep and fresh ids come through ports.py only (Q1)."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "calsync_cli"
FORBIDDEN_MODULES = {"random", "uuid", "secrets", "time"}
FORBIDDEN_CALLS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("datetime", "today")}


def _offences(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module in FORBIDDEN_MODULES:
            found.append(str(node.module))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and (owner.id, node.func.attr) in FORBIDDEN_CALLS:
                found.append(f"{owner.id}.{node.func.attr}")
    return found


def test_nothing_but_the_ports_asks_the_system_for_time_or_chance() -> None:
    others = [path for path in PACKAGE.rglob("*.py") if path.name != "ports.py"]
    assert {str(path): found for path in others if (found := _offences(path))} == {}


def test_the_check_sees_what_it_forbids() -> None:
    assert set(_offences(PACKAGE / "ports.py")) == {"secrets", "time", "datetime.now"}
