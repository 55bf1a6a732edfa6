"""Three-way merge of values (semantics section 5). Pure."""

from __future__ import annotations

from difflib import SequenceMatcher


def merge_text(base: str, ours: str, theirs: str) -> str | None:
    """Both changes of a text, line by line; None where they touch the same or neighbouring lines."""
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    lines = base.split("\n")
    edits = sorted(_edits(lines, ours.split("\n")) + _edits(lines, theirs.split("\n")), key=lambda e: (e[0], e[1]))
    result: list[str] = []
    at = 0
    previous: tuple[int, int, list[str]] | None = None
    for edit in edits:
        if edit == previous:
            continue
        start, end, new = edit
        if previous is not None and start <= previous[1]:
            return None
        result += lines[at:start] + new
        at, previous = end, edit
    return "\n".join(result + lines[at:])


def _edits(base: list[str], changed: list[str]) -> list[tuple[int, int, list[str]]]:
    """Replacements [start, end) -> new lines that turn `base` into `changed`."""
    matcher = SequenceMatcher(None, base, changed, autojunk=False)
    return [(i1, i2, changed[j1:j2]) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]


def merge_set(hub: frozenset[str], base: frozenset[str], now: frozenset[str]) -> frozenset[str]:
    """`hub` with what one side added and without what it removed; never a conflict."""
    return (hub | (now - base)) - (base - now)
