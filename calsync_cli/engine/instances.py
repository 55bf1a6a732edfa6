"""Instances of a series: cancelled against edited (R4), edited where the series lost the date (R2). Pure."""

from __future__ import annotations

from calsync_cli.engine.folded import (
    SCHEDULE,
    Contender,
    Context,
    Folded,
    Voice,
    has_date,
    is_stale,
    under,
    was_held,
    without,
)
from calsync_cli.engine.world import Hub, calendar_meant
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import CANCELLED, Path, instance_form, instance_keys, join, split
from calsync_cli.model.times import InstanceKey
from calsync_cli.model.views import PLAIN


@dataclass(frozen=True, slots=True)
class Dispute:
    """One instance: who cancels it, who edits it. unseen: agreed edits that a cancelling calendar had not seen."""

    cancels: list[Voice]
    edits: list[Voice]
    cancelling: list[int]
    editing: list[int]
    unseen: list[Path]

    @property
    def voices(self) -> list[Voice]:
        return self.cancels + self.edits


def settle_instances(result: Folded, voices: list[Voice], ctx: Context) -> list[Voice]:
    """Cancelling an instance against editing it: rows 14 and 15 for that instance alone (R4).

    The hub is a side of its own where a calendar had not seen what it says of the instance (D6).
    """
    for key in sorted({split(path)[0] for voice in voices for path in voice.changes} - {""}):
        dispute = _dispute(result, key, voices)
        if not dispute.cancelling or not dispute.editing:
            continue
        paths = sorted({p for v in dispute.voices for p in under(key, v.changes)} | set(under(key, result.hub)))
        keep = _keeps_instance(key, dispute, ctx)
        if keep is None:
            said = [Contender(calendar, CANCELLED) for calendar in dispute.cancelling]
            said += [Contender(calendar, None) for calendar in dispute.editing]
            result.contested |= {path: tuple(said) for path in paths}
        elif keep:
            _revive(result, key, dispute)
            voices = [without(v, paths) if v in dispute.cancels else v for v in voices]
        else:
            result.lost += [(v.spoke.calendar, p, v.changes[p]) for v in dispute.edits for p in under(key, v.changes)]
            result.lost += [(result.hub[p].source, p, result.hub[p].value) for p in dispute.unseen]
            for path in paths:
                result.write(path, CANCELLED if path == join(key, "") else None, dispute.cancelling[0])
    return voices


def _dispute(result: Folded, key: InstanceKey, voices: list[Voice]) -> Dispute:
    mark = join(key, "")
    cancels = [v for v in voices if v.changes.get(mark) == CANCELLED]
    edits = [v for v in voices if v not in cancels and under(key, v.changes)]
    cancelling = [v.spoke.calendar for v in cancels]
    editing = [v.spoke.calendar for v in edits]
    agreed = {path: result.hub[path] for path in under(key, result.hub) if result.hub[path].value is not None}
    unseen = [
        path for path, entry in agreed.items()
        if path != mark and entry.source not in cancelling and any(is_stale(result, path, v) for v in cancels)
    ]
    gone = agreed.get(mark)
    if gone and gone.source not in editing and any(is_stale(result, mark, v) for v in edits):
        cancelling.append(gone.source)
    editing += sorted({agreed[path].source for path in unseen} - set(editing))
    return Dispute(cancels, edits, cancelling, editing, unseen)


def _keeps_instance(key: InstanceKey, dispute: Dispute, ctx: Context) -> bool | None:
    """Whether the edited instance stays; None to ask."""
    if not all(ctx.is_heard(v.spoke.calendar) for v in dispute.voices):
        return None
    path = join(key, "")
    answer = next((ctx.choice.answers[p] for p in (path, "") if ctx.choice and p in ctx.choice.answers), None)
    word = answer or ctx.rules.conflict
    if (number := calendar_meant(word)) is not None:
        return number not in dispute.cancelling
    if word in ("a", "b"):
        ranked = sorted((*dispute.cancelling, *dispute.editing), key=ctx.rank)
        return (ranked[0] if word == "a" else ranked[-1]) in dispute.editing
    return None if word == "ask" else True


