"""The part of YAML that hand-written configurations use: mappings, lists, plain and quoted values, comments. Pure.

Shape   `parse(text)` -> dicts, lists, str, int, bool, None; anything else (anchors, blocks of text, flow style) is
        refused with its line, never guessed
Source  YAML 1.1, as Go's yaml.v2 reads it
"""

from __future__ import annotations

import re
from typing import Any

from calsync_cli.model.plain import dataclass
from calsync_cli.setup.notes import BadSetup

_IN_QUOTES = r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'"""
_KEY = re.compile(_IN_QUOTES + r"""|[^\s#"'\[\]{}&*!|>%@`,-][^#:]*?|-[^\s#:][^#:]*?)\s*:(?:\s+|$)""")
_QUOTED = re.compile(_IN_QUOTES + r""")\s*(?:#.*)?$""")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "/": "/", "0": "\0", "r": "\r"}
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
MOST_DEEP = 20


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    indent: int
    text: str


def parse(text: str) -> Any:
    """Raises BadSetup."""
    lines = []
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        body = raw.strip(" ")
        if "\t" in raw[: len(raw) - len(raw.lstrip())]:
            raise BadSetup(f"line {number} begins with a tab")
        if body and not body.startswith("#") and body not in ("---", "..."):
            lines.append(_Line(number, len(raw) - len(raw.lstrip(" ")), body))
    if not lines:
        return None
    value, rest = _node(lines, lines[0].indent, 0)
    if rest:
        raise BadSetup(f"line {rest[0].number} is not where it belongs: {rest[0].text!r}")
    return value


def _node(lines: list[_Line], indent: int, depth: int) -> tuple[Any, list[_Line]]:
    if depth > MOST_DEEP:
        raise BadSetup(f"line {lines[0].number} lies too deep")
    return _list(lines, indent, depth) if _is_item(lines[0].text) else _mapping(lines, indent, depth)


def _is_item(text: str) -> bool:
    return text == "-" or text.startswith("- ")


def _list(lines: list[_Line], indent: int, depth: int) -> tuple[list[Any], list[_Line]]:
    found = []
    while lines and lines[0].indent == indent and _is_item(lines[0].text):
        first, lines = lines[0], lines[1:]
        body = first.text[1:].lstrip(" ")
        if body and _KEY.match(body):  # a mapping begins in the line of its dash
            inner = _Line(first.number, indent + len(first.text) - len(body), body)
            value, lines = _mapping([inner, *lines], inner.indent, depth + 1)
        elif body and not body.startswith("#"):
            value = _scalar(first.number, body)
        else:
            value, lines = _below(lines, indent, depth)
        found.append(value)
    return found, lines


def _mapping(lines: list[_Line], indent: int, depth: int) -> tuple[dict[str, Any], list[_Line]]:
    found: dict[str, Any] = {}
    while lines and lines[0].indent == indent and not _is_item(lines[0].text):
        first, lines = lines[0], lines[1:]
        match = _KEY.match(first.text)
        if match is None:
            raise BadSetup(f"line {first.number} is no `key: value`: {first.text!r}")
        key, rest = str(_unquoted(first.number, match[1])), first.text[match.end() :].strip()
        if key in found:
            raise BadSetup(f"line {first.number} says {key} a second time")
        if rest and not rest.startswith("#"):
            found[key] = _scalar(first.number, rest)
        else:
            same = bool(lines) and lines[0].indent == indent and _is_item(lines[0].text)
            found[key], lines = _list(lines, indent, depth + 1) if same else _below(lines, indent, depth)
    return found, lines


def _below(lines: list[_Line], indent: int, depth: int) -> tuple[Any, list[_Line]]:
    return _node(lines, lines[0].indent, depth + 1) if lines and lines[0].indent > indent else (None, lines)


def _scalar(number: int, text: str) -> Any:
    if quoted := _QUOTED.match(text):
        return _unquoted(number, quoted[1])
    plain = _COMMENT.sub("", text).strip()
    if not plain or _is_item(plain) or plain[0] in "\"'[]{}&*!|>%@`," or ": " in plain or plain.endswith(":"):
        raise BadSetup(f"line {number} has a value that calsync does not read: {text!r}")
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]{0,17})", plain, re.ASCII):
        return int(plain)
    return _WORDS.get(plain, plain)


def _unquoted(number: int, text: str) -> str:
    if text[:1] == "'":
        return text[1:-1].replace("''", "'")
    if text[:1] != '"':
        return text

    def letter(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise BadSetup(f"line {number} has a value that calsync does not read: {text!r}")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", letter, text[1:-1])
