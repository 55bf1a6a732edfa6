"""HTML as the lines it shows, and a changed text put back into them: lines that stay keep their markup.

Shape   a reader of one provider makes `Line`s; `put_back` gives the raw HTML that shows other lines in their place, by
        the shortest difference of lines; `spell` says one line of text in HTML
Lines   that `old` does not name (what the provider put in itself) always stay as they are
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from difflib import SequenceMatcher
from itertools import takewhile

from calsync_cli.model.plain import dataclass

VOID = frozenset({"br", "hr", "img", "input", "wbr"})
Spell = Callable[[str], str]


@dataclass(slots=True)
class Piece:
    """A token: its raw text, what it shows, and for a tag its name."""

    raw: str
    shown: str = ""
    tag: str = ""
    closes: bool = False


@dataclass(slots=True)
class Line:
    """One shown line. `before` is the raw separator that ends the line above, `lead` what its tags put in front."""

    before: str = ""
    lead: str = ""
    pieces: list[Piece] = field(default_factory=list)

    @property
    def visible(self) -> bool:
        return any(piece.shown.strip() for piece in self.pieces)

    @property
    def text(self) -> str:
        return (self.lead if self.visible else "") + "".join(piece.shown for piece in self.pieces)

    @property
    def raw(self) -> str:
        return "".join(piece.raw for piece in self.pieces)


def put_back(lines: Sequence[Line], old: Sequence[tuple[int, str]], new: Sequence[str], spell: Spell) -> str:
    """`old`: index of a line and the text it shows, for those lines that are text."""
    fates, first = _fates([text for _, text in old], new)
    moved = {old[at][0]: fate for at, fate in fates.items()}
    out = "".join(spell(line) + "<br>" for line in first)
    begun = bool(first)
    for at, line in enumerate(lines):
        fate = moved.get(at, [None])
        if fate:
            out += line.before if begun or at == 0 else ""
            out += line.raw if fate[0] is None else _with_text(line, fate[0], spell)
            out += "".join(_below(line, extra or "", spell) for extra in fate[1:])
        else:
            out += line.before if line.before.startswith("</") else ""
            out += "".join(piece.raw for piece in line.pieces if piece.tag and piece.tag != "a")
        begun = begun or bool(fate)
    return out


_Fate = list[str | None]
"""The lines in the place of an old one. None as the first: the old line itself, markup and all."""


def _fates(old: list[str], new: Sequence[str]) -> tuple[dict[int, _Fate], list[str]]:
    """The fate of each old line that does not just stay, and what comes before the first line."""
    fates: dict[int, _Fate] = {}
    first: list[str] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        come = list(new[j:j_end])
        for at in range(i, i_end):
            fates[at] = [come.pop(0)] if come else []
        if come and i_end:
            fates.setdefault(i_end - 1, [None]).extend(come)
        else:
            first += come
    return fates, first


def _below(line: Line, text: str, spell: Spell) -> str:
    """A new line below another one; below an item of a list it is one more item."""
    if line.visible and line.lead and text.startswith(line.lead):
        return "</li><li>" + spell(text.removeprefix(line.lead))
    return "<br>" + spell(text)


def _with_text(line: Line, text: str, spell: Spell) -> str:
    """The tags before the line's text stay; of the others those that begin or end on another line."""
    text = text.removeprefix(line.lead) if line.visible else text
    head = list(takewhile(lambda piece: not piece.shown and piece.tag != "a", line.pieces))
    return "".join([*(piece.raw for piece in head), spell(text), *_unbalanced(line.pieces[len(head) :])])


def _unbalanced(pieces: Sequence[Piece]) -> Iterator[str]:
    open_tags: list[Piece] = []
    for piece in pieces:
        if not piece.tag or piece.tag in VOID:
            continue
        if not piece.closes:
            open_tags.append(piece)
        elif open_tags and open_tags[-1].tag == piece.tag:
            open_tags.pop()
        else:
            yield piece.raw
    yield from (piece.raw for piece in open_tags)
