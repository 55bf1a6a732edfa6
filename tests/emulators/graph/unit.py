"""What one item contributes to a delta round: the rows for the step from an older version to a newer one.

Shape   first_units(...) for a first round, units(...) for a later one -> list of Unit; a Unit is never split over pages
Facts   A4.3, A4.4, L3.3: what each change shows, and what it hides
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.prefer import Prefs
from tests.emulators.graph.render import Json, Renderer
from tests.emulators.graph.views import Seen, Window, in_window, whole
from tests.emulators.graph.world import Item, Mailbox, State


@dataclass(frozen=True)
class Unit:
    shown: tuple[Seen, ...] = ()
    removed: tuple[Seen, ...] = ()
    empty: tuple[Seen, ...] = ()

    def rows(self, renderer: Renderer, prefs: Prefs) -> list[Json]:
        gone = [renderer.removed(seen, prefs) for seen in self.removed]
        gone += [renderer.empty(seen, prefs) for seen in self.empty]
        return gone + [renderer.delta_row(seen, prefs) for seen in self.shown]

    def shuffled(self, dice: Random) -> Unit:
        """No order is promised, not even of a master and its occurrences."""
        shown, removed = (tuple(dice.sample(rows, len(rows))) for rows in (self.shown, self.removed))
        return Unit(shown, removed, self.empty)

    def older(self) -> Unit | None:
        """The same rows as the version before had them: what a replayed or reordered feed may show first."""
        seen = next((one for one in self.shown if one.day is None), None)
        if seen is None:
            return None
        versions = [
            state for _, _, state in seen.item.history if state is not None and state.change < seen.state.change
        ]
        return Unit((whole(seen.box, seen.item, versions[-1]),)) if versions else None


def first_units(box: Mailbox, calendar: int, window: Window, upto: int, knobs: Knobs) -> list[Unit]:
    found = []
    for item in list(box.items.values()):
        state = item.at(upto)
        seen = in_window(box, item, state, calendar, window)
        if seen and state:
            found.append(Unit(_with_master(box, item, state, seen, knobs)))
        elif knobs.removed_at_first and (state is None or state.calendar != calendar) and item.history[0][0] <= upto:
            found.append(Unit(removed=(whole(box, item, item.last),)))
    return found


def _with_master(box: Mailbox, item: Item, state: State, seen: list[Seen], knobs: Knobs) -> tuple[Seen, ...]:
    master = (whole(box, item, state),) if state.rule and knobs.masters_in_delta else ()
    return master + tuple(seen)


def units(box: Mailbox, calendar: int, window: Window, after: int, upto: int, knobs: Knobs) -> list[Unit]:
    found = []
    for key in box.touched(after, upto):
        item = box.items[key]
        unit = _step(box, item, item.at(after), item.at(upto), calendar, window, knobs, (after, upto))
        if unit is not None:
            found.append(unit)
    return found


def _step(
    box: Mailbox, item: Item, old: State | None, new: State | None, calendar: int, window: Window, knobs: Knobs,
    span: tuple[int, int],
) -> Unit | None:
    before, now = (in_window(box, item, state, calendar, window) for state in (old, new))
    if now and new:
        return _changed(box, item, old, new, before, now, knobs)
    if before and old:
        masters = (whole(box, item, old),) if not old.rule or knobs.removed_masters else ()
        return Unit(removed=masters + tuple(seen for seen in before if seen.day is not None))
    here = [state for state in (old, new) if state and state.calendar == calendar]
    if here:
        seen = (whole(box, item, here[-1]),)
        return {"removed": Unit(removed=seen), "empty": Unit(empty=seen)}.get(knobs.outside_rows)
    lived = [s for seq, _, s in item.history if span[0] < seq <= span[1] and s and s.calendar == calendar]
    if lived and knobs.removed_phantoms:
        return Unit(removed=(whole(box, item, lived[-1]),))
    return None


def _changed(
    box: Mailbox, item: Item, old: State | None, new: State, before: list[Seen], now: list[Seen], knobs: Knobs,
) -> Unit | None:
    shown = _with_master(box, item, new, now, knobs)
    if old is None or not before or not old.rule or not new.rule or old.pattern != new.pattern:
        gone = tuple(seen for seen in before if seen.day is not None) if old and old.rule and not new.rule else ()
        return Unit(shown, gone)
    lost = tuple(seen for seen in before if seen.day in new.cancelled - old.cancelled)
    moved_out = tuple(
        seen for seen in before if seen.day not in new.cancelled and seen.day not in {one.day for one in now}
    )
    if lost and _nothing_else(old, new):
        way = knobs.deleted_occurrence
        if way == "silent":
            return None
        if way == "removed":
            return Unit(removed=lost)
        if way == "master":
            return Unit((whole(box, item, new),))
    return Unit(shown, moved_out + (lost if knobs.deleted_occurrence == "removed" else ()))


def _nothing_else(old: State, new: State) -> bool:
    """Only instances were deleted between the two."""
    kept = {day: override for day, override in old.overrides.items() if day not in new.cancelled}
    same = old.members == new.members and old.start == new.start and old.end == new.end and old.props == new.props
    return same and kept == dict(new.overrides) and old.rule == new.rule
