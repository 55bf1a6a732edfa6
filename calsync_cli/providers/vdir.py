"""Folders of .ics files, as khal, todoman and vdirsyncer use them: one folder a calendar, one file an event set.

Shape   Calendar.id is the absolute folder, remote_id the file name; etag is "mtime_ns-size-inode" of the file
Listing one scan with a stat per file, no file is opened; there is no delta and no token
Proof   a missing file proves a deletion only while the folder can be read and its `.calsync` marker is there (O2): an
        unmounted disk shows an empty folder, and then the marker is missing too. `claim` writes the marker at pairing
Writes  other programs see the old or the new file, never a part (vdir_files). There is no lock, so the version is
        compared once more directly before the rename
Limits  a file rewritten in place within one clock tick and in the same length looks unchanged (facts 9)
Errors  as in providers.base; a full disk is TransientError, a folder that cannot be written ReadOnly
"""

from __future__ import annotations

import logging
import os
import re
import shlex
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from calsync_cli.errors import CalendarGone, NotFound, PreconditionFailed, ProtocolError, TooLarge
from calsync_cli.model.account import EVERYTHING, Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers import vdir_files as files
from calsync_cli.providers.base import Calendar, Capabilities, Hint, Item, Missing, Page, Receipt

log = logging.getLogger(__name__)

MARKER = ".calsync"
MAX_BYTES = 20_000_000
_READ_TRIES = 5
_READ_PAUSE_S = 0.05
_UNREAD = "-unread"  # a version that no listing has, so that the file is read again in the next run
_BYTES = "bytes/"  # no file name holds a slash, so this prefix marks a name that is no valid UTF-8


class VdirProvider:
    """Every sub-folder of `account.path`, and the folder itself when it holds .ics files."""

    def __init__(self, account: Account, ports: Ports) -> None:
        if account.path is None:
            raise ValueError(f"account {account.name} has no path")
        self._root = Path(os.path.abspath(account.path))  # noqa: PTH100  (symbolic links stay: the id is what was typed)
        self.place = f"vdir {self._root.resolve()}"
        self._ports = ports
        self._lock = threading.Lock()
        self._syncs: dict[Path, files.FolderSync] = {}
        self._swap = threading.Lock()  # our own threads, at least, compare and replace in one step
        self.requests = {"read": 0, "write": 0}
        self.caps = Capabilities(mapping="ical", delta=False, server_stamps=False, concurrency=account.concurrency)

    def _count(self, kind: str) -> None:
        with self._lock:
            self.requests[kind] += 1

    # -- calendars ----------------------------------------------------------------------------------------------------

    def calendars(self) -> Sequence[Calendar]:
        self._count("read")
        inside = files.entries(self._root)
        folders = [Path(e.path) for e in inside if not e.name.startswith(".") and _is_text(e.name)]
        found = [self._calendar(folder) for folder in folders if files.is_folder(folder)]
        if any(_is_item(e.name) and not files.is_folder(Path(e.path)) for e in inside):
            found.insert(0, self._calendar(self._root))
        return found

    def open(self, calendar_id: str) -> Calendar:
        folder = Path(calendar_id)
        if not files.is_folder(folder):
            raise files.gone(folder)
        return self._calendar(folder)

    def _calendar(self, folder: Path) -> Calendar:
        color = _metadata(folder / "color")
        return Calendar(
            id=str(folder),
            name=_metadata(folder / "displayname") or ("." if folder == self._root else folder.name),
            access="write" if files.writable(folder) else "read",
            max_bytes=MAX_BYTES,
            color=color if re.fullmatch("#[0-9A-Fa-f]{6}", color) else None,
        )

    # -- marker (O2) and left-overs -----------------------------------------------------------------------------------

    def claim(self, cal: Calendar, identity: str) -> None:
        """Write the marker that says "this really is the paired folder": one line, in one step. Called at pairing."""
        if self.identity(cal) == identity:
            return
        folder = Path(cal.id)
        self._count("write")
        with files.temporary(folder, f"{identity}\n".encode(), self._ports.fresh_id()) as (temp, _):
            with files.renaming(folder):
                temp.replace(folder / MARKER)
            self._sync_folder(folder)

    def identity(self, cal: Calendar) -> str | None:
        """What `claim` wrote, None when there is no marker. Raises CalendarGone for a folder that cannot be read."""
        folder = Path(cal.id)
        try:
            return (folder / MARKER).read_text("utf-8", "replace").strip()
        except FileNotFoundError:
            if not files.is_folder(folder):
                raise files.gone(folder) from None
            return None
        except OSError as err:
            raise files.unreadable(folder, err) from err

    def mark_command(self, cal: Calendar) -> str:
        """What a person types to say that this is the right folder; who wrote the marker does not matter."""
        return f"touch {shlex.quote(str(Path(cal.id) / MARKER))}"

    def sweep(self, cal: Calendar) -> int:
        """Remove the temporary files that an interrupted run left; returns how many there were. Called at recovery."""
        left = [Path(e.path) for e in files.entries(Path(cal.id)) if files.is_temporary(e.name)]
        for path in left:
            with suppress(OSError):
                path.unlink()
        return len(left)

    # -- reads --------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        """Always one page with every file; `since` means nothing here."""
        self._count("read")
        folder = Path(cal.id)
        inside = files.entries(folder)
        files.remove_old([Path(e.path) for e in inside if files.is_temporary(e.name)], self._ports.now())
        listed = ((e.name, _listed_etag(folder / e.name)) for e in inside if _is_item(e.name))
        yield Page(tuple(Hint(_to_id(name), etag) for name, etag in listed if etag), listing=True)

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        if not files.is_folder(Path(cal.id)):
            raise files.gone(Path(cal.id))
        for remote_id in dict.fromkeys(remote_ids):
            yield self._read(cal, remote_id) or Missing(remote_id)

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Item | None:
        item = self._read(cal, remote_id)
        # The marker is looked for after the file: it shows that the folder was still there when the file was not.
        if item is None and self.identity(cal) is None:
            raise CalendarGone(
                f"{remote_id} is not in {cal.id}, but its {MARKER} marker is missing too, so this may be an empty "
                "mount point or another folder. Nothing was deleted. Is the disk mounted? If it is, mark the folder",
                next=self.mark_command(cal),
            )
        return item

    def _read(self, cal: Calendar, remote_id: str) -> Item | None:
        """None: no such file. A file that is there but cannot be read has the payload b"": the mapping then reports it
        as not understood, which keeps it out of every plan (O8) and lets the others go on (I14)."""
        path, etag = _path(cal, remote_id), ""
        for _ in range(_READ_TRIES):
            before = _stat(path)
            if before is None:
                return None
            etag, payload, after = files.etag_of(before), _content(path, before), _stat(path)
            if payload is None:
                return Item(remote_id, f"{etag}{_UNREAD}", b"")
            # Bytes and etag must belong together; another program may be writing the file right now.
            if after and files.etag_of(after) == etag and len(payload) in (0, before.st_size):
                return Item(remote_id, etag, payload)
            self._ports.sleep(_READ_PAUSE_S)
        log.info("%s is being written all the time; it is read again in the next run", path)
        return Item(remote_id, etag, b"")

    # -- writes -------------------------------------------------------------------------------------------------------

    def remote_id_for(self, cal: Calendar, key: str) -> str:
        return f"{key}.ics"  # lower-case hex: one name also where the file system folds case

    def create(self, cal: Calendar, key: str, body: bytes) -> Receipt:
        remote_id = self.remote_id_for(cal, key)
        path = _path(cal, remote_id)
        self._count("write")
        _check_size(body)
        with files.temporary(path.parent, body, self._ports.fresh_id()) as (temp, etag):
            with files.renaming(path.parent):
                placed = files.place(temp, path)
            if not placed:
                raise PreconditionFailed(f"{path} exists already; it was left as it is.")
            self._sync_folder(path.parent)
        return Receipt(remote_id, etag, Item(remote_id, etag, body))

    def update(self, cal: Calendar, remote_id: str, body: bytes, etag: str) -> Receipt:
        path = _path(cal, remote_id)
        self._count("write")
        _check_size(body)
        mode = stat.S_IMODE(files.same_version(path, etag).st_mode)
        with files.temporary(path.parent, body, self._ports.fresh_id(), mode) as (temp, new):
            with self._swap, files.renaming(path.parent):
                files.same_version(path, etag)
                temp.replace(path)  # a symbolic link is replaced, never written through
            self._sync_folder(path.parent)
        return Receipt(remote_id, new, Item(remote_id, new, body))

    def delete(self, cal: Calendar, remote_id: str, etag: str) -> None:
        path = _path(cal, remote_id)
        self._count("write")
        files.need_writable(path.parent)
        with self._swap, files.renaming(path.parent):
            files.same_version(path, etag)
            try:
                path.unlink()
            except FileNotFoundError:
                raise NotFound(f"{path} is not there any more. Nothing was changed.") from None
        self._sync_folder(path.parent)

    def _sync_folder(self, folder: Path) -> None:
        self._syncs.setdefault(folder, files.FolderSync(folder)).wait()

    def close(self) -> None:
        """Nothing is held open."""


