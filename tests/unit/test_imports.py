"""Who imports whom (style.md section 1): the import lines of the package are read and checked."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "calsync_cli"
LEAVES = {"errors", "files", "ports", "model", "__init__", "__version__"}
PURE_ENGINE = {"engine.world", "engine.fold", "engine.plan", "engine.match", "engine.merge", "engine.guards",
               "engine.keys", "engine.groups", "engine.case", "engine.presence", "engine.write_steps",
               "engine.create_steps", "engine.following", "engine.folded", "engine.verdict", "engine.instances",
               "engine.shift", "engine.asking", "engine.errands", "engine.filters", "engine.leave", "engine.views",
               "engine.adopt", "engine.lapsed", "engine.fingerprint"}
ALLOWED = {
    "model": {"model"},
    "mapping": {"model", "mapping", "errors"},
    # pure: how reminders are spelt, which colours have a name, and what Outlook's properties are called
    "config": LEAVES | {"config", "mapping.values", "mapping.google.colors", "mapping.outlook_names"},
    # pure both: a series is planned again half way (4.4); which private properties are read with an event (facts 0.11)
    # and how a whole feed is taken apart, before any event of it is read; the end that iCloud wants (facts 0.12)
    "providers": LEAVES | {"providers", "mapping.google.patches", "mapping.graph.kept", "mapping.graph.patches",
                           "mapping.feed", "mapping.feed.text", "mapping.feed.split", "mapping.feed.names",
                           "mapping.ends"},
    "store": LEAVES | {"store", *PURE_ENGINE},
    "schedule": LEAVES | {"schedule"},
    "setup": LEAVES | {"setup"},
    "watch": LEAVES | {"watch", "engine", "providers", "store", "config", "api"},
    "after": LEAVES | {"after", "store"},
    "auth": LEAVES | {"auth", "providers", "config"},
    "engine": LEAVES | {"engine", "mapping", "providers", "store", "config"},
}


def _modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found.append((".".join(path.relative_to(PACKAGE).with_suffix("").parts), path))
    return found


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("calsync_cli"):
            module = (node.module or "").removeprefix("calsync_cli").lstrip(".")
            names |= {module} if module else {alias.name for alias in node.names}
            inside = [alias.name for alias in node.names if (PACKAGE / f"{module}/{alias.name}.py").exists()]
            names |= {f"{module}.{name}" for name in inside}
        elif isinstance(node, ast.Import):
            names |= {a.name.removeprefix("calsync_cli.") for a in node.names if a.name.startswith("calsync_cli.")}
    return names - {""}


def _is_allowed(name: str, allowed: set[str]) -> bool:
    return name in allowed or name.split(".")[0] in allowed


def test_the_package_is_really_read() -> None:
    assert len(_modules()) > 30
    assert "model.series" in _imports(PACKAGE / "engine/plan.py")


def test_every_room_imports_only_what_lies_before_it() -> None:
    wrong = []
    for module, path in _modules():
        allowed = ALLOWED.get(module.split(".")[0])
        for name in _imports(path) if allowed else ():
            if not _is_allowed(name, allowed or set()):
                wrong.append(f"{module} imports {name}")
    assert not wrong


def test_the_planner_and_its_helpers_are_pure() -> None:
    wrong = []
    for module, path in _modules():
        if module in PURE_ENGINE:
            wrong += [f"{module} imports {n}" for n in _imports(path) if not _is_allowed(n, {"model", *PURE_ENGINE})
                      and n != "engine"]
    assert not wrong


def test_only_the_command_line_imports_the_command_line() -> None:
    wrong = [m for m, path in _modules() if not m.startswith(("cli", "__main__"))
             and any(n == "cli" or n.startswith("cli.") for n in _imports(path))]
    assert not wrong
