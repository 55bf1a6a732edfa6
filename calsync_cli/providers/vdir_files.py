"""Durable, all-or-nothing steps on the files of one folder, with the errors of the disk said in our words.

Shape   in: paths and bytes; `etag_of` is "mtime_ns-size-inode", the version of one file
Order   `temporary` (hidden file, fsync) -> `place` (never replaces) or `Path.replace` -> `FolderSync`
Errors  before the rename nothing was touched: ReadOnly, TransientError (disk full or failing), TooLarge, Refused. From
        the rename on, whatever is not a plain no is UnknownOutcome. A folder that is not there is CalendarGone
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock

from calsync_cli.errors import (
    CalendarGone,
    CalsyncError,
    NotFound,
    PreconditionFailed,
    ReadOnly,
    Refused,
    TooLarge,
    TransientError,
    UnknownOutcome,
)

_TEMP_PREFIX, _TEMP_SUFFIX = ".calsync-", ".tmp"
LEFT_OVER_S = 3600
"""The age from which a temporary file is nobody's."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FAILING = (errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.ETIMEDOUT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EPERM)


# -- reading ----------------------------------------------------------------------------------------------------------


def is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a parent that may not be entered
        return False


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """What the folder holds, by name. Raises CalendarGone."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        raise gone(folder) from None
    except OSError as err:
        raise unreadable(folder, err) from err


def stat_of(path: Path) -> os.stat_result:
    """Of the file behind a symbolic link; of the link itself when that cannot be reached: its disk may be unmounted,
    so a dangling link is an unreadable event and not a missing one. (DirEntry.stat has no inode on Windows.)"""
    try:
        return path.stat()
    except OSError:
        return path.lstat()


def etag_of(info: os.stat_result) -> str:
    return f"{info.st_mtime_ns}-{info.st_size}-{info.st_ino}"


def gone(folder: Path) -> CalendarGone:
    text = f"The folder {folder} is not there. Nothing was taken for deleted. Is its disk mounted?"
    return CalendarGone(text, next="calsync doctor")


def unreadable(folder: Path, err: OSError) -> CalendarGone:
    text = f"The folder {folder} cannot be read ({err.strerror}). Nothing was taken for deleted."
    return CalendarGone(text, next="calsync doctor")


# -- before the rename ------------------------------------------------------------------------------------------------


def writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def need_writable(folder: Path) -> None:
    if not is_folder(folder):
        raise gone(folder)
    if not writable(folder):
        raise ReadOnly(f"The folder {folder} may not be written by this user. Nothing was changed.")


def same_version(path: Path, etag: str) -> os.stat_result:
    """Raises unless the file is the version `etag` (I13)."""
    try:
        info = stat_of(path)
    except FileNotFoundError:
        if not is_folder(path.parent):
            raise gone(path.parent) from None
        raise NotFound(f"{path} is not there any more. Nothing was changed.") from None
    except OSError as err:
        raise unreadable(path.parent, err) from err
    if etag_of(info) != etag or not stat.S_ISREG(info.st_mode):
        raise PreconditionFailed(f"{path} was changed by another program. It was left as it is.")
    return info


def is_temporary(name: str) -> bool:
    return name.startswith(_TEMP_PREFIX) and name.endswith(_TEMP_SUFFIX)


def remove_old(left: Iterable[Path], now: datetime) -> None:
    """Temporary files that nobody can be writing any more: neither died nor could be removed when they should."""
    for path in left:
        with suppress(OSError):
            if now.timestamp() - path.stat().st_mtime > LEFT_OVER_S:
                path.unlink()


@contextmanager
def temporary(folder: Path, body: bytes, tag: str, mode: int | None = None) -> Iterator[tuple[Path, str]]:
    """A durable hidden file with `body` in `folder`, and the etag it will have under any name.

    Removed afterwards if it is still there; `tag` makes its name.
    """
    need_writable(folder)
    temp = folder / f"{_TEMP_PREFIX}{tag}{_TEMP_SUFFIX}"
    try:
        with _not_applied(folder):
            _write_durably(temp, body)
            etag = etag_of(temp.stat())
        if mode is not None:
            with suppress(OSError):  # file systems without modes
                temp.chmod(mode)
        yield temp, etag
    finally:
        with suppress(OSError):
            temp.unlink()


def _write_durably(path: Path, body: bytes) -> None:
    # Mode "x" never follows or replaces what is there; the umask decides the rights, since folders are shared.
    with path.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


# -- the rename and after ---------------------------------------------------------------------------------------------


def place(temp: Path, path: Path) -> bool:
    """Give `temp` the name `path` without ever replacing a file; False when the name is taken."""
    try:
        if os.name == "nt":
            temp.rename(path)  # never replaces on Windows
        else:
            path.hardlink_to(temp)
    except FileExistsError:
        return False
    except OSError as err:
        if err.errno not in _NO_LINKS:
            raise
        # A file system without hard links (FAT, some phones). Reserving the name with O_EXCL would show an empty
        # event for a moment; the name is 128 bits of a key that only this installation has, so looking first is enough.
        if os.path.lexists(path):
            return False
        temp.rename(path)
    return True


class FolderSync:
    """Makes the names of one folder survive a power cut, where the system can do that for folders.

    One wait for the disk covers all names that were given before it began, so writers that come side by side share it;
    where it fails, it has failed for all of them, since the system tells such an error only once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counting, self._syncing = Lock(), Lock()
        self._asked = self._done = self._failed = 0

    def wait(self) -> None:
        """After the name was given. Raises UnknownOutcome."""
        with self._counting:
            self._asked += 1
            mine = self._asked
        with self._syncing:
            if mine <= self._done:
                return
            if mine <= self._failed:
                raise self._doubt("the same error")
            with self._counting:
                covered = self._asked
            try:
                _sync(self._folder)
            except OSError as err:
                self._failed = covered
                raise self._doubt(err.strerror) from err
            self._done = covered

    def _doubt(self, why: str | None) -> UnknownOutcome:
        return UnknownOutcome(
            f"A change in {self._folder} may not have reached the disk ({why}). It is looked at next time."
        )


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as err:
        if err.errno not in _NO_FOLDER_SYNC:
            raise


