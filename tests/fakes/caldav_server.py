"""A CalDAV server over real HTTP that can be as odd as the real ones (facts 2, 3 and 5), one switch per oddity.

Shape   `with FakeCalDav("weak-etag", ...) as server:`; server.calendar(name) -> path, server.account(name) -> Account,
        user_put/user_delete/contents for people, `log` of requests, `mails`, `broken` objects that only give 500,
        `faults` as (method, kind) for the next requests: "503 7", "drop-before", "drop-after", "cut-body", "slow 0.5",
        "web-page"; `refusal` is the text that goes with a number
Honest  without switches it keeps RFC 4918, 4791 and 6578: it checks If-Match and If-None-Match itself
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from calsync_cli.model.account import Account

D, C, CS = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
NS = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
HOME = "/dav/cal/me/"
SECOND_HOME = "/dav/shared/me/"
PRINCIPAL = "/dav/principals/me/"
LARGE = 2_000_000
SWITCHES = frozenset({
    "token-207", "token-412", "token-403", "token-500", "507-pages", "if-none-match-ignored", "delete-ignores-if-match",
    "weak-etag", "no-etag-on-put", "rewrites", "404-on-missing-dtend", "uid-per-account", "uid-conflict-409",
    "absolute-home-on-other-host", "302-well-known", "418-removed", "propstat-404", "mail-on-attendee",
    "no-sync-collection", "no-ctag", "multiget-omits-missing", "multiget-404-for-live", "no-multiget", "subscribed",
    "read-only", "digest-auth", "bearer-auth", "basic-auth", "no-getetag", "collection-lists-itself",
    "initial-404-members", "etag-quotes-percent-encoded", "redirects-to-plain-http-elsewhere", "limit-cut", "etag-gzip",
    "dav-header-only-in-options", "412-when-large", "two-homes", "html-at-the-root", "delete-refused-inside-207",
    "no-principal", "412-names-the-condition", "etags-restart", "hrefs-not-encoded",
})
SOGO = ("delete-ignores-if-match", "if-none-match-ignored", "etags-restart", "hrefs-not-encoded")
"""Oddities of a server that names itself, so that a client may know what to expect."""


@dataclass
class Shelf:
    """One calendar: members by path, and what changed when. kind: its resource types; parts: what it may hold."""

    name: str
    members: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    saves: dict[str, int] = field(default_factory=dict)
    journal: list[tuple[str, bool]] = field(default_factory=list)
    kind: str = "<C:calendar/>"
    right: str = "all"
    parts: tuple[str, ...] = ()


class FakeCalDav:
    addresses = ("mailto:Me@Home.test", "mailto:me@alias.test")
    home, principal, places = HOME, PRINCIPAL, ("/", "/dav/", PRINCIPAL, HOME, SECOND_HOME)

    def __init__(self, *switches: str, page: int = 2) -> None:
        assert set(switches) <= SWITCHES, set(switches) - SWITCHES
        self.switches = set(switches)
        self.page = page
        self.shelves: dict[str, Shelf] = {}
        self.log: list[tuple[str, str, dict[str, str], int]] = []
        self.mails: list[str] = []
        self.faults: list[tuple[str, str]] = []
        self.fault_path = ""
        self.refusal = b""
        self.broken: set[str] = set()
        self.oldest = 0
        self.clock = 0
        self.lock = threading.RLock()

    def __enter__(self) -> Self:
        self.http = Quiet(("127.0.0.1", 0), handler(self, self.answerer()))
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def answerer(self) -> type[Answerer]:
        return Answerer

    # -- people --------------------------------------------------------------------------------------------------------

    def account(self, name: str = "fake", **more: Any) -> Account:
        return Account(name, "caldav", url=self.url + "dav/", username="me", **more)

    def calendar(self, name: str) -> str:
        return self.calendar_at(f"{self.home}{name}/", name)

    def calendar_at(self, path: str, name: str) -> str:
        self.shelves[path] = Shelf(name)
        return path

    def user_put(self, path: str, payload: bytes) -> None:
        with self.lock:
            self.store(path, payload)

    def user_delete(self, path: str) -> None:
        with self.lock:
            self.remove(path)

    def contents(self, calendar: str) -> dict[str, bytes]:
        with self.lock:
            return dict(self.shelves[calendar].members)

    def forget_tokens(self) -> None:
        """Every token handed out so far is too old."""
        self.oldest = max(len(shelf.journal) for shelf in self.shelves.values()) + 1
        for shelf in self.shelves.values():
            shelf.journal += [("", False)] * self.oldest

    def requests(self, method: str) -> int:
        return sum(entry[0] == method for entry in self.log)

    # -- storage -------------------------------------------------------------------------------------------------------

    def shelf_of(self, path: str) -> tuple[str, Shelf] | None:
        return next(((c, s) for c, s in self.shelves.items() if path.startswith(c)), None)

    def store(self, path: str, payload: bytes) -> None:
        calendar, shelf = self.shelf_of(path) or ("", Shelf(""))
        assert calendar, path
        if "rewrites" in self.switches:
            payload = _rewritten(payload)
        self.clock += 1
        shelf.members[path] = payload
        shelf.versions[path] = self.clock
        shelf.saves[path] = shelf.saves.get(path, -1) + 1
        shelf.journal.append((path, False))

    def remove(self, path: str) -> None:
        _, shelf = self.shelf_of(path) or ("", Shelf(""))
        del shelf.members[path], shelf.saves[path]
        shelf.journal.append((path, True))

    def etag(self, path: str) -> str | None:
        found = self.shelf_of(path)
        if found is None or path not in found[1].members:
            return None
        mark = hashlib.sha256(found[1].members[path] + b"%d" % found[1].versions[path]).hexdigest()[:16]
        if "etags-restart" in self.switches:
            return f'"gcs{found[1].saves[path]:08}"'
        quotes = "%22" if "etag-quotes-percent-encoded" in self.switches else '"'
        return f"{'W/' if 'weak-etag' in self.switches else ''}{quotes}{mark}{quotes}"


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news; any other fault of the fake is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _rewritten(payload: bytes) -> bytes:
    """Other line order, CATEGORIES split, a default spelled out; the meaning stays (facts 11)."""
    lines: list[bytes] = []
    for line in payload.split(b"\r\n"):
        if line.startswith(b"CATEGORIES:") and b"," in line:
            lines += [b"CATEGORIES:" + part for part in line.partition(b":")[2].split(b",")]
        elif line.startswith(b"SUMMARY:"):
            lines += [b"CLASS:PUBLIC", line]
        else:
            lines.append(line)
    return b"\r\n".join(lines)


def _uid(payload: bytes) -> bytes:
    return next((line[4:] for line in payload.split(b"\r\n") if line.startswith(b"UID:")), b"")


def _digest_is_right(given: str, method: str) -> bool:
    """RFC 7616 with MD5 and qop=auth, for me:secret in the realm r."""
    if not given.startswith("Digest "):
        return False
    said = {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', given)}
    secret = _md5("me:r:secret")
    asked = _md5(f"{method}:{said['uri']}")
    proof = _md5(f"{secret}:{said['nonce']}:{said['nc']}:{said['cnonce']}:auth:{asked}")
    return said.get("username") == "me" and said["response"] == proof


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def handler(server: FakeCalDav, answerer: type[Answerer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def handle_one(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(size)
            with server.lock:
                answerer(server, self, body).answer()

        do_GET = do_PUT = do_DELETE = do_OPTIONS = do_PROPFIND = do_REPORT = do_MKCALENDAR = handle_one

    return Handler


class Answerer:
    """One request of one client."""

    def __init__(self, server: FakeCalDav, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.server, self.handler, self.body = server, handler, body
        self.method = handler.command
        self.path = unquote(urlsplit(handler.path).path)
        self.on = server.switches.__contains__

    def answer(self) -> None:
        fault = self._fault()
        if fault == "drop-before":
            self._cut()
            return
        if fault == "web-page":
            self.send(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
            return
        if fault.startswith("slow"):
            time.sleep(float(fault.partition(" ")[2]))
        elif fault and fault[0].isdigit():
            code, _, wait = fault.partition(" ")
            told = {"Content-Type": 'text/xml; charset="utf-8"'} if self.server.refusal else {}
            self.send(int(code), self.server.refusal, {**told, **({"Retry-After": wait} if wait else {})})
            return
        if fault == "drop-after":
            self.send = self._unsent  # type: ignore[method-assign]
        self.cut_body = fault == "cut-body"
        if not self._signed_in():
            return
        getattr(self, f"on_{self.method.lower()}")()
        if fault == "drop-after":
            self._cut()

    def _fault(self) -> str:
        for number, (method, kind) in enumerate(self.server.faults):
            if method == self.method and self.server.fault_path in ("", self.path):
                del self.server.faults[number]
                return kind
        return ""

    def _cut(self) -> None:
        self.server.log.append((self.method, self.path, {}, 0))
        self.handler.close_connection = True
        self.handler.connection.close()

    def _unsent(self, code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Everything is done, and the client never hears of it."""

    def send(self, code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.server.log.append((self.method, self.path, dict(self.handler.headers), code))
        self.handler.send_response(code)
        dav = "1, 3, calendar-access" + (", calendar-auto-schedule" if self.on("mail-on-attendee") else "")
        told = {"DAV": dav, "Content-Length": str(len(body)), **(headers or {})}
        if self.on("dav-header-only-in-options") and self.method != "OPTIONS":
            del told["DAV"]
        for name, value in told.items():
            self.handler.send_header(name, value)
        if any(map(self.on, SOGO)):
            self.handler.send_header("X-Powered-By", "SOGo")
        self.handler.end_headers()
        self.handler.wfile.write(body[: len(body) // 2] if getattr(self, "cut_body", False) else body)
        if getattr(self, "cut_body", False):
            self.handler.wfile.flush()
            self.handler.close_connection = True
            self.handler.connection.close()

    def href(self, path: str) -> str:
        return escape(path) if self.on("hrefs-not-encoded") else quote(path)

    def xml(self, code: int, inner: str) -> None:
        text = f'<?xml version="1.0" encoding="utf-8"?>{inner}'
        self.send(code, text.encode(), {"Content-Type": "application/xml; charset=utf-8"})

    def refuse(self, code: int, name: str, inner: str = "") -> None:
        self.xml(code, f"<D:error {NS}><{name}>{inner}</{name}></D:error>")

    def _signed_in(self) -> bool:
        given = self.handler.headers.get("authorization", "")
        kinds = {
            "basic-auth": ("Basic", "Basic " + base64.b64encode(b"me:secret").decode()),
            "bearer-auth": ("Bearer", "Bearer secret"),
            "digest-auth": ('Digest realm="r", nonce="n", qop="auth", algorithm=MD5', "Digest "),
        }
        for switch, (offer, wanted) in kinds.items():
            right = given == wanted or (wanted == "Digest " and _digest_is_right(given, self.method))
            if self.on(switch) and not right:
                self.send(401, headers={"WWW-Authenticate": offer})
                return False
        return True

    # -- methods -------------------------------------------------------------------------------------------------------

    def on_options(self) -> None:
        self.send(200)

    def on_propfind(self) -> None:
        if self.path.startswith("/.well-known") and self.on("302-well-known"):
            self.send(302, headers={"Location": "/dav/"})
            return
        if self.path == "/" and self.on("html-at-the-root"):
            self.send(200, b"<html>Welcome</html>", {"Content-Type": "text/html"})
            return
        if self.path == "/dav/" and self.on("redirects-to-plain-http-elsewhere"):
            self.send(302, headers={"Location": "http://calendar.example.org/dav/"})
            return
        asked = [element.tag for element in (ET.fromstring(self.body).find(f"{D}prop") or ())]
        targets = [self.path]
        if self.handler.headers.get("depth") == "1":
            found = self.server.shelves.get(self.path)
            targets += list(found.members) if found else [c for c in self.server.shelves if c.startswith(self.path)]
        if not self._known(self.path):
            self.send(404)
            return
        self.multistatus("".join(self._properties(target, asked) for target in targets))

    def _known(self, path: str) -> bool:
        calendar, shelf = self.server.shelf_of(path) or ("", Shelf(""))
        return path in self.server.places or path == calendar or path in shelf.members

    def _properties(self, path: str, asked: list[str]) -> str:
        known = self._all_properties(path)
        found = "".join(known[name] for name in asked if name in known)
        absent = [name[1:].partition("}") for name in asked if name not in known]
        missing = "".join(f"<x:{local} xmlns:x='{space}'/>" for space, _, local in absent)
        bad = f"<D:propstat><D:prop>{missing}</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>"
        good = f"<D:propstat><D:prop>{found}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
        return f"<D:response><D:href>{self.href(path)}</D:href>{good}{bad if missing else ''}</D:response>"

    def _all_properties(self, path: str) -> dict[str, str]:
        props = {
            f"{D}current-user-principal":
                f"<D:current-user-principal><D:href>{self.server.principal}</D:href></D:current-user-principal>",
            f"{D}resourcetype": "<D:resourcetype><D:collection/></D:resourcetype>",
        }
        if self.on("no-principal"):
            del props[f"{D}current-user-principal"]
        if path == self.server.principal:
            more = f"<D:href>{SECOND_HOME}</D:href>" if self.on("two-homes") else ""
            home = f"<D:href>{self.home()}</D:href>"
            props[f"{C}calendar-home-set"] = f"<C:calendar-home-set>{home}{more}</C:calendar-home-set>"
            addresses = "".join(f"<D:href>{one}</D:href>" for one in self.server.addresses)
            name = "calendar-user-address-set"
            props[f"{C}{name}"] = f"<C:{name}>{addresses}<D:href>{path}</D:href></C:{name}>"
        if path in self.server.shelves:
            props |= self._calendar_properties(path)
        elif self.server.etag(path) is not None:
            props = {f"{D}resourcetype": "<D:resourcetype/>"}
            if not self.on("no-getetag"):
                props[f"{D}getetag"] = f"<D:getetag>{escape(self.server.etag(path) or '')}</D:getetag>"
        return props

    def home(self) -> str:
        if self.on("absolute-home-on-other-host"):
            return self.server.url.replace("127.0.0.1", "localhost").rstrip("/") + self.server.home
        return self.server.home

    def _calendar_properties(self, path: str) -> dict[str, str]:
        shelf = self.server.shelves[path]
        kind = "<CS:subscribed/>" if self.on("subscribed") else shelf.kind
        right = "<D:read/>" if self.on("read-only") or shelf.right == "read" else "<D:all/>"
        props = {
            f"{D}resourcetype": f"<D:resourcetype><D:collection/>{kind}</D:resourcetype>",
            f"{D}displayname": f"<D:displayname>{escape(shelf.name)}</D:displayname>",
            f"{D}current-user-privilege-set":
                f"<D:current-user-privilege-set><D:privilege>{right}</D:privilege></D:current-user-privilege-set>",
        }
        if shelf.parts:
            parts = "".join(f"<C:comp name='{part}'/>" for part in shelf.parts)
            name = "supported-calendar-component-set"
            props[f"{C}{name}"] = f"<C:{name}>{parts}</C:{name}>"
        if not self.on("no-ctag"):
            props[f"{CS}getctag"] = f"<CS:getctag>c{len(shelf.journal)}</CS:getctag>"
        return props

    def multistatus(self, inner: str, token: str = "") -> None:
        tail = f"<D:sync-token>{token}</D:sync-token>" if token else ""
        self.xml(207, f"<D:multistatus {NS}>{inner}{tail}</D:multistatus>")

    def on_mkcalendar(self) -> None:
        name = ET.fromstring(self.body).findtext(f".//{D}displayname") or "new"
        self.server.shelves[self.path.rstrip("/") + "/"] = Shelf(name)
        self.send(201)

    def on_get(self) -> None:
        found = self.server.shelf_of(self.path)
        if found is None or self.path not in found[1].members:
            self.send(404)
            return
        if self.path in self.server.broken:
            self.send(500)
            return
        headers = {"Content-Type": "text/calendar"}
        if not self.on("no-getetag"):
            headers["ETag"] = self.server.etag(self.path) or ""
            if self.on("etag-gzip") and "gzip" in self.handler.headers.get("accept-encoding", ""):
                headers["ETag"] = headers["ETag"][:-1] + '-gzip"'
        self.send(200, found[1].members[self.path], headers)

    # -- reports -------------------------------------------------------------------------------------------------------

    def on_report(self) -> None:
        report = ET.fromstring(self.body)
        if self.path not in self.server.shelves:
            self.send(404)
        elif report.tag == f"{D}sync-collection":
            self._sync(report.findtext(f"{D}sync-token") or "", report.findtext(f".//{D}nresults"))
        elif report.tag == f"{C}calendar-multiget" and not self.on("no-multiget"):
            self._multiget([unquote(urlsplit(e.text or "").path) for e in report.iter(f"{D}href")])
        else:
            self.send(501)

    def _sync(self, token: str, limit: str | None) -> None:
        shelf = self.server.shelves[self.path]
        if self.on("no-sync-collection"):
            self.send(405)
            return
        since = int(token.removeprefix("t")) if token.removeprefix("t").isdigit() else -1
        if token and (since < self.server.oldest or since > len(shelf.journal)):
            for switch, code in (("token-412", 412), ("token-500", 500)):
                if self.on(switch):
                    self.refuse(code, "D:valid-sync-token")
                    return
            if not self.on("token-207"):
                self.refuse(403, "D:valid-sync-token")
                return
            token = ""
        changes = shelf.journal[since:] if token else [(path, False) for path in shelf.members]
        cut = False
        end = len(shelf.journal)
        if self.on("507-pages") and token and len(changes) > self.server.page:
            changes, cut, end = changes[: self.server.page], True, since + self.server.page
        if self.on("limit-cut") and limit is not None:
            changes = changes[: int(limit)]
        rows = {path: self._sync_row(path, path not in shelf.members) for path, _ in changes if path}
        if self.on("initial-404-members") and not token:
            rows["gone"] = self._sync_row(f"{self.path}long-gone.ics", True)
        if self.on("collection-lists-itself"):
            rows["self"] = self._sync_row(self.path, False)
        inner = "".join(rows.values())
        if cut:
            inner += f"<D:response><D:href>{quote(self.path)}</D:href><D:status>HTTP/1.1 507 x</D:status></D:response>"
        self.multistatus(inner, f"t{end}")

    def _sync_row(self, path: str, gone: bool) -> str:
        href = f"<D:href>{self.href(path)}</D:href>"
        if gone:
            code = 418 if self.on("418-removed") else 404
            return f"<D:response>{href}<D:status>HTTP/1.1 {code} Gone</D:status></D:response>"
        tag = "" if self.on("no-getetag") else f"<D:getetag>{escape(self.server.etag(path) or 'c')}</D:getetag>"
        ok = f"<D:propstat><D:prop>{tag}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
        if self.on("propstat-404"):
            ok += "<D:propstat><D:prop><CS:x/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>"
        return f"<D:response>{href}{ok}</D:response>"

    def _multiget(self, paths: list[str]) -> None:
        members = self.server.shelves[self.path].members
        if self.server.broken & set(paths):
            self.send(500)
            return
        rows = ""
        for path in paths:
            href = f"<D:href>{self.href(path)}</D:href>"
            if path in members and not self.on("multiget-404-for-live") and not self.misses(path):
                tag = "" if self.on("no-getetag") else f"<D:getetag>{escape(self.server.etag(path) or '')}</D:getetag>"
                data = f"<C:calendar-data>{escape(members[path].decode())}</C:calendar-data>"
                rows += f"<D:response>{href}<D:propstat><D:prop>{tag}{data}</D:prop>"
                rows += "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
            elif not self.on("multiget-omits-missing"):
                rows += f"<D:response>{href}<D:status>HTTP/1.1 404 Not Found</D:status></D:response>"
        self.multistatus(rows)

    def misses(self, path: str) -> bool:
        """Whether a multiget answers 404 though the member is there."""
        return False

    # -- writes --------------------------------------------------------------------------------------------------------

    def _guarded(self, *, ignoring: tuple[str, ...] = ()) -> bool:
        """If-Match and If-None-Match as RFC 9110 wants them."""
        have = self.server.etag(self.path)
        match, none = (self.handler.headers.get(name) for name in ("if-match", "if-none-match"))
        if "match" in ignoring:
            match = None
        if "none" in ignoring:
            none = None
        moved = match is not None and (have is None or unquote(match) != unquote(have) or match.startswith("W/"))
        fails = moved or (none == "*" and have is not None)
        if fails and self.on("412-names-the-condition"):
            name = "if-match" if moved else "if-none-match"
            text = f'<?xml version="1.0"?><error xmlns="DAV:"><{name}/>Existing resource is another one.</error>'
            self.send(412, text.encode(), {"Content-Type": 'text/xml; charset="utf-8"'})
        elif fails:
            self.send(412)
        return not fails

    def on_put(self) -> None:
        found = self.server.shelf_of(self.path)
        if self.on("read-only") or (found is not None and found[1].right == "read"):
            self.refuse(403, "D:need-privileges")
            return
        if found is None:
            self.send(409)
            return
        if not self._guarded(ignoring=("none",) if self.on("if-none-match-ignored") else ()):
            return
        if self.on("412-when-large") and len(self.body) > LARGE:
            self.send(412)
            return
        if self.lacks_end():
            self.send(404)
            return
        if self._uid_taken(found[1]):
            return
        self._mail("REQUEST", self.body)
        before = self.path in found[1].members
        self.server.store(self.path, self.body)
        tag = {} if self.on("no-etag-on-put") else {"ETag": self.server.etag(self.path) or ""}
        self.send(204 if before else 201, headers=tag)

    def lacks_end(self) -> bool:
        return self.on("404-on-missing-dtend") and b"\nDTEND" not in self.body

    def _uid_taken(self, here: Shelf) -> bool:
        everywhere = self.on("uid-per-account")
        shelves = self.server.shelves.values() if everywhere else [here]
        for shelf in shelves:
            for path, payload in shelf.members.items():
                if path != self.path and _uid(payload) == _uid(self.body):
                    if everywhere:
                        self.refuse(403, "C:unique-scheduling-object-resource", f"<D:href>{quote(path)}</D:href>")
                    elif self.on("uid-conflict-409"):
                        self.send(409)
                    else:
                        self.refuse(409, "C:no-uid-conflict", f"<D:href>{quote(path)}</D:href>")
                    return True
        return False

    def _mail(self, kind: str, payload: bytes) -> None:
        """As Cyrus: any ORGANIZER with ATTENDEE lines mails, unless the client says Schedule-Reply: F on a delete."""
        if self.on("mail-on-attendee") and b"\nATTENDEE" in payload and b"\nORGANIZER" in payload:
            self.server.mails.append(kind)

    def on_delete(self) -> None:
        found = self.server.shelf_of(self.path)
        if found is None or self.path not in found[1].members:
            self.send(404)
        elif found[1].right == "read":
            self.refuse(403, "D:need-privileges")
        elif self.on("delete-refused-inside-207"):
            href = f"<D:href>{self.href(self.path)}</D:href>"
            self.multistatus(f"<D:response>{href}<D:status>HTTP/1.1 423 Locked</D:status></D:response>")
        elif self._guarded(ignoring=("match",) if self.on("delete-ignores-if-match") else ()):
            self._mail("CANCEL", found[1].members[self.path])
            self.server.remove(self.path)
            self.send(204)


