"""The planner's input and output: what is known of one group of calendars, and what shall happen to it. Plain data.

Shape   Snapshot -> plan() -> Plan. Calendars are named by their row number in the store; `Snapshot.calendars` is in the
        group's priority order, and so are the spokes of each link
Source  semantics sections 1, 4, 8
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Literal

from calsync_cli.model.account import EVERYTHING, Conflict, Tie, Window
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Changes, Form, Path, People, Value
from calsync_cli.model.views import ALL, PLAIN, Filter, View

SpokeState = Literal["live", "absent", "parked", "dormant"]
Role = Literal["both", "source", "target"]


@dataclass(frozen=True, slots=True)
class Rules:
    """How a group is planned. `local` are the fields that never cross, `off` those of them that a new copy does not
    even start with, `policy` the conflict rule per field.

    approve: classes of writes that wait for a yes (A1); approve_creates: so do creates where one calendar gets more
    """

    key: str
    pairs: tuple[str, ...]
    conflict: Conflict = "merge"
    tie: Tie = "ask"
    policy: Mapping[str, Conflict] = field(default_factory=dict)
    local: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    window: Window = EVERYTHING
    delete_count: int = 20
    delete_percent: float = 10.0
    notify: bool = False
    orphan: Literal["ask", "detach"] = "ask"
    past_deletes: Literal["keep", "propagate"] = "keep"
    target_edits: Literal["keep", "overwrite", "ask"] = "keep"
    target_deletes: Literal["respect", "restore"] = "respect"
    other_tools: Literal["skip", "sync"] = "skip"
    approve: frozenset[str] = frozenset()
    approve_creates: int | None = None
    filter: Filter = ALL
    on_leave: Literal["keep", "retire"] = "keep"
    clock_tolerance: timedelta = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class CalendarState:
    """One calendar of the group as this run saw it.

    label     `account/name`, for words
    identity  what markers are bound to; stable while the calendar is the same one
    readable  observed without error in this run; otherwise `trouble` says why and its sets are `?` (row 16)
    linked    live linked sets, listed: sets in the mirror (G1, G2, G7)
    rolling   it drops by itself what is over (V8)
    view      what copies here show (W6); me: the addresses of whose account it is
    reset     its token was lost since the last planned run (G4)
    skew_s    server clock minus ours, None if it never said
    """

    id: int
    label: str
    identity: str
    role: Role = "both"
    access: Literal["read", "write"] = "write"
    mails: bool = False
    readable: bool = True
    trouble: str = ""
    linked: int = 0
    listed: int = 0
    reset: bool = False
    lowered: str = ""
    server_stamps: bool = False
    server_now: datetime | None = None
    max_bytes: int | None = None
    rolling: bool = False
    view: View = PLAIN
    me: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Replica:
    """One row of the mirror. `form` None: not readable, `problem` says why. `gone`: proved (O2). `stamp`: the server's
    time of the last change that was not ours (D2). `tool`: N5. The rest as in Reading."""

    calendar: int
    remote_id: str
    uid: str
    etag: str | None
    form: Form | None
    problem: str | None = None
    marker: str | None = None
    people: People = ""
    gone: bool = False
    stamp: datetime | None = None
    tool: str = ""
    kind: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of the hub: agreed value (None: agreed to be empty), counter, and the calendar it came from."""

    value: Value | None
    rev: int
    source: int


Hub = Mapping[Path, Entry]


@dataclass(frozen=True, slots=True)
class Spoke:
    """One calendar's share of a link. `rev` and `behind` are its ack; `replica` the mirror's row, if it has one.

    view  under which a copy was made (engine/views.py); mask: by which it is heard now, no part of what is stored
    """

    calendar: int
    state: SpokeState = "absent"
    remote_id: str | None = None
    generation: int = 0
    alias: int = 0
    owned: bool = False
    base: Form | None = None
    rev: int = 0
    behind: Mapping[Path, int] = field(default_factory=dict)
    refused: str | None = None
    problem: str | None = None
    replica: Replica | None = None
    view: str = ""
    mask: View = field(default=PLAIN, compare=False)

    def ack(self, path: Path) -> int:
        return self.behind.get(path, self.rev)


