"""Questions on a terminal. Each has an option of its command that answers it, so that none is asked elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from calsync_cli.cli.screen import say
from calsync_cli.errors import UsageError


def ask(question: str, default: str = "") -> str:
    """A line of text. Raises UsageError where the terminal has no more to say."""
    try:
        return input(question).strip() or default
    except EOFError:
        print()
        raise UsageError("the answer did not come; what was done so far stays", next="calsync init") from None


def yes(question: str, *, default: bool) -> bool:
    answer = ask(question).lower()
    return default if not answer else answer in ("y", "yes")


def pick(question: str, options: Mapping[str, str], default: str | None) -> str:
    """One of the words, or its number in the list. Options that are numbers or letters already keep them."""
    words = list(options)
    plain = all(len(word) <= 3 for word in words)
    marks = {word: word if plain or not word else str(number) for number, word in enumerate(words, 1)}
    by_mark = {mark: word for word, mark in marks.items()} | {word: word for word in words}
    width = max(map(len, marks.values()))
    say("", question)
    for word, mark in marks.items():
        name = word if not plain and word else ""
        text = f"{name}: {options[word]}" if name and options[word] else options[word] or name
        say(f"  {mark or 'Enter':>{max(width, 5 if '' in options else 1)}}  {text}")
    hint = f" [{marks[default]}]" if default else ""
    while True:
        answer = ask(f"> {'' if default is None else hint.strip() + ' ' if hint else ''}", default or "")
        if answer in by_mark:
            return by_mark[answer]
        say(f"  {answer!r} is none of them")
