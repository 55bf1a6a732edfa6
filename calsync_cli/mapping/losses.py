"""What an event loses on its way to a calendar: the shape of every mapping's loss table, and the losses of one event.

Table   {field of the form: clauses}; "" stands for the dates of a series, "x:" for properties that a pair carries by
        name, EVENT for the event as a whole. A field without a clause is exact. docs/loss-table.md is made of the
        tables, and each clause has its proof (tests/unit/losses)
Losses  `losses_of` compares readings: what was asked for, what calsync reads there, and what everybody else sees there
        (Mapping.seen). No condition is told twice: whatever the writer does, this is what came of it
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from calsync_cli.mapping import base
from calsync_cli.mapping.carried import names_of
from calsync_cli.mapping.inherit import instance_fields, normal, same_value
from calsync_cli.mapping.when import from_key
from calsync_cli.model.plain import dataclass
from calsync_cli.model.recur import diff
from calsync_cli.model.series import CARRIED, Changes, Form, Path, Value, applied, form_span, join, split
from calsync_cli.model.times import Floating, InstanceKey, Zoned, instance_key, wall


class How(Enum):
    """What becomes of a value; in the order in which a person wants to know."""

    HELD = "held"                   # not written at all: the event stays as it is, with the reason
    LEFT = "not copied"             # the copy is without it
    HIDDEN = "kept, not shown"      # in a private property: it comes back, nobody else sees it
    ROUGH = "kept, shown roughly"   # the same, and something near it is seen
    READ = "read roughly"           # of this calendar's own: calsync sees less of it, and leaves it there


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of a table: what becomes of a field, when or in which way, in words for a person."""

    how: How
    words: str


Table = Mapping[str, tuple[Clause, ...]]
EVENT = "event"


def held(words: str) -> Clause:
    return Clause(How.HELD, words)


def left(words: str) -> Clause:
    return Clause(How.LEFT, words)


def hidden(words: str) -> Clause:
    return Clause(How.HIDDEN, words)


def rough(words: str) -> Clause:
    return Clause(How.ROUGH, words)


def read(words: str) -> Clause:
    return Clause(How.READ, words)


# -- one event ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loss:
    """LEFT, HIDDEN or ROUGH. shown: what is seen instead; None for nothing."""

    path: Path
    how: How
    shown: Value | None = None

    @property
    def field(self) -> str:
        """As the tables name it."""
        name = split(self.path)[1]
        return CARRIED if name.startswith(CARRIED) else name


def losses_of(
    mapping: base.Mapping, payload: bytes, asked: Changes | None = None, form: Form | None = None
) -> tuple[Loss, ...]:
    """The losses of an event set as it lies there, or as it is to be written.

    asked   what was asked of the writer: what does not read back from the payload is LEFT
    form    how the payload reads, where the caller knows it
    Raises MappingError as `read` does.
    """
    names = names_of(asked or {})
    here = dict(mapping.read(payload).form if form is None else form)
    here |= mapping.carried(payload, names) if names else {}
    wanted = normal(applied(here, asked)) if asked else here
    seen = mapping.seen(payload, names)
    return told(wanted, here, here if seen is None else seen)


def told(asked: Form, here: Form, seen: Form) -> tuple[Loss, ...]:
    """The master's fields first; an instance's only where it does not fare as that of its series."""
    found = [Loss(path, How.LEFT) for path, value in diff(here, asked).items() if value]
    out = {loss.path for loss in found}
    found += [_loss(path, value) for path, value in _changed(here, seen).items() if path not in out]
    first: dict[tuple[str, How], Loss] = {}
    for loss in sorted(found, key=lambda loss: (loss.path.startswith("@"), loss.path)):
        first.setdefault((split(loss.path)[1], loss.how), loss)
    return tuple(first.values())


def _loss(path: Path, seen: Value | None) -> Loss:
    return Loss(path, How.HIDDEN) if not seen else Loss(path, How.ROUGH, seen)


def _changed(here: Form, seen: Form) -> dict[Path, Value | None]:
    if here == seen:
        return {}
    seen = _on_the_same_clock(here, seen)
    changed = {path: value for path, value in diff(here, seen).items() if not _looks_the_same(path, here, seen)}
    if "time" in changed:
        changed.pop("recurrence", None)  # the same dates, on the clock of that time
    return changed


def _looks_the_same(path: Path, here: Form, seen: Form) -> bool:
    """An instance may look as it should by what it inherits there."""
    key, name = split(path)
    return bool(key and name) and same_value(name, _at(here, key, name), _at(seen, key, name))


def _at(form: Form, key: InstanceKey, name: str) -> Value | None:
    return instance_fields(form, key).get(name)


def _on_the_same_clock(here: Form, seen: Form) -> Form:
    """`seen` with the keys of a series without a time zone, where it is shown in one."""
    mine, theirs = form_span(here), form_span(seen)
    floats = mine is not None and isinstance(mine.start, Floating)
    if not floats or theirs is None or not isinstance(theirs.start, Zoned):
        return seen
    return {_floating(path, theirs.start): value for path, value in seen.items()}


def _floating(path: Path, start: Zoned) -> Path:
    key, name = split(path)
    return join(instance_key(Floating(wall(from_key(key, start)))), name) if key else path
