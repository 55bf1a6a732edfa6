"""From the folded hub to what each replica that is there needs (semantics 4, 5, 10). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from calsync_cli.engine import presence
from calsync_cli.engine.case import Case, Decision, field_words
from calsync_cli.engine.folded import SCHEDULE, Folded, changes_of, differs_from, moved_path, present, under
from calsync_cli.engine.shift import keys_moved
from calsync_cli.engine.views import (
    as_text,
    heard,
    hears,
    is_copy,
    less,
    of_text,
    origin,
    shown,
    shows,
    worked_out,
)
from calsync_cli.engine.world import Kept, Spoke
from calsync_cli.model import recur
from calsync_cli.model.series import ANSWER, CANCELLED, Form, Path, Recurrence, Value, split
from calsync_cli.model.times import InstanceKey, Span
from calsync_cli.model.views import PLAIN, View


def bring_up(case: Case, spoke: Spoke, folded: Folded, result: Decision, speaks: bool, why: str) -> Spoke:
    """The spoke once the plan is stored: base as it is now less what is contested, behind where a write is due."""
    assert spoke.replica is not None and spoke.replica.form is not None
    now, base = spoke.replica.form, spoke.base or {}
    held = frozenset(folded.contested)
    copy = is_copy(case.link, spoke)
    view = case.calendars[spoke.calendar].view if copy else spoke.mask
    wanted = shown(view, folded.hub_form()) if copy else heard(spoke, folded.hub_form())
    made = worked_out(view) if copy else frozenset()
    due = {
        path: wanted.get(path)
        for path, entry in folded.hub.items()
        if entry.rev > spoke.ack(path) and path not in held and not case.is_local(path)
        and _is_shown(path, spoke, made) and _has_place(path, now) and _differs(path, now, wanted.get(path))
    }
    if "recurrence" not in held and (
        ("time" in due and differs_from(due["time"], now, wanted.get("recurrence")))
        or (copy and _owes_dates(spoke, folded) and _other_dates(now, wanted)
            and (speaks or now.get("recurrence") == base.get("recurrence")))
    ):
        due["recurrence"] = wanted.get("recurrence")
    apart = _apart(now, due, wanted)
    due = {path: value for path, value in due.items() if path not in apart}
    moved_along = _brought_along(heard(spoke, now), due, held)
    due |= moved_along
    leftovers = _leftovers(case, spoke, now, due, folded)
    due |= leftovers
    due |= {p: wanted[p] for p in _own_after_all(now, due, wanted) if p not in held and not case.is_local(p)}
    remade = copy and spoke.view != as_text(view)
    made_anew = remade and _is_made_anew(case, spoke, view)
    if remade:
        due |= _by_the_view(case, spoke, wanted, held, result)
    by_hand = {} if speaks else _target_edits(case, spoke, now, wanted)
    if case.snap.rules.target_edits == "overwrite":
        due |= by_hand
    writable = _is_writable_target(case, spoke)
    if due and writable and case.is_rejected(spoke, "update", due):
        due = {}
    why = why or _why_remade(remade, due, folded)
    if due and writable and _update(case, spoke, due, held | apart, folded, result, why):
        if remade and not made_anew:
            result.steps[-1] = replace(result.steps[-1], view=as_text(view))
        lost = [path for path in sorted(by_hand) if path in due]  # W2: a person's value goes to the store first (I1)
        lost += _unseen_words(case, now, due, folded) if speaks else _cancelled_words(case, spoke, now, due)
        lost += [path for path in leftovers if path not in lost]
        result.kept += [Kept(case.link.key, spoke.calendar, "overwritten", case.link.uid, p, now.get(p)) for p in lost]
    # a conflict on a date that is just being moved is forgotten if the move does not arrive; its words are not (I1)
    result.kept += [
        Kept(case.link.key, spoke.calendar, "conflict", case.link.uid, p, value) for p, value in moved_along.items()
    ]
    behind = {p: spoke.ack(p) for p in (*(due if writable else ()), *held, *apart)}
    new_base = now if speaks else _target_base(case, spoke, now, wanted)
    kept_base = {p: v for p, v in new_base.items() if p not in held} | {p: base[p] for p in held if p in base}
    text = as_text(view) if remade and not due and not made_anew else spoke.view
    return replace(spoke, state="live", base=kept_base, rev=folded.rev, behind=behind, view=text)


def _is_made_anew(case: Case, spoke: Spoke, view: View) -> bool:
    """Before long, since it may hold more than can be written over (leave.anew). Of what was found again nobody knows
    what it was made to show, and it stays."""
    return spoke.base is not None and less(of_text(spoke.view), view) and origin(case.link) is not None


def _is_shown(path: Path, spoke: Spoke, made: frozenset[str]) -> bool:
    """Whether this replica shows what others say of a field (W6)."""
    name = split(path)[1]
    return hears(spoke.mask, path) or (name in made and shows(spoke.mask, name))


def _owes_dates(spoke: Spoke, folded: Folded) -> bool:
    """Whether anything was said of the dates since they were written here, or taken back (I19)."""
    said = (path for path in folded.hub if path in SCHEDULE or path.startswith("@"))
    return "recurrence" in spoke.behind or any(folded.hub[path].rev > spoke.ack(path) for path in said)


def _other_dates(now: Form, wanted: Form) -> bool:
    """The dates of a copy may change though the rule does not (views.shown)."""
    there, rule = now.get("recurrence"), wanted.get("recurrence")
    known = isinstance(there, Recurrence) and isinstance(rule, Recurrence)
    return known and there.dates != rule.dates and _differs("recurrence", now, rule)  # type: ignore[union-attr]


def _apart(now: Form, due: Mapping[Path, Value | None], wanted: Form) -> frozenset[Path]:
    """Of single dates, what has no place here while the series stays at a time or a rule that is not the hub's (R3)."""
    stays = present({path: due.get(path, now.get(path)) for path in SCHEDULE})
    agreed = present({path: wanted.get(path) for path in SCHEDULE})
    span, rule = stays.get("time"), stays.get("recurrence")
    if not isinstance(span, Span) or not isinstance(rule, Recurrence) or not recur.diff(stays, agreed):
        return frozenset()
    dates = {path: split(path)[0] for path, value in due.items() if path.startswith("@") and value is not None}
    return frozenset(path for path, key in dates.items() if not recur.has_instance(span, rule, key))


