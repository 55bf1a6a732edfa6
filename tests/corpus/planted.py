"""The odd documents of tests/data/google and tests/data/graph, put into an emulated service by its people.

Shape   `plant(side)` -> {name: id there}; what is in NOT_MADE_* cannot be there, with why
Names   each gets an id and a UID of its own, and the people in it are those of that calendar
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from calsync_cli.mapping.graph.kept import MEMBER
from tests.emulators.graph import bodies, recurrence
from tests.emulators.graph.drafts import DEFAULTS
from tests.emulators.graph.filters import property_id
from tests.emulators.graph.render import PLAIN
from tests.emulators.graph.world import Item, Moment, Override, State
from tests.emulators.graph.zones import UnknownZone, zone
from tests.engine.google_sides import GoogleSide
from tests.engine.graph_sides import GraphSide
from tests.unit.graph_oddities import DATA, resource

Json = dict[str, Any]
NOT_MADE_GOOGLE = {
    "a guest without an address": {"guests_and_a_room"},
    "times spelled in no way that the emulator reads": {"lower_case_t_and_z", "no_end"},
    "what no JSON of HTTP can say": {"lone_surrogate"},
    "members of strange types, or of the future, which the emulator takes for its own fault": {
        "members_of_strange_types", "members_of_the_future",
    },
    "an instance that does not say which": {"override_without_original_start", "override_of_imported_series"},
}
NOT_MADE_GRAPH = {
    "members of strange types, or words of the future, which the emulator takes for its own fault": {
        "categories_of_all_kinds", "guests_and_a_room", "location_with_odd_coordinates", "members_of_strange_types",
        "reminder_of_strange_types", "sensitivity_unknownfuturevalue", "show_as_unknownfuturevalue",
    },
    "a series without a first date, an event without an end": {"start_date_missing", "no_end"},
    "a date that the emulator's rule does not have": {
        "override_outside_of_its_series", "night_series_deleted_by_the_date_at_greenwich",
    },
    "a rule that the emulator does not expand": {"names_in_capitals"},
    "dates of a series that is not here, which the oracle of tokens does not know": {
        "override_without_master", "two_overrides_without_master",
    },
}


def plant(side: GoogleSide | GraphSide, part: int = 0, of: int = 1) -> dict[str, str]:
    """One of so many parts."""
    if isinstance(side, GoogleSide):
        return _google(side, _paths("google", NOT_MADE_GOOGLE)[part::of])
    return _graph(side, _paths("graph", NOT_MADE_GRAPH)[part::of])


def _paths(kind: str, left_out: dict[str, set[str]]) -> list[Path]:
    names = set[str]().union(*left_out.values())
    return [path for path in sorted((DATA.parent / kind).glob("*.json")) if path.stem not in names]


def _google(side: GoogleSide, paths: list[Path]) -> dict[str, str]:
    found = {}
    for number, path in enumerate(paths):
        text, own = path.read_text(encoding="utf-8"), f"trip{number:04}"
        for old, new in (("k3v0odd1", own), ("k3v0twin", own), ("uid-of-the-other-side", path.stem),
                         ("me@example.org", side.home)):
            text = text.replace(old, new)
        body = json.loads(text)
        for one in filter(None, [body["event"], *body["instances"]]):
            uid = {"iCalUID": body["event"]["iCalUID"]} if body["event"] and "iCalUID" in body["event"] else {}
            side.g.people.put(side.home, one.get("id", own), {**one, **uid})  # a series has one (facts 4.4)
        found[path.stem] = own
    return found


def _graph(side: GraphSide, paths: list[Path]) -> dict[str, str]:
    """Past the checks of the service: it holds what its older self and other programs wrote."""
    found, box = {}, side.box
    own = {"organizer": {"emailAddress": {"name": box.user.name, "address": box.user.address}}}
    for path in paths:
        said = json.loads(path.read_text(encoding="utf-8").replace("ann@outlook.example", side.user))
        whole = resource(said.get("event", {"like": "event"}))
        start, end = _moment(whole, "start"), _moment(whole, "end")
        parts = [one for one in map(resource, said.get("instances", ())) if one.get("originalStart")]
        days = [_day(text, start) for text in said.get("cancelled", ()) if re.search(r"\d{4}-\d\d-\d\d", text)]
        rule, now = whole.get("recurrence"), box.clock.now()
        state = State(
            box.default.key, {**DEFAULTS, **own, **_members(whole, {})}, start, end, now, now, box.seq * 2 + 2,
            recurrence.normal(rule, start.wall.date(), limits=False) if rule else None,
            {_day(part["originalStart"], start): _override(part, whole, box.seq * 2 + 3, now) for part in parts},
            frozenset(days), _properties(path.stem, whole),
        )
        item = Item(box.next_key())
        box.commit(item, state)
        found[path.stem] = side._id(item)
    return found


def _override(part: Json, whole: Json, change: int, now: datetime) -> Override:
    own = _members(part, _members(whole, {}))
    return Override(own, _moment(part, "start"), _moment(part, "end"), _properties("", part), change, now)


def _members(shown: Json, other: Json) -> Json:
    found = {name: shown[name] for name in PLAIN if shown.get(name) is not None}
    body = shown.get("body") or {}
    text = str(body.get("content") or "")
    found["html"] = text if body.get("contentType") == "html" else bodies.stored(text, "text")
    odd = shown.get("originalStartTimeZone")
    found |= {"zoneShown": odd} if odd and not _is_known(odd) else {}
    return {name: value for name, value in found.items() if name not in other or other[name] != value}


def _properties(name: str, shown: Json) -> dict[str, str]:
    listed = [one for one in shown.get(MEMBER) or () if isinstance(one, dict) and isinstance(one.get("id"), str)]
    return {property_id(one["id"]): name if one["id"].endswith("calsync-uid") else one["value"] for one in listed}


def _is_known(name: str) -> bool:
    try:
        return bool(zone(name, any_iana=True))
    except UnknownZone:
        return False


def _moment(shown: Json, end: str) -> Moment:
    """In the zone where it was made, as people write it; it is shown in UTC."""
    said = shown.get(f"original{end.title()}TimeZone") or "UTC"
    there = said if _is_known(said) else "UTC"
    node = shown[end]
    local = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", node["dateTime"]))
    if not shown.get("isAllDay"):
        if local.tzinfo is None:
            local = local.replace(tzinfo=zone(node.get("timeZone") or "UTC", any_iana=True))
        local = local.astimezone(zone(there, any_iana=True)).replace(tzinfo=None)
    return Moment(local, there)


def _day(text: str, start: Moment) -> date:
    """Of a series: the local date of an instant; of whole days, what lies next to a midnight anywhere."""
    if "T" not in text:
        return date.fromisoformat(text[-10:])
    instant = datetime.fromisoformat(text).astimezone(UTC)
    if start.wall.time() == datetime.min.time():
        return (instant + timedelta(hours=12)).date()
    return instant.astimezone(zone(start.zone, any_iana=True)).date()
