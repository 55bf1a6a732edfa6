"""L0: the decision table of the semantics document, read from the document and played through the planner.

Every row x policy x tie x orientation x field kind x age of the server stamps. The words of each cell are looked up in
RESULTS, CONFLICTS and JUDGEMENTS below; a cell that is not there, or words there that no cell uses, fail. So document
and code cannot drift. The document lies beside the project; without it there is nothing to compare.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from calsync_cli.engine.world import Plan, Rules
from calsync_cli.model.account import Window
from calsync_cli.model.series import Value
from tests.unit.engine.stage import NOW, Stage, event, kinds, span

DOCUMENT = Path(__file__).resolve().parents[4] / "shared/sync-semantics.md"
ROWS = 19
COLUMNS = ("#", "base", "A", "B", "result", "prefer A", "newest", "merge", "ask")
POLICIES = ("prefer A", "prefer B", "newest", "merge", "ask")
TIES = ("ask", "a", "b", "newest", "keep-both")
AGES = ("A later", "B later", "close")

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason="the semantics document is not beside the project")


@cache
def table() -> dict[int, dict[str, str]]:
    """Row number -> column -> words of the cell."""
    if not DOCUMENT.exists():
        return {}
    rows = re.findall(r"^\| (\d+) \|(.*)\|$", DOCUMENT.read_text(encoding="utf-8"), re.M)
    cells = [[n, *(c.strip() for c in rest.split("|"))] for n, rest in rows]
    return {int(row[0]): dict(zip(COLUMNS, row, strict=True)) for row in cells if len(row) == len(COLUMNS)}


def swapped(words: str) -> str:
    """The same words with the sides exchanged."""
    return re.sub(r"\b[AB]\b", lambda m: "B" if m[0] == "A" else "A", words)


def cell(row: int, policy: str) -> str:
    """The policy's cell; `prefer B` is the mirror image of `prefer A` in the mirrored row."""
    if policy != "prefer B":
        return table()[row][policy]
    here = table()[row]
    mirrored = (swapped(here["B"]), swapped(here["A"]))
    twin = next((r for r in table().values() if (r["A"], r["B"]) == mirrored and r["base"] == here["base"]), here)
    return swapped(twin["prefer A"])


@dataclass(frozen=True)
class Kind:
    """One kind of field: its name, a value all agree on, what A and B make of it, and both together if they can be."""

    name: str
    base: Value
    a: Value
    b: Value
    merged: Value | None = None
    merged_from_nothing: Value | None = None


KINDS = {
    "scalar": Kind("title", "Base", "From A", "From B"),
    "block": Kind("time", span("2026-12-01 09:00"), span("2026-12-01 10:00"), span("2026-12-01 11:00", 30)),
    "text, other lines": Kind("description", "1\n2\n3\n4", "1 A\n2\n3\n4", "1\n2\n3\n4 B", "1 A\n2\n3\n4 B"),
    "text, same line": Kind("description", "1\n2", "1 A\n2", "1 B\n2"),
    "set": Kind(
        "categories", frozenset({"x", "y"}), frozenset({"x", "y", "a"}), frozenset({"y", "b"}),
        frozenset({"y", "a", "b"}), frozenset({"x", "y", "a", "b"}),
    ),
}


@dataclass
class Play:
    """One row on stage: which calendar is A, which B, what was planned, what came of it."""

    a: int
    kind: Kind
    policy: str
    tie: str
    age: str
    stage: Stage
    made: Plan = field(default_factory=lambda: Plan(""))

    @property
    def b(self) -> int:
        return 3 - self.a

    def on(self, side: str) -> int:
        return self.a if side == "A" else self.b

    def value(self, side: str) -> Value | None:
        return self.stage.form(self.on(side), "u").get(self.kind.name)

    def said(self, side: str) -> Value:
        return self.kind.a if side == "A" else self.kind.b

    def form(self, value: Value, **more: Value) -> dict[str, Value]:
        return event(**{"title": "Title", self.kind.name: value, **more})  # type: ignore[arg-type]

    def edit(self, side: str, **changes: Value | None) -> None:
        late = {"A later": "A", "B later": "B", "close": ""}[self.age] == side
        stamp = NOW - timedelta(hours=1 if late else 2, seconds=0 if side == "A" else 60)
        self.stage.edit(self.on(side), "u", changes, stamp)


Words = tuple[str, ...]


