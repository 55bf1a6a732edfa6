"""Folding what each calendar changed into the hub, field by field (semantics sections 4 to 6). Pure.

Shape   in: a Link whose spokes carry base and present form; out: the new hub, what is contested, what lost
Order   voices are heard in the group's priority order; one new counter value per fold
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from calsync_cli.engine.merge import merge_set, merge_text
from calsync_cli.engine.world import CalendarState, Choice, Entry, Hub, Link, Rules, Spoke
from calsync_cli.model import recur
from calsync_cli.model.series import (
    CANCELLED,
    Form,
    Merge,
    Path,
    Recurrence,
    Value,
    instance_form,
    instance_keys,
    join,
    merge_kind,
    split,
)
from calsync_cli.model.times import InstanceKey, Span, When, wall

SCHEDULE = ("time", "recurrence")


@dataclass(frozen=True, slots=True)
class Voice:
    """What one calendar says: its spoke, its form, its base, and the paths that differ."""

    spoke: Spoke
    now: Form
    base: Form
    changes: Mapping[Path, Value | None]


@dataclass(frozen=True, slots=True)
class Contender:
    """One of several values of a contested path, and the calendar that holds it."""

    calendar: int
    value: Value | None


@dataclass(slots=True)
class Folded:
    """hub and rev: the agreement after this fold. lost: (calendar, path, value) that a person wrote and another won."""

    hub: dict[Path, Entry]
    rev: int
    contested: dict[Path, tuple[Contender, ...]] = field(default_factory=dict)
    orphans: set[InstanceKey] = field(default_factory=set)
    lost: list[tuple[int, Path, Value | None]] = field(default_factory=list)
    copies: set[int] = field(default_factory=set)
    by: dict[Path, int] = field(default_factory=dict)
    rekeyed: set[Path] = field(default_factory=set)
    moves: Mapping[InstanceKey, InstanceKey] = field(default_factory=dict)
    detached: dict[InstanceKey, tuple[int, Form]] = field(default_factory=dict)

    def value(self, path: Path) -> Value | None:
        entry = self.hub.get(path)
        return entry.value if entry else None

    def hub_form(self) -> dict[Path, Value]:
        return {path: entry.value for path, entry in self.hub.items() if entry.value is not None}

    def rekey(self, moves: Mapping[InstanceKey, InstanceKey]) -> None:
        """Give every instance its new key; the old paths stay as removals, so that each calendar is told."""
        self.moves = moves
        moving = {path: entry for path, entry in self.hub.items() if split(path)[0] in moves}
        for path, entry in moving.items():
            self.hub[path] = Entry(None, entry.rev, entry.source)
        for path, entry in moving.items():
            self.hub[_moved_path(path, moves)] = entry
        self.rekeyed = moving.keys() | {_moved_path(path, moves) for path in moving}

    def brought_along(self, now: Form) -> dict[Path, Value]:
        """What this calendar holds in a conflict, under the new key of an instance whose series moved (R3)."""
        new = {_moved_path(path, self.moves): value for path, value in now.items() if split(path)[0] in self.moves}
        return {path: value for path, value in new.items() if path in self.contested and path not in now}

    def forget(self, moves: Mapping[InstanceKey, InstanceKey], form: Form, source: int) -> None:
        """Instances under an old key that only this form has (edited while the series moved) must go there too."""
        for path in form:
            if split(path)[0] in moves and path not in self.hub:
                self.hub[path] = Entry(None, self.rev, source)
                self.rekeyed.add(path)


@dataclass(frozen=True, slots=True)
class Context:
    """The judge's view: rules, the calendars in priority order, a person's answers for this link."""

    rules: Rules
    calendars: Mapping[int, CalendarState]
    order: tuple[int, ...]
    stamps: Mapping[int, datetime] = field(default_factory=dict)
    choice: Choice | None = None

    def rank(self, calendar: int) -> int:
        return self.order.index(calendar)

    def is_heard(self, calendar: int) -> bool:
        return self.calendars[calendar].readable


def changes_of(spoke: Spoke, form: Form, local: frozenset[str]) -> dict[Path, Value | None]:
    """What the calendar changed since it last agreed, fields that never cross left out (row 18)."""
    changed = recur.diff(spoke.base or {}, form)
    return {path: value for path, value in changed.items() if split(path)[1] not in local}


def fold(link: Link, speaking: tuple[Spoke, ...], ctx: Context, unheard: tuple[Spoke, ...] = ()) -> Folded:
    """Hear every speaking spoke; each must have a replica with a form. What an unheard one had contested stays so."""
    result = Folded(dict(link.hub), link.rev)
    voices = _voices(speaking, ctx)
    if not any(voice.changes for voice in voices) and not any(_unclaimed(result, voice, ctx) for voice in voices):
        return result
    result.rev = link.rev + 1
    voices = _with_unheard(result, voices, unheard, ctx)
    voices = _shifted(result, voices, ctx)
    voices = _settle_instances(result, voices, ctx)
    _settle_schedule(result, voices, ctx)
    for path in sorted({p for voice in voices for p in voice.changes} - result.by.keys() - result.contested.keys()):
        _settle_path(result, path, [voice for voice in voices if path in voice.changes], ctx)
    _find_orphans(result, voices, link.hub, ctx)
    for voice in voices[: len(speaking)]:
        for path in _unclaimed(result, voice, ctx):
            _write(result, path, voice.now[path], voice.spoke.calendar)
    for path in result.rekeyed - result.by.keys():
        result.hub[path] = replace(result.hub[path], rev=result.rev)
    if not result.by:
        result.rev = link.rev
    return result


def _voices(speaking: tuple[Spoke, ...], ctx: Context) -> list[Voice]:
    found = []
    for spoke in speaking:
        assert spoke.replica is not None and spoke.replica.form is not None
        form = spoke.replica.form
        found.append(Voice(spoke, form, spoke.base or {}, changes_of(spoke, form, ctx.rules.local)))
    return found


def _with_unheard(result: Folded, voices: list[Voice], unheard: tuple[Spoke, ...], ctx: Context) -> list[Voice]:
    """A conflict is not over because one of its sides cannot be read just now: its last word counts (row 16)."""
    for spoke in unheard:
        held = {path for path in spoke.behind if _was_held(result.hub, path, spoke)}
        if spoke.replica is not None and spoke.replica.form is not None:
            form = spoke.replica.form
            changes = {p: v for p, v in changes_of(spoke, form, ctx.rules.local).items() if p in held}
            voices = [*voices, Voice(spoke, form, spoke.base or {}, changes)]
            continue
        for path in sorted(held & {p for voice in voices for p in voice.changes}):
            said = _contenders(result, path, [voice for voice in voices if path in voice.changes])
            result.contested[path] = tuple(said)
            voices = [_without(voice, [path]) for voice in voices]
    return voices


def _was_held(hub: Hub, path: Path, spoke: Spoke) -> bool:
    """A path kept behind although the hub says nothing newer waits for a person."""
    entry = hub.get(path)
    return path in spoke.behind and (entry is None or entry.rev <= spoke.behind[path])


def _unclaimed(result: Folded, voice: Voice, ctx: Context) -> list[Path]:
    """What only a copy made during a conflict still shows, once nobody contests it any more."""
    paths = voice.now.keys() - result.hub.keys() - result.contested.keys()
    return sorted(path for path in paths if split(path)[1] not in ctx.rules.local)


def _write(result: Folded, path: Path, value: Value | None, source: int) -> None:
    if value is not None and not value and not path.startswith("@"):
        value = None
    result.hub[path] = Entry(value, result.rev, source)
    result.by[path] = source


# -- one field ---------------------------------------------------------------------------------------------------------


def _stale(result: Folded, path: Path, voice: Voice) -> bool:
    entry = result.hub.get(path)
    return entry is not None and entry.rev > voice.spoke.ack(path)


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
        _write(result, path, None if gone else merged, source)
        return
    contenders = _contenders(result, path, voices)
    if not all(ctx.is_heard(c.calendar) for c in contenders):
        result.contested[path] = tuple(contenders)
        return
    if len(contenders) == 1:
        _write(result, path, contenders[0].value, contenders[0].calendar)
        return
    if kind is Merge.TEXT:
        text: str | None = agreed if isinstance(agreed, str) else ""
        for voice in voices:
            if text is not None:
                text = merge_text(_as_text(voice.base.get(path)), text, _as_text(voice.changes[path]))
        if text is not None:
            _write(result, path, text or None, source)
            return
    _decide(result, (path,), contenders, {c.calendar: {path: c.value} for c in contenders}, ctx)


def _contenders(result: Folded, path: Path, voices: list[Voice]) -> list[Contender]:
    """The different values on the table; the hub's own is one of them for a calendar that had not seen it (D6)."""
    entry = result.hub.get(path)
    values = []
    fresh = {voice.spoke.calendar for voice in voices if not _stale(result, path, voice)}
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


