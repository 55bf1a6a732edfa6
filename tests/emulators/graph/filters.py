"""$filter and $orderby on events: the fields that the service takes, nothing else (facts A2, L2.3, L8.2).

Shape   compile_filter(text) -> Filter: .test(row) where row has .json() and .props; .fields in the order they stand
Errors  GraphError 400: BadRequest for syntax, ErrorInvalidRequest for fields, InefficientFilter for the order
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from tests.emulators.graph.errors import bad

FIELDS = frozenset(
    {
        "start/dateTime",
        "end/dateTime",
        "lastModifiedDateTime",
        "createdDateTime",
        "iCalUId",
        "subject",
        "type",
        "isAllDay",
        "isCancelled",
        "isOrganizer",
        "sensitivity",
        "showAs",
        "importance",
        "hasAttachments",
        "singleValueExtendedProperties",
        "categories",
    }
)
SORTED = frozenset({"start/dateTime", "end/dateTime", "lastModifiedDateTime", "createdDateTime", "subject"})
TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:[^']|'')*') | (?P<time>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][\w/.@]*) | (?P<mark>[(),:]) )""",
    re.X,
)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}
CALLS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda a, b: b in a, "startswith": str.startswith, "endswith": str.endswith,
}
PROPERTY = re.compile(
    r"^(String|Integer|Boolean|Binary|SystemTime|Double) "
    r"(?:\{([0-9A-Fa-f-]{36})\} (?:(Name) (.+)|(Id) (0x[0-9A-Fa-f]+))|(0x[0-9A-Fa-f]+))$"
)


class Row(Protocol):
    props: Mapping[str, str]

    def json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Filter:
    test: Callable[[Row], bool]
    fields: tuple[str, ...]


def property_id(text: str) -> str:
    """One spelling per property: the type and the name keep their case, the GUID loses its (L8.2)."""
    found = PROPERTY.match(text)
    if found is None:
        raise bad("The extended property id is not valid.", "ErrorInvalidProperty")
    kind, guid, _, name, _, number, tag = found.groups()
    if tag:
        return f"{kind} {tag.lower()}"
    return f"{kind} {{{guid.lower()}}} " + (f"Name {name}" if name else f"Id {number.lower()}")


def compile_filter(text: str) -> Filter:
    parser = _Parser(text)
    test = parser.any_of()
    if parser.peek() is not None:
        raise _syntax(text)
    return Filter(test, tuple(parser.fields))


def check_order(filtered: Filter | None, order: list[tuple[str, bool]]) -> None:
    for name, _ in order:
        if name not in SORTED:
            raise bad(f"The property '{name}' cannot be sorted by.")
    if filtered and order and list(filtered.fields[: len(order)]) != [name for name, _ in order]:
        raise bad("The restriction or sort order is too complex for this operation.", "InefficientFilter")


