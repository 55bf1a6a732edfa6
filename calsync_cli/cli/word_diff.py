"""Two versions of a text: which words are new, which went. Pure.

Shape   `marked(base, now)` -> Marked: the text in pieces, each kept "", new "+" or gone "-"; `str` puts what is new
        into {+ +} and what went into [- -], as `git diff --word-diff` does, so that nothing depends on colours
Cost    what both texts begin and end with is left out first; what then is still longer than `MOST` words is new as a
        whole
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from calsync_cli.model.plain import dataclass

WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
"""Scripts that put no blanks between words: each letter stands for itself."""
JOINED = "\u3099\u309a\ufe00-\ufe0f"
SIGNS = re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
WORDS = re.compile(rf"\s+|\d+(?:[:.]\d+)+|[{SIGNS}]|[{WIDE}][{JOINED}]*|[^\s{SIGNS}{WIDE}]+")
MOST = 1500
AROUND = 40
"""So many letters of what stayed are shown beside what changed, in a text that is too long to be shown whole."""

Piece = tuple[str, str]
BRACKETS = {"": ("", ""), "+": ("{+", "+}"), "-": ("[-", "-]")}


@dataclass(frozen=True, slots=True)
class Marked:
    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return "".join(f"{BRACKETS[mark][0]}{text}{BRACKETS[mark][1]}" for mark, text in self.pieces)

    @property
    def plain(self) -> str:
        """The text itself, for whatever reads it next."""
        return "".join(text for mark, text in self.pieces if mark != "-")


def marked(base: str, now: str) -> Marked:
    """`now`, with what `base` has not; what went is shown where nothing came instead. Texts that have no word in
    common are not marked: all of it is new, and that is plain to see."""
    old, new = WORDS.findall(base), WORDS.findall(now)
    edits = list(_edits(old, new))
    if not any(tag == "equal" and "".join(new[j1:j2]).strip() for tag, _, _, j1, j2 in edits):
        return Marked((("", now),))
    pieces = []
    for tag, i1, i2, j1, j2 in edits:
        pieces += _piece("-" if j1 == j2 else "" if tag == "equal" else "+", old[i1:i2] if j1 == j2 else new[j1:j2])
    return Marked(tuple(_joined(pieces)))


def changed(base: str, others: Iterable[str]) -> Marked:
    """`base`, with "+" where one of the others has something else, so that it can be `cut` around that."""
    old = WORDS.findall(base)
    gone: set[int] = set()
    for other in others:
        for tag, i1, i2, _, _ in _edits(old, WORDS.findall(other)):
            gone |= set(range(i1, max(i2, min(i1 + 1, len(old))))) if tag != "equal" else set()
    return Marked(tuple(_joined([("+" if i in gone else "", word) for i, word in enumerate(old)])))


def cut(text: Marked, room: int) -> Marked:
    """Without most of what stayed, where the whole is longer than `room` letters; ends with how long it is."""
    length = len(text.plain)
    if length <= room:
        return text
    last = len(text.pieces) - 1
    short = [
        (mark, piece if mark else _middle(piece, 0 if at == 0 else AROUND, 0 if at == last else AROUND))
        for at, (mark, piece) in enumerate(text.pieces)
    ]
    return Marked((*_first(short, room), ("", f" ({length:,} characters)")))


def _middle(text: str, head: int, tail: int) -> str:
    """Its beginning and its end, which are next to what changed."""
    if len(text) <= head + tail + AROUND:
        return text
    return f"{text[:head]} … {text[len(text) - tail:]}".strip() if head and tail else (
        f"{text[:head]} …" if head else f"… {text[len(text) - tail:]}" if tail else f"{text[: 4 * AROUND]} …"
    )


def _first(pieces: Sequence[Piece], room: int) -> Iterator[Piece]:
    for mark, text in pieces:
        if len(text) > room:
            yield mark, f"{text[:room]} …"
            return
        yield mark, text
        room -= len(text)


def _edits(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Opcodes as `SequenceMatcher` has them."""
    from difflib import SequenceMatcher  # few commands compare anything

    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    end, other_end = len(old) - tail, len(new) - tail
    if head:
        yield "equal", 0, head, 0, head
    if max(end, other_end) - head > MOST:
        yield "replace", head, end, head, other_end
    else:
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old[head:end], new[head:other_end], False).get_opcodes():
            yield tag, i1 + head, i2 + head, j1 + head, j2 + head
    if tail:
        yield "equal", end, len(old), other_end, len(new)


def _piece(mark: str, words: Sequence[str]) -> list[Piece]:
    """Blanks at the ends are no change to be shown."""
    text = "".join(words)
    core = text.strip()
    if not mark or not core:
        return [("", text if mark != "-" else "")]
    head, tail = text[: text.index(core[0])], text[len(text.rstrip()) :]
    return [("", head), (mark, core), ("", tail)]


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind are one piece, and a blank between two of them belongs to both."""
    found: list[Piece] = []
    for mark, text in pieces:
        if not text:
            continue
        if len(found) > 1 and found[-2][0] == mark != "" and not found[-1][0] and not found[-1][1].strip():
            blank = found.pop()[1]
            found[-1] = (mark, f"{found[-1][1]}{blank}{text}")
        elif found and found[-1][0] == mark:
            found[-1] = (mark, found[-1][1] + text)
        else:
            found.append((mark, text))
    yield from found