def _brought_along(now: Form, due: Mapping[Path, Value | None], held: frozenset[Path]) -> dict[Path, Value]:
    """What this calendar holds in a conflict, under the new key of an instance whose series is moved here (R3)."""
    keys = keys_moved(now.get("time"), due.get("time"), now)
    new = {moved_path(path, keys): value for path, value in now.items() if split(path)[0] in keys}
    return {path: value for path, value in new.items() if path in held and path not in now}


def _has_place(path: Path, now: Form) -> bool:
    """Only who is invited there can answer there (I8)."""
    return path != ANSWER or path in now


def _by_the_view(
    case: Case, spoke: Spoke, wanted: Form, held: frozenset[Path], result: Decision
) -> dict[Path, Value | None]:
    """What a copy that was made under another view shows otherwise now (V7); what it showed goes to the store (I1)."""
    assert spoke.replica is not None and spoke.replica.form is not None
    now, before = spoke.replica.form, of_text(spoke.view)
    view = case.calendars[spoke.calendar].view
    mine = {"reminders"} if view.reminders != before.reminders else set()
    fields = {
        path for path in (*wanted, *now)
        if path not in held and (not case.is_local(path) or split(path)[1] in mine)
        and (path in wanted or shows(before, split(path)[1]) or split(path)[1] in worked_out(before))
    }
    due = {path: wanted.get(path) for path in sorted(fields) if _differs(path, now, wanted.get(path))}
    lost = [path for path in due if path in now]
    result.kept += [Kept(case.link.key, spoke.calendar, "overwritten", case.link.uid, p, now[p]) for p in lost]
    return due


def _why_remade(remade: bool, due: Mapping[Path, Value | None], folded: Folded) -> str:
    """Words for a change that only the rules of the pair call for."""
    return f"{_names(sorted(due))} by the pair's rules now" if remade else ""


def _own_after_all(now: Form, due: Mapping[Path, Value | None], wanted: Form) -> list[Path]:
    """Of dates whose own words were those of the series here, and so not told apart: the series is to say otherwise
    now, and they would follow it (I16)."""
    if not now.get("recurrence"):
        return []
    return sorted(
        path for path, value in wanted.items()
        if path.startswith("@") and path not in now and path not in due and f"@{split(path)[0]}" not in now
        and (name := split(path)[1]) in due and due[name] != value
    )


def _cancelled_words(case: Case, spoke: Spoke, now: Form, due: Mapping[Path, Value | None]) -> list[Path]:
    """What a person wrote into a date of the copy that the source cancels."""
    dates = {split(path)[0] for path, value in due.items() if value == CANCELLED}
    said = changes_of(spoke, now, case.snap.rules.local) if dates else {}
    return sorted(path for path in said if split(path)[0] in dates and path in now and path not in due)


