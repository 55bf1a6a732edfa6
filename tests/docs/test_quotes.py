"""What the documents quote of the program's messages are words that it says: `...` stands where a name comes in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.docs.documents import ROOT, names, prose

HEADS = ("what you see", "it says")
GOOGLE, MICROSOFT = "a page of Google's", "a page or an answer of Microsoft's"
THEIRS = {
    "Access blocked: calsync has not completed the verification": GOOGLE, "This app isn't verified": GOOGLE,
    "redirect URI": MICROSOFT, "application was not found": MICROSOFT, "not configured as multi-tenant": MICROSOFT,
    "does not exist in tenant": MICROSOFT, "client_secret": MICROSOFT, "second proof": MICROSOFT,
    "Need admin approval": MICROSOFT, "You cannot access this right now": MICROSOFT,
}  # fmt: skip


def quotes(document: str) -> Iterator[str]:
    """In the first column of tables of what is seen."""
    inside = False
    for line in prose(document).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] in HEADS:
            inside = True
        elif inside:
            yield from re.findall(r'"([^"]+)"', cells[0])


@cache
def said() -> str:
    """All texts of the program, a line for each; `{}` where a value comes in."""
    found = []
    for file in (ROOT / "calsync_cli").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)
                found.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return "\n".join(found)


@pytest.mark.parametrize("document", [name for name in names() if list(quotes(name))])
def test_what_is_quoted_is_said(document: str) -> None:
    for quote in quotes(document):
        if quote in THEIRS:
            continue
        for part in filter(None, (part.strip() for part in quote.split("..."))):
            assert _is_said(part), f"{document} quotes {quote!r}, and nothing says {part!r}"


def _is_said(part: str) -> bool:
    """As it stands, or put together of two texts of two words at least, of which one comes into the other."""
    words = part.split(" ")
    halves = ((" ".join(words[:n]), " ".join(words[n:])) for n in range(2, len(words) - 1))
    return part in said() or any(a in said() and b in said() for a, b in halves)


def test_the_words_of_others_are_quoted() -> None:
    everything = {quote for name in names() for quote in quotes(name)}
    assert len(everything) > 25 and set(THEIRS) <= everything
