"""A few cases of each kind per commit; the long run is by hand: python -m tests.fuzz --minutes 10"""

from __future__ import annotations

from random import Random

import pytest

from tests.fuzz import run
from tests.fuzz.run import broken
from tests.fuzz.targets import TARGETS, Case

CASES = 80


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_the_bytes_they_are_read_or_refused_in_words(name: str) -> None:
    found = {number: why for number in range(CASES) if (why := broken(name, 1, number))}
    assert not found


@pytest.mark.parametrize(("name", "seed", "number"), [
    ("google", 91, 94926),   # a zone of a thousand parts
    ("graph", 92, 34283),    # more occurrences than a machine counts
    ("graph", 92, 198467),   # a date cancelled on the first day of all
])
def test_what_once_came_out_is_refused_in_words(name: str, seed: int, number: int) -> None:
    assert not broken(name, seed, number)


@pytest.mark.parametrize("name", TARGETS)
def test_a_number_always_makes_the_same_case(name: str) -> None:
    assert TARGETS[name](Random("a"))[0] == TARGETS[name](Random("a"))[0] != TARGETS[name](Random("b"))[0]


def test_what_a_reader_lets_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def case(random: Random) -> Case:
        return b"x", lambda: [][1]

    monkeypatch.setitem(TARGETS, "ics", case)
    assert broken("ics", 1, 1).startswith("IndexError")


def test_what_never_ends_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def for_ever() -> None:
        while True:
            pass

    monkeypatch.setattr(run, "HOPELESS_S", 0.2)
    monkeypatch.setitem(TARGETS, "ics", lambda random: (b"x", for_ever))
    assert broken("ics", 1, 1).startswith("TimeoutError")


def test_a_reader_that_stops_working_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutants: a splitter that fails where a text goes on without a fold, and a reader that always fails."""
    from calsync_cli.mapping.feed import split
    from calsync_cli.mapping.google import wire

    monkeypatch.setattr(split, "_FULL_LINE", "none")
    monkeypatch.setattr(type(wire.WIRE), "read", lambda self, payload: {}[payload])
    assert any(broken("neighbours", 1, number) for number in range(80))
    assert all(broken("google", 1, number).startswith("KeyError") for number in range(5))