def _present(offer: Mapping[Path, Value | None]) -> dict[Path, Value]:
    return {path: value for path, value in offer.items() if value is not None}


def _is_set(value: Value | None) -> bool:
    return value is None or isinstance(value, frozenset)


def _as_set(value: Value | None) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()


def _as_text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


# -- who wins ----------------------------------------------------------------------------------------------------------


def _decide(
    result: Folded,
    paths: tuple[Path, ...],
    contenders: list[Contender],
    offers: Mapping[int, Mapping[Path, Value | None]],
    ctx: Context,
) -> None:
    """Settle `paths` as one block: a winner's offer goes into the hub, or the block stays contested."""
    verdict = _verdict(paths, contenders, ctx)
    if verdict == "hold":
        for path in paths:
            result.contested[path] = tuple(
                Contender(c.calendar, offers[c.calendar].get(path)) for c in contenders if c.calendar in offers
            )
        return
    if verdict == "base":
        for path in paths:
            entry = result.hub.get(path)
            _write(result, path, entry.value if entry else None, contenders[0].calendar)
        losers = [c.calendar for c in contenders]
    else:
        winner = int(verdict.removeprefix("both:"))
        for path in paths:
            _write(result, path, offers[winner].get(path), winner)
        losers = [c.calendar for c in contenders if c.calendar != winner]
        if verdict.startswith("both:"):
            result.copies |= set(losers)
    for loser in losers:
        result.lost += [(loser, path, offers[loser].get(path)) for path in paths if loser in offers]


