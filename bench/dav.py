"""A CalDAV server in memory, made to be fast, so that what is measured is the client: `python -m bench.dav`.

Shape   the first line says {"port": N}; then one JSON line in, one out:
        {"make": NAME, "events": n, "seed": s} fills a calendar -> {"path", "token"}; {"save": NAME}, {"load": NAME}
        keep and bring back its members (the token of a brought back calendar is the one it had);
        {"edit": NAME, "share": 0.01, "version": v} -> what a person edits, every hundredth event from number `first` on
Honest  PROPFIND, REPORT (sync-collection, calendar-multiget, calendar-query), GET, PUT and DELETE with their guards,
        MKCALENDAR; anybody may sign in. Bodies stay as they came, etags are strong
Source  RFC 4791, RFC 6578, RFC 9110
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from bench import made
from bench.proxy import CHUNK, told

NS = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/"'
HOME = "/me/"
_HREF = re.compile(rb"<(?:\w+:)?href[^>]*>([^<]+)</")
_TOKEN = re.compile(rb"<(?:\w+:)?sync-token[^>]*>([^<]*)</")
_UID = re.compile(rb"^UID:([^\r\n]*)", re.MULTILINE)
STATUS = {200: "OK", 201: "Created", 204: "No Content", 207: "Multi-Status", 403: "Forbidden", 404: "Not Found",
          405: "Method Not Allowed", 409: "Conflict", 412: "Precondition Failed"}
XML = "Content-Type: application/xml; charset=utf-8\r\n"
Answer = tuple[int, str, bytes]
"""Status, header lines, body."""


@dataclass
class Shelf:
    """members: body and serial number of its last change, by name; changes: serial and name of each, in order."""

    name: str
    members: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    serial: int = 0
    changes: list[tuple[int, str]] = field(default_factory=list)
    uids: dict[bytes, str] = field(default_factory=dict)

    def put(self, name: str, body: bytes) -> None:
        self.serial += 1
        self.members[name] = (body, self.serial)
        self.uids[_uid(body)] = name
        self.changes.append((self.serial, name))

    def remove(self, name: str) -> None:
        self.serial += 1
        self.uids.pop(_uid(self.members.pop(name)[0]), None)
        self.changes.append((self.serial, name))

    def copy(self) -> Shelf:
        return Shelf(self.name, dict(self.members), self.serial, list(self.changes), dict(self.uids))

    def since(self, token: str) -> list[str] | None:
        """Names that changed after the token was given, each once; None for a token that was never given."""
        mark = token.removeprefix("data:,")
        if not mark.isdigit() or int(mark) > self.serial:
            return None
        known, found = int(mark), []
        for serial, name in reversed(self.changes):
            if serial <= known:
                break
            found.append(name)
        return list(dict.fromkeys(reversed(found)))

    @property
    def token(self) -> str:
        return f"data:,{self.serial}"


def _uid(body: bytes) -> bytes:
    found = _UID.search(body)
    return found[1] if found else b""


class Dav:
    def __init__(self) -> None:
        self.shelves: dict[str, Shelf] = {}
        self.saved: dict[str, Shelf] = {}

    # -- what the suite and its people do ------------------------------------------------------------------------------

    def handle(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if "make" in wanted:
            shelf = self.shelves[wanted["make"]] = Shelf(wanted["make"])
            for name, body in made.events(wanted.get("events", 0), wanted.get("seed", 1)).items():
                shelf.put(name, body)
        elif "save" in wanted:
            shelf = self.shelves[wanted["save"]]
            self.saved[wanted["save"]] = shelf.copy()
        elif "load" in wanted:
            shelf = self.shelves[wanted["load"]] = self.saved[wanted["load"]].copy()
        elif "edit" in wanted:
            shelf = self.shelves[wanted["edit"]]
            every = round(1 / wanted["share"])
            for name in sorted(shelf.members)[wanted.get("first", 0) :: every]:
                shelf.put(name, made.edited(shelf.members[name][0], wanted.get("version", 1)))
        else:
            shelf = self.shelves[wanted["look"]]
        return {"path": f"{HOME}{quote(shelf.name)}/", "token": shelf.token, "events": len(shelf.members)}

    # -- HTTP ----------------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        place, name = unquote(path).removeprefix(HOME).partition("/")[::2]
        shelf = self.shelves.get(place) if unquote(path).startswith(HOME) else None
        if method == "OPTIONS":
            return 200, "Allow: OPTIONS, GET, PUT, DELETE, PROPFIND, REPORT, MKCALENDAR\r\n", b""
        if method == "MKCALENDAR":
            self.shelves[place] = Shelf(place)
            return 201, "", b""
        if method == "PROPFIND" and (shelf is None or not name):
            return self._propfind(path, shelf, headers.get("depth", "0"), body)
        if shelf is None:
            return 404, "", b""
        if method == "REPORT":
            return self._report(shelf, body)
        return self._member(method, shelf, name, headers, body)

    def _member(self, method: str, shelf: Shelf, name: str, headers: dict[str, str], body: bytes) -> Answer:
        there = shelf.members.get(name)
        if method in ("PUT", "DELETE"):
            wanted = headers.get("if-match")
            if (wanted is not None and (there is None or wanted not in ("*", _etag(there)))) or (
                headers.get("if-none-match") == "*" and there is not None
            ):
                return (404 if method == "DELETE" and there is None else 412), "", b""
        if method == "PUT":
            holder = shelf.uids.get(_uid(body))
            if holder not in (None, name):
                href = f"<href>{_href(shelf, holder or '')}</href>"
                return 409, XML, f"<error {NS}><C:no-uid-conflict>{href}</C:no-uid-conflict></error>".encode()
            shelf.put(name, body)
            return (201 if there is None else 204), f"ETag: {_etag(shelf.members[name])}\r\n", b""
        if there is None:
            return 404, "", b""
        if method == "DELETE":
            shelf.remove(name)
            return 204, "", b""
        if method == "GET":
            return 200, f"Content-Type: text/calendar\r\nETag: {_etag(there)}\r\n", there[0]
        if method == "PROPFIND":
            return 207, XML, _multistatus(_listed(shelf, name))
        return 405, "", b""

    def _propfind(self, path: str, shelf: Shelf | None, depth: str, body: bytes) -> Answer:
        asked = [element.tag for element in (ET.fromstring(body).find("{DAV:}prop") or ())] if body else []
        if shelf is not None:
            found = [_collection(f"{HOME}{quote(shelf.name)}/", shelf, asked)]
            found += [_listed(shelf, name) for name in shelf.members] if depth == "1" else []
        elif unquote(path) in ("/", HOME):
            found = [_collection(path, None, asked)]
            if depth == "1" and path == HOME:
                found += [_collection(f"{HOME}{quote(one.name)}/", one, asked) for one in self.shelves.values()]
        else:
            return 404, "", b""
        return 207, XML, _multistatus(*found)

    def _report(self, shelf: Shelf, body: bytes) -> Answer:
        if b"sync-collection" in body[:400]:
            said = _TOKEN.search(body)
            token = said[1].decode() if said else ""
            names = list(shelf.members) if not token else shelf.since(token)
            if names is None:
                return 403, XML, f"<error {NS}><valid-sync-token/></error>".encode()
            token = f"<sync-token>{shelf.token}</sync-token>"
            return 207, XML, _multistatus(*(_listed(shelf, name) for name in names), token)
        if b"calendar-multiget" in body[:400]:
            names = [unquote(href.decode()).rpartition("/")[2] for href in _HREF.findall(body)]
            return 207, XML, _multistatus(*(_with_body(shelf, name) for name in names))
        shown = _with_body if b"calendar-data" in body else _listed
        return 207, XML, _multistatus(*(shown(shelf, name) for name in shelf.members))


def _etag(member: tuple[bytes, int]) -> str:
    return f'"{member[1]}"'


def _href(shelf: Shelf, name: str) -> str:
    return f"{HOME}{quote(shelf.name)}/{quote(name)}"


def _listed(shelf: Shelf, name: str) -> str:
    there = shelf.members.get(name)
    if there is None:
        return f"<response><href>{_href(shelf, name)}</href><status>HTTP/1.1 404 Not Found</status></response>"
    return (
        f"<response><href>{_href(shelf, name)}</href><propstat><prop><getetag>{escape(_etag(there))}</getetag>"
        "<getcontenttype>text/calendar; charset=utf-8; component=VEVENT</getcontenttype><resourcetype/></prop>"
        "<status>HTTP/1.1 200 OK</status></propstat></response>"
    )


def _with_body(shelf: Shelf, name: str) -> str:
    there = shelf.members.get(name)
    if there is None:
        return _listed(shelf, name)
    return (
        f"<response><href>{_href(shelf, name)}</href><propstat><prop><getetag>{escape(_etag(there))}</getetag>"
        f"<C:calendar-data>{escape(there[0].decode())}</C:calendar-data></prop>"
        "<status>HTTP/1.1 200 OK</status></propstat></response>"
    )


def _collection(path: str, shelf: Shelf | None, asked: list[str]) -> str:
    """A calendar, or the folder of all."""
    kind = "<collection/>" + ("<C:calendar/>" if shelf else "")
    known = {
        "{DAV:}resourcetype": f"<resourcetype>{kind}</resourcetype>",
        "{DAV:}current-user-principal": f"<current-user-principal><href>{HOME}</href></current-user-principal>",
        "{urn:ietf:params:xml:ns:caldav}calendar-home-set":
            f"<C:calendar-home-set><href>{HOME}</href></C:calendar-home-set>",
        "{DAV:}current-user-privilege-set":
            "<current-user-privilege-set><privilege><all/></privilege></current-user-privilege-set>",
    }
    if shelf:
        known |= {
            "{DAV:}displayname": f"<displayname>{escape(shelf.name)}</displayname>",
            "{DAV:}sync-token": f"<sync-token>{shelf.token}</sync-token>",
            "{http://calendarserver.org/ns/}getctag": f"<S:getctag>{shelf.token}</S:getctag>",
            "{urn:ietf:params:xml:ns:caldav}supported-calendar-component-set":
                '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>',
        }
    found = "".join(known[name] for name in asked if name in known)
    found = f"<propstat><prop>{found}</prop><status>HTTP/1.1 200 OK</status></propstat>"
    return f"<response><href>{path}</href>{found}</response>"


def _multistatus(*parts: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?><multistatus {NS}>{"".join(parts)}</multistatus>'.encode()


async def serve(dav: Dav, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *lines = head.decode("latin-1").rstrip().split("\r\n")
            parts = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in parts}
            method, path, _ = first.split(" ", 2)
            if headers.get("expect") == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await reader.readexactly(int(headers.get("content-length") or 0))
            status, more, said = dav.answer(method, path, headers, body)
            length = "" if status == 204 else f"Content-Length: {len(said)}\r\n"
            always = f"DAV: 1, 3, calendar-access\r\nDate: {formatdate(usegmt=True)}\r\n"
            writer.write(f"HTTP/1.1 {status} {STATUS[status]}\r\n{always}{more}{length}\r\n".encode() + said)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):  # cancelled at the end of the suite
        pass
    finally:
        writer.close()


async def main() -> None:
    dav = Dav()
    server = await asyncio.start_server(lambda r, w: serve(dav, r, w), "127.0.0.1", 0, limit=CHUNK, backlog=256)
    print(f'{{"port": {server.sockets[0].getsockname()[1]}}}', flush=True)
    await told(dav.handle)


if __name__ == "__main__":
    asyncio.run(main())
