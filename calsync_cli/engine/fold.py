"""Folding what each calendar changed into the hub, field by field (semantics sections 4 to 6). Pure.

Shape   in: a Link whose spokes carry base and present form; out: the new hub, what is contested, what lost
Order   voices are heard in the group's priority order; one new counter value per fold
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from calsync_cli.engine.folded import (
    SCHEDULE,
    Contender,
    Context,
    Folded,
    Voice,
    changes_of,
    differs_from,
    is_stale,
    present,
    was_held,
    without,
)
from calsync_cli.engine.instances import find_orphans, let_go, settle_instances
from calsync_cli.engine.merge import merge_set, merge_text
from calsync_cli.engine.shift import find_moves, shifted
from calsync_cli.engine.verdict import decide
from calsync_cli.engine.views import heard
from calsync_cli.engine.world import Link, Spoke
from calsync_cli.model import recur
from calsync_cli.model.series import Form, Merge, Path, Value, merge_kind, split


def fold(link: Link, speaking: tuple[Spoke, ...], ctx: Context, unheard: tuple[Spoke, ...] = ()) -> Folded:
    """Hear every speaking spoke; each must have a replica with a form. What an unheard one had contested stays so."""
    result = Folded(dict(link.hub), link.rev)
    voices = _voices(speaking, ctx)
    if not any(voice.changes for voice in voices) and not any(_unclaimed(result, voice, ctx) for voice in voices):
        return result
    result.rev = link.rev + 1
    voices = _with_unheard(result, voices, unheard, ctx)
    moves = find_moves(result, voices)
    _settle_schedule(result, [_with_its_dates(result, voice) for voice in voices], ctx)
    if len(moves) > 1 and "time" not in result.by and "time" not in result.contested:
        _settle_path(result, "time", [move.mover for move in moves], ctx)
    voices = shifted(result, voices, moves, ctx) if moves else voices
    voices = [_with_its_dates(result, voice) for voice in voices]
    voices = settle_instances(result, voices, ctx)
    for path in sorted({p for voice in voices for p in voice.changes} - result.by.keys() - result.contested.keys()):
        _settle_path(result, path, [voice for voice in voices if path in voice.changes], ctx)
    let_go(result, voices)
    find_orphans(result, voices, link.hub, ctx)
    for voice in voices[: len(speaking)]:
        for path in _unclaimed(result, voice, ctx):
            result.write(path, voice.now[path], voice.spoke.calendar)
    for path in (result.rekeyed & result.hub.keys()) - result.by.keys():  # less what became an orphan on the way (R2)
        result.hub[path] = replace(result.hub[path], rev=result.rev)
    if not result.by:
        result.rev = link.rev
    return result


def _voices(speaking: tuple[Spoke, ...], ctx: Context) -> list[Voice]:
    found = []
    for spoke in speaking:
        assert spoke.replica is not None and spoke.replica.form is not None
        found.append(_voice(spoke, spoke.replica.form, changes_of(spoke, spoke.replica.form, ctx.rules.local)))
    return found


def _voice(spoke: Spoke, form: Form, changes: Mapping[Path, Value | None]) -> Voice:
    return Voice(spoke, heard(spoke, form), heard(spoke, spoke.base or {}), changes)


def _with_unheard(result: Folded, voices: list[Voice], unheard: tuple[Spoke, ...], ctx: Context) -> list[Voice]:
    """A conflict is not over because one of its sides cannot be read just now: its last word counts (row 16). Of one
    that has agreed to nothing yet, all it says may be what is asked about.
    """
    for spoke in unheard:
        held = {path for path in spoke.behind if was_held(result.hub, path, spoke)}
        if spoke.replica is not None and spoke.replica.form is not None:
            form, new = spoke.replica.form, spoke.base is None
            changes = {p: v for p, v in changes_of(spoke, form, ctx.rules.local).items() if new or p in held}
            voices = [*voices, _voice(spoke, form, changes)]
            continue
        for path in sorted(held & {p for voice in voices for p in voice.changes}):
            said = _contenders(result, path, [voice for voice in voices if path in voice.changes])
            result.contested[path] = tuple(said)
            voices = [without(voice, [path]) for voice in voices]
    return voices


def _with_its_dates(result: Folded, voice: Voice) -> Voice:
    """Who moves a series means the dates that are shown there (R8)."""
    time, rule = voice.changes.get("time"), voice.now.get("recurrence")
    if "recurrence" in voice.changes or is_stale(result, "recurrence", voice):
        return voice
    if not differs_from(time, voice.now, result.value("recurrence")):
        return voice
    return replace(voice, changes={**voice.changes, "recurrence": rule})


def _unclaimed(result: Folded, voice: Voice, ctx: Context) -> list[Path]:
    """What only a copy made during a conflict still shows, once nobody contests it any more."""
    paths = voice.now.keys() - result.hub.keys() - result.contested.keys()
    return sorted(path for path in paths if split(path)[1] not in ctx.rules.local)


def _settle_path(result: Folded, path: Path, voices: list[Voice], ctx: Context) -> None:
    entry = result.hub.get(path)
    agreed = entry.value if entry else None
    kind = merge_kind(path)
    source = voices[0].spoke.calendar
    if kind is Merge.SET and all(_is_set(v.base.get(path)) and _is_set(v.changes[path]) for v in voices):
        merged = _as_set(agreed)
        for voice in voices:
            merged = merge_set(merged, _as_set(voice.base.get(path)), _as_set(voice.changes[path]))
        gone = not merged and all(voice.changes[path] is None for voice in voices)
        result.write(path, None if gone else merged, source)
        return
    contenders = _contenders(result, path, voices)
    if not all(ctx.is_heard(c.calendar) for c in contenders):
        result.contested[path] = tuple(contenders)
        return
    if len(contenders) == 1:
        result.write(path, contenders[0].value, contenders[0].calendar)
        return
    if kind is Merge.TEXT:
        text: str | None = agreed if isinstance(agreed, str) else ""
        for voice in voices:
            if text is not None:
                text = merge_text(_as_text(voice.base.get(path)), text, _as_text(voice.changes[path]))
        if text is not None:
            result.write(path, text or None, source)
            return
    decide(result, (path,), contenders, {c.calendar: {path: c.value} for c in contenders}, ctx)


def _contenders(result: Folded, path: Path, voices: list[Voice]) -> list[Contender]:
    """The different values on the table; the hub's own is one of them for a calendar that had not seen it (D6)."""
    entry = result.hub.get(path)
    values = []
    fresh = {voice.spoke.calendar for voice in voices if not is_stale(result, path, voice)}
    if entry is not None and len(fresh) < len(voices) and entry.source not in fresh:
        values.append(Contender(entry.source, entry.value))
    values += [Contender(voice.spoke.calendar, voice.changes[path]) for voice in voices]
    distinct: list[Contender] = []
    for contender in values:
        if not any(_same(path, contender.value, other.value) for other in distinct):
            distinct.append(contender)
    return distinct


