"""The inbox of conflicts: one after the other at a terminal, each with its own answer.

Shape   `ask(views)` -> [(conflict, answers)] in the words of `Workspace.decide`; nothing is stored here
Leaving `q` and the end of input keep the answers given so far; Ctrl-C (KeyboardInterrupt, passed on) drops them all
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from calsync_cli.cli.conflict_view import View, draw
from calsync_cli.cli.screen import say
from calsync_cli.cli.words import NAMES
from calsync_cli.model.series import join, split

SIDES = {
    "a": "a", "b": "b", "n": "newest", "newest": "newest", "o": "base", "old": "base", "base": "base", "m": "both",
    "both": "both",
}


@dataclass(frozen=True, slots=True)
class Inbox:
    """answered: (conflict, {"": side} or {field: side}); left: how many have no answer."""

    answered: list[tuple[Mapping[str, Any], dict[str, str]]] = field(default_factory=list)
    left: int = 0


class _Quit(Exception):
    """The person has seen enough."""


def ask(views: Sequence[View], *, color: bool) -> Inbox:
    answered = []
    for number, seen in enumerate(views, 1):
        print(f"\n[{number} of {len(views)}]")
        draw(seen, color=color)
        print()
        try:
            answers = _answers(seen)
        except _Quit:
            break
        except EOFError:
            print()
            break
        if answers:
            answered.append((seen.conflict, answers))
    return Inbox(answered, len(views) - len(answered))


def _answers(seen: View) -> dict[str, str]:
    """Answers to one conflict, {} to leave it. Raises _Quit."""
    kind, questions = seen.conflict["kind"], _questions(seen)
    sides = {w: s for w, s in SIDES.items() if kind == "fields" or s in ("a", "b")}
    by_field = kind == "fields" and len(questions) > 1
    prompt = "take [a] [b]" + (" [n]ewest [o]ld [m] both" if kind == "fields" else "")
    prompt += ", [f]ield by field" if by_field else ""
    more = {"s": "skip", "skip": "skip", "": "skip", "q": "quit", "quit": "quit"}
    more |= {"f": "fields", "field": "fields"} if by_field else {}
    while True:
        word = _word(f"{prompt}, [s]kip or [q]uit? ", {**sides, **more}, _meanings(seen, by_field))
        match word:
            case "skip":
                return {}
            case "quit":
                raise _Quit
            case "fields":
                return _by_field(seen, questions)
        return {"": word}


def _by_field(seen: View, questions: Mapping[str, str]) -> dict[str, str]:
    """An answer per field; fields that are skipped stay open."""
    answers = {}
    keys = {**SIDES, "s": "", "skip": "", "": "", "q": "quit", "quit": "quit"}
    for path, label in questions.items():
        side = _word(f"  {label}: [a] [b] [n]ewest [o]ld [m] both, [s]kip? ", keys, _meanings(seen, False))
        if side == "quit":
            raise _Quit
        if side:
            answers[path] = side
    return answers


def _word(prompt: str, keys: Mapping[str, str], meanings: Sequence[str]) -> str:
    """What one of the keys stands for. Anything else gets the list of what can be said."""
    while True:
        said = input(prompt).strip().lower()
        if said in keys:
            return keys[said]
        if said != "?":
            print("  that is none of the answers:")
        say(*meanings)


def _meanings(seen: View, by_field: bool) -> list[str]:
    words = [f"  a  what {seen.a} has", f"  b  what {seen.b} has"]
    if seen.conflict["kind"] == "fields":
        words += ["  n  what was changed last, where both servers tell the time of a change",
                  "  o  the old value, as before both changes",
                  "  m  a's, and b's as an event of its own"]
    words += ["  f  answer for each field"] if by_field else []
    return [*words, "  s  leave it for later", "  q  stop asking; what was answered is carried out",
            "  Ctrl-C  stop, and change nothing at all"]


def _questions(seen: View) -> dict[str, str]:
    """Path -> label: start and end are one decision."""
    found: dict[str, str] = {}
    for shown_path in seen.fields:
        path = field_of(shown_path)
        label = seen.label(shown_path)
        found[path] = label if path not in found else found[path].replace("start", "start and end", 1)
    return found


FIELD_OF = {"start": "time", "end": "time", "all-day": "time"} | {shown: name for name, shown in NAMES.items() if name}


def field_of(path: str) -> str:
    """The field that is decided, for a name by which it is shown: `start` and `end` are one, as `time`."""
    key, name = split(path)
    return join(key, FIELD_OF.get(name, name))