def _is_item(name: str) -> bool:
    return name.endswith(".ics") and not name.startswith(".")


def _is_text(name: str) -> bool:
    """False for names that are no valid UTF-8 on disk (Python shows them with lone surrogates)."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _to_id(name: str) -> str:
    return name if _is_text(name) else _BYTES + os.fsencode(name).hex()


def _path(cal: Calendar, remote_id: str) -> Path:
    """Raises ProtocolError for what is no id of ours, so that nothing outside the folder is ever touched."""
    try:
        name = os.fsdecode(bytes.fromhex(remote_id[len(_BYTES) :])) if remote_id.startswith(_BYTES) else remote_id
    except ValueError:
        name = ""
    if not _is_item(name) or "\0" in name or Path(name).name != name:
        raise ProtocolError(f"{remote_id!r} is not the name of an event file. Nothing was changed.")
    return Path(cal.id) / name


def _stat(path: Path) -> os.stat_result | None:
    """None for a file that is not there. Raises CalendarGone for a folder that may not be entered."""
    try:
        return files.stat_of(path)
    except FileNotFoundError:
        return None
    except OSError as err:
        raise files.unreadable(path.parent, err) from err


def _listed_etag(path: Path) -> str | None:
    """None for what is not listed: gone meanwhile, a folder, a pipe."""
    info = _stat(path)
    shown = info is not None and (stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode))
    return files.etag_of(info) if info is not None and shown else None


def _content(path: Path, info: os.stat_result) -> bytes | None:
    """The bytes, or with the reason in the log: b"" for what is no event file, None for one that cannot be read now."""
    if not stat.S_ISREG(info.st_mode) or info.st_size > MAX_BYTES:
        log.info("%s is not read: it is no ordinary file, or has more than %d bytes", path, MAX_BYTES)
        return b""
    try:
        return path.read_bytes()
    except OSError as err:
        log.info("%s cannot be read: %s", path, err.strerror)
        return None


def _metadata(path: Path) -> str:
    """First line of a vdir metadata file (`displayname`, `color`), "" when there is none."""
    try:
        return path.read_text("utf-8", "replace").strip().partition("\n")[0].strip()
    except OSError:
        return ""


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BYTES:
        raise TooLarge(f"The event has {len(body)} bytes; files of more than {MAX_BYTES} are not written.")
