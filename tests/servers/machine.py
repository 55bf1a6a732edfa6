"""What this machine has of the servers that come as packages, and how their daemons are started as their own users.

Shape   `absent("cyrus")` -> what is missing, "" when nothing is; `Daemon(folder, command, user)` with start and stop
        `python -m tests.servers.machine present` (or `absent`) says so in one line, for .ci/servers
        `folder_for("cyrus", "cyrus")` -> a new folder under a short path, owned by that user: sockets lie in it
Stays   nothing: every daemon is ended by the number of its process, with its children, and its folder removed
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ASKED_BY = "CALSYNC_SERVERS"
"""Names the servers to test, separated by blanks. Set by .ci/servers; without it they are not even looked for."""
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 3.0
NEEDED = {
    "cyrus": ("/usr/lib/cyrus/bin/master", "/usr/lib/cyrus/bin/httpd", "/usr/sbin/saslpasswd2"),
    "davical": ("/usr/share/davical/htdocs/caldav.php", "/usr/share/awl/inc", "/usr/bin/php", "/usr/lib/postgresql"),
    "sogo": ("/usr/sbin/sogod", "/usr/bin/memcached", "/usr/lib/postgresql"),
}
"""server -> files of its packages in Debian"""


def asked() -> list[str]:
    return os.environ.get(ASKED_BY, "").split()


def absent(server: str) -> str:
    missing = [path for path in NEEDED[server] if not Path(path).exists()]
    return f"{missing[0]} is not installed" if missing else ""


@contextmanager
def folder_for(server: str, user: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"{server}-", dir="/tmp"))
    try:
        give(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def give(path: Path, user: str) -> None:
    """To this user, and all that is in it."""
    found = pwd.getpwnam(user)
    for each in (path, *path.rglob("*")):
        os.chown(each, found.pw_uid, found.pw_gid)


def run_as(user: str, command: Sequence[str | Path], words: str = "", **environ: str) -> str:
    """What it printed; RuntimeError with that when it failed."""
    done = subprocess.run(
        command, input=words, capture_output=True, text=True, cwd="/", timeout=120, env={**os.environ, **environ},
        **_identity(user),
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _identity(user: str) -> dict[str, object]:
    found = pwd.getpwnam(user)
    groups = os.getgrouplist(user, found.pw_gid)
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": groups}


class Daemon:
    """One process in a group of its own, so that its children end with it."""

    def __init__(self, folder: Path, command: Sequence[str | Path], user: str, **environ: str) -> None:
        self.log = folder / f"{Path(command[0]).name}.log"
        self._command, self._user, self._environ = command, user, environ
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, answers: Callable[[], bool]) -> None:
        """Returns once `answers` says so; RuntimeError with the end of its log when it does not come up."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **self._environ}, **_identity(self._user),
            )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT_S
        while not answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self._command[0]} did not start: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _end_group(process.pid)


def _end_group(group: int) -> None:
    """Whatever the first process of the group left behind."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    found = {server: absent(server) for server in NEEDED}
    if sys.argv[1] == "present":
        print(*(server for server, why in found.items() if not why))
    else:
        print("; ".join(f"{server}: {why}" for server, why in found.items() if why))
