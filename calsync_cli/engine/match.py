"""Which unlinked replicas are which event set: marker, then UID, then (first sync) fingerprint (K1 to K9). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from calsync_cli.engine.keys import link_key, parse_marker
from calsync_cli.engine.world import Hold, Link, Quarantine, Replica, Snapshot, Spoke
from calsync_cli.model.codec import dumps, time_text, value_json
from calsync_cli.model.series import form_span, form_title

CONFLICT_COPY = "-calsync-copy-"
"""Part of the UID of a conflict copy (D1); such an event never leaves its calendar."""


@dataclass(slots=True)
class Matched:
    """links: every link with the new replicas hung in. foreign: replicas another installation syncs (K9)."""

    links: list[Link] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    quarantined: list[Quarantine] = field(default_factory=list)
    cleared: list[Replica] = field(default_factory=list)
    foreign: list[Replica] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)


def match(snap: Snapshot) -> Matched:
    """Every readable unlinked replica ends in exactly one link, one hold or one quarantine, or is not ours to touch."""
    result = Matched()
    links = {link.key: link for link in snap.links}
    by_uid = {s.replica.uid: link.key for link in snap.links for s in link.spokes if s.replica and s.replica.uid}
    by_uid |= {link.uid: link.key for link in snap.links}
    for item in sorted(_usable(snap, result), key=lambda r: (r.calendar, r.remote_id)):
        key = _known_key(snap, item, links, by_uid) or link_key(snap.rules.key, item.uid)
        link = links.get(key) or _new_link(snap, key, item)
        spoke = next(s for s in link.spokes if s.calendar == item.calendar)
        if spoke.state in ("live", "dormant") and not (spoke.replica is None or spoke.replica.gone):
            result.quarantined.append(_duplicate(item, spoke))
            continue
        links[key] = _hang(link, spoke, item, owned=_is_ours(snap, item))
        by_uid[link.uid] = key
        result.cleared.append(item)
    result.links = list(links.values())
    if snap.first or any(calendar.reset for calendar in snap.calendars):
        _match_by_fingerprint(snap, result)
    result.links.sort(key=lambda link: link.key)
    known = {link.key for link in snap.links}
    result.linked = [k.key for k in result.links if k.key not in known and sum(s.state == "live" for s in k.spokes) > 1]
    return result


def _usable(snap: Snapshot, result: Matched) -> Iterable[Replica]:
    roles = {calendar.id: calendar for calendar in snap.calendars}
    for item in snap.unlinked:
        calendar = roles[item.calendar]
        if item.form is None or item.gone or not calendar.readable:
            continue
        marker = parse_marker(item.marker, calendar.identity, item.uid)
        if marker is not None and marker.installation != snap.installation:
            result.foreign.append(item)
        elif calendar.role == "target" and marker is None and not _source_has(snap, item):
            continue  # native items of a one-way target are invisible to the rule (W2)
        else:
            yield item


def _source_has(snap: Snapshot, item: Replica) -> bool:
    return any(link.uid == item.uid for link in snap.links) or any(
        other.uid == item.uid and other.calendar != item.calendar for other in snap.unlinked
    )


def _known_key(snap: Snapshot, item: Replica, links: dict[str, Link], by_uid: dict[str, str]) -> str | None:
    identity = next(c.identity for c in snap.calendars if c.id == item.calendar)
    marker = parse_marker(item.marker, identity, item.uid)
    if marker is not None and marker.link in links:
        return marker.link
    return by_uid.get(item.uid)


def _new_link(snap: Snapshot, key: str, item: Replica) -> Link:
    """A conflict copy found without its link (lost database) stays where it is."""
    alone = CONFLICT_COPY in item.uid
    spokes = tuple(
        Spoke(c.id, state="parked" if alone and c.id != item.calendar else "absent") for c in snap.calendars
    )
    return Link(key, item.uid, spokes)


def _hang(link: Link, spoke: Spoke, item: Replica, *, owned: bool) -> Link:
    """The replica takes the place of what was there; a base of before is kept (row 17, K6, N2)."""
    base = spoke.base if spoke.state in ("live", "dormant") and link.alive else None
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
    )
    spokes = tuple(hung if s.calendar == spoke.calendar else s for s in link.spokes)
    if link.alive:
        return replace(link, spokes=spokes)
    return replace(link, spokes=spokes, alive=True, hub={}, open=True)  # N2: the set begins again


def _is_ours(snap: Snapshot, item: Replica) -> bool:
    """Made by us for this very place: a marker that a person copied along with an event proves nothing (I9)."""
    identity = next(c.identity for c in snap.calendars if c.id == item.calendar)
    marker = parse_marker(item.marker, identity, item.uid)
    return marker is not None and marker.installation == snap.installation


def _duplicate(item: Replica, spoke: Spoke) -> Quarantine:
    words = f"another event of this calendar ({spoke.remote_id}) has the same UID; give one of them a UID of its own"
    return Quarantine(item.calendar, item.remote_id, words)


# -- fingerprint -------------------------------------------------------------------------------------------------------


def _fingerprint(replica: Replica) -> str:
    form = replica.form or {}
    title = form.get("title", "")
    return dumps([str(title).casefold(), value_json(form.get("time")), value_json(form.get("recurrence"))])


def _match_by_fingerprint(snap: Snapshot, result: Matched) -> None:
    """Sets that are new and alone in their calendar, with one equal partner on each other side (K2)."""
    free: dict[str, dict[int, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for link in result.links:
        live = [s for s in link.spokes if s.state == "live"]
        if link.id is None and len(live) == 1 and live[0].replica and "time" in (live[0].replica.form or {}):
            free[_fingerprint(live[0].replica)][live[0].calendar].append(link)
    for sides in free.values():
        if len(sides) < 2:
            continue
        group = [link for links in sides.values() for link in links]
        result.links = [link for link in result.links if link not in group]
        if all(len(links) == 1 for links in sides.values()):
            result.links.append(_joined(group, snap))
        else:
            result.holds += [_ambiguous(link, len(group)) for link in group]


def _joined(group: list[Link], snap: Snapshot) -> Link:
    order = {calendar.id: number for number, calendar in enumerate(snap.calendars)}
    live = {s.calendar: s for link in group for s in link.spokes if s.state == "live"}
    first = min(live, key=lambda calendar: order[calendar])
    replica = live[first].replica
    assert replica is not None
    spokes = tuple(live.get(c.id, Spoke(c.id)) for c in snap.calendars)
    return Link(link_key(snap.rules.key, replica.uid), replica.uid, spokes)


def _ambiguous(link: Link, count: int) -> Hold:
    spoke = next(s for s in link.spokes if s.state == "live")
    assert spoke.replica is not None and spoke.replica.form is not None
    span = form_span(spoke.replica.form)
    return Hold(
        kind="ambiguous",
        subject=f"item:{spoke.calendar}:{spoke.remote_id}",
        title=form_title(spoke.replica.form),
        start=time_text(span.start) if span else "",
        words=f"{count} events with this title and time could be the same one; none was linked, copied or changed",
        calendar=spoke.calendar,
        remote_id=spoke.remote_id,
        digest=_fingerprint(spoke.replica),
    )
