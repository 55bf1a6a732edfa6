"""`conflicts`: see both versions and the base field by field, and decide."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli import inbox
from calsync_cli.cli import sync as sync_command
from calsync_cli.cli.conflict_view import draw, view
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lines import counted, day_words
from calsync_cli.cli.preview import field_of
from calsync_cli.cli.running import run
from calsync_cli.cli.screen import say
from calsync_cli.engine.state import Wish
from calsync_cli.errors import PersonNeeded, UsageError
from calsync_cli.model.plain import dataclass
from calsync_cli.model.words import closest

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
        rows = [[str(c["id"]), c["pair"], _title(ctx, c), day_words(c["start"]), *_what(c)] for c in found]
        table(["id>", "pair", "title", "start", "what"], rows, color=ctx.color)
        print("\ndecide with: calsync conflicts resolve")
    return 0


def _title(ctx: Context, conflict: Mapping[str, Any]) -> str:
    """Where others may read along, without the titles that a pair hides (cli.md section 5)."""
    return "(hidden)" if ctx.quiet and conflict["discreet"] else str(conflict["title"])


def _what(conflict: Mapping[str, Any]) -> list[str]:
    said = ", ".join(f"{name} {side}".strip() for name, side in conflict["decided"].items())
    return [conflict["words"] + (f" (decided: {said}; the next sync carries it out)" if said else "")]


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
        done = Done()
        if answers:
            for conflict, fitting in _same_for(chosen, answers, all=all, named=number is not None):
                _note(work, conflict, fitting, done)
        else:
            _ask(ctx, work, chosen, done, named=number is not None, as_json=as_json)
    finally:
        work.close()
    if not done.pairs:
        return 3
    wish = Wish(trigger="resolve", plans_dir=ctx.state_dir / "plans")
    report, signal_code = run(ctx, wish, lambda work, wish: work.sync(sorted(done.pairs), wish))
    if report.exit_code in (0, 3):
        _settle_open(ctx, done, as_json=as_json)
    sync_command.show(ctx, report, as_json=as_json)
    return signal_code or report.exit_code


@dataclass(slots=True)
class Done:
    """What was decided: the conflicts as they were looked at with their answers, and the pairs to sync."""

    answered: list[tuple[Mapping[str, Any], Answers]] = field(default_factory=list)
    pairs: set[str] = field(default_factory=set)


def _open(ctx: Context) -> list[dict[str, Any]]:
    return ctx.look(lambda work: work.conflicts())


def _one(found: Sequence[dict[str, Any]], number: int) -> dict[str, Any]:
    for conflict in found:
        if conflict["id"] == number:
            return conflict
    raise UsageError(f"there is no conflict {number}; nothing was changed", next="calsync conflicts list")


# -- answers -----------------------------------------------------------------------------------------------------------

def _answers(take: str | None, fields: Sequence[str]) -> dict[str, str]:
    answers = {} if take is None else {"": take}
    for text in fields:
        name, _, side = text.partition("=")
        if not name.strip():
            raise UsageError(f"--field {text!r} names no field; write --field title=a", next="calsync conflicts list")
        answers[name.strip()] = side.strip()
    for side in answers.values():
        if side not in SIDES and "/" not in side:
            hint = closest(side, SIDES)
            words = f"{side!r} cannot be taken{hint}; use one of: {', '.join(SIDES)}. Nothing was changed"
            raise UsageError(words, next="calsync conflicts resolve -h")
    return answers


def _same_for(
    chosen: Sequence[dict[str, Any]], answers: Answers, *, all: bool, named: bool
) -> Sequence[tuple[Mapping[str, Any], Answers]]:
    """The options' answers for one conflict, or for all of them; with --all, each gets those that it asks for."""
    if not named and len(chosen) > 1 and not all:
        text = f"{len(chosen)} conflicts wait; name one, or decide all the same way with --all. Nothing was changed"
        raise UsageError(text, next="calsync conflicts list")
    decided = []
    for conflict in chosen:
        known = {field_of(path) for path in conflict["fields"]}
        fitting = {field_of(name): side for name, side in answers.items()}
        strange = [side for side in fitting.values() if side not in SIDES and side not in conflict["elsewhere"]]
        if strange and not all:
            able = ", ".join([*SIDES, *conflict["elsewhere"]])
            text = f"{strange[0]!r} has no say in conflict {conflict['id']}; use one of: {able}. Nothing was changed"
            raise UsageError(text, next=f"calsync conflicts show {conflict['id']}")
        fitting = {name: side for name, side in fitting.items() if side not in strange}
        without = {field_of(path) for path in conflict["unknown"]}
        old = [n for n, side in fitting.items() if side == "base" and (n in without or (not n and without))]
        if all:
            fitting = {n: side for n, side in fitting.items() if (not n or n in known) and n not in old}
        elif old:
            text = f"conflict {conflict['id']} has no old {' and '.join(sorted(without))}: these calendars met with "
            text += "the event on each. Nothing was changed"
            raise UsageError(text, next=f"calsync conflicts show {conflict['id']}")
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