def _unseen_words(case: Case, now: Form, due: Mapping[Path, Value | None], folded: Folded) -> list[Path]:
    """The words of a date that somebody cancels or takes out who may have seen a block alone (I1)."""
    masks = [spoke.mask for spoke in case.link.spokes if spoke.mask != PLAIN]
    if not masks:
        return []
    off = {split(path)[0] for path, value in due.items() if value == CANCELLED}
    gone = [path for path in now if split(path)[0] in off and path not in due]
    for path in now:
        key, hidden = split(path)[0], not all(hears(mask, path) for mask in masks)
        if key and hidden and path not in gone and folded.value(moved_path(path, folded.moves)) is None:
            rest = (other for other in under(key, now) if not case.is_local(other))
            gone += [path] if key in off or all(due.get(other, CANCELLED) is None for other in rest) else []
    return sorted(gone)


def _leftovers(
    case: Case, spoke: Spoke, now: Form, due: Mapping[Path, Value | None], folded: Folded
) -> dict[Path, Value | None]:
    """What a date keeps for itself alone goes when its series is written so that it has that date no more, or it would
    stay as one (I16); what is written on a date of a block, and nobody hears, is such."""
    own: dict[InstanceKey, list[Path]] = {}
    for path in now:
        if path.startswith("@") and path not in due:
            own.setdefault(split(path)[0], []).append(path)
    span, rule = due.get("time", now.get("time")), due.get("recurrence", now.get("recurrence"))
    return {
        path: None
        for key, paths in sorted(own.items())
        if all(case.is_local(path) or folded.value(path) is None or not hears(spoke.mask, path) for path in paths)
        and not any(path in folded.contested for path in under(key, now))
        and not any(due.get(path) for path in under(key, due))
        and not any(folded.value(path) for path in under(key, folded.hub))
        and (under(key, folded.hub) or not any(hears(spoke.mask, path) for path in paths))
        and isinstance(span, Span) and isinstance(rule, Recurrence) and not recur.has_instance(span, rule, key)
        for path in paths
    }


def _target_base(case: Case, spoke: Spoke, now: Form, wanted: Form) -> Form:
    """What a copy says as its source does is agreed (row 8), in its own words: a write may have arrived late. One that
    is found again without a base agrees to nothing else: a person may have said it (W2, K8)."""
    agreed = {path: value for path, value in wanted.items() if not case.is_local(path)}
    said = recur.diff(agreed, now)
    same = {path: value for path, value in now.items() if path not in said or case.is_local(path)}
    before = agreed if spoke.base is None else spoke.base
    return same | {path: before[path] for path in said if path in before}


def _is_writable_target(case: Case, spoke: Spoke) -> bool:
    """I9: one-way rules write only owned replicas, and never the source."""
    role = case.calendars[spoke.calendar].role
    return role == "both" or (role == "target" and spoke.owned)


def _differs(path: Path, now: Form, value: Value | None) -> bool:
    old = {path: now[path]} if path in now else {}
    new = {path: value} if value is not None else {}
    light = {other: now[other] for other in ("time", "recurrence") if other in now and other != path}
    return bool(recur.diff({**light, **old}, {**light, **new}))  # in the light of the set's own time block (R8)


def _target_edits(case: Case, spoke: Spoke, now: Form, wanted: Form) -> dict[Path, Value | None]:
    """What a person changed in a one-way copy, with what the copy is to show there instead."""
    base = spoke.base or {}
    said = (path for path in {*now, *base} if now.get(path) != base.get(path) and not case.is_local(path))
    return {path: wanted.get(path) for path in sorted(said) if _differs(path, now, wanted.get(path))}


def _update(
    case: Case, spoke: Spoke, due: Mapping[Path, Value | None], held: frozenset[Path], folded: Folded,
    result: Decision, why: str,
) -> bool:
    """Plan the write; False if it must wait for a person."""
    result.loop = result.loop or presence.loops(case, spoke, due)
    if result.loop:
        return False
    hold = case.cannot_write(spoke, "update", due)
    if hold:
        result.holds.append(hold)
        return False
    step = case.step("update", spoke, why or _because(case, due, folded))
    result.steps.append(replace(step, changes=due, held=held, rev=folded.rev))
    return True


def _because(case: Case, due: Mapping[Path, Value | None], folded: Folded) -> str:
    """`title changed on x/Home; location: the value before was chosen`."""
    words = []
    changed = sorted(path for path in due if path not in folded.restored and path in folded.hub)
    if changed:
        sources = sorted({folded.hub[path].source for path in changed if path in folded.hub}, key=case.ctx.rank)
        words.append(f"{_names(changed)} changed on {' and '.join(case.calendars[c].label for c in sources)}")
    restored = sorted(path for path in due if path in folded.restored)
    if restored:
        words.append(f"{_names(restored)}: the value before was chosen")
    unsaid = sorted(path for path in due if path not in folded.restored and path not in folded.hub)
    if unsaid:
        words.append(f"{_names(unsaid)}: nothing of it is said elsewhere")
    return "; ".join(words)


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(dict.fromkeys(map(field_words, paths)))
