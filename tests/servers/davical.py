"""A real DAViCal on loopback: PHP's own web server before a PostgreSQL of its own (facts 12).

Shape   `with davical() as server:` gives what tests.fakes.servers.Server does, signed in as `admin`
Config  DAViCal looks for /etc/davical/<server name>-conf.php; the server name that it is told leads to a file of ours,
        which puts the true name back, so that nothing of an installed DAViCal is read or written
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.servers import Server, free_port
from tests.servers.machine import Daemon, folder_for, give, run_as
from tests.servers.postgres import Postgres, postgres

USER, PASSWORD = "www-data", "any"
SHARE, AWL = Path("/usr/share/davical"), Path("/usr/share/awl")
WORKERS = "4"
CONFIG = """<?php
$_SERVER['SERVER_NAME'] = '127.0.0.1';
$c->domain_name = 'example.org';
$c->admin_email = 'admin@example.org';
$c->pg_connect[] = 'dbname=davical host=127.0.0.1 port={port} user=davical_app';
"""
ROUTER = """<?php
$_SERVER['SERVER_NAME'] = '../..{folder}/own';
$_SERVER['SCRIPT_NAME'] = '/caldav.php';
$_SERVER['PATH_INFO'] = rawurldecode(preg_replace('#^/caldav.php|[?].*$#', '', $_SERVER['REQUEST_URI']));
$_SERVER['PHP_SELF'] = '/caldav.php' . $_SERVER['PATH_INFO'];
chdir('{htdocs}');
require 'caldav.php';
"""


class Davical(Server):
    def __init__(self, folder: Path, db: Postgres) -> None:
        port = free_port()
        super().__init__(folder, [], port, "/caldav.php/admin/", "admin", PASSWORD)
        self._db = db
        paths = f"include_path={SHARE}/inc:{AWL}/inc"
        php = ["/usr/bin/php", "-d", paths, "-d", "memory_limit=1G", "-d", "post_max_size=64M"]
        command = [*php, "-S", f"127.0.0.1:{port}", "-t", SHARE / "htdocs", folder / "router.php"]
        self._daemon = Daemon(folder, command, USER, PHP_CLI_SERVER_WORKERS=WORKERS)

    def prepare(self) -> None:
        self._db.sql("postgres", "CREATE ROLE davical_dba SUPERUSER LOGIN; CREATE ROLE davical_app LOGIN;")
        make = [SHARE / "dba/create-database.sh", "davical", PASSWORD]
        run_as("postgres", make, **self._db.environ)
        (self.folder / "own-conf.php").write_text(CONFIG.format(port=self._db.port))
        (self.folder / "router.php").write_text(ROUTER.format(folder=self.folder, htdocs=SHARE / "htdocs"))
        give(self.folder, USER)

    def start(self) -> None:
        self._daemon.start(self._answers)

    def stop(self) -> None:
        self._daemon.stop()


@contextmanager
def davical() -> Iterator[Davical]:
    with postgres() as db, folder_for("davical", USER) as folder:
        server = Davical(folder, db)
        try:
            server.prepare()
            server.start()
            yield server
        finally:
            server.stop()