def _ask(
    ctx: Context, work: Workspace, chosen: Sequence[dict[str, Any]], done: Done, *, named: bool, as_json: bool
) -> None:
    """One after the other. Each answer is noted at once, so that whoever leaves half way keeps it."""
    if as_json or not sys.stdin.isatty():
        raise PersonNeeded(
            f"{inbox.waiting(len(chosen))} and there is no terminal to ask on; nothing was changed",
            next="calsync conflicts resolve ID --take a|b|newest|base|both",
        )
    before = [one for one in chosen if one["decided"] and not named]
    for one in before:
        done.answered.append((one, one["decided"]))
        done.pairs.add(one["pair"])
    if before:
        say(f"{counted(len(before), 'conflict')} had your answer already, which is carried out now")
    todo = [one for one in chosen if one not in before]
    desk = inbox.Desk(
        lambda seen, answers: _note(work, seen.conflict, answers, done),
        lambda seen: work.newest(seen.conflict["id"]), ctx.color,
    )
    try:
        left = inbox.ask([view(work, conflict) for conflict in todo], desk)
    except (KeyboardInterrupt, SystemExit) as end:
        say("", *_stopped(done, len(chosen) - len(done.answered)), to=sys.stderr)
        raise SystemExit(130 if isinstance(end, KeyboardInterrupt) else end.code) from None
    if left:
        nothing = "" if done.answered else "nothing was decided; "
        say(f"{nothing}{inbox.waiting(left)}: calsync conflicts resolve")


def _stopped(done: Done, left: int) -> Iterator[str]:
    if not done.answered:
        yield f"stopped; nothing was changed, {inbox.waiting(left)}: calsync conflicts resolve"
        return
    pairs = " ".join(sorted(done.pairs))
    yield f"stopped; {counted(len(done.answered), 'answer')} noted, carried out by the next sync: calsync sync {pairs}"
    if left:
        yield f"{inbox.waiting(left)}: calsync conflicts resolve"


def _note(work: Workspace, conflict: Mapping[str, Any], answers: Answers, done: Done) -> bool:
    """A conflict that another run changed while it was looked at is asked anew (semantics A3)."""
    now = {one["id"]: one for one in work.conflicts()}
    if now.get(conflict["id"]) != conflict:
        print(f"conflict {conflict['id']} has changed meanwhile; it was left as it is", file=sys.stderr)
        return False
    done.pairs.add(work.decide(conflict["id"], answers))
    done.answered.append((conflict, answers))
    return True


def _settle_open(ctx: Context, done: Done, *, as_json: bool) -> None:
    """Answers that could not settle their conflict, although all could be read and nothing waits for another yes, are
    told and forgotten, so that it is asked again."""
    work = ctx.workspace()
    try:
        still = {one["id"]: one for one in work.conflicts()}
        asked = {one["uid"] for one in work.approvals()}
        for conflict, answers in done.answered:
            if not still.get(conflict["id"], {}).get("decided") or conflict["uid"] in asked:
                continue
            work.decide(conflict["id"], {})
            words = "this answer could not settle it; take a or b"
            if "newest" in answers.values():
                words = "these calendars give no clear time of the last change, so newest cannot decide; take a or b"
            if not as_json:
                print(f"conflict {conflict['id']}: {words}", file=sys.stderr)
    finally:
        work.close()
