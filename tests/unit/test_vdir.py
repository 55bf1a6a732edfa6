"""Folders of .ics files: what counts as an event, what proves a deletion, and that no write is ever seen half done."""

from __future__ import annotations

import errno
import io
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_cli.errors import (
    CalendarGone,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    ReadOnly,
    Refused,
    TooLarge,
    TransientError,
    UnknownOutcome,
)
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports, system_ports
from calsync_cli.providers.base import Calendar, Item, Missing
from calsync_cli.providers.vdir import MAX_BYTES, VdirProvider

KEY = "0123456789abcdef" * 2
FILE = f"{KEY}.ics"


def provider_at(root: Path, sleep: Callable[[float], None] = lambda _: None) -> VdirProvider:
    real = system_ports()
    return VdirProvider(Account("disk", "vdir", path=root), Ports(real.now, real.monotonic_s, sleep, real.fresh_id))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture
def disk(folder: Path) -> VdirProvider:
    return provider_at(folder.parent)


@pytest.fixture
def cal(disk: VdirProvider, folder: Path) -> Calendar:
    found = disk.open(str(folder))
    disk.claim(found, "installation-1")
    return found


def listed(disk: VdirProvider, cal: Calendar) -> dict[str, str | None]:
    (page,) = disk.changes(cal, None)
    assert page.listing
    assert page.token is None
    return {hint.remote_id: hint.etag for hint in page.hints}


def version(disk: VdirProvider, cal: Calendar, remote_id: str) -> str:
    item = disk.look(cal, remote_id)
    assert item is not None
    assert item.etag is not None
    return item.etag


