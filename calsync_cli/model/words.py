"""Words of others, before they are shown anywhere; and those that somebody probably meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def printable(text: str) -> str:
    """One line without what could steer a terminal or turn the line round."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def closest(word: object, known: Iterable[str]) -> str:
    """`; did you mean 'this'?`, or nothing."""
    import difflib

    names = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(str(word).casefold(), list(names), 1)
    return f"; did you mean {names[close[0]]!r}?" if close else ""
