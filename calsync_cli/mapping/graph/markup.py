"""HTML as Outlook keeps it <-> lines of plain text (facts 0.18, L4.4).

Shape   `lines_of(html)` -> lines that read as Outlook shows them: runs of blanks are one, `&nbsp;` is a blank that
        stays, blocks and <br> break, list items start with "- ", a link shows its address behind its label. Links that
        Outlook made "safe" show where they really lead. `spelled(text)` says text in HTML that reads back the same
Note    Outlook rewrites what it is given (wrapper, CRLF, order of attributes, blanks, links): all that reads the same
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from calsync_cli.mapping.html_lines import Line, Piece
from calsync_cli.mapping.values import clean
from calsync_cli.model.plain import dataclass

_BREAKING = """address article aside blockquote center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header li
main nav ol p pre section table tr ul"""
_BLOCKS = frozenset(_BREAKING.split())
_TOKEN = re.compile(
    r"""(?P<skip><!--(?:(?!<!--).)*?-->|<[!?][^>]*>
        |<(?P<raw>head|style|script|title|xml)\b[^<>]*>(?:(?!<(?P=raw)\b).)*?</(?P=raw)\s*>)
    |(?P<tag><(?P<close>/?)(?P<name>[a-z][a-z0-9:-]*+)(?P<attrs>(?:[\s/](?:[^<>"']|"[^"]*"|'[^']*')*+)?)>)
    |(?P<text>[^<]+|<)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL | re.ASCII,
)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_LINK = re.compile(r"""\b(originalsrc|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_SAFE = ".safelinks.protection.outlook.com"
_NBSP = "\u00a0"
_TAB = _NBSP * 4


@dataclass(slots=True)
class HtmlLine(Line):
    """`ruler`: the line is nothing but <hr>."""

    ruler: bool = False

    @property
    def visible(self) -> bool:
        return any(piece.shown for piece in self.pieces)


class _Reader:
    def __init__(self) -> None:
        self.lines = [HtmlLine()]
        self.link: tuple[str, int] | None = None
        self.pre = 0

    @property
    def line(self) -> HtmlLine:
        return self.lines[-1]

    def text(self, raw: str) -> None:
        shown = html.unescape(raw) if "&" in raw else raw
        if self.pre:
            self._preformatted(raw, shown)
            return
        if _BLANKS.search(shown):
            shown = _BLANKS.sub(" ", shown)
            last = next((piece.shown for piece in reversed(self.line.pieces) if piece.shown), " ")
            shown = shown[1:] if last[-1] == " " and shown[0] == " " else shown
        self.line.pieces.append(Piece(raw, shown))

    def _preformatted(self, raw: str, shown: str) -> None:
        """Inside <pre> line ends are breaks and blanks stay."""
        if raw.count("\n") != shown.count("\n"):
            raw = shown = shown.replace("\n", " ")
        for number, part in enumerate(raw.split("\n")):
            if number:
                self._break("\n")
            if part:
                kept = html.unescape(part).replace("\r", "").replace(" ", _NBSP).replace("\t", _TAB)
                self.line.pieces.append(Piece(part, kept))

    def tag(self, raw: str, name: str, closes: bool, attrs: str) -> None:
        if name == "br":
            self._break(raw)
        elif name == "hr":
            self._ruler(raw)
        elif name in _BLOCKS:
            self._block(raw, name, closes)
        elif name == "a":
            self._anchor(raw, closes, attrs)
        else:
            self.line.pieces.append(Piece(raw, " " if closes and name in ("td", "th") else "", name, closes))

    def _break(self, raw: str) -> None:
        self.lines.append(HtmlLine(raw))

    def _ruler(self, raw: str) -> None:
        if self.line.visible:
            self._break("")
        self.line.pieces.append(Piece(raw, "", "hr"))
        self.line.ruler = True
        self._break("")

    def _block(self, raw: str, name: str, closes: bool) -> None:
        self.pre += (-1 if closes else 1) if name == "pre" else 0
        if self.line.visible:
            self._break(raw)
        else:
            self.line.pieces.append(Piece(raw, "", name, closes))
        if name == "li":
            self.line.lead = "" if closes else "- "

    def _anchor(self, raw: str, closes: bool, attrs: str) -> None:
        shows = ""
        if closes and self.link is not None:
            address, begin = self.link
            label = "".join(piece.shown for piece in self.line.pieces[begin:]).strip()
            shows = address if not label else "" if _same_link(label, address) else f" ({address})"
        address = _address(attrs) if not closes else ""
        self.line.pieces.append(Piece(raw, shows, "a", closes))
        self.link = (address, len(self.line.pieces)) if address else None


def _address(attrs: str) -> str:
    """Where a link leads; "" for what is no web address."""
    found = {name.lower(): html.unescape(a or b or c).strip() for name, a, b, c in _LINK.findall(attrs)}
    address = found.get("originalsrc") or found.get("href", "")
    if _SAFE in address:
        address = _unsafe(address)
    return clean(address).strip() if address.lower().startswith(("http://", "https://")) else ""


def _unsafe(address: str) -> str:
    """The address that Outlook put into the query of its own."""
    try:
        parts = urlsplit(address)
        there = parse_qs(parts.query).get("url", [address])[0]
    except ValueError:
        return address
    return there if (parts.hostname or "").endswith(_SAFE) else address


def _same_link(label: str, address: str) -> bool:
    bare = address.rstrip("/")
    return label.rstrip("/") in bare or bare in label


def lines_of(raw: str) -> list[HtmlLine]:
    reader = _Reader()
    for found in _TOKEN.finditer(raw):
        if found.lastgroup == "text":
            reader.text(found.group())
        elif found.lastgroup == "tag":
            token, close, name, attrs = found.group("tag", "close", "name", "attrs")
            reader.tag(token, name.lower(), bool(close), attrs)
        else:
            reader.line.pieces.append(Piece(found.group()))
    return reader.lines


def shown_lines(lines: Sequence[Line], hidden: range = range(0)) -> list[tuple[int, str]]:
    """The text as it is compared, with the index of the line that shows each part of it: no blanks at the end of a
    line, no second empty line in a row, none at the start or the end (L4.4)."""
    found: list[tuple[int, str]] = []
    for at, line in enumerate(lines):
        if at in hidden:
            continue
        text = clean(line.text.replace(_NBSP, " "))
        if text or (found and found[-1][1]):
            found.append((at, text))
    while found and not found[-1][1]:
        found.pop()
    return found


def spelled(text: str) -> str:
    return "<br>".join(spelled_line(line) for line in text.split("\n"))


def spelled_line(text: str) -> str:
    """Blanks at the start of a line and all but the last of a run are kept from being merged."""
    escaped = html.escape(text.replace("\t", "    "), quote=False)
    return re.sub(r" (?= )|^ | $|\u00a0", "&nbsp;", escaped)
