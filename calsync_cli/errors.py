"""Every error calsync raises on purpose, each with the exit code of cli.md section 4.

Shape   an error says what happened and why (`str(err)`), and carries `next`, the command to type next: the one given,
        else the `usual` one of its class. `where` says who adds with which event, account or group it happened
Rule    the class says what it ends: one item, one account, one group, or the run (style.md section 6)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal


class CalsyncError(Exception):
    """Base of the tree. `code` is the stable word of the JSON output, `exit_code` the process's.

    where   itself: the message says it; event: the engine names title, date and calendar (`tell_executed`); account:
            the engine names the account (`problem_of`, `problem_words`); group: the pairs (`allowed`)
    """

    exit_code = 1
    code = "error"
    usual = "calsync doctor"
    where: Literal["itself", "event", "account", "group"] = "itself"

    def __init__(self, message: str, *, next: str = "") -> None:
        super().__init__(message)
        self.next = next or self.usual


class UsageError(CalsyncError):
    """The words of the command line do not fit together; nothing was touched. Each says its own `next`; what the option
    parser finds is answered by the help of the command that was typed."""

    exit_code = 2
    code = "usage"
    usual = ""


class ConfigError(CalsyncError):
    """Every problem of the configuration at once, each as (path, what is wrong), e.g. ("accounts.work.url", "...")."""

    exit_code = 2
    code = "config"
    usual = "calsync config check"

    def __init__(self, problems: Sequence[tuple[str, str]], *, next: str = "") -> None:
        super().__init__("\n".join(f"{path}: {text}" if path else text for path, text in problems), next=next)
        self.problems = tuple(problems)


# -- one item ---------------------------------------------------------------------------------------------------------


class ItemError(CalsyncError):
    """Ends one event set; its calendar and all others go on (I14)."""

    code = "item"
    usual = "calsync sync"
    where = "event"


class MappingError(ItemError):
    """The payload cannot be understood, or the value cannot be written, and why in words for a person."""

    code = "mapping"
    usual = "calsync events list --status error"


class PreconditionFailed(ItemError):
    """412 or its equal: the replica is not the version the write was planned from. Nothing was applied (J6)."""

    code = "precondition-failed"


class NotFound(ItemError):
    """The item is not there (404, 410, no such file). On a delete this is success."""

    code = "not-found"


class ReadOnly(ItemError):
    """The server forbids this write. Nothing was applied."""

    exit_code = 5
    code = "read-only"
    usual = "calsync calendars"


class TooLarge(ItemError):
    """The server or the disk refuses an item of this size. Nothing was applied."""

    code = "too-large"
    usual = "calsync events list --status error"


class Refused(ItemError):
    """The server answered a definite no to these bytes (4xx with a reason). Nothing was applied."""

    code = "refused"
    usual = "calsync events list --status error"


class UidConflict(ItemError):
    """The UID is already taken on the server; `remote_id` names the other item when the server told."""

    code = "uid-conflict"

    def __init__(self, message: str, *, remote_id: str | None = None, next: str = "") -> None:
        super().__init__(message, next=next)
        self.remote_id = remote_id


class UnknownOutcome(ItemError):
    """A write left and no readable answer came: it may have been applied. Its journal row stays `sent` (J6)."""

    code = "unknown-outcome"


# -- one calendar or account ------------------------------------------------------------------------------------------


class RemoteError(CalsyncError):
    """Ends one calendar or account for this run; the others go on."""

    code = "remote"
    where = "account"


class TransientError(RemoteError):
    """Not applied and worth another try: no connection, 429, 503 on a read. `retry_after_s` when the server told."""

    code = "transient"
    usual = "calsync sync"

    def __init__(self, message: str, *, retry_after_s: float | None = None, next: str = "") -> None:
        super().__init__(message, next=next)
        self.retry_after_s = retry_after_s


class ProtocolError(RemoteError):
    """The server's answer makes no sense for what was asked."""

    code = "protocol"


class CalendarGone(RemoteError):
    """The calendar itself cannot be found or read. Never a proof that its events were deleted (O2)."""

    code = "calendar-gone"
    usual = "calsync calendars"


class SyncTokenExpired(RemoteError):
    """The delta token is no longer good; list everything (T4). Ordinary, handled by the pull."""

    code = "token-expired"
    usual = "calsync sync"


class AuthError(RemoteError):
    """Sign-in is missing, wrong or expired; `next` names the command that signs in again."""

    exit_code = 5
    code = "auth"
    usual = "calsync accounts"


# -- one group, before any write --------------------------------------------------------------------------------------


class GuardTripped(CalsyncError):
    """A guard G1-G9 stopped a group before its first write."""

    exit_code = 4
    code = "guard"
    usual = "calsync sync --dry-run"
    where = "group"


class InternalCheck(CalsyncError):
    """A cheap invariant did not hold before a write; the group was stopped and a report saved."""

    exit_code = 8
    code = "internal-check"
    usual = "calsync doctor --bundle report.txt"


# -- the run ----------------------------------------------------------------------------------------------------------


class AlreadyRunning(CalsyncError):
    """Another run holds the lock of the state folder; nothing was touched (L1)."""

    exit_code = 6
    code = "already-running"
    usual = "calsync sync, once that run has ended"


class StoreError(CalsyncError):
    """The state is missing, damaged, or newer than this program; nothing was touched."""

    exit_code = 7
    code = "state"


class PersonNeeded(CalsyncError):
    """Nothing is wrong, but a person must decide before this goes on (exit 3)."""

    exit_code = 3
    code = "person-needed"
    usual = "calsync status"


EXIT_ORDER = (8, 7, 4, 5, 3, 1, 0)


def worst_exit(codes: Sequence[int]) -> int:
    """Of several exit codes the one that counts, by cli.md section 4; 0 for none. A code outside that order (2: the
    configuration names a calendar that is not there) counts before 0 and after the others; it is never lost."""
    known = next((code for code in EXIT_ORDER if code and code in codes), 0)
    return known or max(codes, default=0)
