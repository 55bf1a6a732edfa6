"""What Exchange makes of an event's body: text becomes wrapped HTML, HTML is cleaned, readers of text get CRLF (L4.4).

Shape   stored(content, kind) -> HTML; as_text(html) -> text; preview(html); conference(url) -> the join block
"""

from __future__ import annotations

import html as entities
import re
from functools import lru_cache
from html.parser import HTMLParser

META = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
FROM_TEXT = (
    '<meta name="Generator" content="Microsoft Exchange Server">\r\n<!-- converted from text -->'
    '<style><!-- .EmailQuote { margin-left: 1pt; padding-left: 4pt; border-left: #800000 2px solid; } --></style>'
)
ALLOWED = frozenset(
    {
        "a",
        "b",
        "blockquote",
        "br",
        "code",
        "col",
        "colgroup",
        "div",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    }
)
KEPT = frozenset({
    "href", "src", "style", "class", "id", "title", "alt", "color", "face", "size", "align", "width", "height",
})
VOID = frozenset({"br", "hr", "img", "col"})
DROPPED = frozenset({"script", "style", "head", "title", "iframe", "object", "noscript"})
BLOCKS = frozenset({
    "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "ul", "ol", "pre",
})
RULER = "_" * 80


@lru_cache(maxsize=4096)
def stored(content: str, kind: str) -> str:
    if not content.strip():
        return ""
    return _wrapped("", _clean(content)) if kind == "html" else _wrapped(FROM_TEXT, _from_text(content))


def _wrapped(head: str, inner: str) -> str:
    return f"<html>\r\n<head>\r\n{META}{head}\r\n</head>\r\n<body>\r\n{inner}\r\n</body>\r\n</html>\r\n"


def inner(page: str) -> str:
    """The part inside <body>, for what is added to a page."""
    found = re.search(r"<body[^>]*>\r?\n?(.*?)\r?\n?</body>", page, re.S)
    return found.group(1) if found else page


def _from_text(content: str) -> str:
    lines = re.split(r"\r\n|\r|\n", content)
    shown = [entities.escape(line, quote=False).replace("  ", "&nbsp; ").replace("\u00a0", "&nbsp;") for line in lines]
    body = "<br>\r\n".join(shown)
    return f'<font size="2"><span style="font-size:11pt;"><div class="PlainText">{body}</div></span></font>'


class _Cleaner(HTMLParser):
    """Unsafe and unknown tags go, attributes come in alphabetical order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self.skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self.skipping += 1
        if self.skipping or tag not in ALLOWED:
            return
        kept = sorted((n, v or "") for n, v in attrs if n in KEPT and not (v or "").lower().startswith("javascript:"))
        self.out.append("<" + tag + "".join(f' {n}="{entities.escape(v)}"' for n, v in kept) + ">")

    def handle_endtag(self, tag: str) -> None:
        if tag in DROPPED:
            self.skipping = max(0, self.skipping - 1)
        elif not self.skipping and tag in ALLOWED and tag not in VOID:
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")


def _clean(content: str) -> str:
    parser = _Cleaner()
    parser.feed(inner(content))
    parser.close()
    return re.sub(r"\r\n|\r|\n", "\r\n", "".join(parser.out)).strip("\r\n")


class _Reader(HTMLParser):
    """HTML to text as the service does it: blocks on their own lines, link targets after the anchor text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.links: list[tuple[str, int]] = []
        self.skipping = 0

    def line(self) -> None:
        if self.text and not self.text.endswith("\n"):
            self.text += "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self.skipping += tag != "head" or 1
        elif tag == "br":
            self.text += "\n"
        elif tag == "hr":
            self.line()
            self.text += RULER + "\n"
        elif tag in BLOCKS:
            self.line()
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.text)))

    def handle_endtag(self, tag: str) -> None:
        if tag in DROPPED:
            self.skipping = max(0, self.skipping - 1)
        elif tag in BLOCKS:
            self.line()
        elif tag == "a" and self.links:
            target, start = self.links.pop()
            if target and self.text[start:] != target:
                self.text += f"<{target}>"

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.text += re.sub(r"[ \t]*[\r\n]+[ \t]*", " " if data.strip() else "", data).lstrip(" ") \
                if self.text.endswith("\n") or not self.text else re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", data)


@lru_cache(maxsize=4096)
def as_text(page: str) -> str:
    """With CRLF and a trailing one; an empty body is the caller's choice."""
    if not page:
        return ""
    parser = _Reader()
    parser.feed(page)
    parser.close()
    lines = [line.rstrip(" ") for line in parser.text.strip("\n ").split("\n")]
    return "\r\n".join(lines) + "\r\n"


def preview(page: str) -> str:
    return as_text(page).strip()[:255]


def conference(url: str) -> str:
    """The block that keeps an online meeting alive inside the body."""
    return (
        f'<br>\r\n<div class="me-email-text"><hr>\r\n<div><span>Microsoft Teams meeting</span></div>\r\n'
        f'<div><a class="me-email-headline" href="{url}">Join the meeting now</a></div>\r\n<hr></div>'
    )


def with_conference(page: str, url: str) -> str:
    return _wrapped("", inner(page) + conference(url))


def holds(page: str, url: str) -> bool:
    return url in entities.unescape(page)
