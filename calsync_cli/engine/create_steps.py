"""From the folded hub to new replicas: copies where an event is not yet, what lost a conflict, orphaned dates. Pure."""

from __future__ import annotations

from dataclasses import replace

from calsync_cli.engine.case import Case, Decision, start_text
from calsync_cli.engine.folded import SCHEDULE, Folded, moved_path, under
from calsync_cli.engine.keys import digest, link_key
from calsync_cli.engine.match import CONFLICT_COPY
from calsync_cli.engine.views import (
    as_text,
    home,
    shown,
    unmade,
)
from calsync_cli.engine.world import Entry, Kept, Link, Spoke, Step
from calsync_cli.model import recur
from calsync_cli.model.codec import form_json
from calsync_cli.model.series import CARRIED, Form, Path, Recurrence, Value, form_title, split
from calsync_cli.model.times import Span
from calsync_cli.model.views import PLAIN


def create(case: Case, spoke: Spoke, folded: Folded, result: Decision, there: list[Spoke], why: str) -> Spoke:
    calendar = case.calendars[spoke.calendar]
    if calendar.role == "source" or not calendar.readable:
        return spoke
    form = {p: e.value for p, e in folded.hub.items() if e.value is not None and not case.is_local(p)}
    source = next((s for s in there if case.calendars[s.calendar].role != "target"), there[0] if there else None)
    there_now: Form = source.replica.form or {} if source and source.replica else {}
    form |= {p: v for p, v in there_now.items() if _fills_gap(p, folded)}
    form |= _to_start_with(case, there_now, form, folded)
    # of this calendar's own words, where the first try did not arrive (D1, R2)
    own = CONFLICT_COPY in case.link.uid or unmade(case.link, case.calendars) == spoke.calendar
    view = PLAIN if own else calendar.view
    form = shown(view, form)
    if case.is_rejected(spoke, "create", form):
        return replace(spoke, state="parked")
    hold = case.cannot_write(spoke, "create", form)
    if hold:
        result.holds.append(hold)
        return spoke
    origin = source.calendar if source else next(iter(folded.hub.values())).source
    because = why or f"new on {case.calendars[origin].label}"
    step = Step(
        "create", spoke.calendar, case.link.key, case.link.uid if own else case.uid(spoke), form_title(form),
        start_text(form), because, generation=spoke.generation, rev=folded.rev, changes=form, view=as_text(view),
    )
    result.steps.append(step)
    return spoke


def _to_start_with(case: Case, source: Form, form: Form, folded: Folded) -> dict[Path, Value]:
    """A new copy has these of its source and each side its own from then on; not what another pair carries. A series
    that moves takes those of its dates along, and none stays where it has no date (R3, I16)."""
    mine = {p: v for p, v in _open(case, source).items() if case.is_local(p) and not split(p)[1].startswith(CARRIED)}
    moved = {moved_path(path, folded.moves): value for path, value in mine.items()}
    span, rule = form.get("time"), form.get("recurrence")
    series = isinstance(span, Span) and isinstance(rule, Recurrence)
    dates = {
        key for key in {split(path)[0] for path in moved}
        if not key or under(key, form) or (series and recur.has_instance(span, rule, key))  # type: ignore[arg-type]
    }
    return {path: value for path, value in moved.items() if split(path)[0] in dates}


def _open(case: Case, form: Form) -> Form:
    """Less the fields that the pair has turned off."""
    return {path: value for path, value in form.items() if split(path)[1] not in case.snap.rules.off}


def _fills_gap(path: Path, folded: Folded) -> bool:
    """Contested from the first day on: a new copy takes it from its source. Else it starts with what was agreed."""
    agreed = "time" in folded.hub if path in SCHEDULE else path in folded.hub
    return path in folded.contested and not path.startswith("@") and not agreed


def keep_lost(case: Case, folded: Folded, result: Decision) -> None:
    """D3: whatever lost goes to the store; with keep-both it also becomes an event of its own (D1)."""
    result.kept += [
        Kept(case.link.key, calendar, "conflict", case.link.uid, path, value)
        for calendar, path, value in folded.lost
    ]
    for calendar in sorted({calendar for calendar, _ in folded.copies}):
        spoke = next(s for s in case.link.spokes if s.calendar == calendar)
        if spoke.replica is not None and spoke.replica.form is not None:
            _copy(case, calendar, spoke.replica.form, folded, result)


def _copy(case: Case, calendar: int, form: Form, folded: Folded, result: Decision) -> None:
    mark = digest("copy", case.link.key, calendar, folded.rev, form_json(form))
    uid = f"{case.uid(Spoke(calendar))}{CONFLICT_COPY}{mark[:8]}"
    key = link_key(case.snap.rules.key, uid)
    spokes = tuple(Spoke(c, state="absent" if c == calendar else "parked") for c in case.calendars)
    hub = {path: Entry(value, 1, calendar) for path, value in form.items() if not case.is_local(path)}
    result.extra.append(Link(key, uid, spokes, rev=1, hub=hub, open=True))
    because = f"the version of {case.calendars[calendar].label}, kept as an event of its own"
    result.steps.append(Step(
        "create", calendar, key, uid, form_title(form), start_text(form), because, rev=1, changes=shown(PLAIN, form),
        view="",
    ))


def detach(case: Case, folded: Folded, result: Decision) -> None:
    """An orphaned instance becomes a single event of its own on every calendar (R2): whole on one, if need be where its
    series is at home (W6)."""
    whole = home(case.link, case.calendars)
    for key, (calendar, form) in sorted(folded.detached.items()):
        uid = f"{case.link.uid}-calsync-{key}-{digest('detached', folded.rev, form_json(form))[:8]}"
        name = link_key(case.snap.rules.key, uid)
        source = calendar if whole is None else whole
        hub = {path: Entry(value, 1, source) for path, value in form.items() if not case.is_local(path)}
        spokes = tuple(Spoke(c) for c in case.calendars)
        result.extra.append(Link(name, uid, spokes, rev=1, hub=hub, open=True))
        others = case.labels(s for s in case.link.spokes if s.calendar != calendar)
        because = f"its date left the series on {others}"
        result.steps += [
            Step("create", c, name, uid if c == whole else case.uid_of(c, uid), form_title(form), start_text(form),
                 because, rev=1, changes=shown(view, form if c == calendar else _open(case, form)), view=as_text(view))
            for c, state in case.calendars.items()
            for view in [PLAIN if c == whole else state.view]
            if state.role != "source"
        ]
