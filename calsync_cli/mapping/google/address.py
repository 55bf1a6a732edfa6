"""What a document gets from its provider before it can be sent: the event's id, and a zone for floating times.

Shape   pure. `addressed(payload, id, zone)` completes what `make` gave; `instance_id` names an instance that has no
        resource of its own yet (facts 5.4); `settled` gives floating times the zone of their calendar (facts 5.2)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from calsync_cli.mapping.contentlines import Line
from calsync_cli.mapping.google.clock import UNSETTLED, read_time, write_time
from calsync_cli.mapping.google.document import EventSet, Json, object_of, parsed, text_of
from calsync_cli.mapping.google.kept import FLOATING, ID, put_private
from calsync_cli.mapping.google.source import Source, source_of
from calsync_cli.mapping.rrule_text import canonical, spoken
from calsync_cli.mapping.when import from_key
from calsync_cli.model.times import Floating, InstanceKey, When, Zoned, instance_key, utc

_SPLIT = re.compile(r".*_R\d{8}(T\d{6}Z?)?", re.ASCII | re.DOTALL)


def instance_id(master_id: str, original: When) -> str:
    """The id of the instance at `original` (at Google); "" when only Google can tell (facts 4.4).

    That is so for the later half of a split series, whose instances keep the first half's prefix, and for a time that
    has no zone yet.
    """
    if not master_id or _SPLIT.fullmatch(master_id) or isinstance(original, Floating):
        return ""
    return f"{master_id}_{instance_key(original)}"


def original_text(original: When) -> str:
    """What `events.instances?originalStart=` wants: a day, or an instant in RFC 3339."""
    if isinstance(original, Zoned):
        return utc(original).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    node = write_time(original)
    return str(node.get("date") or node.get("dateTime"))


def wire_start(source: Source, key: InstanceKey) -> When:
    """Where the series put the instance of that key, at Google."""
    start = source.span.start if source.span is not None else Floating(datetime(2000, 1, 1))
    return source.clock.wire(from_key(key, start))


def addressed(payload: bytes, event_id: str, zone: str) -> bytes:
    """A made document under the id the provider chose. The marker names that id, so that no copy of it is believed."""
    source = source_of(settled(payload, zone))
    body = source.set
    if body.event is not None:
        body.event["id"] = event_id
        put_private(body.event, {ID: event_id})
        for key, resource in source.overrides.items():
            resource["recurringEventId"] = event_id
            resource["id"] = instance_id(event_id, wire_start(source, key))
    return body.data()


def settled(payload: bytes, zone: str) -> bytes:
    """Floating times written in `zone`, an IANA name; a document without any comes back as it is."""
    source = source_of(payload)
    if source.clock.floating != UNSETTLED or not zone:
        return payload
    body = parsed(payload)
    assert body.event is not None
    put_private(body.event, {FLOATING: zone})
    start = object_of(body.event, "start")
    lines = body.event.get("recurrence")
    if isinstance(lines, list):
        first = read_time(start, source.clock, "start", [])
        body.event["recurrence"] = [_settled_line(raw, Zoned(_local(first), zone)) for raw in lines]
    _settle_nodes(body, source, zone)
    return body.data()


def _local(when: When) -> datetime:
    assert isinstance(when, Floating)
    return when.local


def _settle_nodes(body: EventSet, source: Source, zone: str) -> None:
    for resource in body.resources:
        for name in ("start", "end", "originalStartTime"):
            node: Json = object_of(resource, name)
            if node and "dateTime" in node and not text_of(node, "timeZone"):
                when = read_time(node, source.clock, name, [])
                if isinstance(when, Floating):
                    resource[name] = write_time(Zoned(when.local, zone))


def _settled_line(raw: str, start: Zoned) -> str:
    flat = raw.strip().encode("utf-8", "replace")
    line = Line(flat, flat)
    if line.name == "RRULE":
        return f"RRULE:{spoken(canonical(line.value, start))}"
    if line.name in ("RDATE", "EXDATE") and not line.params and "T" in line.value and "Z" not in line.value:
        return f"{line.name};TZID={start.tzid}:{line.value}"
    return raw
