"""Descriptions at Google, which may hold HTML <-> the plain text of the form.

Shape   `shown(raw)` -> text: <br>, line ends and block tags break lines, list items start with "- ", a link shows its
        address behind its label. What has neither a tag of HTML nor an entity is plain text and stays as it is
Edits   `edited(raw, text)` -> raw that shows `text`; lines that stay keep their markup, a changed line keeps the tags
        around it; plain text is escaped only where Google's pages would take it for HTML (facts 11.1)
Law     shown(edited(raw, text)) == text for every clean text
"""

from __future__ import annotations

import html
import re

from calsync_cli.mapping.html_lines import VOID, Line, Piece, put_back
from calsync_cli.mapping.values import clean

_BREAKING = """address article blockquote center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr html-blob
li main nav ol p pre section table tr ul"""
_INLINE = """a abbr b big body cite code del em font head html i ins kbd mark q s samp small span strike strong sub sup
tbody td tfoot th thead tt u var"""
_BLOCKS = frozenset(_BREAKING.split())
_KNOWN = _BLOCKS | VOID | frozenset(_INLINE.split())
_TOKEN = re.compile(
    r"""(?P<skip><!--(?:(?!<!--).)*?-->|<(?P<raw>style|script|title)\b[^<>]*+>(?:(?!<(?P=raw)).)*?</(?P=raw)\s*+>)
    |(?P<tag><(?P<close>/?)(?P<name>[a-z][a-z0-9-]*+)(?P<attrs>(?:[\s/](?:[^<>"']|"[^"]*"|'[^']*')*+)?)>)
    |(?P<entity>&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});)
    |(?P<newline>\r\n|\n)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL | re.ASCII,
)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_LONGEST = 100_000
"""Longer than any description Google keeps; beyond it nobody looks for markup."""


def is_html(raw: str) -> bool:
    if ("<" not in raw and "&" not in raw) or len(raw) > _LONGEST:
        return False
    return any(not found.group("newline") and _means_something(found) for found in _TOKEN.finditer(raw))


def shown(raw: str) -> str:
    return clean("\n".join(line.text for line in _lines(raw))) if is_html(raw) else clean(raw)


def spelled(text: str) -> str:
    """A raw description that shows `text`: as it is, or escaped where it would be taken for HTML."""
    return text if shown(text) == text else _escaped(text)


def edited(raw: str, text: str) -> str:
    if is_html(raw):
        lines = _lines(raw)
        old = clean("\n".join(line.text for line in lines)).split("\n")
        kept = put_back(lines, list(enumerate(old)), text.split("\n"), _escaped)
        if shown(kept) == text:
            return kept
    return spelled(text)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


def _means_something(found: re.Match[str]) -> bool:
    """A tag of HTML, a comment or a known entity; `a <b` and `&foo;` are text."""
    if found.group("tag"):
        return found.group("name").lower() in _KNOWN
    return found.group("entity") is None or html.unescape(found.group()) != found.group()


# -- raw text -> lines -------------------------------------------------------------------------------------------------


class _Reader:
    """Puts tokens on lines. `fresh`: nothing but a break so far, so that a line end in the source shows nothing."""

    def __init__(self) -> None:
        self.lines = [Line()]
        self.fresh = False
        self.link: tuple[str, int] | None = None

    @property
    def line(self) -> Line:
        return self.lines[-1]

    def text(self, raw: str, shows: str | None = None) -> None:
        self.line.pieces.append(Piece(raw, raw if shows is None else shows))

    def newline(self, raw: str) -> None:
        if self.fresh and not self.line.visible:
            for piece in self.line.pieces:
                piece.shown = ""
            self.line.pieces.append(Piece(raw))
            self.fresh = False
        else:
            self._break(raw)

    def tag(self, raw: str, name: str, closes: bool, attrs: str) -> None:
        if name == "br":
            self._break(raw)
            self.fresh = True
        elif name in _BLOCKS:
            self._block(raw, name, closes)
        elif name == "a":
            self._anchor(raw, closes, attrs)
        else:
            self.line.pieces.append(Piece(raw, " " if closes and name in ("td", "th") else "", name, closes))

    def _break(self, raw: str) -> None:
        self.lines.append(Line(raw))
        self.fresh = False

    def _block(self, raw: str, name: str, closes: bool) -> None:
        if self.line.visible:
            self._break(raw)
        else:
            self.line.pieces.append(Piece(raw, "", name, closes))
        if name == "li":
            self.line.lead = "" if closes else "- "
        self.fresh = True

    def _anchor(self, raw: str, closes: bool, attrs: str) -> None:
        shows = ""
        if closes and self.link is not None:
            address, begin = self.link
            label = "".join(piece.shown for piece in self.line.pieces[begin:]).strip()
            shows = f" ({address})" if label and label not in address and address not in label else ""
            shows = shows or ("" if label else address)
        found = _HREF.search(attrs) if not closes else None
        address = html.unescape(next(filter(None, found.groups()), "")).strip() if found else ""
        is_web = address.lower().startswith(("http://", "https://"))
        self.line.pieces.append(Piece(raw, shows, "a", closes))
        self.link = (address, len(self.line.pieces)) if is_web else None


def _lines(raw: str) -> list[Line]:
    reader = _Reader()
    at = 0
    for found in _TOKEN.finditer(raw):
        if not found.group("newline") and not _means_something(found):
            continue
        if found.start() > at:
            reader.text(raw[at : found.start()])
        at = found.end()
        _put(reader, found)
    if at < len(raw):
        reader.text(raw[at:])
    return reader.lines


def _put(reader: _Reader, found: re.Match[str]) -> None:
    token = found.group()
    if found.group("newline"):
        reader.newline(token)
    elif found.group("tag"):
        reader.tag(token, found.group("name").lower(), bool(found.group("close")), found.group("attrs"))
    elif found.group("entity"):
        reader.text(token, html.unescape(token).replace("\u00a0", " ").replace("\n", " "))
    else:
        reader.line.pieces.append(Piece(token))
