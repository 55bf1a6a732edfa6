"""One request on its way through the emulator, and the answer to it.

Shape   Call: everything a handler may ask; Answer: status, JSON, headers and the entity its rows must conform to
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulators.graph.errors import bad
from tests.emulators.graph.prefer import Prefs
from tests.emulators.graph.wire import Raw
from tests.emulators.graph.world import Calendar, Mailbox

if TYPE_CHECKING:
    from tests.emulators.graph.app import Emulator
    from tests.emulators.graph.grants import Session

KEYED = re.compile(r"^([A-Za-z.]+)\('(.*)'\)$")


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    entity: str = ""

    @property
    def rows(self) -> Iterable[Any]:
        if not self.entity or not isinstance(self.body, dict):
            return ()
        rows: Iterable[Any] = self.body.get("value", (self.body,))
        return rows


@dataclass
class Call:
    emulator: Emulator
    raw: Raw
    session: Session
    prefs: Prefs = field(default_factory=Prefs)
    part: bool = False
    box: Mailbox = None  # type: ignore[assignment]
    calendar: Calendar | None = None  # the one named in the path
    root: str = ""  # the path up to the collection, absolute: what links are made of
    params: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.raw.method

    def json(self) -> Any:
        if self.raw.body and "json" not in self.raw.headers.get("content-type", ""):
            raise bad("A missing or empty content type header was found when trying to read a message.", "BadRequest")
        try:
            body = json.loads(self.raw.body or b"null")
        except ValueError:
            raise bad("Unable to read JSON request payload.", "BadRequest") from None
        if not isinstance(body, dict):
            raise bad("Empty Payload. JSON content expected.", "UnableToDeserializePostBody")
        return body

    def take(self, *allowed: str) -> dict[str, str]:
        """Query parameters by their known spelling; others are noted loudly, and those with a $ refused."""
        spelt = {name.lower(): name for name in allowed}
        found = {}
        for name, value in self.raw.query.items():
            known = spelt.get(name.lower())
            if known is None:
                self.note(f"unknown query parameter {name}")
                if name.startswith("$"):
                    raise bad(f"The query parameter '{name}' is not supported.", "ErrorInvalidUrlQuery")
            else:
                found[known] = value
        self.params = found
        return found

    def note(self, text: str) -> None:
        self.emulator.note(f"{self.method} {self.raw.target}: {text}")


def segments(path: list[str]) -> list[str]:
    """`events('x')` and `events/x` are one, `delta()` is `delta`."""
    found: list[str] = []
    for part in path:
        keyed = KEYED.match(part)
        found += [keyed[1], keyed[2]] if keyed else [part.removeprefix("microsoft.graph.").removesuffix("()")]
    return found
