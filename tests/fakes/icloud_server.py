"""Apple iCloud as a CalDAV client meets it, over real HTTP: a common host, partitions, and Apple's oddities (facts 4).

Shape   `with FakeICloud(...) as server:` is a FakeCalDav whose account() is one of iCloud; beside that move(), revoke()
        and `hidden`, members that are listed and answered 404; FakeICloud("no-etag-on-put", "multiget-misses",
        "403-no-end") has also what is not certain of Apple
Hosts   entry and partitions are ports of this machine; a partition that the account has left answers 404, 401 or 421
Alone   `python -m tests.fakes.icloud_server` prints one JSON line and serves until it is stopped
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import signal
import threading
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from calsync_cli.model.account import Account
from tests.fakes.caldav_server import Answerer, C, FakeCalDav, Quiet, Shelf, handler

DSID = "16337616407"
USER, PASSWORD, APPLE_PASSWORD = "me@example.test", "abcd-efgh-ijkl-mnop", "the account's own"
OFFER = 'X-MobileMe-AuthToken realm="MobileMe", Basic realm="MobileMe"'
EVENT = re.compile(rb"BEGIN:VEVENT\r?\n.*?END:VEVENT", re.DOTALL)


class FakeICloud(FakeCalDav):
    """host: what the partitions are called; 127.0.0.1 is one host with the entry, localhost is another."""

    home, principal = f"/{DSID}/calendars/", f"/{DSID}/principal/"
    places = ("/", home, principal)

    def __init__(self, *odd: str, host: str = "127.0.0.1", tls: bool = False) -> None:
        super().__init__("collection-lists-itself", "uid-per-account")
        self.odd = set(odd)
        self.host = host
        self.passwords = {PASSWORD}
        self.left: dict[int, int] = {}
        self.missed: set[str] = set()
        self.hidden: set[str] = set()
        self.partitions: list[ThreadingHTTPServer] = []
        self.ca: Any = None
        if tls:
            from tests.emulators.graph.tls import TestCa

            self.ca = TestCa()
        for name, kind in (("inbox", "<C:schedule-inbox/>"), ("outbox", "<C:schedule-outbox/>"), ("notification", "")):
            self.shelves[f"{self.home}{name}/"] = Shelf(name, kind=kind)
        self.shelves[f"{self.home}tasks/"] = Shelf("Reminders", parts=("VTODO",))
        self.shelves[f"{self.home}B1A2/"] = Shelf("Holidays", kind="<CS:subscribed/>", right="read")

    def __enter__(self) -> FakeICloud:
        self.http = self._serve()
        self.url = self._address(self.http, "127.0.0.1")
        self.partitions = [self._serve()]
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self.http, *self.partitions):
            if self.left.get(one.server_port) != 0:
                one.shutdown()
                one.server_close()

    def _serve(self) -> ThreadingHTTPServer:
        server = Quiet(("127.0.0.1", 0), handler(self, _Answerer))
        if self.ca is not None:
            server.socket = self.ca.context().wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def _address(self, server: ThreadingHTTPServer, host: str) -> str:
        return f"{'https' if self.ca else 'http'}://{host}:{server.server_port}/"

    @property
    def partition(self) -> str:
        """The address of the host that holds the account now."""
        return self._address(self.partitions[-1], self.host)

    def asked(self, host: str) -> list[tuple[str, str]]:
        """Methods and paths of the requests to the host of an address, since the log was cleared."""
        name = host.partition("://")[2].rstrip("/")
        return [(method, path) for method, path, headers, _ in self.log if headers.get("Host") == name]

    # -- people and Apple ----------------------------------------------------------------------------------------------

    def account(self, name: str = "home", **more: Any) -> Account:
        more = {"username": USER, **more} | ({"ca_file": self.ca.ca_file} if self.ca else {})
        return Account(name, "icloud", url=self.url, **more)

    def move(self, answer: int = 404) -> None:
        """Apple moves the account to another partition; the old one answers so, or is no more (0)."""
        old = self.partitions[-1]
        if not answer:
            old.shutdown()
            old.server_close()
        with self.lock:
            self.left[old.server_port] = answer
            self.partitions.append(self._serve())

    def revoke(self, *, instead: str | None = None) -> None:
        """The app-specific password ends; `instead` is a new one."""
        self.passwords = {instead} if instead else set()

    def store(self, path: str, payload: bytes) -> None:
        super().store(path, EVENT.sub(_as_stored, payload))


def _as_stored(event: re.Match[bytes]) -> bytes:
    """Apple's events come with a second DTSTAMP, and with lines of Apple's that end in blanks."""
    lines = event[0].split(b"\r\n")
    stamps = [line for line in lines if line.startswith(b"DTSTAMP")]
    if len(stamps) == 1:
        lines[1:1] = [stamps[0], b"X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC  "]
    return b"\r\n".join(lines)


class _Answerer(Answerer):
    server: FakeICloud

    @property
    def port(self) -> int:
        return int(self.handler.server.server_address[1])

    def _signed_in(self) -> bool:
        left = self.server.left.get(self.port)
        if left == 404 or left == 421:
            self.send(left)
            return False
        given = self.handler.headers.get("authorization", "")
        right = {"Basic " + base64.b64encode(f"{USER}:{p}".encode()).decode() for p in self.server.passwords}
        if left == 401 or given not in right:
            self.send(401, headers={"WWW-Authenticate": OFFER})
            return False
        return True

    def href(self, path: str) -> str:
        """Now and then the common host appears in the answers of a partition."""
        number = sum(path.encode())
        return (self.server.url.rstrip("/") if number % 3 == 0 and path != self.server.principal else "") + quote(path)

    def home(self) -> str:
        return self.server.partition.rstrip("/") + self.server.home

    def on_propfind(self) -> None:
        if self.path.startswith("/.well-known"):
            self.send(501)
        elif self.path == self.server.principal and self.handler.headers.get("depth") == "1":
            self.send(400)
        else:
            super().on_propfind()

    def on_report(self) -> None:
        report = ET.fromstring(self.body)
        if report.tag == f"{C}calendar-query" and self.path in self.server.shelves:
            self._query(report)
        elif report.tag == f"{C}free-busy-query":
            self.send(400)
        else:
            super().on_report()

    def _query(self, report: ET.Element) -> None:
        """Only with a filter for events, and only all of them; this fake looks at no time range."""
        filters = [one.get("name") for one in report.iter(f"{C}comp-filter")]
        if "VEVENT" not in filters:
            self.refuse(403, "C:supported-filter")
            return
        self._multiget(list(self.server.shelves[self.path].members))

    def misses(self, path: str) -> bool:
        """Each member once, with the oddity; what is hidden always."""
        if path in self.server.hidden:
            return True
        if "multiget-misses" not in self.server.odd or path in self.server.missed:
            return False
        self.server.missed.add(path)
        return True

    def on_get(self) -> None:
        if self.path in self.server.hidden:
            self.send(404)
        else:
            super().on_get()

    def _sync(self, token: str, limit: str | None) -> None:
        super()._sync(token, None)

    def on_put(self) -> None:
        given = self.handler.headers.get("if-match")
        if given == "*":  # backwards: the wild card holds where nothing is
            there = self.server.etag(self.path) is not None
            if not there:
                self.server.store(self.path, self.body)
            self.send(412 if there else 201)
            return
        if "403-no-end" in self.server.odd and self._no_end():
            self.send(403)
            return
        super().on_put()

    def lacks_end(self) -> bool:
        return self._no_end()

    def _no_end(self) -> bool:
        return any(not re.search(rb"\n(DTEND|DURATION)[;:]", event) for event in EVENT.findall(self.body))

    def send(self, code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        told = dict(headers or {})
        if self.method == "PUT" and "no-etag-on-put" in self.server.odd:
            told.pop("ETag", None)
        super().send(code, body, told)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.icloud_server")
    parser.add_argument("--tls", action="store_true", help="https, with a certificate authority of its own")
    parser.add_argument("--calendar", action="append", default=[], metavar="NAME", help="may be repeated")
    parser.add_argument("--odd", action="append", default=[], help="no-etag-on-put, multiget-misses or 403-no-end")
    parser.add_argument("--host", default="127.0.0.1", help="of the partitions: 127.0.0.1 or localhost")
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with FakeICloud(*options.odd, host=options.host, tls=options.tls) as server:
        for name in options.calendar or ["Home"]:
            server.calendar(name)
        print(json.dumps({
            "url": server.url, "partition": server.partition, "username": USER, "password": PASSWORD,
            "account_password": APPLE_PASSWORD, "ca_file": str(server.ca.ca_file) if server.ca else None,
        }), flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
