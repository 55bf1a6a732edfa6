"""A real SOGo on loopback with a PostgreSQL, a memcached and a mail server of its own (facts 3, 12).

Shape   `with sogo() as server:` gives what tests.fakes.servers.Server does, signed in as alice, and
        .mails() -> (REQUEST, CANCEL or REPLY, to whom) of every message it sent so far
People  alice and bob @example.org are local; any other address is outside. SOGo writes to both
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from calsync_cli.model.account import Account
from tests.fakes.servers import Server, free_port
from tests.servers.machine import Daemon, folder_for
from tests.servers.mail import SmtpSink, smtp_sink
from tests.servers.postgres import Postgres, postgres

USER, PASSWORD = "sogo", "any"
PEOPLE = ("alice", "bob")
TABLES = {
    "SOGoProfileURL": "sogo_user_profile", "OCSFolderInfoURL": "sogo_folder_info",
    "OCSSessionsFolderURL": "sogo_sessions_folder", "OCSEMailAlarmsFolderURL": "sogo_alarms_folder",
}  # fmt: skip
USERS = "CREATE TABLE sogo_users (c_uid text PRIMARY KEY, c_name text, c_password text, c_cn text, mail text);"


class Sogo(Server):
    def __init__(self, folder: Path, db: Postgres, sink: SmtpSink) -> None:
        port, memory = free_port(), free_port()
        super().__init__(folder, [], port, "/SOGo/dav/alice/Calendar/", "alice", PASSWORD)
        self._db, self._sink, self._memory_port = db, sink, memory
        base = f"postgresql://postgres:any@127.0.0.1:{db.port}/sogo"
        source = (
            f'({{type=sql;id=directory;viewURL="{base}/sogo_users";canAuthenticate=YES;isAddressBook=YES;displayName=People;'
            "userPasswordAlgorithm=plain;MailFieldNames=(mail);})"
        )
        options = {
            "WOPort": f"127.0.0.1:{port}", "WONoDetach": "YES", "WOPidFile": folder / "sogo.pid", "WOLogFile": "-",
            "WOWorkersCount": "10", **{key: f"{base}/{table}" for key, table in TABLES.items()},
            "SOGoMemcachedHost": f"127.0.0.1:{memory}", "SOGoMailingMechanism": "smtp",
            "SOGoSMTPServer": f"smtp://127.0.0.1:{sink.port}", "SOGoAppointmentSendEMailNotifications": "YES",
            "SOGoUserSources": source, "SOGoTimeZone": "UTC",
        }  # fmt: skip
        command = ["/usr/sbin/sogod", *(str(word) for key, value in options.items() for word in (f"-{key}", value))]
        self._memory = Daemon(folder, ["/usr/bin/memcached", "-l", "127.0.0.1", "-p", str(memory)], USER)
        self._daemon = Daemon(folder, command, USER, HOME=str(folder))

    def prepare(self) -> None:
        self._db.sql("postgres", "CREATE DATABASE sogo;")
        rows = ", ".join(f"('{who}', '{who}', '{PASSWORD}', '{who}', '{who}@example.org')" for who in PEOPLE)
        self._db.sql("sogo", f"{USERS} INSERT INTO sogo_users VALUES {rows};")
        self._memory.start(self._memory_answers)

    def _memory_answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._memory_port)) == 0

    def account(self, name: str = "dav") -> Account:
        """At the path below which the web server before a real SOGo hands it everything; alone it answers to any."""
        return replace(super().account(name), url=f"{self.url}SOGo/dav/alice/")

    def start(self) -> None:
        self._daemon.start(self._answers)

    def stop(self) -> None:
        self._daemon.stop()

    def close(self) -> None:
        self.stop()
        self._memory.stop()

    def mails(self) -> list[tuple[str, str]]:
        return sorted((_method(text), to) for recipients, text in list(self._sink.messages) for to in recipients)


def _method(text: str) -> str:
    """Of the calendar part's type: "method=REQUEST" (RFC 6047 2.4)."""
    return text.replace('"', "").lower().partition("method=")[2].partition(";")[0].split()[0].upper()


@contextmanager
def sogo() -> Iterator[Sogo]:
    with postgres() as db, smtp_sink() as sink, folder_for("sogo", USER) as folder:
        server = Sogo(folder, db, sink)
        try:
            server.prepare()
            server.start()
            yield server
        finally:
            server.close()
