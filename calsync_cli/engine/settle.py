"""Closing journal rows: what a confirmed, refused or lost write means for mirror, spoke and link (P3, F4, J6).

Each function runs inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from calsync_cli.engine.plan import forms_digest, is_pending
from calsync_cli.engine.seen import read, read_item, seen_as
from calsync_cli.engine.session import Session
from calsync_cli.engine.world import CalendarState, Entry, Kept, Link, Spoke
from calsync_cli.model import recur
from calsync_cli.model.series import Form, Path, Reading, Value, instance_form, instance_keys, split
from calsync_cli.providers.base import Item
from calsync_cli.store import journal, links, mirror
from calsync_cli.store.journal import Operation

ALIAS_LIMIT = 3


def confirm_write(
    session: Session, op: Operation, account: str, item: Item, answered_etag: str | None, *, late: bool = False,
    known: Reading | None = None,
) -> str:
    """The replica holds our write: mirror, base and ack move together. Returns words if the link is now quarantined.

    `item` is what the server shows now. Where it differs from the intent, the server rewrote it if the version is the
    one our write was answered with; else somebody may have been faster than our look, and the difference stays a
    change to be planned. `late`: the look came in a later run, so every difference may be a person's.
    `known`: how the intent reads, which is how the same bytes read when they come back.
    """
    db = session.db
    echo = known if item.payload == op.intent else None
    seen = read_item(session, account, item) if echo is None else seen_as(item, echo)
    intent = op.intent_form or {}
    shown: Form = seen.form if seen.form is not None else intent
    rewritten = recur.diff(intent, shown)
    ours = answered_etag is not None and answered_etag == item.etag
    doubtful = late or answered_etag is not None
    before: Form = {}
    if op.kind == "update":
        before = _form_before(session, op, account) if late else mirror.form_at(db, op.calendar, op.remote_id) or {}
    parts = late and not session.provider(account).caps.atomic
    owed = not_arrived(before, intent, shown, op.changes, begun(session, op, account)) if parts else frozenset()
    said = other_words(intent, shown) if late else set(rewritten)
    foreign = set() if ours else {p for p in said if p not in owed and (doubtful or p not in op.changes)}
    agreed = {p: v for p, v in {**dict(shown), **dict(intent)}.items() if p in foreign and p in intent}
    agreed |= {p: v for p, v in shown.items() if p not in foreign}
    link = _told(session, op, owed - intent.keys())
    spoke = _spoke(link, op.calendar)
    held = op.held | op.changes.keys() if op.by_hand else op.held
    base = _moved_base(spoke, before, agreed, held, op)
    spoke = replace(
        spoke, state="live", remote_id=item.remote_id, owned=spoke.owned or (op.kind == "create" and not op.by_hand),
        base=base, rev=op.rev, behind={p: spoke.ack(p) for p in held} | dict.fromkeys(owed, 0), refused=None,
        problem=None, view=spoke.view if op.view is None else op.view,
    )
    if op.releases:
        spoke = _emptied(spoke)
    mirror.put_item(db, op.calendar, seen, mirror.next_seq(db), None if foreign or op.by_hand else op.grp)
    links.save_spoke(db, op.grp, op.link_id, spoke)
    if not doubtful:
        _keep_other_words(session, op, link, other_words(intent, shown) & op.changes.keys(), shown)
    journal.close(db, op.id, "confirmed", after=item.payload, remote_id=item.remote_id)
    dates = {p for p in rewritten if split(p)[1] in ("time", "recurrence", "")}
    broken = sorted(dates - foreign - owed)
    if op.releases:
        return ""  # it is an event of its own now
    return _quarantine(session, op, broken) if broken or seen.form is None else ""


def _keep_other_words(session: Session, op: Operation, link: Link, paths: Iterable[Path], shown: Form) -> None:
    """The answer named no version: the server may have written it otherwise, or somebody been faster than our look. It
    becomes the base, so the next write would overwrite it unseen; it is in the store before that (I1)."""
    run = int(session.db.value("SELECT run_id FROM operation WHERE id = ?", op.id))
    for path in sorted(paths):
        if path in shown:
            kept = Kept(link.key, op.calendar, "overwritten", link.uid, path, shown[path])
            links.keep(session.db, run, kept, op.link_id, None)


def other_words(intent: Form, shown: Form) -> set[Path]:
    """Where it does not say what was to be written. Blanks and empty lines are what servers trim of every text; that
    somebody changed just these meanwhile is the rarer case, and then both sides keep their own (I1).
    """
    return {path for path, value in recur.diff(intent, shown).items() if not _same_words(value, intent.get(path))}


def _same_words(a: Value | None, b: Value | None) -> bool:
    return isinstance(a, str) and isinstance(b, str) and a.split() == b.split()


def begun(session: Session, op: Operation, account: str) -> Form:
    """How a set reads of which only the head was written, where its mapping can tell."""
    mapping = session.mapping(account)
    head = getattr(mapping, "head", None)
    form: Form = mapping.read(head(op.intent)).form if head is not None and op.intent else {}
    return form


def not_arrived(
    before: Form, intent: Form, shown: Form, asked: Iterable[Path], head: Form
) -> frozenset[Path]:
    """Of a set that is written in several requests: what a cut one left as it was. It is owed, not undone.

    An exception at Google repeats what it has from its series, so one that was not reached shows the old words of its
    series as its own. At Microsoft the master keeps what instances have that Outlook does not know (a link of their
    own), so that such an instance is there before its exception is: what it shows with the `head` alone is owed too.
    """
    there = set(instance_keys(shown))
    absent = {path for path in intent if split(path)[0] and split(path)[0] not in there}
    unread = {path for path in asked if split(path)[0] and path in intent and shown.get(path) == head.get(path)}
    absent |= {path for path in unread if shown.get(path) != intent[path]}
    as_before = {path for path in recur.diff(intent, shown) if _seen_at(before, path) == _seen_at(shown, path)}
    return frozenset(absent | as_before)


def arrived(session: Session, op: Operation, account: str, form: Form, marker: str | None) -> bool:
    """Whether what was to be written reads as intended; of a set written in parts, some of it, and nothing else."""
    if op.releases:
        return not marker
    intent = op.intent_form or {}
    differing = other_words(intent, form) & op.changes.keys()
    if differing and not session.provider(account).caps.atomic:
        before = _form_before(session, op, account)
        rest = differing - not_arrived(before, intent, form, op.changes, begun(session, op, account))
        return not rest and differing != op.changes.keys()
    return not differing


def _form_before(session: Session, op: Operation, account: str) -> Form:
    """How the replica read when an update of it was planned; by now the mirror may show what came of it."""
    return read(session, account, op.before).form if op.before else {}


def _seen_at(form: Form, path: Path) -> Value | None:
    """What a person sees there: an instance's field may come from its series."""
    key, name = split(path)
    return instance_form(form, key).get(name) if key and name and f"@{key}" not in form else form.get(path)