@contextmanager
def renaming(folder: Path) -> Iterator[None]:
    """For the one step that changes an event: unless the error is a plain no, it may have happened."""
    try:
        yield
    except OSError as err:
        text = f"A file in {folder} may or may not have been changed ({err.strerror}). It is looked at next time."
        raise _plain_no(err, folder) or UnknownOutcome(text) from err


@contextmanager
def _not_applied(folder: Path) -> Iterator[None]:
    """For the steps before the rename: whatever fails here, no event was touched."""
    try:
        yield
    except OSError as err:
        text = f"A file in {folder} could not be written ({err.strerror}). Nothing was changed."
        if err.errno in _FAILING:  # the disk, not the event: another day it goes through
            raise TransientError(f"{text} Is its disk failing?") from err
        raise _plain_no(err, folder) or Refused(text) from err


def _plain_no(err: OSError, folder: Path) -> CalsyncError | None:
    """The error for an OSError that says that nothing was done; None for the others."""
    if err.errno in _FULL:
        return TransientError(f"The disk of {folder} is full. Nothing was changed; free some space and run again.")
    if err.errno in _FORBIDDEN and os.name == "nt":  # also the answer when another program has the file open
        return TransientError(f"A file in {folder} is in use or protected. Nothing was changed; run again later.")
    if err.errno in _FORBIDDEN:
        return ReadOnly(f"{folder} may not be written by this user ({err.strerror}). Nothing was changed.")
    if err.errno == errno.EFBIG:
        return TooLarge(f"The event is too large for the disk of {folder}. Nothing was changed.")
    if err.errno == errno.ENOENT:
        return Refused(f"A file vanished from {folder}. Nothing was changed.") if is_folder(folder) else gone(folder)
    return None