def plays(policies: Words = POLICIES, ties: Words = TIES, ages: Words = AGES) -> Iterator[Play]:
    for a, kind, policy, tie, age in itertools.product((1, 2), KINDS.values(), policies, ties, ages):
        words: Any = {"prefer A": "a" if a == 1 else "b", "prefer B": "b" if a == 1 else "a"}.get(policy, policy)
        chosen: Any = tie
        rules = Rules("group:g", ("ab",), conflict=words, tie=chosen, local=frozenset({"reminders"}))
        yield Play(a, kind, policy, tie, age, Stage(2, rules))


# -- what the columns base, A and B say --------------------------------------------------------------------------------


def _prepare(play: Play, row: dict[str, str]) -> None:
    if row["base"] == "yes":
        play.stage.put(play.on("A"), "u", play.form(play.kind.base, reminders=frozenset({"display:-PT5M"})))
        play.stage.settle()
    for side in ("A", "B"):
        SAYS[row[side]](play, side, row)


def _nothing(play: Play, side: str, row: dict[str, str]) -> None:
    pass


def _new(play: Play, side: str, row: dict[str, str]) -> None:
    differ = "differ" in row["B"]
    value = play.said(side) if differ else play.kind.a
    more: dict[str, Value] = {"location": "Only on A"} if differ and side == "A" else {}
    play.stage.put(play.on(side), "u", play.form(value, **more))
    if differ:
        play.edit(side)


def _changed(play: Play, side: str, row: dict[str, str]) -> None:
    match row["B"]:
        case "~ same values":
            play.edit(side, **{play.kind.name: play.kind.a})
        case "~ other fields":
            play.edit(side, **({play.kind.name: play.kind.a} if side == "A" else {"url": "From B"}))
        case "~f differ":
            play.edit(side, **{play.kind.name: play.said(side), "location" if side == "A" else "url": f"From {side}"})
        case _:
            play.edit(side, **{play.kind.name: play.said(side)})


def _deleted(play: Play, side: str, row: dict[str, str]) -> None:
    play.stage.delete(play.on(side), "u")


def _unknown(play: Play, side: str, row: dict[str, str]) -> None:
    play.stage.unreadable.add(play.on(side))


def _renewed(play: Play, side: str, row: dict[str, str]) -> None:
    form = dict(play.stage.form(play.on(side), "u"))
    play.stage.delete(play.on(side), "u")
    play.stage.put(play.on(side), "u", form | {play.kind.name: play.kind.a})


def _locally(play: Play, side: str, row: dict[str, str]) -> None:
    play.stage.edit(play.on(side), "u", {"reminders": frozenset({"display:-PT30M"})})


def _left_window(play: Play, side: str, row: dict[str, str]) -> None:
    play.stage.rules = replace(play.stage.rules, window=Window(timedelta(days=1), timedelta(days=1)))


SAYS: dict[str, Callable[[Play, str, dict[str, str]], None]] = {
    "-": _nothing, "=": _nothing, "any": _nothing,
    "new": _new, "new, matched, equal": _new, "new, matched, differ": _new,
    "~": _changed, "~f": _changed, "~ same values": _changed, "~ other fields": _changed, "~f differ": _changed,
    "x": _deleted, "?": _unknown, "x, then same UID new at A": _renewed, "~ only in local fields": _locally,
    "left filter or window": _left_window,
}


# -- what the column "result with no conflict" says --------------------------------------------------------------------


def _create(side: str) -> Callable[[Play], None]:
    def check(play: Play) -> None:
        assert kinds(play.made.steps) == [("create", play.on(side))]
        assert play.value("A") == play.value("B") == play.kind.a

    return check


def _no_write(play: Play) -> None:
    assert not play.made.steps and not play.made.holds and not play.made.kept


def _linked(play: Play) -> None:
    _no_write(play)
    assert len(play.made.linked) == len(play.stage.links) == 1


def _flows(*sides: str) -> Callable[[Play], None]:
    def check(play: Play) -> None:
        others = {"A": "B", "B": "A"}
        assert kinds(play.made.steps) == sorted(("update", play.on(others[side])) for side in sides)
        if "A" in sides:
            assert play.value("A") == play.value("B") == play.kind.a
        if sides == ("B",):
            assert play.value("A") == play.value("B") == play.kind.b
        if len(sides) == 2:
            assert [play.stage.form(play.on(s), "u")["url"] for s in "AB"] == ["From B"] * 2

    return check


