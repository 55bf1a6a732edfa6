"""Private extended properties: whose copy an event is, and what Google has no member for (facts 11.3).

Keys    calsync.v, .link (the marker), .uid and .id: "a copy made by calsync", believed only where .id names the very
        event: people duplicate and split events, properties and all (facts 0.16). .floating: see clock.
        calsync.loss.0 ... .7: what the event itself cannot hold, as compressed JSON in pieces; .key: the instance an
        exception's own pieces were written for, since a new exception is born with its series' properties
Kept    {field: value}: a list for a set, [value, what Google shows in its place] for a word, a text for a description's
        end. A word counts only while Google still shows that: a person's edit there wins
Limits  1000 characters a value, 8 pieces of 900, 32 kB in all; what does not fit is named in `LOST`, and lost
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping

from calsync_cli.errors import MappingError
from calsync_cli.mapping.google.document import Json, object_of, text_of
from calsync_cli.mapping.kept import LOST as LOST
from calsync_cli.mapping.kept import Kept as Kept
from calsync_cli.mapping.kept import keep as keep
from calsync_cli.mapping.kept import pairs as pairs
from calsync_cli.mapping.kept import texts as texts
from calsync_cli.mapping.kept import word as word

V, LINK, UID, ID, KEY = "calsync.v", "calsync.link", "calsync.uid", "calsync.id", "calsync.key"
FLOATING = "calsync.floating"
OURS = "calsync."
NO_ZONE_YET = "1"
"""In the place of the zone that a floating event is written in, until it gets one (address)."""
LOSS = "calsync.loss"
_UID_PIECE, _LOSS_PIECE, _PIECES = 1000, 900, 8
_ALL_CHARACTERS = 32_000
_UNPACKED = 1 << 18


EMPTIED = [""]
"""In `Kept` of an exception: it has none of a property that its series has."""


def properties_of(resource: Json, kind: str) -> Json:
    """kind: private, for this calendar alone; shared, for all guests."""
    return object_of(object_of(resource, "extendedProperties"), kind)


def property_of(resource: Json, kind: str, key: str) -> str:
    return text_of(properties_of(resource, kind), key)


def private_of(resource: Json) -> Json:
    return properties_of(resource, "private")


def put_private(resource: Json, values: Mapping[str, str | None]) -> None:
    put_properties(resource, "private", values)


def put_properties(resource: Json, kind: str, values: Mapping[str, str | None]) -> None:
    """Set or remove (None) single properties; nobody else's are touched, and no empty object is left or made."""
    if not values:
        return
    outer, found = object_of(resource, "extendedProperties"), dict(properties_of(resource, kind))
    for name, value in values.items():
        found.pop(name, None)
        if value is not None:
            found[name] = value
    rest = {name: value for name, value in outer.items() if name != kind}
    if found or rest:
        resource["extendedProperties"] = {**rest, kind: found} if found else rest
    else:
        resource.pop("extendedProperties", None)


# -- whose copy --------------------------------------------------------------------------------------------------------


def identity(event: Json) -> tuple[str, str | None]:
    """UID and marker of a copy that calsync made; ("", None) for any other event, and for a copy of a copy."""
    private = private_of(event)
    if text_of(private, ID) != text_of(event, "id"):
        return "", None
    return _joined(private, UID, numbered_first=False), text_of(private, LINK) or None


def put_identity(event: Json, uid: str, marker: str) -> None:
    pieces = [uid[at : at + _UID_PIECE] for at in range(0, len(uid), _UID_PIECE)]
    if len(pieces) > _PIECES:
        raise MappingError(f"its UID has {len(uid):,} characters, which is more than Google Calendar can keep")
    if len(marker) > _UID_PIECE:
        raise MappingError("the marker is too long for Google Calendar")
    names = [UID, *(f"{UID}.{n}" for n in range(1, len(pieces)))]
    put_private(event, {V: "1", LINK: marker or None, **dict(zip(names, pieces, strict=False))})


def drop_identity(event: Json) -> None:
    names = [V, LINK, ID, UID, *(f"{UID}.{n}" for n in range(1, _PIECES))]
    put_private(event, {name: None for name in names if name in private_of(event)})


def _joined(private: Json, name: str, *, numbered_first: bool) -> str:
    names = [f"{name}.0" if numbered_first else name, *(f"{name}.{n}" for n in range(1, _PIECES))]
    pieces = []
    for piece in names:
        if not (text := text_of(private, piece)):
            break
        pieces.append(text)
    return "".join(pieces)


# -- what Google has no member for -------------------------------------------------------------------------------------


def kept_of(resource: Json) -> Kept:
    """What is kept with this resource; {} when there is nothing or it is damaged."""
    packed = _joined(private_of(resource), LOSS, numbered_first=True)
    if not packed:
        return {}
    try:
        data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        text = zlib.decompressobj().decompress(data, _UNPACKED)
        found = json.loads(text)
    except (ValueError, zlib.error, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def instance_kept(resource: Json, key: str, series: Kept | None) -> Kept:
    """What counts for an exception: its own, if written for this very instance, else what its series keeps."""
    if series is None or text_of(private_of(resource), KEY) == key:
        return kept_of(resource)
    return series


def put_kept(resource: Json, kept: Kept, key: str = "") -> None:
    """Bring the pieces to say `kept`; `key` for an exception whose own they are. Unchanged ones keep their bytes."""
    private = private_of(resource)
    body = {name: value for name, value in kept.items() if value and name != LOST}
    lost = [name for name in texts(kept, LOST) if name not in body]
    pieces = _pieces({**body, LOST: sorted(lost)} if lost else body)
    room = _ALL_CHARACTERS - _size(resource)
    while len(pieces) > _PIECES or sum(map(len, pieces)) > room:
        largest = max(body, key=lambda name: (len(json.dumps(body[name])), name), default="")
        if not largest:
            pieces = []
            break
        del body[largest]
        lost.append(largest)
        pieces = _pieces({**body, LOST: sorted(lost)})
    body = {**body, LOST: sorted(lost)} if lost else body
    if body != kept_of(resource) or (key and text_of(private, KEY) != key):
        named: dict[str, str | None] = {f"{LOSS}.{n}": None for n in range(_PIECES) if f"{LOSS}.{n}" in private}
        named |= {f"{LOSS}.{n}": piece for n, piece in enumerate(pieces)}
        put_private(resource, {**named, KEY: key} if key else named)


def drop_kept(resource: Json) -> bool:
    """Leave the event as everybody else sees it; False when there was nothing beside it. One that still has no zone at
    all keeps the note of that: without it nobody could say when it is."""
    private = private_of(resource)
    ours = {name for name in private if name.startswith(LOSS)}
    ours |= {FLOATING} if text_of(private, FLOATING) not in ("", NO_ZONE_YET) else set()
    put_private(resource, dict.fromkeys(ours))
    return bool(ours)


def _pieces(body: Kept) -> list[str]:
    if not body:
        return []
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode("utf-8", "replace"), 9)).decode().rstrip("=")
    return [packed[at : at + _LOSS_PIECE] for at in range(0, len(packed), _LOSS_PIECE)]


def _size(resource: Json) -> int:
    """Characters of everybody's properties but our pieces, and room for our own keys."""
    kinds = object_of(resource, "extendedProperties")
    named = [(n, v) for kind in ("private", "shared") for n, v in object_of(kinds, kind).items()]
    return 500 + sum(len(n) + len(v) for n, v in named if isinstance(v, str) and not n.startswith(LOSS))