def _verdict(paths: tuple[Path, ...], contenders: list[Contender], ctx: Context) -> str:
    """The winning calendar's number, "both:<number>", "base" or "hold"."""
    if not all(ctx.is_heard(c.calendar) for c in contenders):
        return "hold"
    ranked = sorted({c.calendar for c in contenders}, key=ctx.rank)
    policy: str = ctx.rules.policy.get(split(paths[0])[1], ctx.rules.conflict)
    answer = next((ctx.choice.answers[p] for p in (*paths, "") if ctx.choice and p in ctx.choice.answers), None)
    if answer is not None:
        return _side(answer, ranked, contenders, ctx, otherwise="hold")
    if policy == "ask":
        return "hold"
    if policy in ("a", "b"):
        return _side(policy, ranked, contenders, ctx, otherwise="hold")
    if policy == "newest":
        newest = _side("newest", ranked, contenders, ctx, otherwise="")
        if newest:
            return newest
    return _side(ctx.rules.tie, ranked, contenders, ctx, otherwise="hold")


def _side(word: str, ranked: list[int], contenders: list[Contender], ctx: Context, *, otherwise: str) -> str:
    match word:
        case "a":
            return str(ranked[0])
        case "b":
            return str(ranked[-1])
        case "base":
            return "base"
        case "both" | "keep-both":
            return f"both:{ranked[0]}"
        case "newest":
            newest = newest_of(tuple(c.calendar for c in contenders), ctx)
            return str(newest) if newest is not None else otherwise
    return otherwise


