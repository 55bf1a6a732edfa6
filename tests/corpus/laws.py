"""C1: what must hold for each object that calsync reads, judged by the bytes (test-plan section 7).

Shape   `check(payload)` -> Listed: what could not be done, with the reason that calsync gives; raises Broken for what
        must not be. Refusing an edit is allowed: the object then stays as it is, and the reason is for a person
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from calsync_cli.errors import MappingError
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.codec import form_from, form_json
from calsync_cli.model.recur import shifted_key, starts
from calsync_cli.model.series import CANCELLED, Changes, Form, Recurrence, Value, applied, instance_keys, join, split
from calsync_cli.model.times import AllDay, Span, instance_key, moved
from tests.corpus.rawdiff import Line, differences, lines_of

EVENT = ("VCALENDAR", "VEVENT")
TITLE = "Neuer Titel; mit, allem \\ und 🎈"
TEXTS = {"title": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION"}
TIMES = frozenset({"DTSTART", "DTEND", "DURATION"})
SERIES = TIMES | {"RECURRENCE-ID", "EXDATE"}
COPIED = TIMES | {"SUMMARY", "RECURRENCE-ID", "BEGIN", "END"}


class Broken(AssertionError):
    """A law of the corpus does not hold."""


@dataclass
class Listed:
    """edits: field -> why the edit was refused. remarks: what was read only roughly."""

    remarks: tuple[str, ...] = ()
    edits: dict[str, str] = field(default_factory=dict)


def check(payload: bytes) -> Listed:
    """Raises MappingError when the object as a whole is refused (O8)."""
    reading = ICAL.read(payload)
    form = reading.form
    listed = Listed(reading.losses)
    _unchanged(payload, form)
    for name, line in TEXTS.items():
        _edited(listed, payload, {_path(form, name): TITLE}, name, _only(line))
    days = {"RDATE"} if b"RDATE;VALUE=DATE:" in payload else set()  # of a timed series: at the time that it has now
    _edited(listed, payload, _shifted(form), "time", _only(*(SERIES | days if _repeats(form) else TIMES)))
    if (key := _a_date(form)) is not None:
        _edited(listed, payload, {f"@{key}/title": TITLE}, "one date's title", _title_or_one_more_event(payload))
    return listed


def _unchanged(payload: bytes, form: Form) -> None:
    if ICAL.edit(payload, {}) != payload or ICAL.edit(payload, dict(form)) != payload:
        raise Broken("written back unchanged it is not the same bytes")
    if form_from(form_json(form)) != form:
        raise Broken("its form cannot be stored")
    if normal(form) != form:
        raise Broken("its form is no normal form")


Allowed = Callable[[list[Line]], str]


def _edited(listed: Listed, payload: bytes, change: Changes, what: str, allowed: Allowed) -> None:
    before = ICAL.read(payload).form
    try:
        after = ICAL.edit(payload, change)
    except MappingError as err:
        listed.edits[what] = str(err)
        return
    wanted, got = normal(applied(before, change)), ICAL.read(after).form
    if got != wanted:
        raise Broken(f"{what}: reads back with {_unlike(wanted, got)}")
    if problem := allowed(differences(payload, after)):
        raise Broken(f"{what}: {problem}")
    if ICAL.read(ICAL.edit(after, {path: before.get(path) for path in before.keys() | got.keys()})).form != before:
        raise Broken(f"{what}: cannot be taken back")


def _unlike(wanted: Form, got: Form) -> dict[str, tuple[Value | None, Value | None]]:
    return {
        path: (wanted.get(path), got.get(path))
        for path in wanted.keys() | got.keys()
        if wanted.get(path) != got.get(path)
    }


def _only(*names: str) -> Allowed:
    def allowed(found: list[Line]) -> str:
        others = [line for line in found if line.name not in names or line.inside != EVENT]
        return f"other lines differ: {[(one.sign, one.raw[:80]) for one in others[:4]]}" if others else ""

    return allowed


def _title_or_one_more_event(payload: bytes) -> Allowed:
    """The title of an override, or a new override: lines that are there, but for the times, the title and its name."""
    known = {raw.strip() for _, _, raw in lines_of(payload)}

    def allowed(found: list[Line]) -> str:
        if not _only("SUMMARY")(found):
            return ""
        if any(line.sign == "-" for line in found):
            return f"lines went: {[line.raw[:80] for line in found if line.sign == '-'][:4]}"
        others = [line.raw[:80] for line in found if line.raw.strip() not in known and line.name not in COPIED]
        return f"lines of nobody's came: {others[:4]}" if others else ""

    return allowed


# -- the edits ---------------------------------------------------------------------------------------------------------


def _path(form: Form, name: str) -> str:
    """Of the master, or of the first instance where there is none (R9)."""
    return name if "time" in form else join(instance_keys(form)[0], name)


def _repeats(form: Form) -> bool:
    return "recurrence" in form or bool(instance_keys(form))


def _shifted(form: Form) -> Changes:
    """An hour later, or a day; the dates of a series go along, as programs do it (R3).

    A series that would lose dates by it, by its rule or its end, or meet a date that was moved, gets longer instead.
    """
    span = form.get("time")
    if not isinstance(span, Span):
        own = [(path, value) for path, value in sorted(form.items()) if isinstance(value, Span)]
        return {path: Span(moved(one.start, _step(one)), moved(one.end, _step(one))) for path, one in own[:1]}
    longer = {"time": Span(span.start, moved(span.end, _step(span)))}
    if not _moves_whole(form.get("recurrence")):
        return longer
    changes: dict[str, Value | None] = {"time": Span(moved(span.start, _step(span)), moved(span.end, _step(span)))}
    for path, value in form.items():
        key, name = split(path)
        if key and len(key) == len(instance_key(span.start)):
            changes.setdefault(path, None)
            changes[join(shifted_key(key, span.start, _step(span)), name)] = value
    meets = len(instance_keys(normal(applied(form, changes)))) < len(instance_keys(form))
    return longer if meets else changes


def _moves_whole(rule: Value | None) -> bool:
    return not isinstance(rule, Recurrence) or not (
        rule.dates or rule.periods or any("BY" in text or "UNTIL=" in text for text in rule.rules)
    )


def _step(span: Span) -> timedelta:
    return timedelta(days=1) if isinstance(span.start, AllDay) else timedelta(hours=1)


def _a_date(form: Form) -> str | None:
    """A date of the series, one without changes of its own if there is one among the first."""
    span, rule = form.get("time"), form.get("recurrence")
    if not (isinstance(span, Span) and isinstance(rule, Recurrence)):
        return None
    keys = [instance_key(start) for start in islice(starts(span, rule), 12)]
    there = [key for key in keys if form.get(f"@{key}") != CANCELLED]
    plain = [key for key in there if not any(split(path)[0] == key for path in form)]
    return next(iter([*plain, *there]), None)
