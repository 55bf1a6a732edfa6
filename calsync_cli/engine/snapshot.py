"""Mirror and links -> the planner's input for one group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import timedelta

from calsync_cli.engine.groups import Group, local_fields
from calsync_cli.engine.keys import digest, parse_marker
from calsync_cli.engine.observe import Observation, as_calendar
from calsync_cli.engine.session import Session
from calsync_cli.engine.views import as_text, veil
from calsync_cli.engine.world import LOOPS_WITHIN, CalendarState, Link, Replica, Rules, Snapshot, Written
from calsync_cli.errors import CalsyncError
from calsync_cli.model.account import CalendarName
from calsync_cli.model.plain import dataclass
from calsync_cli.store import journal, links, mirror, views
from calsync_cli.store.db import Database, micros

STAMP_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Scene:
    """A snapshot and what storing its plan needs: group key, names by calendar number, how far the mirror was read.

    day: on which all sets were held against the window last. settled: no row of the mirror is newer than the last whole
    plan, and none was asked for just now; nothing waits for a person.
    """

    snapshot: Snapshot
    names: Mapping[int, CalendarName]
    seqs: Mapping[int, int]
    rules_digest: str
    day: str
    settled: bool = False

    @property
    def key(self) -> str:
        return self.snapshot.rules.key


def take(session: Session, group: Group, seen: Mapping[CalendarName, Observation], *, full: bool = False) -> Scene:
    """Every calendar of the group must have a row."""
    db = session.db
    rows = [(name, seen[name]) for name in group.calendars]
    ids = [o.row.id for _, o in rows if o.row is not None]
    key = key_of(db, group, ids)
    names = {o.row.id: name for name, o in rows if o.row is not None}
    before = links.group_state(db, key, ids)
    planned = before.planned
    rules = _rules(session, group, key)
    rules_digest = _rules_digest(group, rules)
    seqs = links.newest_seq(db, ids)
    counts = links.linked_counts(db, key, ids)
    changed = planned and before.rules != rules_digest
    today = f"{session.ports.now():%Y-%m-%d}"
    moved = not rules.window.all and before.day != today  # a window moves by time alone; a day's step is soon enough
    everything = full or not planned or changed or moved
    calendars = tuple(_state(session, group, o, counts, planned) for _, o in rows)
    loose = [
        item for i in ids for item in links.unlinked(db, key, i, ids, everything=everything, chained=session.chained)
    ]
    there = {(item.calendar, item.remote_id) for item in loose}
    released = links.let_go(db, ids, [item.uid for item in loose])
    loose += [item for item in released if (item.calendar, item.remote_id) not in there]
    known = links.load_links(db, key, ids, everything=everything)
    found = _with_matches(session, key, ids, loose, known, calendars)
    found = [_with_sources(link, names, db) for link in found]
    found = [_asked_anew(link, {o.row.id for _, o in rows if o.row and (full or o.daily)}) for link in found]
    snapshot = Snapshot(
        rules, calendars, tuple(found), tuple(loose), session.ports.now(), session.installation,
        first=not planned, rules_changed=changed, choices=links.choices(db, key),
        last_run=views.last_run(db), chain=bool(session.chained),
        waiting=links.waiting(db, key, ids), written=_written(session, found), run=journal.newest(db),
    )
    settled = not everything and seqs == {i: links.planned_seq(db, key, i) for i in ids} and not links.asks(db, key)
    return Scene(snapshot, names, seqs, rules_digest, today if everything else before.day, settled)


def key_of(db: Database, group: Group, ids: Sequence[int]) -> str:
    """The group's name in the store: the one that its links have been under."""
    if group.one_way or group.gone:
        return group.key
    known = None if group.bridge else links.known_group(db, ids)
    return known or links.lone_group(db, ids) or group.key


def _written(session: Session, found: Sequence[Link]) -> dict[tuple[int, int], list[Written]]:
    since = micros(session.ports.now() - LOOPS_WITHIN)
    return {
        (link.id, calendar): writes
        for link in found if link.id is not None
        for calendar, writes in journal.updates_of(session.db, link.id, since).items()
    }


def _with_sources(link: Link, names: Mapping[int, CalendarName], db: Database) -> Link:
    """What was agreed by a calendar that is no more in the group: its account points elsewhere now (G6), or its pair is
    gone. The account's calendar of today stands for it, else the first."""
    if all(entry.source in names for entry in link.hub.values()):
        return link
    homes = {name.account: number for number, name in reversed([*names.items()])}
    hub = {}
    for path, entry in link.hub.items():
        if entry.source not in names:
            home = homes.get(mirror.account_of(db, entry.source) or "", next(iter(names)))
            entry = replace(entry, source=home)
        hub[path] = entry
    return replace(link, hub=hub)


