"""`conflicts`: see both versions and the base field by field, and decide."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli import inbox
from calsync_cli.cli import sync as sync_command
from calsync_cli.cli.conflict_view import draw, view
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lines import day_words
from calsync_cli.cli.running import run
from calsync_cli.cli.screen import say
from calsync_cli.engine.state import Wish
from calsync_cli.errors import PersonNeeded, UsageError

SIDES = ("a", "b", "newest", "base", "both")

Answers = Mapping[str, str]
"""{"": side} for a whole conflict, or {field: side}."""


def listing(ctx: Context, *, as_json: bool) -> int:
    """What waits for a decision. Exit code 0: looking is no failure."""
    found = _open(ctx)
    if as_json:
        print_json(found)
    elif not found:
        say(*([] if ctx.quiet else ["no conflicts"]))
    else:
        rows = [[str(c["id"]), c["pair"], c["title"], day_words(c["start"]), c["words"]] for c in found]
        table(["id>", "pair", "title", "start", "what"], rows, color=ctx.color)
        print("\ndecide with: calsync conflicts resolve")
    return 0


def show(ctx: Context, number: int, *, as_json: bool) -> int:
    work = ctx.workspace()
    try:
        conflict = _one(work.conflicts(), number)
        if as_json:
            print_json(conflict)
        else:
            draw(view(work, conflict), color=ctx.color)
            print(f"\ndecide with: calsync conflicts resolve {number}")
    finally:
        work.close()
    return 0


def resolve(
    ctx: Context, number: int | None, *, take: str | None, fields: Sequence[str], all: bool, as_json: bool
) -> int:
    """Note the answers, then sync the pairs they belong to. Interactive when no flag says what to take."""
    answers = _answers(take, fields)
    work = ctx.workspace()
    try:
        chosen = work.conflicts() if number is None else [_one(work.conflicts(), number)]
        if not chosen:
            if as_json:
                print_json([])
            else:
                say(*([] if ctx.quiet else ["no conflicts"]))
            return 0
        if answers:
            decided = _same_for(chosen, answers, all=all, named=number is not None)
        else:
            decided = _asked(ctx, work, chosen, as_json=as_json)
        pairs = _decide(work, decided)
    finally:
        work.close()
    if not pairs:
        return 3
    wish = Wish(trigger="resolve", plans_dir=ctx.state_dir / "plans")
    report, signal_code = run(ctx, wish, lambda work, wish: work.sync(sorted(pairs), wish))
    if not as_json:
        _tell_open(ctx, decided)
    sync_command.show(ctx, report, as_json=as_json)
    return signal_code or report.exit_code


def _open(ctx: Context) -> list[dict[str, Any]]:
    return ctx.look(lambda work: work.conflicts())


def _one(found: Sequence[dict[str, Any]], number: int) -> dict[str, Any]:
    for conflict in found:
        if conflict["id"] == number:
            return conflict
    raise UsageError(f"there is no conflict {number}; nothing was changed", next="calsync conflicts list")


# -- answers -----------------------------------------------------------------------------------------------------------

Decided = Sequence[tuple[Mapping[str, Any], Answers]]
"""Conflicts as they were looked at, with the answers."""


def _answers(take: str | None, fields: Sequence[str]) -> dict[str, str]:
    answers = {} if take is None else {"": take}
    for text in fields:
        name, _, side = text.partition("=")
        if not name.strip():
            raise UsageError(f"--field {text!r} names no field; write --field title=a", next="calsync conflicts list")
        answers[name.strip()] = side.strip()
    for side in answers.values():
        if side not in SIDES:
            words = f"{side!r} cannot be taken; use one of: {', '.join(SIDES)}. Nothing was changed"
            raise UsageError(words, next="calsync conflicts resolve -h")
    return answers


def _same_for(chosen: Sequence[dict[str, Any]], answers: Answers, *, all: bool, named: bool) -> Decided:
    """The options' answers for one conflict, or for all of them; with --all, each gets those that it asks for."""
    if not named and len(chosen) > 1 and not all:
        text = f"{len(chosen)} conflicts wait; name one, or decide all the same way with --all. Nothing was changed"
        raise UsageError(text, next="calsync conflicts list")
    decided = []
    for conflict in chosen:
        known = {inbox.field_of(path) for path in conflict["fields"]}
        fitting = {inbox.field_of(name): side for name, side in answers.items()}
        if all:
            fitting = {name: side for name, side in fitting.items() if not name or name in known}
        for name in fitting:
            if name and name not in known:
                about = ", ".join(conflict["fields"]) or conflict["words"]
                text = f"conflict {conflict['id']} is not about {name!r}; it is about: {about}. Nothing was changed"
                raise UsageError(text, next=f"calsync conflicts show {conflict['id']}")
        if fitting:
            decided.append((conflict, fitting))
    if not decided:
        raise UsageError(f"no conflict is about {', '.join(answers)}; nothing was changed",
                         next="calsync conflicts list")
    return decided


def _asked(ctx: Context, work: Workspace, chosen: Sequence[dict[str, Any]], *, as_json: bool) -> Decided:
    """Ask one after the other. Nothing is noted before the last answer, so that Ctrl-C leaves all as it was."""
    if as_json or not sys.stdin.isatty():
        raise PersonNeeded(
            f"{_waiting(len(chosen))} and there is no terminal to ask on; nothing was changed",
            next="calsync conflicts resolve ID --take a|b|newest|base|both",
        )
    try:
        said = inbox.ask([view(work, conflict) for conflict in chosen], color=ctx.color)
    except KeyboardInterrupt:
        print("\nstopped; nothing was changed", file=sys.stderr)
        raise SystemExit(130) from None
    if not said.answered:
        print(f"nothing was decided; {_waiting(said.left)}: calsync conflicts resolve")
    return said.answered


def _waiting(count: int) -> str:
    return f"{count} conflict{' waits' if count == 1 else 's wait'}"


def _decide(work: Workspace, decided: Decided) -> set[str]:
    """Note the answers. A conflict that another run changed while it was looked at is asked anew (semantics A3)."""
    now = {conflict["id"]: conflict for conflict in work.conflicts()}
    pairs = set()
    for conflict, answers in decided:
        if now.get(conflict["id"]) != conflict:
            print(f"conflict {conflict['id']} has changed meanwhile; it was left as it is", file=sys.stderr)
            continue
        pairs.add(work.decide(conflict["id"], answers))
    return pairs


def _tell_open(ctx: Context, decided: Decided) -> None:
    """Answers that could not settle their conflict, and why."""
    still = {conflict["id"] for conflict in _open(ctx)}
    for conflict, answers in decided:
        if conflict["id"] in still and "newest" in answers.values():
            words = "these calendars give no clear time of the last change, so newest cannot decide; take a or b"
            print(f"conflict {conflict['id']}: {words}", file=sys.stderr)
