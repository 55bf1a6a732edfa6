"""Every error says what, where, why and what to type next (cli.md section 5): all classes, and all places that raise.

What and why are the message; who adds where, if it is not said, is a fact of the class and provoked here. No class is
without its parts, and no place can leave one out.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from calsync_cli import errors
from calsync_cli.cli.app import every_command
from calsync_cli.cli.lines import problem_lines
from calsync_cli.errors import (
    AuthError,
    CalendarGone,
    CalsyncError,
    ConfigError,
    ItemError,
    MappingError,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    Refused,
    RemoteError,
    SyncTokenExpired,
    TooLarge,
    TransientError,
    UidConflict,
    UnknownOutcome,
)
from calsync_cli.providers.memory import Call, MemoryServer
from tests.engine.world import World, ics

PACKAGE = Path(inspect.getfile(errors)).parent
EXIT_CODES = {1, 2, 3, 4, 5, 6, 7, 8}


def _trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))


def _classes() -> dict[str, type[CalsyncError]]:
    """Those of errors.py, and those that a module makes for itself."""
    own = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, CalsyncError)]
    named = {cls.__name__: cls for cls in own}
    while True:
        more = {
            node.name: path for path, tree in _trees() for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and node.name not in named
            and any(getattr(base, "id", getattr(base, "attr", "")) in named for base in node.bases)
        }
        if not more:
            return named
        for name, path in more.items():
            module = importlib.import_module("calsync_cli." + ".".join(path.with_suffix("").parts))
            named[name] = getattr(module, name)


CLASSES = _classes()


def _raised() -> Iterator[tuple[str, str, ast.Call]]:
    """(place, class, the call that makes the error)."""
    for path, tree in _trees():
        for node in ast.walk(tree):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in CLASSES:
                yield f"{path}:{node.lineno}", name, node


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_each_class_knows_its_parts(name: str) -> None:
    cls = CLASSES[name]
    assert inspect.getdoc(cls) and inspect.getdoc(cls) != inspect.getdoc(cls.__mro__[1]), "what it means"
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", cls.code) and cls.exit_code in EXIT_CODES
    assert cls.where in ("itself", "event", "account", "group")
    assert cls.usual.startswith("calsync ") or name == "UsageError"


def test_the_codes_of_the_tree_are_told_apart() -> None:
    own = [cls.code for cls in CLASSES.values() if "code" in vars(cls)]
    assert len(own) == len(set(own)) >= 20


def test_no_place_raises_an_error_without_a_command_to_type_next() -> None:
    places = list(_raised())
    assert len(places) > 400
    bare = [f"{place} {name}" for place, name, call in places
            if not CLASSES[name].usual and not any(word.arg == "next" for word in call.keywords)]
    assert bare == []


def _texts(node: ast.AST) -> str:
    """The message as far as it stands in the source; what is filled in is a word."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_texts(value) for value in values)
        case ast.FormattedValue():
            return "something"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return f"{_texts(left)} {_texts(right)}"
        case _:
            return ""


def _messages() -> Iterator[tuple[str, str]]:
    for place, name, call in _raised():
        first = call.args[0] if call.args else None
        if first is not None and CLASSES[name] is not ConfigError and (text := _texts(first)):
            yield place, text


def test_messages_are_sentences_for_a_person() -> None:
    """At least three words, no names of classes or functions, and no value as Python would print it."""
    messages = list(_messages())
    assert len(messages) > 300
    wrong = [
        f"{place} {text}" for place, text in messages
        if (len(text.split()) < 3 and "something" not in text)
        or re.search(r"\b(None|Exception|[a-z]+_[a-z]+\(|[A-Z][a-z]+Error)\b", text)
    ]
    assert wrong == []


def _commands_said() -> Iterator[tuple[str, str]]:
    """Whatever stands behind `next=` or `usual =` in the source."""
    for path, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "next" and (text := _texts(node.value)):
                yield f"{path}:{node.value.lineno}", text
    yield from ((name, cls.usual) for name, cls in CLASSES.items() if cls.usual)


def test_each_command_to_type_next_is_one_of_the_programs() -> None:
    import typer

    root = typer.main.get_command(every_command())
    unknown = []
    for place, text in _commands_said():
        words = text.split()
        command = root
        if words[0] != "calsync":
            continue  # chmod, or words to somebody's administrator
        for word in words[1:]:
            known = getattr(command, "commands", None)
            if known is None or word in ("something", "DIR") or word.startswith("-"):
                break
            if word.rstrip(",") not in known:
                unknown.append(f"{place} {text}")
                break
            command = known[word.rstrip(",")]
    assert unknown == []
    assert sum(text.startswith("calsync ") for _, text in _commands_said()) > 150


# -- where: provoked ---------------------------------------------------------------------------------------------------

OF_EVENTS = [MappingError, PreconditionFailed, NotFound, ReadOnly, TooLarge, Refused, UidConflict, UnknownOutcome]
OF_ACCOUNTS = [RemoteError, TransientError, ProtocolError, CalendarGone, AuthError]


def test_every_class_of_events_and_accounts_is_provoked() -> None:
    for kinds, where in ((OF_EVENTS, "event"), (OF_ACCOUNTS, "account")):
        own = {cls for name, cls in CLASSES.items() if cls.where == where and name in vars(errors)}
        assert own - set(kinds) <= {ItemError, SyncTokenExpired}, "a base, and one that the pull answers by itself"


def failing(kind: type[CalsyncError], calls: set[str]) -> World:
    """Two calendars, of which b fails at these calls."""

    class Failing(MemoryServer):
        def perform(self, call: Call, action: Callable[[], Any]) -> Any:
            if call.name in calls and call.calendar == "b":
                raise kind("the server says no")
            return super().perform(call, action)

    world = World("ab", server=Failing)
    world.put("a", ics("one", "Dentist"))
    return world


@pytest.mark.parametrize("kind", OF_EVENTS, ids=lambda kind: kind.__name__)
def test_what_ends_an_event_names_it_with_its_date_and_calendar(kind: type[CalsyncError]) -> None:
    """Somebody was faster, and unknown ends, are looked at again first, and told when that does not help."""
    report = failing(kind, {"create"}).run()
    told = [problem for problem in report.problems if problem.event == "Dentist" or problem.code == "stale"]
    assert told and report.exit_code, report
    for problem in told:
        assert problem.next.startswith("calsync ")
        if problem.code != "stale":
            assert '"Dentist" (Tue 1 Dec 2026 09:00)' in problem.message and "b/b" in problem.message


@pytest.mark.parametrize("kind", OF_ACCOUNTS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("calls", [{"changes", "fetch", "look"}, {"create"}], ids=["read", "write"])
def test_what_ends_an_account_names_it(kind: type[CalsyncError], calls: set[str]) -> None:
    report = failing(kind, calls).run()
    told = [problem for problem in report.problems if problem.code == kind.code]
    assert told and report.exit_code == kind.exit_code
    for problem in told:
        assert problem.account == "b" and problem.next.startswith("calsync ")
        words = list(problem_lines([problem], untouched=True))
        assert words[0].startswith("! account b: the server says no. Nothing was changed")
        assert words[1] == f"  next: {problem.next}"