def _asked_anew(link: Link, calendars: set[int]) -> Link:
    """What a server refused is tried again once a day, and with `--full`."""
    if not any(spoke.refused and spoke.calendar in calendars for spoke in link.spokes):
        return link
    return replace(link, spokes=tuple(
        replace(spoke, refused=None, problem=None) if spoke.calendar in calendars else spoke for spoke in link.spokes
    ))


def _with_matches(
    session: Session, key: str, ids: Sequence[int], loose: Sequence[Replica], have: list[Link],
    calendars: Sequence[CalendarState],
) -> list[Link]:
    """Links not open by themselves that a new replica may belong to."""
    if not loose:
        return have
    identity = {calendar.id: calendar.identity for calendar in calendars}
    marks = [parse_marker(item.marker, identity[item.calendar], item.uid) for item in loose]
    more = links.links_for(session.db, key, ids, [i.uid for i in loose], [m.link for m in marks if m is not None])
    if any(mark is not None and mark.installation == veil(session.installation) for mark in marks):
        more = links.load_links(session.db, key, ids, everything=True)
    known = {link.id for link in have}
    return have + [link for link in more if link.id not in known]


def _state(
    session: Session, group: Group, seen: Observation, counts: Mapping[int, int], planned: bool
) -> CalendarState:
    row = seen.row
    assert row is not None
    caps = session.provider(row.account).caps
    lowered = seen.lowered or (_lost_marker(session, seen) if planned and seen.error is None else "")
    return CalendarState(
        id=row.id,
        label=str(seen.name),
        identity=row.remote,
        role=group.roles[group.calendars.index(seen.name)],
        access="read" if row.access == "read" else "write",
        mails=row.mails,
        readable=seen.error is None,
        trouble=str(seen.error or ""),
        linked=counts[row.id],
        listed=mirror.live_count(session.db, row.id),
        reset=row.reset,
        lowered=lowered,
        server_stamps=caps.server_stamps and not _skewed(session, seen),
        server_now=seen.server_now,
        max_bytes=row.max_bytes,
        rolling=caps.rolling,
        view=group.view(seen.name),
        me=session.own_addresses(row.account),
    )


def _skewed(session: Session, seen: Observation) -> bool:
    """Stamps of a server whose clock is far from ours decide nothing (G5, D2)."""
    return seen.server_now is not None and abs(seen.server_now - session.ports.now()) > STAMP_SKEW


def _lost_marker(session: Session, seen: Observation) -> str:
    """A folder whose marker vanished since pairing is perhaps another folder (O2, G6)."""
    provider = session.provider(seen.name.account)
    identity = getattr(provider, "identity", None)
    if identity is None or seen.row is None or seen.row.access == "read":
        return ""
    try:
        found = identity(as_calendar(seen.row))
    except CalsyncError as err:
        return str(err)
    gone = "its .calsync marker is gone, so this may be an empty mount point or another folder"
    return gone if found is None else ""


def _rules(session: Session, group: Group, key: str) -> Rules:
    first = group.pairs[0]
    carried = frozenset().union(*session.carry.values()).difference(first.carry)  # those of other pairs stay here
    policy = {name: rule for pair in reversed(group.pairs) for name, rule in pair.field_policy.items()}
    return Rules(
        key=key,
        pairs=tuple(pair.name for pair in group.pairs),
        conflict=first.conflict,
        tie=first.tie,
        policy=policy,
        local=local_fields(group.pairs) | carried,
        off=frozenset().union(*(pair.field_off for pair in group.pairs)),
        window=first.window,
        delete_count=min(pair.delete_count for pair in group.pairs),
        delete_percent=min(pair.delete_percent for pair in group.pairs),
        notify=all(pair.notify == "allow" for pair in group.pairs),
        orphan=first.orphan,
        past_deletes=first.past_deletes,
        target_edits=first.target_edits,
        target_deletes=first.target_deletes,
        other_tools=first.other_tools,
        filter=first.filter,
        on_leave=first.on_leave,
        approve=frozenset().union(*(pair.approve for pair in group.pairs)),
        approve_creates=min((n for pair in group.pairs if (n := pair.approve_creates) is not None), default=None),
    )


def _rules_digest(group: Group, rules: Rules) -> str:
    """What a reconfigure run is told by: window, fields, views, filter, direction, calendars (V7)."""
    views = [as_text(group.view(name)) for name in group.calendars]
    filtered = [(f.name, _sorted(getattr(rules.filter, f.name))) for f in fields(rules.filter)]
    names = [str(name) for name in group.calendars]
    return digest(rules.window, sorted(rules.local), group.roles, *views, filtered, rules.on_leave, *names)


def _sorted(value: object) -> object:
    """The same text for the same set, in every process."""
    if isinstance(value, frozenset):
        return sorted(value)
    return sorted(value.items()) if isinstance(value, Mapping) else value
