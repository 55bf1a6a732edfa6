"""Request bodies and multistatus answers. Parsed without entities, DTDs or network (facts 1.1).

Shape   multistatus(bytes) -> responses in order, and the sync-token of the whole answer
Errors  ProtocolError; TooMuch for more tags than fit into memory, each of which takes 30 times its length there
Source  RFC 4918 section 14.16, RFC 4791 section 9, RFC 6578 section 6
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from calsync_cli.errors import ProtocolError
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.body import TooMuch

D = "{DAV:}"
C = "{urn:ietf:params:xml:ns:caldav}"
CS = "{http://calendarserver.org/ns/}"
A = "{http://apple.com/ns/ical/}"
_NS = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" '
    'xmlns:A="http://apple.com/ns/ical/"'
)
_WORDS = ("{http://sabredav.org/ns}message", f"{D}responsedescription", f"{D}description")
SMALL = 9_000_000  # libxml2 refuses a text of more than 10 MB, and watches entities, unless told that it is huge
MAX_TAGS = 2_000_000  # a listing of 50,000 events has some 600,000, end tags counted
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)
_OTHER_ALPHABET = re.compile(
    rb"[\xfe\xff\x00L]|.\x00|(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*.(?!utf-8)", re.IGNORECASE
)
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'

CALENDAR_PROPS = (
    "<D:resourcetype/><D:displayname/><D:current-user-privilege-set/><D:sync-token/><D:supported-report-set/>"
    "<CS:getctag/><CS:source/><C:supported-calendar-component-set/><C:max-resource-size/><A:calendar-color/>"
)


def propfind(props: str) -> bytes:
    return f"{_HEAD}<D:propfind {_NS}><D:prop>{props}</D:prop></D:propfind>".encode()


def sync_collection(token: str) -> bytes:
    """Never with a limit: two servers cut the list without saying so (facts 0.6)."""
    return (
        f"{_HEAD}<D:sync-collection {_NS}><D:sync-token>{escape(token)}</D:sync-token><D:sync-level>1</D:sync-level>"
        "<D:prop><D:getetag/></D:prop></D:sync-collection>"
    ).encode()


def multiget(hrefs: Iterable[str]) -> bytes:
    listed = "".join(f"<D:href>{escape(href)}</D:href>" for href in hrefs)
    return (
        f"{_HEAD}<C:calendar-multiget {_NS}><D:prop><D:getetag/><D:getlastmodified/><C:calendar-data/></D:prop>"
        f"{listed}</C:calendar-multiget>"
    ).encode()


@dataclass(slots=True)
class Answer:
    """One D:response. status: its own, None when it has propstats; props: those found (200), by Clark name."""

    href: str
    status: int | None
    props: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    def text(self, name: str) -> str | None:
        element = self.props.get(name)
        return None if element is None else (element.text or "").strip()


@dataclass(slots=True)
class MultiStatus:
    answers: list[Answer]
    token: str | None


def parse(body: bytes) -> Any:
    """Raises ProtocolError for what is no XML, and for what brings a document type: that is where entities are made.
    In another alphabet than UTF-8 it is seen only afterwards, so there the library's own limits stay."""
    if _PROLOG.match(body):
        raise ProtocolError("the server's answer holds a document type, which is refused")
    if body.count(b"<") > MAX_TAGS:
        raise TooMuch(f"the server's answer has more than {MAX_TAGS:,} tags")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, recover=False,
        huge_tree=len(body) > SMALL and not _OTHER_ALPHABET.match(body),
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as err:
        raise ProtocolError(f"the server's answer is not XML ({err})") from err
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise ProtocolError("the server's answer holds a document type, which is refused")
    return root


def multistatus(body: bytes) -> MultiStatus:
    root = parse(body)
    if root.tag != f"{D}multistatus":
        raise ProtocolError(f"the server answered {root.tag} where a multistatus belongs")
    token = root.findtext(f"{D}sync-token")
    return MultiStatus([_answer(r) for r in root.iterfind(f"{D}response")], token.strip() if token else None)


def _answer(response: Any) -> Answer:
    """A 404 inside a propstat is a missing property, never a missing member (O10)."""
    own = response.findtext(f"{D}status")
    answer = Answer((response.findtext(f"{D}href") or "").strip(), _code(own) if own else None)
    for propstat in response.iterfind(f"{D}propstat"):
        if _code(propstat.findtext(f"{D}status") or "") // 100 == 2:
            prop = propstat.find(f"{D}prop")
            answer.props |= {element.tag: element for element in (prop if prop is not None else ())}
    error = response.find(f"{D}error")
    answer.error = error[0].tag if error is not None and len(error) else ""
    return answer


def _code(status: str) -> int:
    parts = status.split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a refusal says: names of preconditions (RFC 4918 section 16), the other resource meant, free words."""

    names: frozenset[str] = frozenset()
    href: str | None = None
    words: str = ""


def complaint(body: bytes) -> Complaint:
    """Nothing for any body that is no D:error."""
    try:
        root = parse(body)
    except ProtocolError:
        return Complaint()
    if root.tag != f"{D}error":
        return Complaint()
    names = {local_name(child) for child in root if isinstance(child.tag, str) and child.tag.startswith((D, C))}
    beside = " ".join(child.tail or "" for child in root)  # DAViCal
    said = next((text for name in _WORDS if (text := root.findtext(name))), beside)
    return Complaint(frozenset(names), root.findtext(f".//{D}href"), " ".join(said.split()))


def local_name(element: Any) -> str:
    return str(etree.QName(element).localname)