@dataclass(frozen=True, slots=True)
class Link:
    """One event set over the group.

    id          None: not stored yet
    frozen      a sent row waits for its answer (J3)
    quarantine  (words, digest of the forms): not touched while its replicas look like that (I16)
    """

    key: str
    uid: str
    spokes: tuple[Spoke, ...]
    id: int | None = None
    alive: bool = True
    rev: int = 0
    hub: Hub = field(default_factory=dict)
    frozen: bool = False
    open: bool = False
    quarantine: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person answered to a hold: per path a side word, or {"": word} for the whole.

    `#3` is the calendar of that number: of more than two, `a` and `b` say the first and the last only
    """

    digest: str
    answers: Mapping[str, str]


def calendar_meant(answer: str) -> int | None:
    return int(answer.removeprefix("#")) if answer.startswith("#") else None


HoldKind = Literal["fields", "delete", "orphan", "ambiguous", "notify", "read-only", "quarantine", "refused", "undo",
                   "approval", "by-hand", "retire"]


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that waits for a person. `digest` changes when the question does (A3)."""

    kind: HoldKind
    subject: str
    title: str
    start: str
    words: str
    link: str | None = None
    calendar: int | None = None
    remote_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""


LOOPS_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Written:
    """One write of a replica within LOOPS_WITHIN (N6). touched: somebody else had changed it since the one before."""

    run: int
    changes: Changes
    touched: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the planner may know.

    choices  by hold subject (see Hold.subject)
    waiting  holds of items without a link, by (calendar, remote id): ambiguous ones since an earlier run (K2)
    chain    copies that other pairs made are sources here (N4)
    run      the number of the last run
    written  by (link, calendar): what was written there within a day, oldest first (N6)
    """

    rules: Rules
    calendars: tuple[CalendarState, ...]
    links: tuple[Link, ...]
    unlinked: tuple[Replica, ...]
    now: datetime
    installation: str
    first: bool = False
    rules_changed: bool = False
    last_run: datetime | None = None
    chain: bool = False
    choices: Mapping[str, Choice] = field(default_factory=dict)
    waiting: Mapping[tuple[int, str], Hold] = field(default_factory=dict)
    written: Mapping[tuple[int, int], Sequence[Written]] = field(default_factory=dict)
    run: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One write of one replica, with the sentence that says why.

    rev       hub counter the replica is up to date with once this is confirmed
    changes   update: what to change, in the replica's own present form; create: the whole form
    held      paths that stay in conflict: their base must not move
    needs     keys of links whose create on the same calendar must be confirmed first (R6)
    parks     delete: by a person's wish, so it is not made there again
    like      create: the payload of a replica that was once there, whose other lines come back too
    view      the view that the replica is brought to by this; None: it stays
    by_hand   a person's own word on this one calendar: its base does not move, so that the next plan hears it as any
              edit made there, and carries it to the others
    releases  update: nothing but calsync's marker goes; from then on it is an event of its own (W4)
    """

    kind: Literal["create", "update", "delete"]
    calendar: int
    link: str
    uid: str
    title: str
    start: str
    because: str
    remote_id: str | None = None
    etag: str | None = None
    generation: int = 0
    rev: int = 0
    changes: Changes = field(default_factory=dict)
    held: frozenset[Path] = frozenset()
    needs: tuple[str, ...] = ()
    parks: bool = False
    like: bytes = b""
    view: str | None = None
    by_hand: bool = False
    releases: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that goes to the store before it is overwritten (I1); path None: the whole replica."""

    link: str
    calendar: int
    kind: Literal["overwritten", "conflict", "trash"]
    uid: str
    path: Path | None = None
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """An item calsync stops touching until a person looks, with the reason in words."""

    calendar: int
    remote_id: str
    words: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do to one group, as a value: printed by --dry-run, saved by --plan-file, run by apply (I20).

    links       the new state of every link that changes, as it is right after the plan is stored (P1)
    linked      keys of links made from replicas that several calendars already had (row 3, K3, K8)
    cleared     (calendar, remote id) of replicas that now have a link, so an older quarantine of theirs is over
    foreign     (calendar, remote id) of replicas that another installation syncs (K9)
    outside     (calendar, remote id) of what was planned -> the rule that keeps it out, "" for what takes part (V5)
    undecided   keys of links that could not be wholly looked at: what was asked about them stays asked
    whole       the whole group was planned; else only what a person asked for, and all else waits for the next run
    """

    group: str
    links: tuple[Link, ...] = ()
    steps: tuple[Step, ...] = ()
    holds: tuple[Hold, ...] = ()
    kept: tuple[Kept, ...] = ()
    quarantined: tuple[Quarantine, ...] = ()
    linked: tuple[str, ...] = ()
    cleared: tuple[tuple[int, str], ...] = ()
    foreign: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    outside: Mapping[tuple[int, str], str] = field(default_factory=dict)
    undecided: frozenset[str] = frozenset()
    whole: bool = True
