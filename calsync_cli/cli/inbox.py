"""The inbox of conflicts: one after the other at a terminal, each with its own answer, shown before it counts.

Shape   `ask(views, desk)` -> how many have no answer; what was said yes to is the desk's business, at once
Leaving `q`, the end of input, Ctrl-C (KeyboardInterrupt, passed on) and the end of the program keep every answer that
        was said yes to, and no other
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from calsync_cli.cli.conflict_view import View, draw
from calsync_cli.cli.draw import blocks
from calsync_cli.cli.lines import counted
from calsync_cli.cli.preview import field_of, outcome, question_of
from calsync_cli.cli.screen import say
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import split

SIDES = {
    "a": "a", "b": "b", "n": "newest", "newest": "newest", "o": "base", "old": "base", "base": "base", "m": "both",
    "both": "both", "k": "both", "keep": "both",
}
MORE = {"s": "skip", "skip": "skip", "": "skip", "q": "quit", "quit": "quit"}


@dataclass(frozen=True, slots=True)
class Desk:
    """note: an answer that counts from now on; False when the conflict has changed meanwhile. newest: see `outcome`."""

    note: Callable[[View, Mapping[str, str]], bool]
    newest: Callable[[View], str]
    color: bool


class _Quit(Exception):
    """The person has seen enough."""


def ask(views: Sequence[View], desk: Desk) -> int:
    left = len(views)
    for number, seen in enumerate(views, 1):
        print(f"\n[{number} of {len(views)}]")
        draw(seen, color=desk.color)
        print()
        try:
            answers = _answers(seen, desk)
        except (_Quit, EOFError) as end:
            print(end="\n" if isinstance(end, EOFError) else "")
            break
        if answers and desk.note(seen, answers):
            left -= 1
            rest = len(views) - number
            say(f"decided{f'; {rest} more to look at' if rest else ''}")
    return left


def _answers(seen: View, desk: Desk) -> dict[str, str]:
    """Answers to one conflict that were said yes to, {} to leave it. Raises _Quit."""
    questions = _questions(seen)
    sides = _sides(seen, only=seen.is_either_or, old=not seen.unknown)
    by_field = seen.kind == "fields" and len(questions) > 1
    prompt = f"take {_ways(sides)}"
    prompt += ", [f] by field" if by_field else ""
    keys = {**sides, **MORE, **({"f": "fields", "field": "fields", "fields": "fields"} if by_field else {})}
    while True:
        word = _word(f"{prompt}, [s]kip, [q]uit, [h]elp? ", keys, _meanings(seen, by_field))
        match word:
            case "skip":
                return {}
            case "quit":
                raise _Quit
        answers = _by_field(seen, questions) if word == "fields" else {"": word}
        if not answers or _agreed(seen, answers, desk):
            return answers


def _by_field(seen: View, questions: Mapping[str, str]) -> dict[str, str]:
    """An answer per field; fields that are skipped stay open."""
    answers = {}
    for path, label in questions.items():
        is_date = bool(seen.cancelled(split(path)[0]))
        sides = _sides(seen, only=is_date, old=path not in map(field_of, seen.unknown))
        prompt = f"  {label}: {_ways(sides)}, [s]kip? "
        side = _word(prompt, {**sides, **MORE}, _meanings(seen, False))
        if side == "quit":
            raise _Quit
        if side != "skip":
            answers[path] = side
    return answers


def _sides(seen: View, *, only: bool, old: bool) -> dict[str, str]:
    """What can be said: the calendars only, or all. Without the old value where there was none; and of more than two
    versions `both` would not say which."""
    able = {*SIDES.values()} if not only else {"a", "b"}
    able -= {"base"} if not old else set()
    able -= {"both"} if seen.others else set()
    return {word: side for word, side in SIDES.items() if side in able} | dict(seen.others)


def _ways(sides: Mapping[str, str]) -> str:
    names = {"a": "[a]", "b": "[b]", "newest": "[n]ewest", "base": "[o]ld", "both": "[m] both"}
    others = [f"[{word}]" for word, side in sides.items() if side not in names]
    known = [name for side, name in names.items() if side in sides.values()]
    return " ".join([*known[:2], *others, *known[2:]])


def _agreed(seen: View, answers: Mapping[str, str], desk: Desk) -> bool:
    """Show what the answers come to, and ask for a yes."""
    newest = desk.newest(seen) if "newest" in answers.values() else ""
    if "newest" in answers.values() and not newest:
        say("  these calendars give no clear time of the last change, so newest cannot decide; take a or b")
        return False
    found = outcome(seen, answers, newest)
    print()
    if found.rows:
        blocks([(found.head, found.rows)], color=desk.color)
    say(*found.sentences)
    keys = {"y": "yes", "yes": "yes", "": "yes", "n": "no", "no": "no"}
    return _word("Is that right? [Y/n] ", keys, ["  y  it is", "  n  ask me again"]) == "yes"


def _word(prompt: str, keys: Mapping[str, str], meanings: Sequence[str]) -> str:
    """What one of the keys stands for. Anything else gets the list of what can be said."""
    while True:
        said = input(prompt).strip().lower()
        if said in keys:
            return keys[said]
        if said not in ("?", "h", "help"):
            print("  that is none of the answers:")
        say(*meanings)


def _meanings(seen: View, by_field: bool) -> list[str]:
    words = [f"  a  what {seen.a} has", f"  b  what {seen.b} has"]
    words += [f"  {letter}  what {calendar} has" for letter, calendar in seen.others.items()]
    if not seen.is_either_or:
        other = "b" if seen.first == "a" else "a"
        words += ["  n  what was changed last, where both servers tell the time of a change",
                  *([] if seen.unknown else ["  o  the old value, as before both changes"]),
                  *([] if seen.others else [f"  m  {seen.first}'s, and {other}'s as an event of its own"])]
    words += ["  f  answer for each field"] if by_field else []
    words += ["  s  leave it for later", "  q  stop asking; what was decided is carried out",
              "  Ctrl-C  stop at once; what was decided is carried out by the next sync"]
    return words + (["  {+new+} and [-gone-] words are marked against what was before"] if seen.fields else [])


def _questions(seen: View) -> dict[str, str]:
    """Path -> label: start and end are one decision, and so is a date that one side cancelled."""
    found: dict[str, str] = {}
    for shown_path in seen.fields:
        path = question_of(seen, shown_path)
        if path != field_of(shown_path):
            continue
        label = seen.label(shown_path)
        found[path] = label if path not in found else found[path].replace("start", "start and end", 1)
    return found


def waiting(count: int) -> str:
    return f"{counted(count, 'conflict')} {'waits' if count == 1 else 'wait'}"
