"""Which writes a person wants to be asked about, and what was answered (semantics 14). Pure.

Shape   `question` -> the hold of a write that needs a yes, or None; `answer` -> "approve", "reject" or ""
Digest  names the write and the versions of all replicas it was planned from, so that any change asks anew (A2, A3)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from calsync_cli.engine.keys import digest
from calsync_cli.engine.world import Hold, HoldKind, Spoke
from calsync_cli.model import recur
from calsync_cli.model.codec import form_json
from calsync_cli.model.series import ANSWER, Changes, split

if TYPE_CHECKING:
    from calsync_cli.engine.case import Case

PAST_AFTER = timedelta(hours=24)
APPROVE, REJECT = "approve", "reject"
WORDS = {
    "delete": "deletions wait for your yes", "restore": "bringing back what was deleted waits for your yes",
    "series-edit": "changes of series wait for your yes", "past": "writes to what is over wait for your yes",
    "create": "so many new events at once wait for your yes", "all": "every write waits for your yes",
    "notify": "writes that could mail somebody wait for your yes",
}


def question(case: Case, spoke: Spoke, kind: str, changes: Changes) -> Hold | None:
    """Not yet answered with yes."""
    hold = _notice(case, spoke, kind, changes) or _wanted(case, spoke, kind, changes)
    return None if hold is None or _answer(case, hold) == APPROVE else hold


def rejected(case: Case, spoke: Spoke, kind: str, changes: Changes) -> bool:
    """A person said no to just this write; the calendars stay as different as they are (A4)."""
    hold = _notice(case, spoke, kind, changes) or _wanted(case, spoke, kind, changes)
    return hold is not None and _answer(case, hold) == REJECT


def _answer(case: Case, hold: Hold) -> str:
    choice = case.snap.choices.get(hold.subject)
    return choice.answers.get("", "") if choice is not None and choice.digest == hold.digest else ""


def _notice(case: Case, spoke: Spoke, kind: str, changes: Changes) -> Hold | None:
    """G8: the server would mail somebody."""
    if case.snap.rules.notify or not _mails(case, spoke, kind):
        return None
    host = spoke.replica is not None and spoke.replica.people == "host"
    what = "would mail the guests of this meeting" if host else (
        "could mail the organizer of this meeting that you do not come")
    what = "would mail your answer to the organizer of this meeting" if [*changes] == [ANSWER] else what
    words = f"{case.calendars[spoke.calendar].label} {what} (notify = \"never\")"
    return _hold(case, spoke, kind, changes, "notify", words)


def _wanted(case: Case, spoke: Spoke, kind: str, changes: Changes) -> Hold | None:
    """What the pair's `approve` names (A1)."""
    wanted = case.snap.rules.approve
    if not wanted:
        return None  # as mostly: when a set ends for the last time is dear to tell
    found = next((name for name in _classes(case, spoke, kind, changes) if name in wanted), "")
    if not found:
        return None
    return _hold(case, spoke, kind, changes, "approval", f"{WORDS[found]} (approve)")


def _classes(case: Case, spoke: Spoke, kind: str, changes: Changes) -> Iterator[str]:
    yield "all"
    if kind == "delete":
        yield "delete"
    if kind == "create" and spoke.generation > spoke.alias:
        yield "restore"
    form = case.form()
    if kind == "update" and ("recurrence" in form or any(split(path)[0] for path in changes)):
        yield "series-edit"
    last = recur.last_end(form)
    if last is not None and last < case.snap.now - PAST_AFTER:
        yield "past"
    if _mails(case, spoke, kind):
        yield "notify"
    if kind == "create" and spoke.calendar in case.many_creates:
        yield "create"


def _mails(case: Case, spoke: Spoke, kind: str) -> bool:
    people = spoke.replica.people if spoke.replica and kind != "create" else ""
    return case.calendars[spoke.calendar].mails and (people == "host" or (people == "guest" and kind == "delete"))


def _hold(case: Case, spoke: Spoke, kind: str, changes: Changes, name: HoldKind, words: str) -> Hold:
    versions = [f"{s.calendar}:{s.replica.etag}" for s in case.link.spokes if s.replica is not None]
    asked = digest(name, kind, spoke.calendar, form_json(changes), *versions)
    detail = {"action": kind, "fields": sorted(changes)}
    return case.hold(name, words, detail, asked, case.calendars[spoke.calendar])
