"""The result of a run as data: what `--json` prints and `render` draws (cli.md section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from calsync_cli.engine.world import Step
from calsync_cli.errors import CalsyncError
from calsync_cli.model.codec import time_from
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import ANSWER, split
from calsync_cli.model.times import AllDay, Zoned, wall, zone


@dataclass(slots=True)
class SideCount:
    """What calsync wrote on one side of a pair, and how many events that calendar holds."""

    calendar: str
    created: int = 0
    updated: int = 0
    deleted: int = 0
    events: int = 0

    def count(self, action: str) -> None:
        if action == "create":
            self.created += 1
        elif action == "update":
            self.updated += 1
        else:
            self.deleted += 1

    def json(self) -> dict[str, Any]:
        return {
            "calendar": self.calendar, "created": self.created, "updated": self.updated, "deleted": self.deleted,
            "events": self.events,
        }


@dataclass(slots=True)
class PairReport:
    pair: str
    a: SideCount
    b: SideCount
    linked: int = 0
    conflicts: int = 0
    ambiguous: int = 0
    held: int = 0
    failed: int = 0
    quarantined: int = 0
    guard: dict[str, Any] | None = None

    def json(self) -> dict[str, Any]:
        return {
            "pair": self.pair, "a": self.a.json(), "b": self.b.json(), "linked": self.linked,
            "conflicts": self.conflicts, "ambiguous": self.ambiguous, "held": self.held, "failed": self.failed,
            "quarantined": self.quarantined, "guard": self.guard,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """One write, done or (dry run) to be done. losses: what it loses there, in words (engine.losses)."""

    pair: str
    side: str
    action: str
    uid: str
    title: str
    start: str
    fields: tuple[str, ...]
    because: str
    outcome: str
    instances: int = 0
    recurring: bool = False
    losses: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        return {
            "pair": self.pair, "side": self.side, "action": self.action, "uid": self.uid, "title": self.title,
            "start": self.start, "fields": list(self.fields), "because": self.because, "outcome": self.outcome,
            "losses": list(self.losses),
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """An error or a wait, with the command that helps. exit_code is its share of the run's.

    discreet: its pair hides titles from one side, so where others may read along it is told without (I18)
    """

    code: str
    message: str
    next: str
    exit_code: int
    account: str | None = None
    event: str | None = None
    discreet: bool = False

    def untitled(self) -> str:
        """The words without the title of the event that they are about."""
        return self.message.replace(f'"{self.event or "(no title)"}"', "an event", 1)

    def json(self) -> dict[str, Any]:
        return {
            "account": self.account, "event": self.event, "code": self.code, "message": self.message, "next": self.next,
        }


@dataclass(slots=True)
class Report:
    """Everything about one run. `waiting` are plans that want a person's yes, by group: (plan id, words)."""

    run: int | None
    dry_run: bool
    started: str
    seconds: float = 0.0
    exit_code: int = 0
    pairs: list[PairReport] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    requests: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plans: list[dict[str, Any]] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        return {
            "run": self.run, "exit_code": self.exit_code, "dry_run": self.dry_run, "started": self.started,
            "seconds": round(self.seconds, 2), "pairs": [p.json() for p in self.pairs],
            "changes": [c.json() for c in self.changes],
            "requests": {name: dict(count) for name, count in self.requests.items()},
            "errors": [p.json() for p in self.problems], "notes": list(self.notes),
        }


def problem_of(err: CalsyncError, *, account: str | None = None, event: str | None = None) -> Problem:
    return Problem(err.code, str(err), err.next, err.exit_code, account, event)


def named(title: str, start: str) -> str:
    """An event as a person finds it in a calendar: `"Dentist" (Tue 24 Nov 2026 09:30)`. start: stored time text."""
    name = f'"{title or "(no title)"}"'
    if not start:
        return name
    when = time_from(start)
    local = wall(when)
    clock = "" if isinstance(when, AllDay) else f" {local:%H:%M}"
    return f"{name} ({local:%a} {local.day} {local:%b %Y}{clock})"


def iso(text: str) -> str:
    """Stored time text -> ISO 8601 with offset; a date for all-day; without offset for floating times."""
    if not text:
        return ""
    when = time_from(text)
    if isinstance(when, AllDay):
        return when.day.isoformat()
    if isinstance(when, Zoned):
        return when.local.replace(tzinfo=zone(when.tzid)).isoformat()
    return when.local.isoformat()


NAMES = {"time": ("start", "end"), "recurrence": ("recurrence",), ANSWER: ("answer",)}


def change_of(step: Step, pair: str, side: str, outcome: str, losses: tuple[str, ...] = ()) -> Change:
    """A step as one line of the report. Fields carry the names of `--json`; instances are counted."""
    own = [path for path in step.changes if not path.startswith("@")]
    keys = {split(path)[0] for path in step.changes if path.startswith("@")}
    fields = dict.fromkeys(name for path in own for name in NAMES.get(path, (path,)))
    if keys:
        fields["instances"] = None
    return Change(
        pair, side, step.kind, step.uid, step.title, iso(step.start), tuple(fields), step.because, outcome,
        len(keys), "recurrence" in step.changes or bool(keys), losses,
    )