def newest_of(calendars: tuple[int, ...], ctx: Context) -> int | None:
    """The calendar with the clearly latest server stamp, or None when stamps cannot decide (D2)."""
    stamps = []
    for number in dict.fromkeys(calendars):
        calendar, stamp = ctx.calendars[number], ctx.stamps.get(number)
        if stamp is None or not calendar.server_stamps:
            return None
        if calendar.server_now is not None and stamp > calendar.server_now:
            return None
        stamps.append((stamp, number))
    stamps.sort()
    if len(stamps) < 2 or stamps[-1][0] - stamps[-2][0] < ctx.rules.clock_tolerance:
        return None
    return stamps[-1][1]


# -- instances ---------------------------------------------------------------------------------------------------------


def _under(key: InstanceKey, paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if split(path)[0] == key)


def _settle_instances(result: Folded, voices: list[Voice], ctx: Context) -> list[Voice]:
    """Cancelling an instance against editing it: rows 14 and 15 for that instance alone (R4)."""
    for key in sorted({split(path)[0] for voice in voices for path in voice.changes} - {""}):
        cancels = [v for v in voices if v.changes.get(join(key, "")) == CANCELLED]
        edits = [v for v in voices if v not in cancels and _under(key, v.changes)]
        if not cancels or not edits:
            continue
        paths = sorted({p for v in (*cancels, *edits) for p in _under(key, v.changes)} | set(_under(key, result.hub)))
        keep = _keeps_instance(key, cancels, edits, ctx)
        if keep is None:
            said = [Contender(v.spoke.calendar, v.changes.get(join(key, ""))) for v in (*cancels, *edits)]
            result.contested |= {path: tuple(said) for path in paths}
        elif keep:
            _revive(result, key, edits[0].spoke.calendar, {p for v in edits for p in v.changes})
            voices = [_without(v, paths) if v in cancels else v for v in voices]
        else:
            result.lost += [(v.spoke.calendar, p, v.changes[p]) for v in edits for p in _under(key, v.changes)]
            for path in paths:
                _write(result, path, CANCELLED if path == join(key, "") else None, cancels[0].spoke.calendar)
    return voices


def _keeps_instance(key: InstanceKey, cancels: list[Voice], edits: list[Voice], ctx: Context) -> bool | None:
    """Whether the edited instance stays; None to ask."""
    if not all(ctx.is_heard(v.spoke.calendar) for v in (*cancels, *edits)):
        return None
    path = join(key, "")
    answer = next((ctx.choice.answers[p] for p in (path, "") if ctx.choice and p in ctx.choice.answers), None)
    word = answer or ctx.rules.conflict
    if word in ("a", "b"):
        ranked = sorted((v.spoke.calendar for v in (*cancels, *edits)), key=ctx.rank)
        return (ranked[0] if word == "a" else ranked[-1]) in {v.spoke.calendar for v in edits}
    return None if word == "ask" else True


def _revive(result: Folded, key: InstanceKey, source: int, edited: set[Path]) -> None:
    """Count every agreed field of the instance as new, so that the calendar that cancelled it gets it back."""
    _write(result, join(key, ""), None, source)
    for path in _under(key, result.hub):
        if path not in edited and path != join(key, ""):
            _write(result, path, result.hub[path].value, source)


def _without(voice: Voice, paths: list[Path]) -> Voice:
    return replace(voice, changes={p: v for p, v in voice.changes.items() if p not in paths})


def _settle_schedule(result: Folded, voices: list[Voice], ctx: Context) -> None:
    """Time block and rule changed on different calendars are one conflict of both (section 5)."""
    speakers = [v for v in voices if any(path in v.changes for path in SCHEDULE)]
    behind = [path for path in SCHEDULE for v in speakers if path not in v.changes and _stale(result, path, v)]
    mixed = len({tuple(path in v.changes for path in SCHEDULE) for v in speakers}) > 1
    if not behind and not mixed:
        return
    offers: dict[int, Mapping[Path, Value | None]] = {}
    if any(_stale(result, path, v) for path in SCHEDULE for v in speakers):
        entries = [result.hub[path] for path in SCHEDULE if path in result.hub]
        source = max(entries, key=lambda entry: entry.rev).source
        offers[source] = {path: result.hub[path].value for path in SCHEDULE if path in result.hub}
    offers |= {v.spoke.calendar: {path: v.now.get(path) for path in SCHEDULE} for v in speakers}
    first, *rest = offers.items()
    if not any(recur.diff(_present(first[1]), _present(offer)) for _, offer in rest):
        for path in SCHEDULE:
            _write(result, path, first[1].get(path), first[0])
        return
    contenders = [Contender(calendar, offer.get("time")) for calendar, offer in offers.items()]
    _decide(result, SCHEDULE, contenders, offers, ctx)


