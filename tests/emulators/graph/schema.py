"""The entity definitions that ship in msgraph-sdk, as a table; every body that passes is checked against it.

Shape   problems(entity, body, answer=...) -> sentences, empty when all is well; members_of(entity)
Source  schema.json, written by `python -m tests.emulators.graph.schema` from the installed msgraph-sdk; a test compares
Beyond  OPEN: members that v1.0 shows though its metadata lacks them (facts L4.7); @odata annotations
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("schema.json")
ROOTS = ("event", "calendar", "calendar_group", "subscription", "user", "mailbox_settings",
         "convert_id_result", "attachment", "extension", "outlook_category")
SKIPPED = frozenset({"user"})  # its hundred navigation properties are of no use here
OPEN = {"event": {"uid": "str", "occurrenceId": "str"}}
READ_ONLY = frozenset(
    {
        "id",
        "changeKey",
        "iCalUId",
        "createdDateTime",
        "lastModifiedDateTime",
        "bodyPreview",
        "hasAttachments",
        "isCancelled",
        "isOrganizer",
        "organizer",
        "isDraft",
        "responseStatus",
        "type",
        "seriesMasterId",
        "originalStart",
        "occurrenceId",
        "uid",
        "cancelledOccurrences",
        "exceptionOccurrences",
        "instances",
        "onlineMeeting",
        "onlineMeetingUrl",
        "webLink",
        "originalStartTimeZone",
        "originalEndTimeZone",
        "calendar",
    }
)
PRIMITIVES: dict[str, Any] = {"str": str, "bool": bool, "int": int, "float": (int, float)}
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


@cache
def table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


@cache
def members_of(entity: str) -> frozenset[str]:
    return frozenset(table()["entities"][entity]) | OPEN.get(entity, {}).keys()


def problems(entity: str, body: Any, *, where: str = "", answer: bool = False) -> list[str]:
    """`answer` bodies may carry annotations and read-only members; of ours only @odata.type may stand inside."""
    if not isinstance(body, dict):
        return [f"{where or entity}: an object is wanted, not {type(body).__name__}"]
    known = table()["entities"][entity] | OPEN.get(entity, {})
    found = []
    for name, value in body.items():
        place = f"{where}.{name}" if where else name
        if "@odata." in name or name.startswith("@removed"):
            found += [] if answer or name == "@odata.type" else [f"{place}: an annotation in a request"]
        elif name not in known:
            found.append(f"{place}: unknown member of {entity}")
        elif not answer and not where and entity == "event" and name in READ_ONLY:
            found.append(f"{place}: read-only")
        elif value is not None:
            found += _value(known[name], value, place, answer)
    return found


def _value(kind: str, value: Any, place: str, answer: bool) -> list[str]:
    if kind.startswith("["):
        if not isinstance(value, list):
            return [f"{place}: a list is wanted"]
        return [text for n, one in enumerate(value) for text in _value(kind[1:-1], one, f"{place}[{n}]", answer)]
    if kind in PRIMITIVES:
        right = isinstance(value, PRIMITIVES[kind]) and (kind == "bool" or not isinstance(value, bool))
        return [] if right else [f"{place}: {kind} is wanted, not {value!r}"]
    if kind == "datetime":
        return (
            [] if isinstance(value, str) and STAMP.match(value) else [f"{place}: an instant is wanted, not {value!r}"]
        )
    if kind == "date":
        return _date(value, place)
    if kind in table()["enums"]:
        return [] if value in table()["enums"][kind] else [f"{place}: {value!r} is no {kind}"]
    if kind in table()["entities"]:
        return problems(kind, value, where=place, answer=answer)
    return []


def loosened(entity: str, body: Any) -> Any:
    """The body with enum values in their own case and booleans made of text, as the service reads them."""
    if not isinstance(body, dict):
        return body
    known = table()["entities"][entity]
    return {name: _loose(known.get(name, "any"), value) for name, value in body.items()}


def _loose(kind: str, value: Any) -> Any:
    if kind.startswith("[") and isinstance(value, list):
        return [_loose(kind[1:-1], one) for one in value]
    if kind == "bool" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    if kind in table()["enums"] and isinstance(value, str):
        return next((one for one in table()["enums"][kind] if one.lower() == value.lower()), value)
    return loosened(kind, value) if kind in table()["entities"] else value


def _date(value: Any, place: str) -> list[str]:
    try:
        datetime.strptime(value, "%Y-%m-%d")
    except (TypeError, ValueError):
        return [f"{place}: a date is wanted, not {value!r}"]
    return []


# -- reading the installed msgraph-sdk ---------------------------------------------------------------------------------


MEMBER = re.compile(r'"(@?[\w.]+)": lambda n : setattr\(self, \'\w+\', n\.get_(\w+)\((\w*)\)\)')
PLAIN = {
    "str_value": "str", "bool_value": "bool", "int_value": "int", "float_value": "float", "datetime_value": "datetime",
    "date_value": "date",
}


def from_sdk() -> dict[str, Any]:
    """Entities and enums reachable from ROOTS, out of the sources; nothing of the package is imported."""
    spec = importlib.util.find_spec("msgraph")
    assert spec and spec.submodule_search_locations, "msgraph-sdk is not installed"
    models = Path(next(iter(spec.submodule_search_locations))) / "generated" / "models"
    entities: dict[str, Any] = {}
    enums: dict[str, Any] = {}
    queue = list(ROOTS)
    while queue:
        name = queue.pop()
        if _lower(name) in entities or _lower(name) in enums:
            continue
        members, base, values = _read(models / f"{name}.py")
        if values:
            enums[_lower(name)] = sorted(values)
            continue
        if base:
            upper, more, _ = _read(models / f"{base}.py")
            while more:
                wider, more, _ = _read(models / f"{more}.py")
                upper = wider | upper
            members = upper | members
        entities[_lower(name)] = {key: members[key] for key in sorted(members)}
        if name not in SKIPPED:
            queue += [_snake(kind.strip("[]")) for kind in members.values() if kind.strip("[]")[:1].isupper()]
    lowered = {name: {m: _lowered(kind) for m, kind in members.items()} for name, members in entities.items()}
    return {"entities": dict(sorted(lowered.items())), "enums": dict(sorted(enums.items()))}


def _lowered(kind: str) -> str:
    return re.sub(r"[A-Z]\w*", lambda found: found[0][0].lower() + found[0][1:], kind)


def _lower(snake: str) -> str:
    first, *rest = snake.split("_")
    return first + "".join(part.title() for part in rest)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def _read(path: Path) -> tuple[dict[str, str], str, list[str]]:
    """Members with their kinds, the base class, or the values of an enum."""
    source = path.read_text(encoding="utf-8")
    found = re.search(r"^class \w+\((.*)\):", source, re.M)
    assert found, path
    bases = found[1].split(", ")
    if "Enum" in bases:
        return {}, "", re.findall(r'^    \w+ = "(.*?)"', source, re.M)
    members = {}
    for name, call, kind in MEMBER.findall(source):
        base = PLAIN.get(call) or {"int": "int", "UUID": "str"}.get(kind, kind or "any")
        if name != "@odata.type":
            members[name] = f"[{base}]" if call.startswith("collection") else base
    parents = [base for base in bases if base not in ("AdditionalDataHolder", "BackedModel", "Parsable")]
    return members, _snake(parents[0]) if parents else "", []


if __name__ == "__main__":
    FILE.write_text(json.dumps(from_sdk(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")
