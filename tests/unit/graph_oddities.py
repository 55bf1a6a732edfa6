"""The documents of tests/data/graph, one oddity per file: only what is odd is written down.

Shape   base/resources.json has an ordinary event, series and exception. A resource in a file is `like` one of them,
        `without` some of its members, with others in their place; "a.b" is a member of a member. What a file does not
        name is ordinary: the calendar, no instances, no deleted dates, and for the event a single one
Files   FILES can be read, UNREADABLE cannot, and NO_EVENT_SETS are bytes as they are
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from calsync_cli.mapping.graph.document import document

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data" / "graph"
_BASES: dict[str, Json] = json.loads((DATA / "base" / "resources.json").read_text(encoding="utf-8"))
_CALENDAR = {"id": "cal1", "name": "Calendar"}


def resource(said: Json) -> Json:
    found = resource(_BASES[said["like"]]) if "like" in said else {}
    for name, value in said.items():
        outer, _, inner = ("", "", name) if name.startswith("@") else name.rpartition(".")
        if name not in ("like", "without"):
            (found[outer] if outer else found)[inner] = deepcopy(value)
    for name in said.get("without", ()):
        del found[name]
    return found


def payload(path: Path) -> bytes:
    """The document in the one spelling that a provider stores."""
    said: Json = json.loads(path.read_text(encoding="utf-8"))
    event, instances = said.pop("event", {"like": "event"}), said.pop("instances", [])
    known = document(
        resource(event) if event is not None else None, map(resource, instances), said.pop("cancelled", []),
        said.pop("calendar", _CALENDAR),
    )  # fmt: skip
    return json.dumps({**json.loads(known), **said}, separators=(",", ":"), sort_keys=True).encode()


FILES = {path.stem: payload(path) for path in sorted(DATA.glob("*.json"))}
UNREADABLE = {path.stem: payload(path) for path in sorted((DATA / "unreadable").glob("*.json"))}
NO_EVENT_SETS = {path.stem: path.read_bytes() for path in sorted((DATA / "no_event_sets").glob("*.json"))}
