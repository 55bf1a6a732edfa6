"""A PostgreSQL of its own for one test run, without durability, open to everybody on 127.0.0.1.

Shape   `with postgres() as db:` gives .port, .environ and .sql(database, text)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.servers import free_port
from tests.servers.machine import Daemon, folder_for, run_as

USER = "postgres"
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=256MB")


class Postgres:
    def __init__(self, folder: Path) -> None:
        self.host, self.port = folder, free_port()
        self._bin = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        options = [word for option in FAST for word in ("-c", option)]
        command = [self._bin / "postgres", "-D", folder / "data", "-k", folder, "-p", str(self.port), *options]
        self._daemon = Daemon(folder, [*command, "-c", "listen_addresses=127.0.0.1"], USER)

    def start(self) -> None:
        made = [self._bin / "initdb", "-D", self.host / "data", "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync"]
        run_as(USER, [*made, "--locale=C.UTF-8"])
        self._daemon.start(self._answers)

    def _answers(self) -> bool:
        try:
            run_as(USER, [self._bin / "pg_isready", "-q", "-h", self.host, "-p", str(self.port)])
        except RuntimeError:
            return False
        return True

    def stop(self) -> None:
        self._daemon.stop()

    @property
    def environ(self) -> dict[str, str]:
        """For programs of PostgreSQL's own library."""
        return {"PGHOST": str(self.host), "PGPORT": str(self.port), "PGUSER": USER}

    def sql(self, database: str, text: str) -> str:
        return run_as(USER, ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", database], text, **self.environ)


@contextmanager
def postgres() -> Iterator[Postgres]:
    with folder_for("postgres", USER) as folder:
        made = Postgres(folder)
        try:
            made.start()
            yield made
        finally:
            made.stop()
