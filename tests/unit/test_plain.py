"""Classes of plain data are to everybody as the standard library would have made them (model.plain)."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any, Generic, TypeVar

import pytest

from calsync_cli.model import plain

T = TypeVar("T")
BODY = '''
@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 2
    """What it is."""
    seen: list = field(default_factory=list, compare=False)
    secret: str = field(default="s", repr=False)

    @property
    def sum(self):
        return self.x + self.y

@dataclass(frozen=True, slots=True)
class Other:
    x: int
    y: int = 2

@dataclass(frozen=True, slots=True)
class One:
    x: float

@dataclass(frozen=True, slots=True)
class Nothing:
    pass

@dataclass(slots=True)
class Open:
    x: int
    names: dict = field(default_factory=dict)

@dataclass(slots=True)
class More(Open):
    z: int = 5

@dataclass(slots=True)
class Holds(Generic[T]):
    x: T

@dataclass(slots=True, eq=False)
class Itself:
    x: int
'''


def _classes(dataclass: Any) -> dict[str, Any]:
    space: dict[str, Any] = {"dataclass": dataclass, "field": field, "Generic": Generic, "T": T, "__name__": __name__}
    exec(compile(BODY, "body", "exec", dont_inherit=True), space)
    return space


OURS, THEIRS = _classes(plain.dataclass), _classes(dataclasses.dataclass)
Point, Open, Itself = OURS["Point"], OURS["Open"], OURS["Itself"]  # where pickle looks for them

MADE: list[Callable[[dict[str, Any]], Any]] = [
    lambda c: c["Point"](1),
    lambda c: c["Point"](1, 3, [4], "t"),
    lambda c: c["Point"](x=1, seen=[9], y=2),
    lambda c: c["Other"](1),
    lambda c: c["One"](1.5),
    lambda c: c["Nothing"](),
    lambda c: c["Open"](1),
    lambda c: c["More"](1),
    lambda c: c["More"](1, {"a": 1}, z=7),
    lambda c: c["Holds"](3),
    lambda c: c["Holds"][int](3),
]
MISCALLED: list[Callable[[dict[str, Any]], Any]] = [
    lambda c: c["Point"](),
    lambda c: c["Point"](y=1),
    lambda c: c["Point"](1, 2, 3, 4, 5),
    lambda c: c["Point"](1, z=2),
    lambda c: c["Point"](1, x=2),
    lambda c: c["Nothing"](1),
]
WRONG: list[Callable[[dict[str, Any]], Any]] = [
    lambda c: setattr(c["Point"](1), "x", 2),
    lambda c: delattr(c["Point"](1), "x"),
    lambda c: setattr(c["Open"](1), "w", 2),
    lambda c: hash(c["Open"](1)),
    lambda c: c["Point"](1) < c["Point"](2),
    lambda c: dataclasses.replace(c["Point"](1), w=2),
    lambda c: vars(c["Point"](1)),
]


@pytest.mark.parametrize("make", MADE)
def test_an_object_is_and_says_what_the_standard_librarys_would(make: Callable[[dict[str, Any]], Any]) -> None:
    for ask in (repr, dataclasses.astuple, dataclasses.asdict, lambda one: one.__match_args__,
                lambda one: type(one).__slots__, lambda one: type(one).__name__, lambda one: type(one).__qualname__,
                lambda one: [(f.name, f.type, f.repr, f.compare) for f in dataclasses.fields(one)],
                lambda one: repr(dataclasses.replace(one)), lambda one: repr(copy.copy(one)),
                lambda one: repr(copy.deepcopy(one)), lambda one: one == dataclasses.replace(one)):
        assert repr(ask(make(OURS))) == repr(ask(make(THEIRS)))


def test_objects_are_equal_and_hashed_as_the_standard_librarys() -> None:
    ours, theirs = ([make(space) for make in MADE] for space in (OURS, THEIRS))
    equal = [[a == b for b in some] for some in (ours, theirs) for a in some]
    assert equal[: len(MADE)] == equal[len(MADE) :]
    for a, b in zip(ours, theirs, strict=True):
        assert (type(a).__hash__ is None) == (type(b).__hash__ is None)
        if type(a).__hash__:
            assert hash(a) == hash(b)
    assert Itself(1) != Itself(1)
    assert hash(Itself(1))


@pytest.mark.parametrize("wrong", MISCALLED)
def test_a_wrong_call_is_refused_by_the_name_of_the_class(wrong: Callable[[dict[str, Any]], Any]) -> None:
    for space in (OURS, THEIRS):
        with pytest.raises(TypeError, match=r"^(Point|Nothing)\.__init__\(\) "):
            wrong(space)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_wrong_in_the_same_words(wrong: Callable[[dict[str, Any]], Any]) -> None:
    said = []
    for space in (OURS, THEIRS):
        with pytest.raises((TypeError, AttributeError)) as caught:
            wrong(space)
        said.append((caught.type, str(caught.value)))
    assert said[0] == said[1]


@pytest.mark.parametrize("one", [Point(1, seen=[2]), Open(1, {"a": 2})])
def test_an_object_travels(one: Any) -> None:
    back = pickle.loads(pickle.dumps(one))
    assert (back, repr(back)) == (one, repr(one))


def test_defaults_made_anew_are_not_shared_and_an_object_fits_a_pattern() -> None:
    assert Open(1).names is not Open(1).names
    match Point(1, 3):
        case Point(x, y):
            assert (x, y) == (1, 3)
