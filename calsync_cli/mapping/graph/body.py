"""`body` <-> the description: text is read from Outlook's HTML and put back into it (facts 0.14, 0.18, L4.4).

Shape   `shown(resource)` -> text; `write(resource, text)` changes only the lines of the body that differ
Blob    the join block that Teams and Skype put into the body of an online meeting is neither shown nor ever changed: a
        body without it takes the meeting away. It reaches from the ruler above its link to the last ruler below
Law     shown(write(resource, text)) == reduced(text): blanks at line ends, tabs and second empty lines are lost
Errors  MappingError when an online meeting's block cannot be told from its text: then nothing is written
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence

from calsync_cli.errors import MappingError
from calsync_cli.mapping.graph.markup import HtmlLine, lines_of, shown_lines, spelled, spelled_line
from calsync_cli.mapping.html_lines import Line, Piece, put_back
from calsync_cli.mapping.jsondoc import Json, object_of, text_of
from calsync_cli.mapping.values import clean, one_line

_FONT = "font-family:Calibri,Arial,Helvetica,sans-serif; font-size:11pt"
"""Of bodies that calsync makes; without one Outlook shows them in its browser's default."""
_BODY = re.compile(r"<body\b[^>]*>|</head\s*>", re.IGNORECASE)
_END = re.compile(r"\s*(?:</body\s*>\s*)?(?:</html\s*>\s*)?\Z", re.IGNORECASE)
_JOIN = re.compile(
    r"//(?:[a-z0-9-]+\.)*(?:teams\.(?:microsoft|live)\.com/(?:l/meetup-join|meet)/|meet\.lync\.com/|join\.skype\.com/)",
    re.IGNORECASE,
)
_ABOVE, _BELOW = 12, 80
_RULER = 20


def shown(resource: Json) -> str:
    body = object_of(resource, "body")
    content = text_of(body, "content")
    if not content.strip():
        return ""
    lines = _lines(body)
    return _text(lines, _blob(resource, lines))


def reduced(text: str) -> str:
    """What is left of a text when Outlook shows it."""
    return _text(lines_of(spelled(text)), range(0))


def digest(text: str) -> str:
    """Stands for a shown text where only equality matters."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16] if text else ""


def join_url(resource: Json) -> str:
    """The link of an online meeting; "" for what is none."""
    url = text_of(object_of(resource, "onlineMeeting"), "joinUrl") or text_of(resource, "onlineMeetingUrl")
    return one_line(clean(url))


def is_online(resource: Json) -> bool:
    return resource.get("isOnlineMeeting") is True or bool(join_url(resource))


def write(resource: Json, text: str) -> None:
    body = object_of(resource, "body")
    if text_of(body, "contentType").lower() == "text" and text_of(body, "content").strip():
        _write_plain(resource, text)
        return
    content = text_of(body, "content")
    begin, end = _inner(content)
    lines = lines_of(content[begin:end])
    hidden = _blob(resource, lines)
    _check_blob(resource, hidden)
    old = shown_lines(lines, hidden)
    block = _raw(lines, hidden)
    wanted = reduced(text)
    for inner in (put_back(lines, old, wanted.split("\n") if wanted else [], spelled_line), _page(wanted) + block):
        made = content[:begin] + inner + content[end:]
        resource["body"] = {"contentType": "html", "content": made if wanted or block else ""}
        if shown(resource) == wanted and block in made:
            if not begin and not block and wanted:
                resource["body"]["content"] = f"<html><body>{_page(wanted)}</body></html>"
            return
    raise MappingError("its text cannot be written into the body that Outlook has for it")


def _write_plain(resource: Json, text: str) -> None:
    if is_online(resource):
        raise MappingError("this online meeting was read without its join block, so its text is not changed")
    resource["body"] = {"contentType": "text", "content": text}


def _page(text: str) -> str:
    return f'<div style="{_FONT}">{spelled(text)}</div>' if text else ""


def _inner(content: str) -> tuple[int, int]:
    """Where what <body> holds begins and ends."""
    begin = max((found.end() for found in _BODY.finditer(content)), default=0)
    found = _END.search(content, begin)
    return begin, found.start() if found is not None else len(content)


def _lines(body: Json) -> list[HtmlLine]:
    content = text_of(body, "content")
    if text_of(body, "contentType").lower() != "text":
        return lines_of(content)
    texts = content.replace("\r\n", "\n").split("\n")
    return [HtmlLine(pieces=[Piece(text, text)]) for text in texts]


def _text(lines: Sequence[Line], hidden: range) -> str:
    return "\n".join(text for _, text in shown_lines(lines, hidden))


# -- the join block ----------------------------------------------------------------------------------------------------


def _blob(resource: Json, lines: Sequence[HtmlLine]) -> range:
    """The lines of the join block; none where the event is no online meeting."""
    if not is_online(resource):
        return range(0)
    link = join_url(resource)
    at = next((i for i, line in enumerate(lines) if _leads_there(line.raw, link)), None)
    if at is None:
        return range(0)
    rulers = [i for i, line in enumerate(lines) if _is_ruler(line)]
    above = [i for i in rulers if at - _ABOVE <= i < at]
    below = [i for i in rulers if at < i <= at + _BELOW]
    first = above[-1] if above else _heading(lines, at)
    return range(first, (below[-1] if below else len(lines) - 1) + 1)


def _leads_there(raw: str, link: str) -> bool:
    if "//" not in raw:
        return False
    return bool(link and link in html.unescape(raw)) or _JOIN.search(raw) is not None


def _is_ruler(line: HtmlLine) -> bool:
    text = line.text.strip()
    return line.ruler or (len(text) >= _RULER and not text.strip("_"))


def _heading(lines: Sequence[Line], at: int) -> int:
    """Without a ruler the block begins where its own markup does, or with its name, or with the link."""
    near = range(max(0, at - _ABOVE), at + 1)
    return next((i for i in near if "me-email-text" in lines[i].raw or lines[i].text.startswith("Microsoft Teams")), at)


def _check_blob(resource: Json, hidden: range) -> None:
    if is_online(resource) and not hidden:
        raise MappingError("the body of this online meeting does not show its join block, so its text is not changed")


def _raw(lines: Sequence[Line], hidden: range) -> str:
    parts = [lines[i] for i in hidden]
    return "".join((line.before if at else "") + line.raw for at, line in enumerate(parts))