def _shifted(result: Folded, voices: list[Voice], ctx: Context) -> list[Voice]:
    """A series moved by a constant shift takes its instance keys along (R3), also those just edited elsewhere."""
    movers = [v for v in voices if "time" in v.changes]
    if len(movers) != 1 or "recurrence" in movers[0].changes:
        return voices
    mover = movers[0]
    if _stale(result, "time", mover):
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
        renewed.append(Voice(voice.spoke, now, base, changes))
    return renewed


def _same_clock(a: When, b: When) -> bool:
    return type(a) is type(b) and getattr(a, "tzid", "") == getattr(b, "tzid", "")


def _rekeyed(form: Form, moves: Mapping[InstanceKey, InstanceKey]) -> dict[Path, Value]:
    return {_moved_path(path, moves): value for path, value in form.items()}


def _moved_path(path: Path, moves: Mapping[InstanceKey, InstanceKey]) -> Path:
    key, name = split(path)
    return join(moves.get(key, key), name)


def _find_orphans(result: Folded, voices: list[Voice], before: Hub, ctx: Context) -> None:
    """An instance edited here while the series lost it there is held or becomes an event, never dropped (R2)."""
    span, rule = result.value("time"), result.value("recurrence")
    entries = [result.hub[path] for path in SCHEDULE if path in result.hub]
    if not isinstance(span, Span) or not entries:
        return
    source = max(entries, key=lambda entry: entry.rev).source
    for voice in voices:
        for key in sorted({split(path)[0] for path in voice.changes} - {""}):
            if not _has(span, rule, key) and any(path.startswith(f"@{key}/") for path in voice.now):
                held = any(_was_held(before, path, voice.spoke) for path in _under(key, voice.changes))
                if held or _has(voice.now.get("time"), voice.now.get("recurrence"), key):
                    _orphan(result, voice, key, source, before, ctx)


def _has(span: Value | None, rule: Value | None, key: InstanceKey) -> bool:
    return isinstance(span, Span) and isinstance(rule, Recurrence) and recur.has_instance(span, rule, key)


def _orphan(result: Folded, voice: Voice, key: InstanceKey, source: int, before: Hub, ctx: Context) -> None:
    answer = next((ctx.choice.answers[p] for p in (join(key, ""), "") if ctx.choice and p in ctx.choice.answers), "")
    ranked = sorted((source, voice.spoke.calendar), key=ctx.rank)
    chosen = {"a": ranked[0], "b": ranked[-1]}.get(answer)
    paths = _under(key, {**result.hub, **voice.now})
    if (not answer and ctx.rules.orphan == "ask") or not ctx.is_heard(voice.spoke.calendar):
        asked = set(result.orphans)
        result.orphans.add(key)
        for path in paths:
            result.by.pop(path, None)
            others = result.contested.get(path, ()) if key in asked else ()
            result.contested[path] = (*others, Contender(voice.spoke.calendar, voice.changes.get(path)))
            result.hub.pop(path, None)
            if path in before:
                result.hub[path] = before[path]
        return
    if chosen == source or key in result.detached:
        result.lost += [(voice.spoke.calendar, path, voice.now.get(path)) for path in paths]
    else:
        result.detached[key] = (voice.spoke.calendar, instance_form(voice.now, key))
    for path in paths:
        result.contested.pop(path, None)
        writer, entry = result.by.get(path), result.hub.get(path)
        if entry is not None and entry.value is not None and writer not in (None, voice.spoke.calendar):
            result.lost.append((entry.source, path, entry.value))  # another calendar's words for the same lost date
        _write(result, path, None, source)