def _revive(result: Folded, key: InstanceKey, dispute: Dispute) -> None:
    """Count every agreed field of the instance as new, so that each calendar without it gets it back."""
    source = dispute.editing[0]
    result.write(join(key, ""), None, source)
    edited = {p for v in dispute.edits for p in v.changes}
    shown = {p: v for voice in dispute.edits for p, v in voice.now.items() if split(p)[0] == key}
    for path in sorted(set(under(key, result.hub)) | shown.keys()):
        if path in edited or path == join(key, ""):
            continue
        agreed = result.value(path)
        result.write(path, shown.get(path) if agreed is None else agreed, source)


def let_go(result: Folded, voices: list[Voice]) -> None:
    """A date that a calendar showed without its words, and cancels or shows no more, goes with its words (rows 11, 12):
    nobody there could take them out one by one. Not so what somebody else says of it just now, or what was not seen."""
    agreed, before = result.hub_form(), {new: old for old, new in result.moves.items()}
    held = {split(path)[0] for path in result.contested}
    for voice in (voice for voice in voices if voice.spoke.mask != PLAIN):
        lost = any(path in voice.changes and result.by.get(path) != voice.spoke.calendar for path in SCHEDULE)
        said = {split(path)[0] for other in voices if other is not voice for path in other.changes}
        for key in sorted(set(instance_keys(agreed)) - held):
            paths = under(key, agreed)
            if agreed.get(join(key, "")) == CANCELLED:
                paths.remove(join(key, ""))
            elif (
                lost or key in said or has_date(agreed, key) or not _is_taken_out(voice, key, before.get(key, key))
                or any(path not in result.by and is_stale(result, path, voice) for path in paths)
            ):
                continue
            for path in paths:
                result.write(path, None, voice.spoke.calendar)


def _is_taken_out(voice: Voice, key: InstanceKey, before: InstanceKey) -> bool:
    """before: what the key was until the series moved, which only its mover's form is past."""
    now = key if "time" in voice.changes else before
    was = has_date(voice.base, before) or under(key, voice.base)
    return bool(was) and not (has_date(voice.now, now) or under(key, voice.now))


def find_orphans(result: Folded, voices: list[Voice], before: Hub, ctx: Context) -> None:
    """An instance edited here while the series lost it there is held or becomes an event, never dropped (R2)."""
    agreed = result.hub_form()
    entries = [result.hub[path] for path in SCHEDULE if path in result.hub]
    if "time" not in agreed or not entries:
        return
    source = max(entries, key=lambda entry: entry.rev).source
    for voice in voices:
        for key in sorted({split(path)[0] for path in voice.changes} - {""}):
            if not has_date(agreed, key) and any(path.startswith(f"@{key}/") for path in voice.now):
                held = any(was_held(before, path, voice.spoke) for path in under(key, voice.changes))
                if held or has_date(voice.now, key):
                    _orphan(result, voice, key, source, before, ctx)


def _orphan(result: Folded, voice: Voice, key: InstanceKey, source: int, before: Hub, ctx: Context) -> None:
    answer = next((ctx.choice.answers[p] for p in (join(key, ""), "") if ctx.choice and p in ctx.choice.answers), "")
    ranked = sorted((source, voice.spoke.calendar), key=ctx.rank)
    chosen = {"a": ranked[0], "b": ranked[-1]}.get(answer)
    if (number := calendar_meant(answer)) is not None:
        chosen = number if number == voice.spoke.calendar else source
    paths = under(key, {**result.hub, **voice.now})
    if (not answer and ctx.rules.orphan == "ask") or not ctx.is_heard(voice.spoke.calendar):
        asked = set(result.orphans)
        result.orphans.add(key)
        for path in paths:
            others = result.contested.get(path, ()) if key in asked else ()
            result.contested[path] = (*others, Contender(voice.spoke.calendar, voice.changes.get(path)))
            result.take_back(path, before)
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
        result.write(path, None, source)