def failing(code: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


# -- which folders are calendars --------------------------------------------------------------------------------------


def test_each_visible_sub_folder_is_a_calendar(tmp_path: Path) -> None:
    for name in ("work", "home", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.txt").write_text("not a folder")
    assert [(c.id, c.name) for c in provider_at(tmp_path).calendars()] == [
        (str(tmp_path / "home"), "home"),
        (str(tmp_path / "work"), "work"),
    ]


def test_a_calendar_is_called_what_its_displayname_file_says(disk: VdirProvider, folder: Path) -> None:
    (folder / "displayname").write_text("Büro\n", "utf-8")
    (folder / "color").write_text("#aa0011\n")
    (cal,) = disk.calendars()
    assert (cal.name, cal.color) == ("Büro", "#aa0011")


def test_a_color_that_is_no_hex_color_is_not_taken(disk: VdirProvider, folder: Path) -> None:
    (folder / "color").write_text("red")
    assert disk.calendars()[0].color is None


def test_a_folder_that_holds_events_itself_is_offered_too(tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_bytes(b"x")
    (cal,) = provider_at(tmp_path).calendars()
    assert (cal.id, cal.name) == (str(tmp_path), ".")


def test_an_account_whose_folder_is_missing_is_not_an_account_without_calendars(tmp_path: Path) -> None:
    with pytest.raises(CalendarGone, match="Is its disk mounted"):
        provider_at(tmp_path / "nowhere").calendars()


# -- which files are events -------------------------------------------------------------------------------------------


def test_only_visible_ics_files_are_events(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    for name in ("a.ics", ".hidden.ics", "b.ics.tmp", ".calsync-1.tmp", "displayname", "c.vcf", "ics"):
        (folder / name).write_bytes(b"x")
    (folder / "sub.ics").mkdir()
    os.mkfifo(folder / "pipe.ics")
    assert list(listed(disk, cal)) == ["a.ics"]


def test_a_listing_opens_no_file(disk: VdirProvider, cal: Calendar, folder: Path, monkeypatch: Any) -> None:
    (folder / "a.ics").write_bytes(b"x")
    monkeypatch.setattr(Path, "open", failing(errno.EIO))
    monkeypatch.setattr("builtins.open", failing(errno.EIO))
    assert list(listed(disk, cal)) == ["a.ics"]


def test_the_etag_changes_with_content_time_and_replacement(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    path = folder / "a.ics"
    path.write_bytes(b"x")
    seen = [version(disk, cal, "a.ics")]
    path.write_bytes(b"xx")
    seen.append(version(disk, cal, "a.ics"))
    os.utime(path, ns=(1, 1))
    seen.append(version(disk, cal, "a.ics"))
    other = folder / "other"
    other.write_bytes(b"xx")
    os.utime(other, ns=(1, 1))
    other.replace(path)
    seen.append(version(disk, cal, "a.ics"))
    assert len(set(seen)) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_text_can_be_read_and_written(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    path = folder / os.fsdecode(b"caf\xe9.ics")
    path.write_bytes(b"x")
    (remote_id,) = listed(disk, cal)
    remote_id.encode("utf-8")  # can be stored and printed
    receipt = disk.update(cal, remote_id, b"y", version(disk, cal, remote_id))
    assert path.read_bytes() == b"y"
    assert receipt.etag is not None
    disk.delete(cal, remote_id, receipt.etag)
    assert disk.look(cal, remote_id) is None


names = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(names)
def test_every_name_a_person_can_give_works(disk: VdirProvider, cal: Calendar, folder: Path, name: str) -> None:
    name = f"e{name}.ics"
    try:
        (folder / name).write_bytes(b"x")
    except OSError:  # longer than the file system takes
        return
    assert list(listed(disk, cal)) == [name]
    receipt = disk.update(cal, name, b"y", version(disk, cal, name))
    assert receipt.etag is not None
    disk.delete(cal, name, receipt.etag)
    assert list(listed(disk, cal)) == []


ESCAPES = ["../a.ics", "/etc/a.ics", "sub/a.ics", "..", "", ".x.ics", "bytes/zz", "bytes/2e2e2f612e696373", "a\0.ics"]


@pytest.mark.parametrize("remote_id", ESCAPES)
def test_an_id_that_leads_out_of_the_folder_is_refused(disk: VdirProvider, cal: Calendar, remote_id: str) -> None:
    with pytest.raises(ProtocolError):
        disk.look(cal, remote_id)
    with pytest.raises(ProtocolError):
        disk.delete(cal, remote_id, "1-1-1")


# -- what cannot be read stays known (I8, I14, O8) --------------------------------------------------------------------


def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    disk: VdirProvider, cal: Calendar, folder: Path, monkeypatch: Any
) -> None:
    for name in ("a.ics", "locked.ics", "z.ics"):
        (folder / name).write_bytes(b"x")
    read = Path.read_bytes

    def guarded(path: Path) -> bytes:
        return failing(errno.EACCES)() if path.name == "locked.ics" else read(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    items = {i.remote_id: i for i in disk.fetch(cal, ["a.ics", "locked.ics", "z.ics"]) if isinstance(i, Item)}
    assert [items[n].payload for n in ("a.ics", "locked.ics", "z.ics")] == [b"x", b"", b"x"]
    assert items["locked.ics"].etag != listed(disk, cal)["locked.ics"], "it is read again in the next run"
    monkeypatch.setattr(Path, "read_bytes", read)
    (item,) = disk.fetch(cal, ["locked.ics"])
    assert isinstance(item, Item) and (item.payload, item.etag) == (b"x", listed(disk, cal)["locked.ics"])


@pytest.mark.parametrize("make", ["folder", "pipe", "huge", "dangling", "loop"])
def test_what_is_there_but_no_readable_file_is_neither_missing_nor_an_event(
    disk: VdirProvider, cal: Calendar, folder: Path, make: str
) -> None:
    path = folder / "odd.ics"
    match make:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "huge":
            with path.open("wb") as file:
                file.truncate(MAX_BYTES + 1)
        case "dangling":
            path.symlink_to("/not/mounted/odd.ics")
        case "loop":
            path.symlink_to(path)
    item = disk.look(cal, "odd.ics")
    assert item is not None
    assert item.payload == b""


def test_a_dangling_link_is_listed_so_that_its_event_does_not_look_deleted(
    disk: VdirProvider, cal: Calendar, folder: Path
) -> None:
    (folder / "linked.ics").symlink_to("/not/mounted/linked.ics")
    assert list(listed(disk, cal)) == ["linked.ics"]


def test_a_file_that_vanishes_after_the_listing_is_missing(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    (folder / "a.ics").write_bytes(b"x")
    (folder / "b.ics").write_bytes(b"x")
    ids = list(listed(disk, cal))
    (folder / "a.ics").unlink()
    assert next(iter(disk.fetch(cal, ids))) == Missing("a.ics")


def test_bytes_and_etag_belong_together_when_another_program_writes_meanwhile(
    disk: VdirProvider, cal: Calendar, folder: Path, monkeypatch: Any
) -> None:
    path, read, left = folder / "a.ics", Path.read_bytes, [3]
    path.write_bytes(b"old")

    def raced(which: Path) -> bytes:
        content = read(which)
        if left[0]:
            left[0] -= 1
            path.write_bytes(b"new" * (4 - left[0]))
        return content

    monkeypatch.setattr(Path, "read_bytes", raced)
    (item,) = disk.fetch(cal, ["a.ics"])
    assert isinstance(item, Item)
    assert item.payload == b"new" * 4
    assert item.etag == listed(disk, cal)["a.ics"]


def test_a_file_that_never_rests_is_not_read(folder: Path, monkeypatch: Any) -> None:
    pauses: list[float] = []
    disk = provider_at(folder.parent, pauses.append)
    path, read, size = folder / "a.ics", Path.read_bytes, iter(range(1, 100))
    path.write_bytes(b"")

    def raced(which: Path) -> bytes:
        content = read(which)
        path.write_bytes(b"x" * next(size))
        return content

    monkeypatch.setattr(Path, "read_bytes", raced)
    (item,) = disk.fetch(disk.open(str(folder)), ["a.ics"])
    assert isinstance(item, Item)
    assert item.payload == b""
    assert item.etag != listed(disk, disk.open(str(folder)))["a.ics"]  # so the next run reads it again
    assert len(pauses) == 5


# -- proof of deletion (O2) -------------------------------------------------------------------------------------------


def test_a_missing_file_in_a_marked_folder_is_gone(disk: VdirProvider, cal: Calendar) -> None:
    assert disk.look(cal, "a.ics") is None


def test_a_missing_file_in_an_unmarked_folder_proves_nothing(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    """An unmounted disk leaves an empty folder behind."""
    (folder / ".calsync").unlink()
    with pytest.raises(CalendarGone, match="marker is missing"):
        disk.look(cal, "a.ics")


def test_a_missing_folder_proves_nothing(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    folder.rename(folder.parent / "elsewhere")
    for ask in (
        lambda: disk.look(cal, "a.ics"),
        lambda: list(disk.changes(cal, None)),
        lambda: list(disk.fetch(cal, ["a.ics"])),
        lambda: disk.identity(cal),
        lambda: disk.sweep(cal),
        lambda: disk.open(cal.id),
        lambda: disk.create(cal, KEY, b"x"),
        lambda: disk.update(cal, "a.ics", b"x", "1-1-1"),
        lambda: disk.delete(cal, "a.ics", "1-1-1"),
    ):
        with pytest.raises(CalendarGone, match="Nothing was taken for deleted"):
            ask()


def test_a_folder_that_may_not_be_entered_proves_nothing(monkeypatch: Any) -> None:
    with unprivileged() as root:
        folder = root / "work"
        disk, cal = provider_at(root), Calendar(str(folder), "work")
        (folder / "a.ics").write_bytes(b"x")
        disk.claim(cal, "me")
        for mode in (0o000, 0o400):
            folder.chmod(mode)
            for ask in (lambda: list(disk.changes(cal, None)), lambda: disk.look(cal, "b.ics")):
                with pytest.raises(CalendarGone, match="cannot be read"):
                    ask()
        folder.chmod(0o700)
        assert list(listed(disk, cal)) == ["a.ics"]


def test_the_marker_says_who_paired_the_folder(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    assert disk.identity(cal) == "installation-1"
    assert (folder / ".calsync").read_text() == "installation-1\n"
    assert listed(disk, cal) == {}
    (folder / ".calsync").unlink()
    assert disk.identity(cal) is None


def test_claiming_again_writes_nothing(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    """I3."""
    before = (folder / ".calsync").stat()
    disk.claim(cal, "installation-1")
    assert (folder / ".calsync").stat() == before
    disk.claim(cal, "installation-2")
    assert disk.identity(cal) == "installation-2"


# -- writing ----------------------------------------------------------------------------------------------------------


def test_requests_count_scans_and_writes(disk: VdirProvider, cal: Calendar) -> None:
    start = dict(disk.requests)
    receipt = disk.create(cal, KEY, b"x")
    listed(disk, cal)
    disk.look(cal, FILE)
    assert receipt.etag is not None
    disk.delete(cal, FILE, receipt.etag)
    assert {kind: disk.requests[kind] - start[kind] for kind in start} == {"read": 1, "write": 2}


def test_the_receipt_carries_the_version_that_is_listed_next(disk: VdirProvider, cal: Calendar) -> None:
    created = disk.create(cal, KEY, b"x")
    assert listed(disk, cal) == {FILE: created.etag}
    assert created.etag is not None
    updated = disk.update(cal, FILE, b"y", created.etag)
    assert listed(disk, cal) == {FILE: updated.etag}
    assert updated.item == disk.look(cal, FILE)


def test_missing_files_are_not_found(disk: VdirProvider, cal: Calendar) -> None:
    with pytest.raises(NotFound):
        disk.update(cal, FILE, b"x", "1-1-1")
    with pytest.raises(NotFound):
        disk.delete(cal, FILE, "1-1-1")
    assert listed(disk, cal) == {}


def test_new_files_have_the_rights_of_the_umask_and_old_ones_keep_theirs(
    disk: VdirProvider, cal: Calendar, folder: Path
) -> None:
    before = os.umask(0o027)
    try:
        disk.create(cal, KEY, b"x")
    finally:
        os.umask(before)
    assert (folder / FILE).stat().st_mode & 0o777 == 0o640
    (folder / FILE).chmod(0o604)
    disk.update(cal, FILE, b"y", version(disk, cal, FILE))
    assert (folder / FILE).stat().st_mode & 0o777 == 0o604


def test_a_link_is_replaced_and_never_written_through(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    outside = folder.parent / "outside.txt"
    outside.write_bytes(b"not calsync's")
    (folder / "a.ics").symlink_to(outside)
    item = disk.look(cal, "a.ics")
    assert item is not None
    assert item.payload == b"not calsync's"
    disk.update(cal, "a.ics", b"y", version(disk, cal, "a.ics"))
    assert outside.read_bytes() == b"not calsync's"
    assert (folder / "a.ics").read_bytes() == b"y"


@pytest.mark.parametrize("make", ["link", "folder"])
def test_a_create_never_replaces_what_has_the_name(disk: VdirProvider, cal: Calendar, folder: Path, make: str) -> None:
    if make == "link":
        (folder / FILE).symlink_to("/not/there")
    else:
        (folder / FILE).mkdir()
    with pytest.raises(PreconditionFailed):
        disk.create(cal, KEY, b"x")
    assert left_over(folder) == []


@pytest.mark.parametrize("step", ["update", "delete"])
def test_a_version_that_came_between_read_and_rename_is_left_alone(
    disk: VdirProvider, cal: Calendar, folder: Path, monkeypatch: Any, step: str
) -> None:
    """I13: the version is compared once more after the new file was written, directly before the rename."""
    path = folder / FILE
    disk.create(cal, KEY, b"old")
    seen = version(disk, cal, FILE)
    if step == "update":
        sync = os.fsync
        monkeypatch.setattr(os, "fsync", lambda handle: (path.write_bytes(b"a person's"), sync(handle)))
        with pytest.raises(PreconditionFailed):
            disk.update(cal, FILE, b"new", seen)
    else:
        path.write_bytes(b"a person's")
        with pytest.raises(PreconditionFailed):
            disk.delete(cal, FILE, seen)
    assert path.read_bytes() == b"a person's"
    assert left_over(folder) == []


def test_our_own_threads_compare_and_replace_in_one_step(
    disk: VdirProvider, cal: Calendar, folder: Path, monkeypatch: Any
) -> None:
    disk.create(cal, KEY, b"old")
    seen, replace = version(disk, cal, FILE), Path.replace

    def slow(temp: Path, target: Path) -> Path:
        time.sleep(0.02)  # wide enough for the others to compare in between
        return replace(temp, target)

    def change(n: int) -> bool:
        try:
            disk.update(cal, FILE, b"%d" % n, seen)
        except PreconditionFailed:
            return False
        return True

    monkeypatch.setattr(Path, "replace", slow)
    with ThreadPoolExecutor(4) as pool:
        wins = list(pool.map(change, range(4)))
    assert sum(wins) == 1
    assert (folder / FILE).read_bytes() == b"%d" % wins.index(True)


def test_a_disk_without_hard_links_still_never_replaces(
    disk: VdirProvider, cal: Calendar, folder: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    disk.create(cal, KEY, b"first")
    with pytest.raises(PreconditionFailed):
        disk.create(cal, KEY, b"second")
    assert (folder / FILE).read_bytes() == b"first"
    assert left_over(folder) == []


def test_too_large_an_event_is_not_written(disk: VdirProvider, cal: Calendar) -> None:
    with pytest.raises(TooLarge):
        disk.create(cal, KEY, b"x" * (MAX_BYTES + 1))
    assert listed(disk, cal) == {}


# -- when the disk says no --------------------------------------------------------------------------------------------


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


BEFORE_THE_RENAME = {
    errno.ENOSPC: TransientError,
    errno.EDQUOT: TransientError,
    errno.EACCES: ReadOnly,
    errno.EROFS: ReadOnly,
    errno.EFBIG: TooLarge,
    errno.EIO: TransientError,
    errno.EINVAL: Refused,
}


@pytest.mark.parametrize("code", BEFORE_THE_RENAME)
def test_an_error_before_the_rename_means_nothing_was_changed(
    disk: VdirProvider, cal: Calendar, folder: Path, monkeypatch: Any, code: int
) -> None:
    disk.create(cal, KEY, b"old")
    seen = version(disk, cal, FILE)
    monkeypatch.setattr(os, "fsync", failing(code))
    for write in (lambda: disk.create(cal, "f" * 32, b"new"), lambda: disk.update(cal, FILE, b"new", seen)):
        with pytest.raises(BEFORE_THE_RENAME[code], match="Nothing was changed"):
            write()
    assert listed(disk, cal) == {FILE: seen}
    assert left_over(folder) == []


AT_THE_RENAME = {errno.ENOSPC: TransientError, errno.EACCES: ReadOnly, errno.EIO: UnknownOutcome}


@pytest.mark.parametrize("code", AT_THE_RENAME)
def test_an_error_at_the_rename_is_a_plain_no_or_an_unknown_outcome(
    disk: VdirProvider, cal: Calendar, folder: Path, monkeypatch: Any, code: int
) -> None:
    disk.create(cal, KEY, b"old")
    seen = version(disk, cal, FILE)
    for name in ("link", "rename", "replace", "unlink"):
        monkeypatch.setattr(os, name, failing(code))
    for write in (
        lambda: disk.create(cal, "f" * 32, b"new"),
        lambda: disk.update(cal, FILE, b"new", seen),
        lambda: disk.delete(cal, FILE, seen),
    ):
        with pytest.raises(AT_THE_RENAME[code]):
            write()
    assert listed(disk, cal) == {FILE: seen}


def is_folder(handle: int) -> bool:
    return stat.S_ISDIR(os.fstat(handle).st_mode)


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_an_error_after_the_rename_is_an_unknown_outcome(
    disk: VdirProvider, cal: Calendar, folder: Path, monkeypatch: Any, code: int
) -> None:
    """The new name is there, but it may not survive a power cut: saying "nothing was changed" would be wrong."""
    sync = os.fsync

    monkeypatch.setattr(os, "fsync", lambda fd: failing(code)() if is_folder(fd) else sync(fd))
    with pytest.raises(UnknownOutcome):
        disk.create(cal, KEY, b"new")
    assert (folder / FILE).read_bytes() == b"new"
    seen = version(disk, cal, FILE)
    with pytest.raises(UnknownOutcome):
        disk.update(cal, FILE, b"newer", seen)
    seen = version(disk, cal, FILE)
    with pytest.raises(UnknownOutcome):
        disk.delete(cal, FILE, seen)
    assert disk.look(cal, FILE) is None
    with pytest.raises(UnknownOutcome):
        disk.claim(cal, "installation-2")


def test_a_disk_that_cannot_sync_folders_is_good_enough(disk: VdirProvider, cal: Calendar, monkeypatch: Any) -> None:
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: failing(errno.EINVAL)() if is_folder(fd) else sync(fd))
    disk.create(cal, KEY, b"x")
    assert list(listed(disk, cal)) == [FILE]


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A folder with a calendar "work" in it, used without the rights of root even when the tests run as root."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o777)
        me, nobody = os.geteuid(), 65534
        if me == 0:
            os.seteuid(nobody)
        try:
            (root / "work").mkdir(mode=0o700)
            yield root
        finally:
            (root / "work").chmod(0o700)
            os.seteuid(me)


def test_a_folder_without_write_rights_refuses_every_write() -> None:
    """With real rights, and also when the look at the rights before the write was too optimistic."""
    with unprivileged() as root:
        folder = root / "work"
        disk, cal = provider_at(root), Calendar(str(folder), "work")
        disk.claim(cal, "me")
        receipt = disk.create(cal, KEY, b"old")
        assert receipt.etag is not None
        folder.chmod(0o555)
        for write in (
            lambda: disk.create(cal, "f" * 32, b"new"),
            lambda: disk.update(cal, FILE, b"new", receipt.etag or ""),
            lambda: disk.delete(cal, FILE, receipt.etag or ""),
            lambda: disk.claim(cal, "someone else"),
        ):
            with pytest.raises(ReadOnly, match="Nothing was changed"):
                write()
        assert (folder / FILE).read_bytes() == b"old"
        assert disk.identity(cal) == "me"


# -- no half-written file is ever seen --------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from calsync_cli.model.account import Account
from calsync_cli.ports import system_ports
from calsync_cli.providers.base import Item
from calsync_cli.providers.vdir import VdirProvider

root, run = Path(sys.argv[1]), int(sys.argv[2])
disk = VdirProvider(Account("disk", "vdir", path=root), system_ports())
cal = disk.open(str(root / "work"))
body = lambda n: b"BEGIN" + bytes([65 + n % 26]) * 300_000 + b"END"
print("go", flush=True)
for n in range(100_000):
    disk.create(cal, f"{run:016x}{n:016x}", body(n))
    item = disk.look(cal, "hot.ics")
    disk.update(cal, "hot.ics", body(n), item.etag)
"""


def whole(content: bytes) -> bool:
    middle = content[5:-3]
    return content[:5] == b"BEGIN" and content[-3:] == b"END" and len(middle) == 300_000 and len(set(middle)) == 1


def test_a_writer_that_is_killed_at_any_moment_leaves_only_whole_files(
    disk: VdirProvider, cal: Calendar, folder: Path
) -> None:
    """I21: real SIGKILL. Readers during the run and after the kill see the old or the new file, never a part."""
    rng = random.Random(20261124)
    (folder / "hot.ics").write_bytes(b"BEGIN" + b"A" * 300_000 + b"END")
    torn: list[str] = []
    interrupted = written = run = 0
    while run < 8 or (not interrupted and run < 60):
        run += 1
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder.parent), str(run)], stdout=subprocess.PIPE, text=True
        )
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "go\n"
            until = time.monotonic() + rng.uniform(0.005, 0.08)
            while time.monotonic() < until:
                torn += [path.name for path in folder.glob("[!.]*.ics") if not whole(path.read_bytes())]
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
        files = listed(disk, cal)
        torn += [name for name in files if not whole((folder / name).read_bytes())]
        written += len(files) - 1
        interrupted += disk.sweep(cal)
        assert left_over(folder) == []
        for name in files:
            if name != "hot.ics":
                (folder / name).unlink()
    assert torn == []
    assert written > 0
    assert interrupted > 0, "no kill hit a write: the test proved nothing"


def test_no_event_file_is_ever_opened_for_writing(disk: VdirProvider, cal: Calendar, monkeypatch: Any) -> None:
    """An event gets its name only when its content is complete and on disk."""
    opened: list[str] = []

    def spied(real: Callable[..., Any]) -> Callable[..., Any]:
        def spy(path: Any, *rest: Any, **more: Any) -> Any:
            opened.append(path)
            return real(path, *rest, **more)

        return spy

    monkeypatch.setattr(io, "open", spied(io.open))
    monkeypatch.setattr(os, "open", spied(os.open))
    etag = disk.create(cal, KEY, b"x").etag
    etag = disk.update(cal, FILE, b"y", etag or "").etag
    disk.delete(cal, FILE, etag or "")
    names = {Path(path).name for path in opened}
    assert any(name.startswith(".calsync-") for name in names), "the spies saw nothing"
    assert not any(name.endswith(".ics") for name in names)


def test_sweeping_removes_only_our_left_overs(disk: VdirProvider, cal: Calendar, folder: Path) -> None:
    for name in (".calsync-0f.tmp", ".other.tmp", "a.ics.tmp", "a.ics"):
        (folder / name).write_bytes(b"x")
    assert disk.sweep(cal) == 1
    assert {path.name for path in folder.iterdir()} == {".calsync", ".other.tmp", "a.ics.tmp", "a.ics"}


# -- many writers, one disk --------------------------------------------------------------------------------------------


class SlowDisk:
    """What was named when a wait for the folder began, and when each ended."""

    def __init__(self, disk: VdirProvider, cal: Calendar, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits, self.error = 0, False
        self.kept: set[str] = set()
        self._sync, self._disk, self._cal = os.fsync, disk, cal
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, handle: int) -> None:
        if not is_folder(handle):
            self._sync(handle)
            return
        self.waits += 1
        named = {path.name for path in Path(self._cal.id).glob("*.ics")}
        time.sleep(0.03)
        if self.error:
            raise OSError(errno.EIO, "Input/output error")
        self.kept |= named

    def made(self, key: str) -> bool | str:
        """Whether its name was on the disk when that was said, or the error."""
        try:
            return self._disk.create(self._cal, key, b"x").remote_id in self.kept
        except UnknownOutcome as err:
            return str(err)


def test_writers_side_by_side_share_a_wait_that_began_after_their_names(
    disk: VdirProvider, cal: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowDisk(disk, cal, monkeypatch)
    with ThreadPoolExecutor(8) as crew:
        assert all(said is True for said in crew.map(slow.made, [f"{n:032x}" for n in range(24)]))
    assert slow.waits < 24


def test_a_wait_that_fails_has_failed_for_all_who_shared_it(
    disk: VdirProvider, cal: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowDisk(disk, cal, monkeypatch)
    slow.error = True
    with ThreadPoolExecutor(8) as crew:
        said = list(crew.map(slow.made, [f"{n:032x}" for n in range(16)]))
    assert all(isinstance(words, str) and "may not have reached the disk" in words for words in said)
    slow.error = False
    assert slow.made("f" * 32) is True
