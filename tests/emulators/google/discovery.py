"""The discovery document as an independent oracle: routes, parameters, scopes, and the shape of every body.

Source  `calendar.v3.json` as shipped in google-api-python-client (facts, "Schema oracle")
Shape   route(verb, path) -> (Method, path parameters); Method.read_query(pairs) -> typed values; check(schema, value)
        -> list of sentences, empty when the value fits. Nothing here knows how the emulator stores things.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

PACKAGE = "googleapiclient"
DOCUMENT = "discovery_cache/documents/calendar.v3.json"
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict,
}


class BadParameter(ValueError):
    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@cache
def document() -> dict[str, Any]:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("google-api-python-client is not installed: pip install '.[test]'")
    loaded: dict[str, Any] = json.loads((Path(spec.submodule_search_locations[0]) / DOCUMENT).read_text())
    return loaded


@dataclass(frozen=True)
class Method:
    """One method of the API, as documented."""

    id: str
    verb: str
    pattern: re.Pattern[str]
    parameters: dict[str, dict[str, Any]]
    scopes: frozenset[str]
    request: str | None
    response: str | None

    @property
    def name(self) -> str:
        return self.id.removeprefix("calendar.")

    @property
    def writes(self) -> bool:
        return self.verb != "GET" and self.name not in ("freebusy.query", "channels.stop")

    def read_query(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Typed values by name; BadParameter for what the document does not know or does not allow."""
        values: dict[str, Any] = {}
        for name, text in pairs:
            spec = self.parameters.get(name) or document()["parameters"].get(name)
            if spec is None or spec.get("location") != "query":
                raise BadParameter(name, f"Unknown query parameter: {name}")
            value = _query_value(name, text, spec)
            if spec.get("repeated"):
                values.setdefault(name, []).append(value)
            elif name in values:
                raise BadParameter(name, f"Query parameter given twice: {name}")
            else:
                values[name] = value
        for name, spec in self.parameters.items():
            if spec.get("required") and spec["location"] == "query" and name not in values:
                raise BadParameter(name, f"Missing query parameter: {name}")
        return values


def _query_value(name: str, text: str, spec: dict[str, Any]) -> Any:
    if spec["type"] == "boolean":
        if text not in ("true", "false"):
            raise BadParameter(name, f"Invalid boolean value: '{text}'.")
        return text == "true"
    if spec["type"] == "integer":
        if not re.fullmatch(r"-?\d{1,10}", text):
            raise BadParameter(name, f"Invalid integer value: '{text}'.")
        number = int(text)
        if number < int(spec.get("minimum", -(2**31))) or number > int(spec.get("maximum", 2**31 - 1)):
            raise BadParameter(name, f"Invalid value '{text}'. Values must be within the range")
        return number
    if "enum" in spec and text not in spec["enum"]:
        raise BadParameter(name, f"Invalid string value: '{text}'. Allowed values: {spec['enum']}")
    if spec.get("format") == "date-time" and not _is_date_time(text):
        raise BadParameter(name, f"Invalid value for: Invalid format: \"{text}\"")
    return text


@cache
def methods() -> tuple[Method, ...]:
    return tuple(_methods(document()["resources"]))


def _methods(resources: dict[str, Any]) -> Iterator[Method]:
    for resource in resources.values():
        for spec in resource.get("methods", {}).values():
            pattern = re.sub(r"\{\+?(\w+)\}", r"(?P<\1>[^/]+)", spec["path"])
            yield Method(
                spec["id"], spec["httpMethod"], re.compile(pattern), spec.get("parameters", {}),
                frozenset(spec.get("scopes", ())), spec.get("request", {}).get("$ref"),
                spec.get("response", {}).get("$ref"),
            )


def method(name: str) -> Method:
    return next(m for m in methods() if m.name == name)


def route(verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """`path` is relative to the service and still percent-encoded; literal segments win over parameters."""
    best: tuple[int, Method, dict[str, str]] | None = None
    for candidate in methods():
        match = candidate.pattern.fullmatch(path) if candidate.verb == verb else None
        if match:
            found = {name: unquote(text) for name, text in match.groupdict().items()}
            if best is None or len(found) < best[0]:
                best = (len(found), candidate, found)
    return best and (best[1], best[2])


def check(schema: str, value: Any) -> list[str]:
    """What of `value` the named schema does not allow."""
    return list(_check({"$ref": schema}, value, schema))


def known_part(schema: str, value: Any) -> Any:
    """`value` without the members that the named schema does not know."""
    return _known({"$ref": schema}, value)


def _known(spec: dict[str, Any], value: Any) -> Any:
    if "$ref" in spec:
        spec = document()["schemas"][spec["$ref"]]
    if isinstance(value, list) and spec.get("type") == "array":
        return [_known(spec["items"], item) for item in value]
    if not isinstance(value, dict) or spec.get("type") != "object":
        return value
    rest = spec.get("additionalProperties")
    inner = {name: spec.get("properties", {}).get(name, rest) for name in value}
    return {name: _known(inner[name], member) for name, member in value.items() if inner[name] is not None}


def _check(spec: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if "$ref" in spec:
        spec = document()["schemas"][spec["$ref"]]
    kind = spec.get("type", "any")
    if kind == "any":
        return
    fits: bool = isinstance(value, TYPES[kind])
    if not fits or (kind in ("integer", "number") and isinstance(value, bool)):
        yield f"{where}: {type(value).__name__} is not {kind}"
    elif kind == "object":
        yield from _check_object(spec, value, where)
    elif kind == "array":
        for number, item in enumerate(value):
            yield from _check(spec["items"], item, f"{where}[{number}]")
    elif "enum" in spec and value not in spec["enum"]:
        yield f"{where}: {value!r} is none of {spec['enum']}"
    elif not _format_fits(spec.get("format"), value):
        yield f"{where}: {value!r} is no {spec['format']}"


def _check_object(spec: dict[str, Any], value: dict[str, Any], where: str) -> Iterator[str]:
    known, rest = spec.get("properties", {}), spec.get("additionalProperties")
    for name, member in value.items():
        inner = known.get(name, rest)
        if inner is None:
            yield f"{where}: unknown member {name!r}"
        else:
            yield from _check(inner, member, f"{where}.{name}")


def _format_fits(form: str | None, value: Any) -> bool:
    if form == "int32":
        return bool(-(2**31) <= value < 2**31)
    if form == "int64":
        return bool(re.fullmatch(r"-?\d+", str(value)))
    if form == "date":
        return _is_date(value)
    if form == "date-time":
        return bool(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", value))
    return True


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def _is_date_time(text: str) -> bool:
    """RFC 3339 with the mandatory offset."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