def _told(session: Session, op: Operation, paths: Iterable[Path]) -> Link:
    """The link; the hub says of these paths that they have no value of their own, so that what is owed is written."""
    link = _link(session, op)
    hub = {path: Entry(None, op.rev, op.calendar) for path in paths if path not in link.hub}
    if hub:
        link = replace(link, hub={**link.hub, **hub})
        links.save_link(session.db, op.grp, link)
    return link


def _moved_base(
    spoke: Spoke, before: Form, agreed: Form, held: Collection[Path], op: Operation
) -> dict[Path, Value]:
    """The base follows what the write changed; a person's edit that waits, or a contested path, stays visible."""
    base = dict(spoke.base or {})
    for path in {*base, *agreed, *op.changes}.difference(held):
        if path in op.changes or agreed.get(path) != before.get(path):
            if path in agreed:
                base[path] = agreed[path]
            else:
                base.pop(path, None)
    return base


def _quarantine(session: Session, op: Operation, broken: Sequence[Path]) -> str:
    """I16: dates must be equal on all replicas; if a server changed them, nothing more is done to the set."""
    fields = ", ".join(broken) or "whole event"
    words = f"the server stored something else than was sent ({fields}), so this event is left alone until it is edited"
    link = _link(session, op)
    held = replace(link, quarantine=(words, forms_digest(link)), open=True)
    links.save_link(session.db, op.grp, held)
    return words


