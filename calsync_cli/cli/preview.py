"""What an answer to a conflict would make of the event, before it is given. Pure.

Shape   `outcome(view, answers, newest)` -> Outcome: rows of field and text, and sentences; `newest` is the calendar
        that was changed last, "" where nobody can tell
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calsync_cli.cli.conflict_view import GONE, View
from calsync_cli.cli.words import FIELD_OF
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import join, split

OPEN = "(stays open)"


@dataclass(frozen=True, slots=True)
class Outcome:
    """head: what `rows` are; "" where there are none."""

    head: str
    rows: list[tuple[str, str]]
    sentences: list[str]


def field_of(path: str) -> str:
    """The field that is decided, for a name by which it is shown: `start` and `end` are one, as `time`."""
    key, name = split(path)
    return join(key, FIELD_OF.get(name, name))


def question_of(seen: View, path: str) -> str:
    """The field whose answer settles this one: a date that one side cancelled is one question."""
    key, _ = split(path)
    return join(key, "") if seen.cancelled(key) else field_of(path)


def outcome(seen: View, answers: Mapping[str, str], newest: str = "") -> Outcome:
    match seen.kind:
        case "delete":
            return _kept_or_deleted(seen, answers[""])
        case "orphan":
            return _date_of_its_own(seen, answers[""])
    sides = {path: answers.get(question_of(seen, path), answers.get("", "")) for path in seen.fields}
    rows = [(seen.label(path), _text(seen, path, side, newest)) for path, side in sides.items()]
    *names, last = seen.a, seen.b, *seen.others.values()
    return Outcome(f"This will be, on {', '.join(names)} and {last}:", rows, list(_beside(seen, set(sides.values()))))


def _text(seen: View, path: str, side: str, newest: str) -> str:
    texts = seen.texts(path)
    cancels = seen.cancelled(split(path)[0])
    if cancels and side not in ("a", "b", ""):  # a date is there or not; only who says so outright takes it away (R4)
        return next((texts[one] for one in "ab" if one not in cancels), OPEN)
    if side in seen.others.values():
        return seen.text_on(side, path)
    match side:
        case "a" | "b" | "base":
            return texts[side]
        case "both":
            return texts[seen.first]
        case "newest" if newest in (seen.a, seen.b):
            return texts["a" if newest == seen.a else "b"]
        case "newest" if newest:
            return f"(as on {newest})"
    return OPEN


def _beside(seen: View, sides: set[str]) -> Iterator[str]:
    if "both" in sides:
        other = seen.name("b" if seen.first == "a" else "a")
        yield f"{seen.title} as it is on {other} now stays there too, as an event of its own."


def _kept_or_deleted(seen: View, side: str) -> Outcome:
    if seen.deleted(side):
        text = f"{seen.title} will be deleted on {seen.a} and {seen.b}; calsync trash keeps it, as it is now."
        return Outcome("", [], [text])
    rows = [(seen.label(path), seen.texts(path)[side]) for path in seen.fields]
    where = seen.name("b" if side == "a" else "a")
    return Outcome(f"{seen.title} will be there again on {where}, as it is on {seen.name(side)}, with:", rows, [])


def _date_of_its_own(seen: View, side: str) -> Outcome:
    """The side that edited the date has words of its own for it; the series of the other has lost it."""
    edited = next((s for s in "ab" if any(seen.values[path][s] is not None for path in seen.fields)), "a")
    if side != edited:
        return Outcome("", [], [f"The date goes, as it did on {seen.name(side)}; calsync undo takes that back."])
    rows = [(seen.label(path), text) for path in seen.fields if (text := seen.texts(path)[side]) != GONE]
    return Outcome(f"The date becomes an event of its own on {seen.a} and {seen.b}, with:", rows, [])
