"""Private extended properties: whose copy an event is, and what Graph has no member for (facts 0.11, L8).

Names   `calsync-link` (the marker), `calsync-uid`, `calsync-extra`: strings under one GUID, given only when `$expand`
        names them (PROPERTIES), so an event that is read without them is nobody's copy and keeps nothing
Extra   `Kept` as JSON, of the series for all its instances: {"url": ..., "@20261201T083000Z": {what differs there}}. An
        exception's own properties are never used: lists show none of them, and new ones are born with their series'
Limits  30,000 characters; what does not fit is named in `LOST`, the largest first, and lost
Emptied a property cannot be removed: `-` says that it is empty (L8.2)
Carried named properties of others that a pair carries count as kept under their names (outlook_names), with the
        series; an instance's own value goes to Extra. They are there when they were asked for, as ours are: `ids`
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from calsync_cli.errors import MappingError
from calsync_cli.mapping.jsondoc import Json, objects_of, text_of
from calsync_cli.mapping.kept import LOST, Kept, texts
from calsync_cli.mapping.outlook_names import OUR_SPACE, graph_name, graph_place
from calsync_cli.model.times import InstanceKey

MEMBER = "singleValueExtendedProperties"
LINK, UID, EXTRA = (f"String {{{OUR_SPACE}}} Name calsync-{name}" for name in ("link", "uid", "extra"))
PROPERTIES = (LINK, UID, EXTRA)

_EMPTY = "-"
_LONGEST_EXTRA, _LONGEST_NAME = 30_000, 2_000
_ID = re.compile(r"\s*(\w+)\s*(\{[^}]*\})\s*(Name\s+.+|Id\s+.+)", re.IGNORECASE | re.DOTALL)


def property_key(text: str) -> str:
    """One spelling of an id: only the name after `Name` is case-sensitive (L8.2)."""
    found = _ID.fullmatch(text)
    if found is None:
        return text
    kind, space, name = found.groups()
    word, _, rest = name.partition(" ")
    return f"{kind.lower()} {space.lower()} {word.lower()} {rest.strip()}"


_KEYS = {property_key(name): name for name in PROPERTIES}


def ids(names: Iterable[str]) -> tuple[str, ...]:
    """What has to be asked for: ours, and those that are carried by name."""
    return (*PROPERTIES, *(found for name in sorted(names) if (found := _id_of(name))))


def _id_of(name: str) -> str:
    place = graph_place(name)
    return f"String {place[0]} Name {place[1]}" if place else ""


def _known_id(text: str) -> str | None:
    """One spelling of what is ours or may be carried."""
    key = property_key(text)
    if key in _KEYS:
        return _KEYS[key]
    kind, _, rest = key.partition(" ")
    space, _, rest = rest.partition(" ")
    word, _, name = rest.partition(" ")
    carried = kind == "string" and word == "name" and name and space != f"{{{OUR_SPACE}}}"
    return _id_of(graph_name(space, name)) if carried else None


def properties_of(resource: Json) -> dict[str, str]:
    """Ours and those that may be carried by their ids, without the empty ones."""
    found = ((_known_id(text_of(one, "id")), text_of(one, "value")) for one in _listed(resource))
    return {name: value for name, value in found if name and value not in ("", _EMPTY)}


def _listed(resource: Json) -> list[Json]:
    return objects_of(resource, MEMBER) if MEMBER in resource else []


def put_properties(resource: Json, values: Mapping[str, str]) -> None:
    """Set ours, "" for empty; nobody else's are touched, and an empty one is not made where none was."""
    have = properties_of(resource)
    changed = {name: value for name, value in values.items() if have.get(name, "") != value}
    if not changed:
        return
    there = list(resource[MEMBER]) if isinstance(resource.get(MEMBER), list) else []
    stays = [one for one in there if not (isinstance(one, dict) and _named(one) in changed)]
    resource[MEMBER] = [*stays, *({"id": name, "value": changed[name] or _EMPTY} for name in sorted(changed))]


def _named(one: Json) -> str | None:
    return _known_id(text_of(one, "id"))