def _syntax(text: str) -> Exception:
    return bad(f"Invalid filter clause: {text}", "BadRequest")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.fields = text, list[str]()
        self.tokens = list(self._tokens(text))
        self.place = 0

    def _tokens(self, text: str) -> Iterator[tuple[str, str]]:
        place, end = 0, len(text.rstrip())
        while place < end:
            found = TOKEN.match(text, place)
            if found is None:
                raise _syntax(text)
            place = found.end()
            yield str(found.lastgroup), found.group(str(found.lastgroup))

    def peek(self) -> tuple[str, str] | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self, value: str | None = None) -> tuple[str, str]:
        token = self.peek()
        if token is None or (value is not None and token[1] != value):
            raise _syntax(self.text)
        self.place += 1
        return token

    def _said(self, word: str) -> bool:
        token = self.peek()
        if token and token[0] in ("word", "mark") and token[1].lower() == word:
            self.place += 1
            return True
        return False

    def any_of(self) -> Callable[[Row], bool]:
        parts = [self.all_of()]
        while self._said("or"):
            parts.append(self.all_of())
        return (lambda row: any(part(row) for part in parts)) if len(parts) > 1 else parts[0]

    def all_of(self) -> Callable[[Row], bool]:
        parts = [self.term()]
        while self._said("and"):
            parts.append(self.term())
        return (lambda row: all(part(row) for part in parts)) if len(parts) > 1 else parts[0]

    def term(self) -> Callable[[Row], bool]:
        if self._said("not"):
            inner = self.term()
            return lambda row: not inner(row)
        if self._said("("):
            inner = self.any_of()
            self.take(")")
            return inner
        kind, word = self.take()
        if kind != "word":
            raise _syntax(self.text)
        if word.lower() in CALLS:
            return self._call(word.lower())
        if word.lower().endswith("/any"):
            return self._lambda(word.rsplit("/", 1)[0])
        return self._comparison(self._field(word))

    def _field(self, name: str) -> str:
        if name not in FIELDS:
            raise bad(f"The property '{name}' does not support filtering.")
        self.fields.append(name)
        return name

    def _call(self, name: str) -> Callable[[Row], bool]:
        self.take("(")
        field = self._field(self.take()[1])
        self.take(",")
        wanted = self.value().lower()
        self.take(")")
        return lambda row: CALLS[name](str(_look(row.json(), field) or "").lower(), wanted)

    def _comparison(self, field: str) -> Callable[[Row], bool]:
        compare = self._operator()
        wanted = self.value()
        if field.endswith("ateTime"):
            wanted = _instant(wanted)
            return lambda row: compare(_instant(_look(row.json(), field)), wanted)
        return lambda row: compare(_folded(_look(row.json(), field)), _folded(wanted))

    def _operator(self) -> Callable[[Any, Any], bool]:
        word = self.take()[1].lower()
        if word not in COMPARE:
            raise _syntax(self.text)
        return COMPARE[word]

    def value(self) -> Any:
        kind, text = self.take()
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "word":
            return {"true": True, "false": False, "null": None}.get(text.lower(), text)
        return float(text) if kind == "number" else text

    def _lambda(self, collection: str) -> Callable[[Row], bool]:
        field = self._field(collection)
        self.take("(")
        name = self.take()[1]
        self.take(":")
        if field == "categories":
            self.take(name)
            compare, wanted = self._operator(), self.value()
            self.take(")")
            return lambda row: any(compare(_folded(one), _folded(wanted)) for one in row.json().get("categories") or ())
        test = self._property(name)
        self.take(")")
        return test

    def _property(self, name: str) -> Callable[[Row], bool]:
        """ep/id eq '..' and ep/value eq '..', in either order; values are compared without case."""
        wanted_id, tests = "", list[Callable[[str], bool]]()
        while True:
            word = self.take()[1]
            call = CALLS.get(word.lower())
            if call:
                self.take("(")
                self._part(word=self.take()[1], name=name, part="value")
                self.take(",")
                text = str(self.value()).lower()
                self.take(")")
                tests.append(lambda value, call=call, text=text: call(value.lower(), text))  # type: ignore[misc]
            elif word == f"{name}/id":
                self.take("eq")
                wanted_id = property_id(str(self.value()))
            else:
                self._part(word=word, name=name, part="value")
                compare, text = self._operator(), str(self.value()).lower()
                tests.append(lambda value, compare=compare, text=text: compare(value.lower(), text))  # type: ignore[misc]
            if not self._said("and"):
                break
        if not wanted_id:
            raise bad("A filter on extended properties must name an id.")
        return lambda row: wanted_id in row.props and all(test(row.props[wanted_id]) for test in tests)

    def _part(self, *, word: str, name: str, part: str) -> None:
        if word != f"{name}/{part}":
            raise _syntax(self.text)


def _look(value: Any, path: str) -> Any:
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _instant(text: Any) -> datetime:
    """Compared in UTC; a value without offset is UTC (A2)."""
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(text)))
    except ValueError:
        raise bad(f"The value '{text}' is not a date.", "BadRequest") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
