"""Real CalDAV servers on loopback, started and stopped by the tests: Radicale and Xandikos.

Shape   `with radicale() as server:` gives .url, .account(name), .make_calendar(name) -> id, .raw(method, path, ...),
        .stop() and .start() on the same port and data; Radicale also .make_read_only(calendar id)
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from xml.sax.saxutils import escape

import httpx

from calsync_cli.model.account import Account

START_TIMEOUT_S = 30.0
MKCALENDAR = (
    '<?xml version="1.0" encoding="utf-8"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set>'
    "<D:prop><D:displayname>{name}</D:displayname><C:supported-calendar-component-set><C:comp name='VEVENT'/>"
    "</C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server process with a folder of its own."""

    def __init__(self, folder: Path, command: list[str], port: int, home: str, user: str, password: str) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}/"
        self.home = home
        self.user, self.password = user, password
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "server.log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            httpx.request("OPTIONS", self.url, timeout=2.0)
        except httpx.HTTPError:
            return False
        return True

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:  # aiohttp lets open connections end for a minute
                self._process.kill()
                self._process.wait()
            self._process = None

    def account(self, name: str = "dav") -> Account:
        return Account(name, "caldav", url=self.url, username=self.user)

    def make_calendar(self, name: str) -> str:
        path = f"{self.home}{name}/"
        body = MKCALENDAR.format(name=escape(name)).encode()
        answer = self.raw("MKCALENDAR", quote(path), body, {"Content-Type": "application/xml"})
        assert answer.status_code == 201, answer.text
        return path

    def raw(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One request as another client would make it."""
        auth = (self.user, self.password)
        url = self.url.rstrip("/") + path
        return httpx.request(method, url, content=body, headers=dict(headers or {}), auth=auth, timeout=30.0)


class Radicale(Server):
    """The one of the two that knows rights."""

    def make_read_only(self, calendar_id: str) -> None:
        """From now on this calendar may only be read. The server reads its rights at its start only."""
        rights = self.folder / "rights"
        pattern = re.escape(calendar_id.strip("/")).replace("%", "%%")
        rule = f"[read-only {pattern}]\nuser = .*\ncollection = {pattern}(/.*)?\npermissions = Rr\n"
        rights.write_text(rule + rights.read_text())  # the first rule that fits counts
        self.stop()
        self.start()


RADICALE = """[server]
hosts = 127.0.0.1:{port}
max_connections = 40
[auth]
type = {auth}
{htpasswd}
delay = 0
[rights]
type = from_file
file = {rights}
[storage]
filesystem_folder = {folder}/collections
"""
RIGHTS = """[frozen]
user = .*
collection = .*/frozen(/.*)?
permissions = Rr
[all]
user = .*
collection = .*
permissions = RWrw
"""


@contextmanager
def radicale(users: Mapping[str, str] | None = None) -> Iterator[Radicale]:
    """Without `users` every name and password is let in. A calendar called `frozen` is read-only once `freeze`d."""
    folder, port = Path(tempfile.mkdtemp(prefix="radicale-")), free_port()
    (folder / "rights").write_text(RIGHTS.partition("[all]")[1] + RIGHTS.partition("[all]")[2])
    htpasswd = ""
    if users:
        (folder / "users").write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
        htpasswd = f"htpasswd_filename = {folder}/users\nhtpasswd_encryption = plain"
    text = RADICALE.format(
        port=port, auth="htpasswd" if users else "none", htpasswd=htpasswd, rights=folder / "rights", folder=folder
    )
    (folder / "config").write_text(text)
    user, password = next(iter(users.items())) if users else ("me", "any")
    command = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
    yield from _running(Radicale(folder, command, port, f"/{user}/", user, password))


def freeze(server: Server) -> None:
    """From now on the Radicale calendar called `frozen` may only be read."""
    (server.folder / "rights").write_text(RIGHTS)
    server.stop()
    server.start()


@contextmanager
def xandikos() -> Iterator[Server]:
    folder, port = Path(tempfile.mkdtemp(prefix="xandikos-")), free_port()
    command = [
        sys.executable, "-m", "xandikos", "serve", "-d", str(folder / "data"), "--defaults", "-l", "127.0.0.1",
        "-p", str(port), "--no-detect-systemd", "--state-dir", str(folder / "state"),
    ]
    yield from _running(Server(folder, command, port, "/user/calendars/", "user", "any"))


AnyServer = TypeVar("AnyServer", bound=Server)


def _running(server: AnyServer) -> Iterator[AnyServer]:
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
