"""iCalendar bytes <-> a tree of components whose leaves are raw content lines.

Shape   parse(bytes) -> Document; Document.data() gives the identical bytes back while nothing was edited. A Line keeps
        its bytes with folds and line end; name, params and value are worked out on demand from the unfolded line
Order   bytes are unfolded before they are decoded: a fold may split a UTF-8 character (RFC 5545 section 3.1)
Errors  MappingError with a sentence for a person when BEGIN and END do not match or this is no calendar at all
Source  RFC 5545 sections 3.1, 3.2, 3.6; RFC 6868
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field

from calsync_cli.errors import MappingError
from calsync_cli.model.plain import dataclass

BOM = b"\xef\xbb\xbf"
FOLD_AT = 75
MAX_DEPTH = 50
"""Real files nest three deep; a file made to break programs nests until their stack is full."""
_NAME = re.compile(rb"[A-Za-z0-9_.-]+")
_PARAM = re.compile(r';\s*([^=;:"]+)=((?:"[^"]*"|[^";:])*)')
_QUOTED_ESCAPE = re.compile(r'\\"')
_CARET = re.compile(r"\^([n^'])")
_CARET_MEANS = {"n": "\n", "^": "^", "'": '"'}

Params = tuple[tuple[str, str], ...]


class Line:
    """One content line. `name` is upper case, "" for a line that has no colon; such a line is only ever kept."""

    __slots__ = ("_split", "flat", "name", "raw")

    def __init__(self, raw: bytes, flat: bytes) -> None:
        self.raw = raw
        self.flat = flat
        found = _NAME.match(flat)
        self.name = found.group().upper().decode("ascii") if found and flat.find(b":", found.end()) >= 0 else ""
        self._split: tuple[Params, str] | None = None

    @property
    def text(self) -> str:
        """The unfolded line. Bytes that are not UTF-8 are read as Windows-1252, which they nearly always are."""
        try:
            return self.flat.decode("utf-8")
        except UnicodeDecodeError:
            return self.flat.decode("cp1252" if not set(self.flat) & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "latin-1")

    @property
    def is_utf8(self) -> bool:
        try:
            self.flat.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return True

    @property
    def params(self) -> Params:
        """Parameters in order as (upper-case name, value without quotes and ^-escapes)."""
        return self._parts()[0]

    @property
    def value(self) -> str:
        return self._parts()[1]

    def param(self, name: str) -> str:
        return next((value for key, value in self.params if key == name), "")

    def _parts(self) -> tuple[Params, str]:
        if self._split is None:
            text, end = self.text, len(self.name)
            if not end:
                self._split = ((), text)
            elif text[end] == ":":
                self._split = ((), text[end + 1 :])
            else:
                self._split = _split_params(text)
        return self._split

    def __repr__(self) -> str:
        return f"Line({self.raw!r})"


def _split_params(text: str) -> tuple[Params, str]:
    """Parameters and value; a backslash before a quote (illegal, seen in CN) is taken as part of the value."""
    at = re.match(r"[A-Za-z0-9_.-]+\s*", text).end()  # type: ignore[union-attr]
    marked = _QUOTED_ESCAPE.sub("\\\\\x00", text) if '\\"' in text else text
    params = []
    while found := _PARAM.match(marked, at):
        params.append((found.group(1).strip().upper(), _param_value(found.group(2))))
        at = found.end()
    colon = marked.find(":", at)
    value = text[colon + 1 :] if colon >= 0 else text[text.rfind(":") + 1 :]
    return tuple(params), value


def _param_value(text: str) -> str:
    text = text.strip()
    if text[:1] == '"' and text[-1:] == '"' and text.count('"') == 2:
        text = text[1:-1]
    text = text.replace("\\\x00", '"')
    return _CARET.sub(lambda m: _CARET_MEANS[m.group(1)], text) if "^" in text else text


def quoted(value: str) -> str:
    """A parameter value as it is written (RFC 6868)."""
    value = value.replace("^", "^^").replace("\r\n", "\n").replace("\n", "^n").replace('"', "^'")
    return f'"{value}"' if any(c in value for c in ":;,") else value


@dataclass(slots=True, eq=False)
class Component:
    """BEGIN:name ... END:name. `children` are lines and sub-components in file order."""

    name: str
    begin: Line
    children: list[Line | Component] = field(default_factory=list)
    end: Line | None = None

    @property
    def lines(self) -> list[Line]:
        return [child for child in self.children if isinstance(child, Line)]

    def parts(self, name: str) -> list[Component]:
        return [child for child in self.children if isinstance(child, Component) and child.name == name]

    def all(self, name: str) -> list[Line]:
        return [child for child in self.children if isinstance(child, Line) and child.name == name]

    def first(self, name: str) -> Line | None:
        return next((child for child in self.children if isinstance(child, Line) and child.name == name), None)

    def index(self, child: Line | Component) -> int:
        return next(i for i, other in enumerate(self.children) if other is child)

    def remove(self, child: Line | Component) -> None:
        del self.children[self.index(child)]

    def copy(self) -> Component:
        """The same lines in a tree of their own, so that editing one leaves the other alone."""
        children = [child.copy() if isinstance(child, Component) else child for child in self.children]
        return Component(self.name, self.begin, children, self.end)

    def raw(self) -> Iterator[bytes]:
        yield self.begin.raw
        for child in self.children:
            if isinstance(child, Line):
                yield child.raw
            else:
                yield from child.raw()
        if self.end is not None:
            yield self.end.raw


@dataclass(slots=True, eq=False)
class Document:
    """A whole payload: what stands before the calendar (BOM, blank lines), the calendar, blank lines after it."""

    before: bytes
    calendar: Component
    after: bytes

    def data(self) -> bytes:
        return self.before + b"".join(self.calendar.raw()) + self.after

    @property
    def newline(self) -> bytes:
        """The line end of this file, for new lines."""
        return b"\r\n" if self.calendar.begin.raw.endswith(b"\r\n") else b"\n"


def content_lines(payload: bytes) -> Iterator[Line]:
    """Each content line with its continuation lines; CRLF, LF and CR all end a line."""
    raw: list[bytes] = []
    for physical in payload.splitlines(keepends=True):
        if raw and physical[0] in b" \t":
            raw.append(physical)
            continue
        if raw:
            yield _joined(raw)
        raw = [physical]
    if raw:
        yield _joined(raw)


def _joined(physical: list[bytes]) -> Line:
    flat = physical[0].rstrip(b"\r\n")
    if len(physical) == 1:
        return Line(physical[0], flat)
    return Line(b"".join(physical), flat + b"".join(part[1:].rstrip(b"\r\n") for part in physical[1:]))


def parse(payload: bytes) -> Document:
    """Raises MappingError when this is not exactly one well-formed VCALENDAR."""
    bom = BOM if payload.startswith(BOM) else b""
    before: list[bytes] = [bom]
    after: list[bytes] = []
    root: Component | None = None
    stack: list[Component] = []
    for line in content_lines(payload[len(bom) :]):
        if stack:
            root = _inside(line, stack) or root
        elif not line.flat.strip():
            (after if root else before).append(line.raw)
        elif root is None and line.name == "BEGIN" and line.value.strip().upper() == "VCALENDAR":
            stack.append(Component("VCALENDAR", line))
        else:
            raise MappingError(_stray(line, payload, seen=root is not None))
    if stack:
        raise MappingError(f"the file is cut off: END:{stack[-1].name} is missing")
    if root is None:
        raise MappingError("there is nothing in it: the file is empty, or cannot be read")
    return Document(b"".join(before), root, b"".join(after))


def _inside(line: Line, stack: list[Component]) -> Component | None:
    """Put `line` where it belongs; the finished calendar when it was its END."""
    top = stack[-1]
    if line.name == "BEGIN":
        if len(stack) == MAX_DEPTH:
            raise MappingError(f"the file is damaged: its parts are nested more than {MAX_DEPTH} deep")
        stack.append(Component(line.value.strip().upper(), line))
        top.children.append(stack[-1])
    elif line.name == "END":
        name = line.value.strip().upper()
        if name != top.name:
            raise MappingError(f"the file is damaged: END:{name} stands where END:{top.name} is expected")
        top.end = line
        stack.pop()
        return None if stack else top
    else:
        top.children.append(line)
    return None


def _stray(line: Line, payload: bytes, *, seen: bool) -> str:
    if seen and line.name == "BEGIN":
        return "the file holds more than one calendar object (VCALENDAR)"
    if seen:
        return "the file goes on after the end of its calendar object"
    if payload.lstrip(BOM + b"\r\n\t ")[:1] == b"<":
        return "this is a web page, not a calendar file"
    return "this is not a calendar file: it does not start with BEGIN:VCALENDAR"


def fold(text: str, newline: bytes = b"\r\n") -> bytes:
    """One content line, folded at 75 octets without splitting a character (RFC 5545 section 3.1)."""
    return _folded(text.encode("utf-8", "replace"), newline)


def _folded(data: bytes, newline: bytes) -> bytes:
    if len(data) <= FOLD_AT:
        return data + newline
    pieces = []
    room = FOLD_AT
    while len(data) > room:
        cut = room
        while data[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(data[:cut])
        data = data[cut:]
        room = FOLD_AT - 1  # the space that starts a continuation counts
    return (newline + b" ").join([*pieces, data]) + newline


def make_line(name: str, value: str, params: Sequence[tuple[str, str]] = (), newline: bytes = b"\r\n") -> Line:
    head = name + "".join([f";{key}={quoted(text)}" for key, text in params]) if params else name
    data = f"{head}:{value}".encode("utf-8", "replace")
    return Line(_folded(data, newline), data)


def make_component(name: str, children: Sequence[Line | Component], newline: bytes = b"\r\n") -> Component:
    begin, end = make_line("BEGIN", name, (), newline), make_line("END", name, (), newline)
    return Component(name, begin, list(children), end)
