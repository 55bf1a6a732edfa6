"""Request bodies and multistatus answers. Parsed without entities, DTDs or network (facts 1.1).

Shape   multistatus(bytes) -> responses in order, and the sync-token of the whole answer
Source  RFC 4918 section 14.16, RFC 4791 section 9, RFC 6578 section 6
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from calsync_cli.errors import ProtocolError

D = "{DAV:}"
C = "{urn:ietf:params:xml:ns:caldav}"
CS = "{http://calendarserver.org/ns/}"
A = "{http://apple.com/ns/ical/}"
_NS = (
    'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/" '
    'xmlns:A="http://apple.com/ns/ical/"'
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
    """Raises ProtocolError for what is no XML."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=True, recover=False
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


def error_names(body: bytes) -> list[str]:
    """Local names of the preconditions in a D:error body; empty for any other body."""
    try:
        root = parse(body)
    except ProtocolError:
        return []
    return [etree.QName(e).localname for e in root.iter() if isinstance(e.tag, str)] if root.tag == f"{D}error" else []


def error_href(body: bytes) -> str | None:
    """The href that a UID conflict names."""
    try:
        found = parse(body).findtext(f".//{D}href")
    except ProtocolError:
        return None
    return None if found is None else str(found)


def local_name(element: Any) -> str:
    return str(etree.QName(element).localname)
