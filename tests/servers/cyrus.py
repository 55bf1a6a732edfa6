"""A real Cyrus on loopback with people, calendars, and every invitation it would send caught (facts 3, 12).

Shape   `with cyrus() as server:` gives what tests.fakes.servers.Server does, signed in as alice, and
        .mails() -> every message since the start: (kind, to), outside ones from the socket that Cyrus hands them to,
        inside ones from the scheduling inboxes of the other people of the server
People  alice, bob and carol @example.org are local; any other address is outside
Source  imapd.conf(5), cyrus.conf(5): Cyrus gives a message for outside to notifysocket, and never sends it itself
"""

from __future__ import annotations

import imaplib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import httpx

from tests.fakes.servers import Server, free_port
from tests.servers.machine import Daemon, folder_for, give, run_as

USER, PASSWORD, DOMAIN = "cyrus", "any", "example.org"
PEOPLE = ("alice", "bob", "carol")
BIN = Path("/usr/lib/cyrus/bin")
IMAPD = """
configdirectory: {folder}/lib
partition-default: {folder}/spool
defaultpartition: default
proc_path: {folder}/run/proc
mboxname_lockpath: {folder}/run/lock
idlesocket: {folder}/run/idle
notifysocket: {folder}/run/notify
lmtpsocket: {folder}/run/lmtp
sendmail: /bin/false
servername: localhost
admins: admin
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
sasl_mech_list: PLAIN
virtdomains: off
unixhierarchysep: yes
altnamespace: yes
httpmodules: caldav
calendar_user_address_set: {domain}
imipnotifier: imip
"""
SERVICES = """
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {folder}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {folder}/imapd.conf" listen="127.0.0.1:{imap}"
  http cmd="{bin}/httpd -C {folder}/imapd.conf" listen="127.0.0.1:{http}" prefork=2
}}
EVENTS {{
}}
"""


class Sink:
    """Takes every message that Cyrus would have mailed to people elsewhere."""

    def __init__(self, path: Path) -> None:
        self.messages: list[bytes] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o777)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                message = self._socket.recv(1 << 20)
            except OSError:
                return
            if not message:
                return
            self.messages.append(message)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=5)


class Cyrus(Server):
    """Two ports: people sign in by HTTP, the administrator makes them by IMAP."""

    def __init__(self, folder: Path) -> None:
        port, self._imap = free_port(), free_port()
        super().__init__(folder, [], port, "/dav/calendars/user/alice/", "alice", PASSWORD)
        self.url = f"http://127.0.0.1:{port}/"
        master = [
            BIN / "master", "-C", folder / "imapd.conf", "-M", folder / "cyrus.conf", "-p", folder / "run/pid",
            "-D",
        ]  # fmt: skip
        self._daemon = Daemon(folder, master, USER)
        self._sink: Sink | None = None

    def prepare(self) -> None:
        for name in ("lib/db", "lib/user", "lib/quota", "lib/socket", "spool", "run/proc", "run/lock"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "imapd.conf").write_text(IMAPD.format(folder=self.folder, domain=DOMAIN))
        services = SERVICES.format(bin=BIN, folder=self.folder, imap=self._imap, http=self.port)
        (self.folder / "cyrus.conf").write_text(services)
        for name in ("admin", *PEOPLE):
            secret = ["saslpasswd2", "-p", "-c", "-f", str(self.folder / "sasldb2"), "-u", "localhost", name]
            run_as("root", secret, PASSWORD)
        self._sink = Sink(self.folder / "run/notify")
        give(self.folder, USER)

    def start(self) -> None:
        self._daemon.start(self._answers)

    def stop(self) -> None:
        self._daemon.stop()

    def close(self) -> None:
        self.stop()
        if self._sink is not None:
            self._sink.close()

    def make_people(self) -> None:
        for name in PEOPLE:
            self._administer("create", f"user/{name}")
            assert self.as_(name, "PROPFIND", f"/dav/calendars/user/{name}/").status_code == 207

    def make_read_only(self, calendar_id: str) -> None:
        self._administer("setacl", _mailbox(calendar_id), self.user, "lr")

    def make_writable(self, calendar_id: str) -> None:
        self._administer("setacl", _mailbox(calendar_id), self.user, "lrswipkxtecdan")

    def _administer(self, command: str, *words: str) -> None:
        with imaplib.IMAP4("127.0.0.1", self._imap, timeout=30) as admin:
            admin.login("admin", PASSWORD)
            status, said = getattr(admin, command)(*words)
            assert status == "OK", said

    def as_(self, person: str, method: str, path: str, body: bytes | None = None, **headers: str) -> httpx.Response:
        """One request of one of the people."""
        url = self.url.rstrip("/") + path
        return httpx.request(method, url, content=body, headers=headers, auth=(person, PASSWORD), timeout=30.0)

    def mails(self) -> list[tuple[str, str]]:
        """(REQUEST, CANCEL or REPLY, to whom), of everything that left or was delivered here so far."""
        assert self._sink is not None
        inside = [mail for name in PEOPLE for mail in self._delivered(name)]
        return sorted([*map(_handed_over, list(self._sink.messages)), *inside])

    def _delivered(self, person: str) -> Iterator[tuple[str, str]]:
        """A message to somebody of this server comes to their scheduling inbox and stays there (RFC 6638 4.1)."""
        inbox = f"/dav/calendars/user/{person}/Inbox/"
        listing = self.as_(person, "PROPFIND", inbox, Depth="1")
        assert listing.status_code == 207, listing.text
        for node in ElementTree.fromstring(listing.content).iterfind(".//{DAV:}response/{DAV:}href"):
            href = str(node.text)
            if href.rstrip("/") != inbox.rstrip("/"):
                yield _method(self.as_(person, "GET", href).text), f"{person}@{DOMAIN}"


def _mailbox(calendar_id: str) -> str:
    """"/dav/calendars/user/alice/work/" -> "user/alice/#calendars/work"."""
    *_, person, name = calendar_id.strip("/").split("/")
    return f"user/{person}/#calendars/{name}"


def _handed_over(message: bytes) -> tuple[str, str]:
    """A notification: fields between zero bytes, the last of them JSON (Cyrus, notifyd)."""
    said = json.loads(message.rstrip(b"\0").rpartition(b"\0")[2])
    return _method(said["ical"]), said["recipient"]


def _method(text: str) -> str:
    return next(line.partition(":")[2] for line in text.splitlines() if line.startswith("METHOD:"))


@contextmanager
def cyrus() -> Iterator[Cyrus]:
    with folder_for("cyrus", USER) as folder:
        server = Cyrus(folder)
        try:
            server.prepare()
            server.start()
            server.make_people()
            yield server
        finally:
            server.close()