def _same(path: Path, a: Value | None, b: Value | None) -> bool:
    return not recur.diff({path: a} if a is not None else {}, {path: b} if b is not None else {})


def _is_set(value: Value | None) -> bool:
    return value is None or isinstance(value, frozenset)


def _as_set(value: Value | None) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()


def _as_text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def _settle_schedule(result: Folded, voices: list[Voice], ctx: Context) -> None:
    """Time block and rule changed on different calendars are one conflict of both (section 5)."""
    speakers = [v for v in voices if any(path in v.changes for path in SCHEDULE)]
    behind = [path for path in SCHEDULE for v in speakers if path not in v.changes and is_stale(result, path, v)]
    mixed = len({tuple(path in v.changes for path in SCHEDULE) for v in speakers}) > 1
    if not behind and not mixed:
        return
    offers: dict[int, Mapping[Path, Value | None]] = {}
    if any(is_stale(result, path, v) for path in SCHEDULE for v in speakers):
        entries = [result.hub[path] for path in SCHEDULE if path in result.hub]
        source = max(entries, key=lambda entry: entry.rev).source
        offers[source] = {path: result.hub[path].value for path in SCHEDULE if path in result.hub}
    offers |= {v.spoke.calendar: {path: v.now.get(path) for path in SCHEDULE} for v in speakers}
    first, *rest = offers.items()
    if not any(recur.diff(present(first[1]), present(offer)) for _, offer in rest):
        for path in SCHEDULE:
            result.write(path, first[1].get(path), first[0])
        return
    contenders = [Contender(calendar, offer.get("time")) for calendar, offer in offers.items()]
    decide(result, SCHEDULE, contenders, offers, ctx)