def _delete(side: str) -> Callable[[Play], None]:
    def check(play: Play) -> None:
        assert kinds(play.made.steps) == [("delete", play.on(side))]
        assert [(k.kind, k.calendar) for k in play.made.kept] == [("trash", play.on(side))]
        assert not any(link.alive for link in play.stage.links.values())

    return check


def _close(play: Play) -> None:
    assert not play.made.steps
    assert [link.alive for link in play.stage.links.values()] == [False]


def _filled_on_one_side(play: Play) -> None:
    """Under `ask` nothing is written until the conflict is answered; the policy's own cell is checked there."""
    if play.policy != "ask" or play.kind.merged_from_nothing is not None:
        assert play.stage.form(play.on("B"), "u")["location"] == "Only on A"


def _others_as_9(play: Play) -> None:
    for side in "AB":
        form = play.stage.form(play.on(side), "u")
        assert (form["location"], form["url"]) == ("From A", "From B")


def _not_on_a(play: Play) -> None:
    assert not any(step.calendar == play.a or step.kind == "delete" for step in play.made.steps)


def _relinked(play: Play) -> None:
    assert kinds(play.made.steps) == [("update", play.b)]  # row 6: a base of before is kept
    assert len(play.stage.links) == 1
    assert play.value("A") == play.value("B") == play.kind.a


def _asleep(play: Play) -> None:
    """Section 11, V1: no operation; base and hub are kept."""
    _no_write(play)
    (link,) = play.stage.links.values()
    assert link.alive and link.hub and all(s.state == "dormant" and s.base for s in link.spokes)


def _by_policy(play: Play) -> None:
    """The policy's own column says it all."""


RESULTS: dict[str, Callable[[Play], None]] = {
    "create on A": _create("A"), "create on B": _create("B"), "link, no write": _linked,
    "field filled on one side only: take it": _filled_on_one_side, "nothing": _no_write,
    "m(A) to B": _flows("A"), "m(B) to A": _flows("B"), "agree, no write": _no_write,
    "m(A) to B and m(B) to A": _flows("A", "B"), "the other fields as 9, then f:": _others_as_9,
    "delete A": _delete("A"), "delete B": _delete("B"), "close link, keep tombstone 400 days": _close,
    "edit against delete:": _by_policy,
    "no operation on any spoke that depends on A; the rest of the group may flow": _not_on_a,
    "relink (section 8), then rows 5-10": _relinked, "section 11": _asleep,
}


# -- what the policy columns say of a conflict -------------------------------------------------------------------------


def _later(play: Play) -> str:
    return {"A later": "A", "B later": "B"}.get(play.age, "")


def _tie(play: Play) -> str:
    """D1: `tie` names a side, asks, looks at the stamps (D2), or keeps both."""
    names = {"a": "A" if play.a == 1 else "B", "b": "B" if play.a == 1 else "A", "keep-both": "both", "ask": "hold"}
    return names.get(play.tie) or _later(play) or "hold"


CONFLICTS: dict[str, Callable[[Play], str]] = {
    "A's": lambda play: "A", "B's": lambda play: "B", "A's f": lambda play: "A", "B's f": lambda play: "B",
    "later stamp": lambda play: _later(play) or _tie(play),
    "later stamp, else `tie`": lambda play: _later(play) or _tie(play),
    "section 5 with empty base, rest `tie`": _tie, "section 5, else `tie`": _tie,
    "hold, nothing written": lambda play: "hold everything", "hold f, rest flows": lambda play: "hold",
}


def _check_conflict(play: Play, verdict: str, merged: Value | None) -> None:
    name = play.kind.name
    if merged is not None:  # section 5: sets, and texts changed on other lines, are no conflict under any policy
        assert play.value("A") == play.value("B") == merged
        assert not play.made.holds
    elif verdict.startswith("hold"):
        assert [(h.kind, sorted(h.detail)) for h in play.made.holds] == [("fields", [name])]
        assert (play.value("A"), play.value("B")) == (play.kind.a, play.kind.b)
        assert verdict == "hold" or not play.made.steps
    else:
        winner = {"both": "A" if play.a == 1 else "B"}.get(verdict, verdict)
        loser = swapped(winner)
        assert play.value("A") == play.value("B") == play.said(winner)
        assert [(k.calendar, k.path, k.value) for k in play.made.kept] == [(play.on(loser), name, play.said(loser))]
        copies = [t.form.get(name) for t in play.stage.things[play.on(loser)].values() if t.uid != "u"]
        assert copies == ([play.said(loser)] if verdict == "both" else [])


