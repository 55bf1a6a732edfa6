"""One link under decision: what every rule needs to know and to say of it. Makes no choice of its own. Pure.

Shape   Case(snapshot, link) is read by `presence`, the modules of steps and `plan`; a Decision is what they add up to
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Literal

from calsync_cli.engine import asking
from calsync_cli.engine.folded import Context
from calsync_cli.engine.keys import digest
from calsync_cli.engine.views import as_text, is_copy, veiled_uid, with_masks
from calsync_cli.engine.world import CalendarState, Hold, HoldKind, Kept, Link, Snapshot, Spoke, Step
from calsync_cli.model.codec import form_json, time_text
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import Changes, Form, Path, Value, form_span, form_title, split
from calsync_cli.model.views import PLAIN


@dataclass(slots=True)
class Decision:
    """What happens to one link. undecided: not all of it could be looked at; older questions stay (J3, row 16).

    loop: why nothing more is written to it (N6). outside: which rule keeps it out (V5)
    """

    link: Link
    steps: list[Step] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    extra: list[Link] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    undecided: bool = False
    loop: str = ""
    outside: str = ""


class Case:
    """`link` is replaced while the decision goes on (a quarantine that is over, a replica that is restored).

    barred: calendars where no copy may be made, since it may be there already (K2)
    many_creates: calendars that get more new events in this run than may go unasked (A1)
    """

    def __init__(
        self, snap: Snapshot, link: Link, barred: frozenset[int] = frozenset(),
        many_creates: frozenset[int] = frozenset(),
    ) -> None:
        self.snap = snap
        self.calendars = {calendar.id: calendar for calendar in snap.calendars}
        self.link = with_masks(link, self.calendars)
        self.barred = barred
        self.many_creates = many_creates
        stamps = {s.calendar: s.replica.stamp for s in link.spokes if s.replica and s.replica.stamp}
        self.ctx = Context(snap.rules, self.calendars, tuple(self.calendars), stamps)

    def is_local(self, path: Path) -> bool:
        return split(path)[1] in self.snap.rules.local

    def one_way(self) -> bool:
        return any(calendar.role != "both" for calendar in self.snap.calendars)

    def labels(self, spokes: Iterable[Spoke]) -> str:
        return " and ".join(self.calendars[s.calendar].label for s in spokes)

    def form(self) -> Form:
        """How it looks to a person; where it lies whole, if it does."""
        for spoke in sorted(self.link.spokes, key=lambda spoke: spoke.mask != PLAIN):
            if spoke.replica is not None and spoke.replica.form is not None and not spoke.replica.gone:
                return spoke.replica.form
        return {path: entry.value for path, entry in self.link.hub.items() if entry.value is not None}

    def title(self) -> str:
        return form_title(self.form())

    def start(self) -> str:
        return start_text(self.form())

    def uid(self, spoke: Spoke) -> str:
        """K5: the original UID, or a derived one where the server refused it; a busy copy's tells nothing (I18)."""
        uid = self.uid_of(spoke.calendar, self.link.uid)
        if not spoke.alias:
            return uid
        return f"{uid}-calsync-{digest('alias', self.link.key, spoke.calendar, spoke.alias)[:8]}"

    def uid_of(self, calendar: int, uid: str) -> str:
        """Under which UID a copy of the event of that UID lies there."""
        veiled = self.calendars[calendar].view.view == "busy"
        return veiled_uid(self.snap.installation, uid) if veiled else uid

    def step(self, kind: Literal["update", "delete"], spoke: Spoke, because: str) -> Step:
        assert spoke.replica is not None
        return Step(
            kind, spoke.calendar, self.link.key, self.link.uid, self.title(), self.start(), because,
            remote_id=spoke.remote_id, etag=spoke.replica.etag, generation=spoke.generation, rev=self.link.rev,
        )

    def hold(
        self,
        kind: HoldKind,
        words: str,
        detail: Mapping[str, object],
        asked: str,
        calendar: CalendarState | None = None,
    ) -> Hold:
        subject = f"link:{self.link.key}" if calendar is None else f"link:{self.link.key}:{calendar.id}:{kind}"
        return Hold(
            kind, subject, self.title(), self.start(), words, self.link.key,
            calendar.id if calendar else None, None, dict(detail), asked,
        )

    def cannot_write(self, spoke: Spoke, kind: str, changes: Mapping[Path, Value | None]) -> Hold | None:
        """Why this write must wait for a person, if it must (semantics 15, I8)."""
        calendar = self.calendars[spoke.calendar]
        asked = write_digest(kind, calendar.id, changes)
        if calendar.access == "read":
            words = f"{calendar.label} is read-only for this account, so this {kind} cannot be made there"
            return self.hold("read-only", words, {}, asked, calendar)
        if spoke.refused == asked:
            return self.hold("refused", f"{calendar.label} refused it: {spoke.problem}", {}, asked, calendar)
        return asking.question(self, spoke, kind, changes)

    def is_rejected(self, spoke: Spoke, kind: str, changes: Changes) -> bool:
        """A person said no to this write (A4)."""
        return asking.rejected(self, spoke, kind, changes)


def write_digest(kind: str, calendar: int, changes: Changes) -> str:
    """Names one write, so that a definite no to it is remembered until something else is asked."""
    return digest(kind, calendar, form_json(changes))


def forms_digest(link: Link) -> str:
    """Names how all replicas of a link look just now."""
    forms = [form_json(s.replica.form) for s in link.spokes if s.replica and s.replica.form is not None]
    return digest("forms", *forms)


def is_pending(link: Link, calendars: Mapping[int, CalendarState], local: frozenset[str]) -> bool:
    """Whether some calendar still has to be brought up to what the hub says."""
    states = {spoke.state for spoke in link.spokes}
    if not link.alive or ("dormant" in states and "live" not in states):
        return False
    for spoke in link.spokes:
        if calendars[spoke.calendar].role == "source":
            continue
        viewed = spoke.state == "live" and spoke.view != as_text(calendars[spoke.calendar].view)
        if viewed and is_copy(link, spoke):
            return True
        if spoke.state == "absent" or (spoke.state == "live" and spoke.behind):
            return True
        owed = any(e.rev > spoke.ack(p) for p, e in link.hub.items() if split(p)[1] not in local)
        if spoke.state == "live" and owed and (calendars[spoke.calendar].role == "both" or spoke.owned):
            return True
    return False


def start_text(form: Form) -> str:
    span = form_span(form)
    return time_text(span.start) if span else ""


FIELD_WORDS = {
    "time": "time", "recurrence": "repetition", "visibility": "privacy", "busy": "busy state", "color": "colour",
    "url": "link",
}


def field_words(path: Path) -> str:
    """A field as a person would call it; instances are named as such."""
    key, name = split(path)
    if key and not name:
        return "a cancelled date"
    return ("an instance's " if key else "") + FIELD_WORDS.get(name, name.removeprefix("x:"))