def changed_properties(old: Json, new: Json, asked: Iterable[str] | None = None) -> list[Json]:
    """What a request must carry to make them what they are in `new`.

    asked: others' than ours that are to be set; None: all. What is in `new` alone and was not asked for has just not
    been read this time, since no pair carries it any more
    """
    was, now = properties_of(old), properties_of(new)
    others = was.keys() | (now.keys() if asked is None else now.keys() & set(asked))
    known = dict.fromkeys((*PROPERTIES, *sorted(others)))
    names = [name for name in known if was.get(name) != now.get(name)]
    return [{"id": name, "value": now.get(name) or _EMPTY} for name in names]


# -- whose copy --------------------------------------------------------------------------------------------------------


def identity(resource: Json) -> tuple[str, str | None]:
    """UID and marker of a copy that calsync made; ("", None) for any other event."""
    found = properties_of(resource) if MEMBER in resource else {}
    return found.get(UID, ""), found.get(LINK)


def put_identity(resource: Json, uid: str, marker: str) -> None:
    if max(len(uid), len(marker)) > _LONGEST_NAME:
        raise MappingError(f"its UID has {len(uid):,} characters, which is more than Outlook can keep")
    put_properties(resource, {LINK: marker, UID: uid})


# -- what Graph has no member for --------------------------------------------------------------------------------------


def kept_of(resource: Json) -> Kept:
    """What is kept with this resource, of all instances; {} when there is nothing or it is damaged."""
    if MEMBER not in resource:
        return {}
    there = properties_of(resource)
    return {**_noted(there.get(EXTRA, "")), **_carried(there)}


def _noted(text: str) -> Kept:
    try:
        found: Any = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _carried(there: Mapping[str, str]) -> Kept:
    found: Kept = {}
    for name, value in there.items():
        if name not in PROPERTIES:
            _, _, rest = name.partition(" ")
            space, _, rest = rest.partition(" ")
            found[graph_name(space, rest.partition(" ")[2])] = value
    return found


def of_series(kept: Kept) -> Kept:
    return {name: value for name, value in kept.items() if not name.startswith("@")}


def of_instance(kept: Kept, key: InstanceKey) -> Kept:
    """What counts for one instance: its series' with its own on top (null: nothing)."""
    own = kept.get(f"@{key}")
    if not isinstance(own, dict):
        return of_series(kept)
    return {name: value for name, value in {**of_series(kept), **own}.items() if value is not None}


def joined(series: Kept, instances: Iterable[tuple[InstanceKey, Kept]]) -> Kept:
    """Everything that the series keeps, from what each instance shall count with."""
    found = dict(series)
    for key, kept in instances:
        names = series.keys() | kept.keys()
        own = {name: kept.get(name) for name in sorted(names) if kept.get(name) != series.get(name)}
        if own:
            found[f"@{key}"] = own
    return found


def put_kept(resource: Json, kept: Kept) -> None:
    there = _carried(properties_of(resource))
    wanted = {name: value for name, value in kept.items() if graph_place(name) and isinstance(value, str)}
    put_properties(resource, {_id_of(name): wanted.get(name, "") for name in (*there, *wanted)})
    body = {name: value for name, value in kept.items() if value and name != LOST and name not in wanted}
    lost = [name for name in texts(kept, LOST) if name not in body]
    while len(_text(body, lost)) > _LONGEST_EXTRA:
        largest = max(body, key=lambda name: (len(json.dumps(body[name])), name))
        del body[largest]
        lost.append(largest)
    if (text := _text(body, lost)) != _text(*_split(_noted(properties_of(resource).get(EXTRA, "")))):
        put_properties(resource, {EXTRA: text})


def drop_kept(resource: Json) -> bool:
    """Leave the event as everybody else sees it; False when there was nothing beside it."""
    kept = bool(_noted(properties_of(resource).get(EXTRA, "")))
    put_properties(resource, {EXTRA: ""} if kept else {})
    return kept


def _split(kept: Kept) -> tuple[Kept, list[str]]:
    return {name: value for name, value in kept.items() if name != LOST}, texts(kept, LOST)


def _text(body: Kept, lost: Iterable[str]) -> str:
    full = {**body, LOST: sorted(set(lost))} if lost else body
    if not full:
        return ""
    text = json.dumps(full, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8", "replace").decode("utf-8")