def _restored(side: str) -> Callable[[Play], None]:
    def check(play: Play) -> None:
        assert kinds(play.made.steps) == [("create", play.on(side))]
        assert play.made.steps[0].generation == 1  # D4
        assert play.value("A") == play.value("B") == play.said(swapped(side))

    return check


def _held(play: Play) -> None:
    assert not play.made.steps
    assert [hold.kind for hold in play.made.holds] == ["delete"]


JUDGEMENTS: dict[str, Callable[[Play], None]] = {
    "delete B, B's form to trash": _delete("B"), "delete A, A's form to trash": _delete("A"),
    "restore on A": _restored("A"), "restore on B": _restored("B"), "hold": _held,
}


# -- the tests ---------------------------------------------------------------------------------------------------------


def test_the_document_has_all_rows() -> None:
    assert sorted(table()) == list(range(1, ROWS + 1))


def test_every_cell_of_the_table_is_understood_and_no_words_are_left_over() -> None:
    rows = table().values()
    assert {row[side] for row in rows for side in "AB"} == set(SAYS)
    assert {row["result"] for row in rows} == set(RESULTS)
    assert {row["base"] for row in rows} == {"yes", "none"}
    cells = {cell(n, policy) for n in table() for policy in POLICIES} - {""}
    assert cells == CONFLICTS.keys() | JUDGEMENTS.keys()
    for number in table():  # either all policies speak of a row, or none does
        assert len({bool(cell(number, policy)) for policy in POLICIES}) == 1


@pytest.mark.parametrize("number", range(1, ROWS + 1))
def test_row(number: int) -> None:
    row = table()[number]
    decides = bool(cell(number, "merge"))
    played = 0
    for play in plays() if decides else plays(ties=("ask", "keep-both"), ages=("close",)):
        _prepare(play, row)
        play.made = play.stage.run()
        RESULTS[row["result"]](play)
        words = cell(number, play.policy)
        if words in JUDGEMENTS:
            JUDGEMENTS[words](play)
        elif words:
            merged = play.kind.merged if row["base"] == "yes" else play.kind.merged_from_nothing
            _check_conflict(play, CONFLICTS[words](play), merged)
        play.stage.unreadable.clear()
        play.stage.settle()
        played += 1
    assert played == (2 * 5 * 5 * 5 * 3 if decides else 2 * 5 * 5 * 2)


@pytest.mark.parametrize("said", ["=", "~", "x"])
def test_row_16_nothing_that_depends_on_an_unknown_side_is_done_whatever_the_other_says(said: str) -> None:
    """Also with a third calendar, to which edits flow and deletions do not."""
    for play in plays(ties=("ask",), ages=("close",)):
        play.stage = Stage(3, play.stage.rules)
        _prepare(play, {"base": "yes", "A": "?", "B": said})
        play.made = play.stage.run()
        _not_on_a(play)
        assert kinds(play.made.steps) == ([("update", 3)] if said == "~" else [])
        play.stage.unreadable.clear()
        play.stage.settle()
        assert play.stage.has(play.a, "u") == (said != "x")


@pytest.mark.parametrize("said", ["~", "x"])
def test_row_18_a_local_change_is_no_edit_and_stays_where_it_is(said: str) -> None:
    for play in plays(ties=("ask",), ages=("close",)):
        _prepare(play, {"base": "yes", "A": "~ only in local fields", "B": said})
        play.made = play.stage.run()
        assert kinds(play.made.steps) == [("update" if said == "~" else "delete", play.a)]
        assert not any("reminders" in step.changes for step in play.made.steps)


@pytest.mark.parametrize("said", ["=", "~", "x"])
def test_row_19_a_set_outside_the_window_resumes_from_its_base_when_it_is_back(said: str) -> None:
    """V2."""
    for play in plays(("merge",), ties=("ask",), ages=("close",)):
        _prepare(play, {"base": "yes", "A": "left filter or window", "B": said})
        assert not play.stage.run().steps
        play.stage.rules = replace(play.stage.rules, window=Window())
        play.made = play.stage.run()
        assert kinds(play.made.steps) == {"=": [], "~": [("update", play.a)], "x": [("delete", play.a)]}[said]
