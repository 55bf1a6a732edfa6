"""A series moved by a constant shift takes the keys of its instances along (R3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from calsync_cli.engine.folded import Context, Folded, Voice, is_stale, moved_path
from calsync_cli.model import recur
from calsync_cli.model.series import Form, Path, Recurrence, Value, instance_keys, split
from calsync_cli.model.times import InstanceKey, Span, When, wall


def shifted(result: Folded, voices: list[Voice], ctx: Context) -> list[Voice]:
    """A series moved by a constant shift takes its instance keys along (R3), also those just edited elsewhere."""
    movers = [v for v in voices if "time" in v.changes]
    if len(movers) != 1 or "recurrence" in movers[0].changes:
        return voices
    mover = movers[0]
    if is_stale(result, "time", mover):
        return voices
    old, new, rule = mover.base.get("time"), mover.now.get("time"), mover.base.get("recurrence")
    if not (isinstance(old, Span) and isinstance(new, Span) and isinstance(rule, Recurrence)):
        return voices
    by = wall(new.start) - wall(old.start)
    if not by or not _same_clock(old.start, new.start):
        return voices
    known = set(instance_keys(mover.base))
    others = {k for v in voices if v is not mover for k in (*instance_keys(v.base), *instance_keys(v.now))}
    keys = known | set(instance_keys(result.hub_form())) | {k for k in others if recur.has_instance(old, rule, k)}
    moves = {key: recur.shifted_key(key, old.start, by) for key in keys}
    kept = set(instance_keys(mover.now))
    if any(moves[key] not in kept or (key in kept and key not in moves.values()) for key in known):
        return voices
    result.rekey(moves)
    renewed = []
    for voice in voices:
        if voice is not mover:
            result.forget(moves, voice.now, mover.spoke.calendar)
        base = _rekeyed(voice.base, moves)
        now = voice.now if voice is mover else _rekeyed(voice.now, moves)
        changes = {p: x for p, x in recur.diff(base, now).items() if split(p)[1] not in ctx.rules.local}
        behind = {moved_path(path, moves): rev for path, rev in voice.spoke.behind.items()}
        renewed.append(Voice(replace(voice.spoke, behind=behind), now, base, changes))
    return renewed


def _same_clock(a: When, b: When) -> bool:
    return type(a) is type(b) and getattr(a, "tzid", "") == getattr(b, "tzid", "")


def _rekeyed(form: Form, moves: Mapping[InstanceKey, InstanceKey]) -> dict[Path, Value]:
    return {moved_path(path, moves): value for path, value in form.items()}