def confirm_delete(session: Session, op: Operation) -> None:
    """The replica is gone; its next one would be another generation (J4). Gone by a person's own hand it is still to
    be told to the others, as what they delete themselves is (row 11)."""
    db = session.db
    if not op.by_hand:
        spoke = _emptied(_spoke(_link(session, op), op.calendar))
        links.save_spoke(db, op.grp, op.link_id, replace(spoke, state="parked" if op.parks else "absent"))
    mirror.set_gone(db, op.calendar, op.remote_id, 2, mirror.next_seq(db))
    journal.close(db, op.id, "confirmed")


def _emptied(spoke: Spoke) -> Spoke:
    return replace(
        spoke, state="absent", remote_id=None, replica=None, base=None, rev=0, behind={}, owned=False,
        generation=spoke.generation + 1, refused=None, problem=None, view="",
    )


def abandon(session: Session, op: Operation, words: str) -> None:
    """Surely not applied: the plan is derived again."""
    journal.close(session.db, op.id, "abandoned", error=words)
    links.set_open(session.db, op.link_id, open=True)


def next_generation(session: Session, op: Operation, *, alias: bool = False) -> None:
    """The place is taken by something that is not ours (J table), or the UID is (K5)."""
    spoke = _spoke(_link(session, op), op.calendar)
    spoke = replace(spoke, generation=spoke.generation + 1, alias=spoke.alias + alias)
    links.save_spoke(session.db, op.grp, op.link_id, spoke)
    abandon(session, op, "the place on the server was taken")


def refuse(session: Session, op: Operation, digest: str, words: str) -> None:
    """A definite no: remembered with what was asked, so that it is not asked again every run (I3)."""
    spoke = _spoke(_link(session, op), op.calendar)
    links.save_spoke(session.db, op.grp, op.link_id, replace(spoke, refused=digest, problem=words))
    journal.close(session.db, op.id, "failed", error=words)
    links.set_open(session.db, op.link_id, open=True)


def alias_exhausted(session: Session, op: Operation) -> bool:
    return _spoke(_link(session, op), op.calendar).alias >= ALIAS_LIMIT


def refresh_link(
    session: Session, grp: str, link_id: int, calendars: Mapping[int, CalendarState], local: frozenset[str]
) -> None:
    """After writes: is anything still owed or asked, and is anything still there (row 13)?"""
    link = links.link_by_id(session.db, link_id, list(calendars))
    if link is None or not link.alive:
        return
    present = [s for s in link.spokes if s.state in ("live", "dormant") and not (s.replica and s.replica.gone)]
    deleted = [s for s in link.spokes if s.state in ("live", "dormant") and s.replica and s.replica.gone]
    if not present and not _wanted(session, link, deleted) and not journal.is_being_made(session.db, link_id):
        spokes = tuple(_emptied(s) if s in deleted else replace(s, state="absent") for s in link.spokes)
        links.save_link(session.db, grp, replace(link, spokes=spokes, alive=False, open=False, hub={}))
        return
    waits = bool(deleted) or is_pending(link, calendars, local) or links.has_questions(session.db, link_id)
    links.set_open(session.db, link_id, open=waits or link.quarantine is not None)


def _wanted(session: Session, link: Link, deleted: Sequence[Spoke]) -> bool:
    """A create that is still to come keeps the set alive although no replica is there yet, also where it found its
    place taken. Where we deleted all of them, the journal has it."""
    lives_in_hub = bool(link.hub) and any(s.state == "absent" for s in link.spokes)
    return not deleted and lives_in_hub and not journal.was_written(session.db, link.id or 0)


def _link(session: Session, op: Operation) -> Link:
    rows = session.db.all("SELECT calendar_id FROM spoke WHERE link_id = ? ORDER BY calendar_id", op.link_id)
    link = links.link_by_id(session.db, op.link_id, [row[0] for row in rows])
    assert link is not None
    return link


def _spoke(link: Link, calendar: int) -> Spoke:
    return next(s for s in link.spokes if s.calendar == calendar)
