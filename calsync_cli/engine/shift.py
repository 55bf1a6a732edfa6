"""A series moved by a constant shift takes the keys of its instances along (R3). Pure.

Order   the time block is settled before: a move that waits for a person, or that lost, moves no instance
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from calsync_cli.engine.folded import Contender, Context, Folded, Voice, has_date, is_stale, moved_path
from calsync_cli.model import recur
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Form, Path, Recurrence, Value, instance_keys, split
from calsync_cli.model.times import InstanceKey, Span, When, moved, wall
from calsync_cli.model.views import PLAIN


@dataclass(frozen=True, slots=True)
class Move:
    """Who moves the series, and which instance key becomes which."""

    mover: Voice
    keys: Mapping[InstanceKey, InstanceKey]


def find_moves(result: Folded, voices: list[Voice]) -> list[Move]:
    """The constant shifts that calendars ask for; none where one of them asks for more, or its instances did not all go
    along (R3)."""
    movers = [v for v in voices if "time" in v.changes]
    found = [_move(result, mover, movers, voices) for mover in movers]
    return [move for move in found if move is not None] if None not in found else []


def _move(result: Folded, mover: Voice, movers: list[Voice], voices: list[Voice]) -> Move | None:
    if is_stale(result, "time", mover):
        return None
    old, new, rule = mover.base.get("time"), mover.now.get("time"), mover.base.get("recurrence")
    if not (isinstance(old, Span) and isinstance(new, Span) and isinstance(rule, Recurrence)):
        return None
    by = wall(new.start) - wall(old.start)
    if not by or not _same_clock(old.start, new.start):
        return None
    if "recurrence" in mover.changes and not _is_moved_block(mover, old, new, rule):
        return None
    forms = [result.hub_form(), *(v.base for v in voices), *(v.now for v in voices if v not in movers)]
    keys = {key for form in forms for key in instance_keys(form) if recur.has_instance(old, rule, key)}
    moves = {key: recur.shifted_key(key, old.start, by) for key in keys}
    known, kept = keys.intersection(instance_keys(mover.base)), set(instance_keys(mover.now))
    cut = {key for key in known if "recurrence" in mover.changes and not has_date(mover.now, moves[key])}
    if any(moves[key] not in kept or (key in kept and key not in moves.values()) for key in known - cut):
        return None
    return Move(mover, moves)


def _is_moved_block(mover: Voice, old: Span, new: Span, rule: Recurrence) -> bool:
    """Whether the dates of a series that shows less than its event are those of before, all as much later, but for some
    more or fewer at the end: what it hides of single dates stays with them (R3, R8), as nobody there can say it."""
    changed, by = mover.now.get("recurrence"), wall(new.start) - wall(old.start)
    if mover.spoke.mask == PLAIN or not isinstance(changed, Recurrence):
        return False
    pairs = list(zip(recur.starts(old, rule), recur.starts(new, changed), strict=False))
    return bool(pairs) and all(moved(before, by) == now for before, now in pairs)


def keys_moved(old: Value | None, new: Value | None, form: Form) -> Mapping[InstanceKey, InstanceKey]:
    """Which instance key of this form becomes which when its series moves from one time to another; none if it did not
    move by a constant shift."""
    if not (isinstance(old, Span) and isinstance(new, Span) and _same_clock(old.start, new.start)):
        return {}
    by, rule = wall(new.start) - wall(old.start), form.get("recurrence")
    if not by or not isinstance(rule, Recurrence):
        return {}
    dates = (key for key in instance_keys(form) if recur.has_instance(old, rule, key))
    return {key: recur.shifted_key(key, old.start, by) for key in dates}


def shifted(result: Folded, voices: list[Voice], moves: list[Move], ctx: Context) -> list[Voice]:
    """The voices under the keys that hold once the time block is settled: those of the move that won, or those of
    before."""
    if "time" in result.contested:
        for move in moves:
            voices = _waiting(result, voices, move, ctx)
        return voices
    agreed = result.hub["time"].value if "time" in result.by else moves[0].mover.now["time"]
    won = [move for move in moves if agreed is not None and _is_to(move, agreed)]
    for move in moves:
        if move not in won:
            voices = _moved_back(result, voices, move, ctx)
    return _moved_along(result, voices, won, ctx) if won else voices


def _is_to(move: Move, agreed: Value) -> bool:
    return not recur.diff({"time": move.mover.now["time"]}, {"time": agreed})


def _moved_along(result: Folded, voices: list[Voice], won: list[Move], ctx: Context) -> list[Voice]:
    movers, keys = [move.mover for move in won], {old: new for move in won for old, new in move.keys.items()}
    result.rekey(keys)
    renewed = []
    for voice in voices:
        if voice not in movers:
            result.forget(keys, voice.now, movers[0].spoke.calendar)
        base = _rekeyed(voice.base, keys)
        now = voice.now if voice in movers else _rekeyed(voice.now, keys)
        changes = {p: x for p, x in recur.diff(base, now).items() if split(p)[1] not in ctx.rules.local}
        behind = {moved_path(path, keys): rev for path, rev in voice.spoke.behind.items()}
        renewed.append(Voice(replace(voice.spoke, behind=behind), now, base, changes))
    return renewed


def _waiting(result: Folded, voices: list[Voice], move: Move, ctx: Context) -> list[Voice]:
    """What the mover says of single dates waits for the same answer, under whichever key it is said."""
    mover, there = move.mover, _back_in_time(move, ctx)
    for path in sorted(path for path in {**mover.changes, **there.changes} if split(path)[0]):
        said = {c.calendar: c.value for c in result.contested.get(path, ())}
        said |= {v.spoke.calendar: v.changes[path] for v in voices if path in v.changes}
        said.setdefault(mover.spoke.calendar, there.changes.get(path))
        result.contested[path] = tuple(Contender(calendar, value) for calendar, value in said.items())
    whole = {path: value for path, value in mover.changes.items() if not split(path)[0]}
    return [Voice(mover.spoke, there.now, mover.base, whole) if voice is mover else voice for voice in voices]


def _moved_back(result: Folded, voices: list[Voice], move: Move, ctx: Context) -> list[Voice]:
    """The series is not where this one moved it, and so are not its instances: the mover gets them back under their old
    keys, or under those of the move that won."""
    result.forget({new: old for old, new in move.keys.items()}, move.mover.now, result.by["time"])
    result.rekeyed |= {path for path in result.hub if split(path)[0] in move.keys}
    there = _back_in_time(move, ctx)
    return [there if voice is move.mover else voice for voice in voices]


def _back_in_time(move: Move, ctx: Context) -> Voice:
    """What the mover would show had the series not been moved: what is left are edits of single dates."""
    mover = move.mover
    now = _rekeyed(mover.now, {new: old for old, new in move.keys.items()})
    changes = {p: x for p, x in recur.diff(mover.base, now).items() if split(p)[1] not in ctx.rules.local}
    return Voice(mover.spoke, now, mover.base, changes)


def _same_clock(a: When, b: When) -> bool:
    return type(a) is type(b) and getattr(a, "tzid", "") == getattr(b, "tzid", "")


def _rekeyed(form: Form, moves: Mapping[InstanceKey, InstanceKey]) -> dict[Path, Value]:
    return {moved_path(path, moves): value for path, value in form.items()}
