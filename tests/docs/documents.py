"""The documents of the project, taken apart: blocks of code, headings, links. Pure but for reading the files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!`)!?\[[^\]\n]*\]\(<?(?P<to>[^)>\s]+)>?\)")
PICTURE = re.compile(r'<(?:img|source)[^>]* src(?:set)?="(?P<to>[^"]+)"')
SPAN = re.compile(r"`(calsync [^`\n]+)`")


@dataclass(frozen=True)
class Block:
    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@dataclass(frozen=True)
class Command:
    """What is typed, what is shown beneath it, and the exit code that the comment behind it names."""

    place: str
    line: str
    shown: tuple[str, ...]
    code: int


def names() -> list[str]:
    """README.md first, then what the index lists, in the order of their names."""
    others = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
    return ["README.md", "SECURITY.md", "CHANGELOG.md", *others]


@cache
def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


@cache
def blocks(document: str) -> tuple[Block, ...]:
    found = []
    for match in FENCE.finditer(text(document)):
        line = text(document).count("\n", 0, match.start()) + 1
        lines = [one.removeprefix(match["indent"]) for one in match["text"].splitlines()]
        found.append(Block(document, line, match["language"], "\n".join(lines) + "\n"))
    return tuple(found)


def commands(document: str) -> Iterator[Command]:
    """Of blocks `sh` each line; of blocks `console` each line behind `$ `, with what stands beneath it."""
    for block in blocks(document):
        if block.language in ("sh", "console"):
            yield from commands_of(block)


def commands_of(block: Block) -> Iterator[Command]:
    prompt = "$ " if block.language == "console" else ""
    typed: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        if line.startswith(prompt) and line.strip() and not line.startswith("#"):
            typed.append((number, line.removeprefix(prompt), []))
        elif typed and prompt:
            typed[-1][2].append(line)
    for number, words, shown in typed:
        line, _, comment = words.partition("  #") if "  #" in words else words.partition(" # ")
        code = re.search(r"exit code (\d+)", comment)
        yield Command(f"{block.document}:{number}", line.strip(), tuple(shown), int(code[1]) if code else 0)


def prose(document: str) -> str:
    """The text without its blocks, line by line where it was."""
    return FENCE.sub(lambda match: "\n" * match[0].count("\n"), text(document))


def spans(document: str) -> Iterator[str]:
    """Commands in the middle of a sentence."""
    yield from SPAN.findall(prose(document))


def links(document: str) -> Iterator[str]:
    plain = re.sub(r"`[^`\n]*`", "", prose(document))
    for match in (*LINK.finditer(plain), *PICTURE.finditer(plain)):
        yield match["to"]


@cache
def anchors(document: str) -> frozenset[str]:
    """As the usual renderers make them of headings."""
    found: dict[str, int] = {}
    made = set()
    for heading in re.findall(r"^#{1,6} (.+?)\s*$", prose(document), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = found.get(slug, 0)
        found[slug] = number + 1
        made.add(f"{slug}-{number}" if number else slug)
    return frozenset(made)
