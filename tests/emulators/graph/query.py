"""Query options of a read: parsed, checked, applied to the JSON (facts A2, L2.3, L16.35).

Shape   Query.parse(parameters, allowed) -> Query; shape(full, query) -> the members asked for
Errors  GraphError 400 with the code of the option
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.emulators.graph.errors import bad
from tests.emulators.graph.filters import Filter, check_order, compile_filter, property_id
from tests.emulators.graph.schema import members_of

MOST = 1000
EXPANDABLE = frozenset(
    {
        "singleValueExtendedProperties",
        "multiValueExtendedProperties",
        "exceptionOccurrences",
        "attachments",
        "extensions",
    }
)
ALWAYS = frozenset({"id", "@odata.etag", "@odata.type"})
PROPS_FILTER = re.compile(r"id eq '((?:[^']|'')+)'(?: or |$)", re.I)


@dataclass(frozen=True)
class Query:
    select: frozenset[str] | None = None
    expand: Mapping[str, tuple[str, ...]] = ()  # type: ignore[assignment]
    filter: Filter | None = None
    order: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False

    @classmethod
    def parse(cls, given: Mapping[str, str], entity: str = "event") -> Query:
        options = {name.lower(): value for name, value in given.items() if name.startswith("$")}
        order = _order(options.get("$orderby", ""))
        filtered = compile_filter(options["$filter"]) if options.get("$filter") else None
        check_order(filtered, order)
        return cls(
            _select(options.get("$select"), entity), _expand(options.get("$expand", "")), filtered, tuple(order),
            _number(options, "$top", 1, MOST), _number(options, "$skip", 0, 10**9) or 0,
            options.get("$count", "").lower() == "true",
        )

    def wants(self, name: str) -> bool:
        return self.select is None or name in self.select or "*" in self.select

    def names(self, name: str) -> bool:
        return self.select is not None and name in self.select


def _select(text: str | None, entity: str) -> frozenset[str] | None:
    if not text:
        return None
    names = frozenset(name.strip() for name in text.split(","))
    for name in names - members_of(entity) - {"*"}:
        raise bad(f"Could not find a property named '{name}' on type 'microsoft.graph.{entity}'.", "BadRequest")
    return names


def _order(text: str) -> list[tuple[str, bool]]:
    parts = [part.split() for part in text.split(",") if part.strip()]
    return [(words[0], words[1:] == ["desc"]) for words in parts]


def _number(options: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not text.isdigit() or not least <= int(text) <= most:
        raise bad(f"The value '{text}' of the query option {name} is not valid.", "ErrorInvalidUrlQuery")
    return int(text)


def _expand(text: str) -> dict[str, tuple[str, ...]]:
    """Names with the property ids of their $filter."""
    found: dict[str, tuple[str, ...]] = {}
    for part in _split(text):
        name, _, inner = part.partition("(")
        if name not in EXPANDABLE:
            raise bad(
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}'.", "BadRequest"
            )
        condition = re.match(r"\s*\$filter=(.*)\)\s*$", inner, re.I | re.S)
        found[name] = _property_ids(condition.group(1)) if condition and name.endswith("ExtendedProperties") else ()
    return found


def _property_ids(condition: str) -> tuple[str, ...]:
    ids = PROPS_FILTER.findall(condition)
    if not ids or PROPS_FILTER.sub("", condition).strip():
        raise bad("Parsing OData Select and Expand failed: Invalid filter clause.", "BadRequest")
    return tuple(property_id(one.replace("''", "'")) for one in ids)


def _split(text: str) -> list[str]:
    """At commas outside of brackets and quotes."""
    parts, depth, quoted, last = [], 0, False, 0
    for place, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if letter == "," and not depth:
                parts.append(text[last:place])
                last = place + 1
    if depth or quoted:
        raise bad("Parsing OData Select and Expand failed: Syntax error.", "BadRequest")
    return [part.strip() for part in (*parts, text[last:]) if part.strip()]


def shape(full: dict[str, Any], query: Query) -> dict[str, Any]:
    """The members named, plus the id and the etag; onlineMeeting only beside isOnlineMeeting (L2.3)."""
    if query.select is None or "*" in query.select:
        return full
    keep = query.select | ALWAYS | query.expand.keys() if query.expand else query.select | ALWAYS
    if "isOnlineMeeting" not in keep:
        keep -= {"onlineMeeting"}
    return {name: value for name, value in full.items() if name in keep or name.startswith("singleValue")}
