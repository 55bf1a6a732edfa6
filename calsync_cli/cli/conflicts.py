"""`conflicts`: see both versions and the base field by field, and decide."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli import sync as sync_command
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lines import day_words, shown
from calsync_cli.engine.run import Wish
from calsync_cli.errors import PersonNeeded, UsageError

SIDES = ("a", "b", "newest", "base", "both")
KEYS = {"a": "a", "b": "b", "n": "newest", "o": "base", "m": "both"}


def listing(ctx: Context, *, as_json: bool) -> int:
    """What waits for a decision. Exit code 0: looking is no failure."""
    found = _open(ctx)
    if as_json:
        print_json(found)
    elif not found:
        print("no conflicts")
    else:
        rows = [[str(c["id"]), c["pair"], c["title"], day_words(c["start"]), c["words"]] for c in found]
        table(["id>", "pair", "title", "start", "what"], rows, color=ctx.color)
        print("decide with: calsync conflicts resolve")
    return 0


def show(ctx: Context, number: int, *, as_json: bool) -> int:
    conflict = _one(_open(ctx), number)
    if as_json:
        print_json(conflict)
    else:
        _draw(ctx, conflict)
    return 0


def resolve(
    ctx: Context, number: int | None, *, take: str | None, fields: Sequence[str], all: bool, as_json: bool
) -> int:
    """Note the answers, then sync the pairs they belong to. Interactive when no flag says what to take."""
    work = ctx.workspace()
    try:
        chosen = work.conflicts() if number is None else [_one(work.conflicts(), number)]
        if not chosen:
            if as_json:
                print_json([])
            else:
                print("no conflicts")
            return 0
        answers = _answers(take, fields)
        if answers:
            if number is None and len(chosen) > 1 and not all:
                raise UsageError(
                    f"{len(chosen)} conflicts wait; name one, or decide all the same way with --all",
                    next="calsync conflicts list",
                )
            pairs = {work.decide(c["id"], _matching(c, answers, strict=not all)) for c in chosen}
        else:
            pairs = _interactive(ctx, work, chosen)
    finally:
        work.close()
    if not pairs:
        return 3
    wish = Wish(trigger="resolve", plans_dir=ctx.state_dir / "plans")
    report, signal_code = sync_command.run(ctx, sorted(pairs), wish)
    left = {c["id"] for c in _open(ctx)} & {c["id"] for c in chosen}
    if answers.get("") == "newest" and left and not as_json:
        words = "these calendars give no clear time of the last change, so newest cannot decide; take a or b"
        print(words, file=sys.stderr)
    sync_command.show(ctx, report, as_json=as_json)
    return signal_code or report.exit_code


def _open(ctx: Context) -> list[dict[str, Any]]:
    work = ctx.workspace()
    try:
        return work.conflicts()
    finally:
        work.close()


def _one(found: Sequence[dict[str, Any]], number: int) -> dict[str, Any]:
    for conflict in found:
        if conflict["id"] == number:
            return conflict
    raise UsageError(f"there is no conflict {number}", next="calsync conflicts list")


def _answers(take: str | None, fields: Sequence[str]) -> dict[str, str]:
    answers = {} if take is None else {"": take}
    for text in fields:
        name, _, side = text.partition("=")
        answers[name.strip()] = side.strip()
    for side in answers.values():
        if side not in SIDES:
            raise UsageError(f"{side!r} cannot be taken; use one of: {', '.join(SIDES)}")
    return answers


def _matching(conflict: Mapping[str, Any], answers: Mapping[str, str], *, strict: bool) -> dict[str, str]:
    """With --all a field that a conflict is not about is passed over."""
    if strict:
        return dict(answers)
    return {name: side for name, side in answers.items() if not name or name in conflict["fields"]}


def _draw(ctx: Context, conflict: Mapping[str, Any]) -> None:
    when = day_words(conflict["start"])
    print(f'conflict {conflict["id"]}: "{shown(conflict["title"])}"  {when}  ({conflict["pair"]})')
    print(f"  {conflict['words']}")
    if conflict["fields"]:
        rows = [
            [name, *(_cell(values[side]) for side in ("base", "a", "b"))] for name, values in conflict["fields"].items()
        ]
        table(["field", "before", "a", "b"], rows, color=ctx.color)
    for label, what in conflict["sides"].items():
        print(f"  {label}: {what}")


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "(none)"
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return "; ".join(value.get("r", [])) or str(value)
    return str(value)


# -- asking ------------------------------------------------------------------------------------------------------------


def _interactive(ctx: Context, work: Workspace, chosen: Sequence[dict[str, Any]]) -> set[str]:
    """One after the other; leaving at any moment keeps what was answered and changes nothing else."""
    if not sys.stdin.isatty():
        raise PersonNeeded(
            f"{len(chosen)} conflicts wait and there is no terminal to ask on; nothing was changed",
            next="calsync conflicts resolve ID --take a|b|newest|base|both",
        )
    pairs: set[str] = set()
    for conflict in chosen:
        _draw(ctx, conflict)
        answers = _ask(conflict)
        if answers is None:
            break
        if answers:
            pairs.add(work.decide(conflict["id"], answers))
    return pairs


def _ask(conflict: Mapping[str, Any]) -> dict[str, str] | None:
    """Answers, {} to skip, None to quit."""
    many = len(conflict["fields"]) > 1
    question = "take [a], [b], [n]ewest, [o]ld value, [m] keep both" + (", [f]ield by field" if many else "")
    while True:
        try:
            key = input(f"{question}, [s]kip or [q]uit? ").strip().lower()
        except EOFError:
            return None
        if key in KEYS:
            return {"": KEYS[key]}
        if key in ("s", ""):
            return {}
        if key == "q":
            return None
        if key == "f" and many:
            return _ask_fields(conflict)


def _ask_fields(conflict: Mapping[str, Any]) -> dict[str, str]:
    answers = {}
    for name in conflict["fields"]:
        key = ""
        while key not in KEYS:
            key = input(f"  {name}: take a, b, n, o or m? ").strip().lower()
        answers[name] = KEYS[key]
    return answers
