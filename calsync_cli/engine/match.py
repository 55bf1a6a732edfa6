"""Which unlinked replicas are which event set: marker, then UID, then (first sync) fingerprint (K1 to K9). Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import field, replace

from calsync_cli.engine.adopt import may_be_adopted
from calsync_cli.engine.fingerprint import alike, ambiguous, first, is_new, live
from calsync_cli.engine.keys import link_key, parse_marker
from calsync_cli.engine.views import as_text, unveiled, veil
from calsync_cli.engine.world import Hold, Link, Quarantine, Replica, Snapshot, Spoke
from calsync_cli.model.plain import dataclass
from calsync_cli.model.views import View

CONFLICT_COPY = "-calsync-copy-"
"""Part of the UID of a conflict copy (D1); such an event never leaves its calendar."""

NO_EVENT = "this busy copy was made for an event that is gone, or lies outside of what is synced; it can be deleted"


@dataclass(slots=True)
class Matched:
    """links: every link with the new replicas hung in. foreign: replicas another installation syncs (K9).

    barred: by link key, calendars that may hold the set already under another UID, so that no copy is made there (K2)
    left: copies that another program made, and that stay where they are (N5)
    """

    links: list[Link] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    quarantined: list[Quarantine] = field(default_factory=list)
    cleared: list[Replica] = field(default_factory=list)
    foreign: list[Replica] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    barred: dict[str, frozenset[int]] = field(default_factory=dict)
    left: list[Replica] = field(default_factory=list)


def match(snap: Snapshot) -> Matched:
    """Every readable unlinked replica ends in exactly one link, one hold or one quarantine, or is not ours to touch."""
    result = Matched()
    links = {link.key: link for link in snap.links}
    by_uid = {s.replica.uid: link.key for link in snap.links for s in link.spokes if s.replica and s.replica.uid}
    by_uid |= {link.uid: link.key for link in snap.links}
    for item in sorted(_usable(snap, result), key=lambda r: (_is_block(snap, r), r.calendar, r.remote_id)):
        there = _known_key(snap, item, links, by_uid)
        key = there or link_key(snap.rules.key, item.uid)
        block = _is_block(snap, item)
        if block and key not in links and not snap.chain:
            result.quarantined.append(Quarantine(item.calendar, item.remote_id, NO_EVENT))
            continue
        link = links.get(key) or _new_link(snap, key, item)
        spoke = next(s for s in link.spokes if s.calendar == item.calendar)
        if spoke.state in ("live", "dormant") and not (spoke.replica is None or spoke.replica.gone):
            result.quarantined.append(_duplicate(item, spoke))
            continue
        event = block and _is_event_here(there)
        links[key] = _hang(link, spoke, item, owned=_is_ours(snap, item) and not event, block=block and not event)
        by_uid[link.uid] = key
        result.cleared.append(item)
    before = {link.key: link for link in snap.links}
    result.links = [_made_again(before[key], link) if key in before else link for key, link in links.items()]
    left_alone = {(one.calendar, one.remote_id) for one in result.quarantined}
    result.foreign = [item for item in result.foreign if (item.calendar, item.remote_id) not in left_alone]
    _match_by_fingerprint(snap, result)
    _leave_natives(snap, result)
    if snap.rules.other_tools == "skip":
        _leave_copies(result)
    result.links.sort(key=lambda link: link.key)
    known = {link.key for link in snap.links}
    result.linked = [k.key for k in result.links if k.key not in known and sum(s.state == "live" for s in k.spokes) > 1]
    return result


def _usable(snap: Snapshot, result: Matched) -> Iterable[Replica]:
    roles = {calendar.id: calendar for calendar in snap.calendars}
    places: dict[str, set[int]] = defaultdict(set)
    for other in snap.unlinked:
        places[link_key(snap.rules.key, other.uid)].add(other.calendar)
    known = {name for link in snap.links for name in (link.key, link_key(snap.rules.key, link.uid))}
    for item in snap.unlinked:
        calendar = roles[item.calendar]
        if item.form is None or item.gone or not calendar.readable:
            continue
        marker = parse_marker(item.marker, calendar.identity, item.uid)
        keys = {link_key(snap.rules.key, item.uid)} | ({marker.link} if marker is not None else set())
        has_source = not keys.isdisjoint(known) or any(places[key] - {item.calendar} for key in keys)
        if marker is not None and marker.installation not in (snap.installation, veil(snap.installation)):
            result.foreign.append(item)
            if has_source:  # K3: whoever made it, another copy of the same event would be a double (I5)
                yield item
        elif calendar.role != "target" or marker is not None or has_source or may_be_adopted(snap, item):
            yield item  # native items of a one-way target are invisible to the rule (W2)


def _known_key(snap: Snapshot, item: Replica, links: dict[str, Link], by_uid: dict[str, str]) -> str | None:
    identity = next(c.identity for c in snap.calendars if c.id == item.calendar)
    marker = parse_marker(item.marker, identity, item.uid)
    if marker is not None and _is_block(snap, item):
        named = unveiled(snap.installation, item.uid, by_uid)
        return None if named is None else by_uid[named]
    if marker is not None and marker.link in links:
        return marker.link
    return by_uid.get(item.uid)


def _is_block(snap: Snapshot, item: Replica) -> bool:
    """A busy copy of ours, whose UID names its event in a way that only we can read (I18)."""
    calendar = next(c for c in snap.calendars if c.id == item.calendar)
    marker = parse_marker(item.marker, calendar.identity, item.uid)
    return marker is not None and marker.installation == veil(snap.installation)


def _is_event_here(key: str | None) -> bool:
    """A block of another pair that is copied on: in this group nothing is known that it was made for (N4)."""
    return key is None


def _new_link(snap: Snapshot, key: str, item: Replica) -> Link:
    """A conflict copy found without its link (lost database) stays where it is."""
    alone = CONFLICT_COPY in item.uid
    spokes = tuple(
        Spoke(c.id, state="parked" if alone and c.id != item.calendar else "absent") for c in snap.calendars
    )
    return Link(key, item.uid, spokes)


def _hang(link: Link, spoke: Spoke, item: Replica, *, owned: bool, block: bool = False) -> Link:
    """The replica takes the place of what was there; a base of before is kept (row 17, K6, N2, V8), but where it is
    that of a copy which showed less or more: it says nothing of what was agreed on in this one (I1)."""
    known = spoke.state != "absent" and link.alive
    view = as_text(View("busy")) if block else spoke.view if owned and known else ""
    base = spoke.base if known and view == spoke.view else None
    hung = replace(
        spoke,
        state="live",
        remote_id=item.remote_id,
        replica=item,
        base=base,
        rev=spoke.rev if base is not None else 0,
        behind=spoke.behind if base is not None else {},
        owned=owned,
        refused=None,
        problem=None,
        view=view,
    )
    spokes = tuple(hung if s.calendar == spoke.calendar else s for s in link.spokes)
    if link.alive:
        return replace(link, spokes=spokes)
    if CONFLICT_COPY in item.uid:
        spokes = tuple(replace(s, state="parked") if s.state == "absent" else s for s in spokes)
    return replace(link, spokes=spokes, alive=True, hub={}, open=True)  # N2: the set begins again


def _made_again(before: Link, link: Link) -> Link:
    """Where another calendar lost the event, one that took the place of what was here is not what was deleted there:
    somebody made it anew, and what was agreed on says nothing of it (rows 14, 15, I2)."""
    if not any(spoke.replica is not None and spoke.replica.gone for spoke in link.spokes):
        return link
    spokes = tuple(
        new if new.replica is None or new.replica.gone or new.remote_id == old.remote_id
        else replace(new, base=None, rev=0, behind={})
        for old, new in zip(before.spokes, link.spokes, strict=True)
    )
    return replace(link, spokes=spokes)


def _is_ours(snap: Snapshot, item: Replica) -> bool:
    """Made for this very place: a marker that a person copied along with an event proves nothing (I9). On the source of
    a one-way pair nothing is a copy of this pair's, whoever made it there (N4).

    One of another installation is linked only after a person said that no other one is at work here (G9).
    """
    calendar = next(c for c in snap.calendars if c.id == item.calendar)
    return calendar.role != "source" and parse_marker(item.marker, calendar.identity, item.uid) is not None


def _leave_natives(snap: Snapshot, result: Matched) -> None:
    """W2: what could have been adopted by a one-way pair and was not stays what it was, an event of that calendar."""
    for link in list(result.links):
        there = [spoke.replica for spoke in live(link) if spoke.replica is not None]
        if link.id is None and there and all(may_be_adopted(snap, item) and item.marker is None for item in there):
            result.links.remove(link)
            result.cleared = [item for item in result.cleared if item not in there]


def _leave_copies(result: Matched) -> None:
    """N5: a copy that another program made may be the other half of an event that is here already, but is no source."""
    for link in list(result.links):
        there = [spoke.replica for spoke in live(link) if spoke.replica is not None]
        lacking = any(spoke.state == "absent" for spoke in link.spokes)
        if lacking and not link.hub and there and all(item.tool for item in there):
            result.links.remove(link)
            result.left += there
    places = {(item.calendar, item.remote_id) for item in result.left}
    result.cleared = [item for item in result.cleared if (item.calendar, item.remote_id) not in places]


def left_words(snap: Snapshot, matched: Matched) -> list[str]:
    """By calendar and program."""
    labels = {calendar.id: calendar.label for calendar in snap.calendars}
    counts = Counter((labels[item.calendar], item.tool) for item in matched.left)
    way = f'to take them along, write other_tools = "sync" in {" and ".join(snap.rules.pairs)}'
    return [
        f"copies of events elsewhere that {tool} made on {label} stay there alone: {count:,}; {way}"
        for (label, tool), count in sorted(counts.items())
    ]


def _duplicate(item: Replica, spoke: Spoke) -> Quarantine:
    words = f"another event of this calendar ({spoke.remote_id}) has the same UID; give one of them a UID of its own"
    return Quarantine(item.calendar, item.remote_id, words)


# -- fingerprint -------------------------------------------------------------------------------------------------------


def _match_by_fingerprint(snap: Snapshot, result: Matched) -> None:
    """New sets with one equal partner on each other side (K2): on a first sync, after a reset, or where some wait.

    What was ambiguous stays so until a person told the events apart; an item that cannot be read just now may still be
    the partner of those that can (I8).
    """
    everywhere = snap.first or any(calendar.reset for calendar in snap.calendars)
    blind = _blind(snap)
    result.holds += blind
    unseen = {hold.digest for hold in blind}
    for mark, group in alike(result.links).items():
        new = [link for link in group if is_new(link)]
        waits = any((s.calendar, s.remote_id) in snap.waiting for link in new for s in live(link))
        sides = {s.calendar for link in group for s in live(link)}
        if not new or not (everywhere or waits) or (len(sides) < 2 and mark not in unseen):
            continue
        result.links = [link for link in result.links if link not in new]
        if mark not in unseen and len(sides) == sum(len(live(link)) for link in group) and len(group) - len(new) < 2:
            result.links = [link for link in result.links if link not in group]
            result.links.append(_joined(group, snap))
        else:
            result.holds += [ambiguous(link, len(group)) for link in new]
            result.barred |= {link.key: frozenset(sides) for link in group if link not in new}


def _blind(snap: Snapshot) -> list[Hold]:
    """Holds of items that wait and are not to be seen in this run."""
    seen = {(item.calendar, item.remote_id) for item in snap.unlinked if item.form is not None}
    readable = {calendar.id for calendar in snap.calendars if calendar.readable}
    return [hold for place, hold in snap.waiting.items() if place not in seen or place[0] not in readable]


def _joined(group: list[Link], snap: Snapshot) -> Link:
    """One link of all: the one that was there before, else one named for the first calendar's replica."""
    order = {calendar.id: number for number, calendar in enumerate(snap.calendars)}
    group = sorted(group, key=lambda link: (link.id is None, order[live(link)[0].calendar]))
    into = group[0]
    for link in group[1:]:
        spoke, item = live(link)[0], first(link)
        place = next(s for s in into.spokes if s.calendar == spoke.calendar)
        into = _hang(into, place, item, owned=spoke.owned or may_be_adopted(snap, item))
    return into
