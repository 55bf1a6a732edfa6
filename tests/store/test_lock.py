"""One run at a time: the kernel holds the lock and gives it back when the process dies (L1)."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync_cli.errors import AlreadyRunning, StoreError
from calsync_cli.ports import system_ports
from calsync_cli.store.lock import Lock

HOLDER = """
import sys, time
from pathlib import Path
from calsync_cli.ports import system_ports
from calsync_cli.store.lock import Lock
lock = Lock(Path(sys.argv[1]), system_ports())
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_told_who_is_at_work(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(AlreadyRunning, match=f"process {holder.pid} on .* nothing was touched") as refused:
        Lock(tmp_path, system_ports())
    assert refused.value.exit_code == 6


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    Lock(tmp_path, system_ports()).release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    Lock(tmp_path, system_ports()).release()
    Lock(tmp_path, system_ports()).release()


def test_waiting_for_the_lock_ends(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(AlreadyRunning):
        Lock(tmp_path, system_ports(), wait_s=0.3)


def test_only_the_owner_reads_the_lock(tmp_path: Path) -> None:
    Lock(tmp_path, system_ports()).release()
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks without flock")
def test_a_disk_that_knows_no_locks_is_not_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreError, match=r"cannot be locked .No locks available.*[Nn]othing was touched") as refused:
        Lock(tmp_path, system_ports())
    assert refused.value.exit_code == 7 and refused.value.next
