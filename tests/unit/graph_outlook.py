"""The requests of an edit, played back on the emulator's own model of Outlook: what is there afterwards reads as asked.

`Outlook` is a mailbox without HTTP: it takes the requests of a document as providers/graph sends them, and gives back
the document as providers/graph reads it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any

from calsync_cli.mapping.base import Place
from calsync_cli.mapping.graph.document import document
from calsync_cli.mapping.graph.kept import MEMBER, PROPERTIES
from calsync_cli.mapping.graph.patches import Patch, patches
from tests.emulators.graph.app import ANN
from tests.emulators.graph.drafts import parse
from tests.emulators.graph.filters import property_id
from tests.emulators.graph.ids import Ids
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.prefer import Prefs
from tests.emulators.graph.render import Renderer
from tests.emulators.graph.views import Seen, one, original, whole
from tests.emulators.graph.world import Item, World
from tests.emulators.graph.writer import Writer

Json = dict[str, Any]
READS = Prefs(immutable=True)
HOME = Place("key:1", "Europe/Berlin")
CALENDAR = {"id": "c", "name": "Calendar", "timeZone": "W. Europe Standard Time"}


class CannotRestore(Exception):
    """A deleted instance shall be there again."""


class Outlook:
    """One calendar. `problems`: what a request said that it should not have."""

    def __init__(self, **knobs: Any) -> None:
        self.knobs = Knobs(**knobs)
        world = World()
        world.clock.frozen = datetime(2026, 5, 1, tzinfo=UTC)
        self.clock = world.clock
        self.box = world.add_mailbox(ANN)
        self.writer = Writer(self.knobs)
        self.renderer = Renderer(Ids(b"outlook"), self.knobs, "https://graph.example/v1.0")
        self.problems: list[str] = []

    # -- writing -------------------------------------------------------------------------------------------------------

    def create(self, payload: bytes) -> Item:
        """A made document, and the rest of its requests on what the first one made."""
        first = json.loads(payload)["requests"][0]
        assert first["kind"] == "insert" and first["id"] == ""
        members = {**first["members"], "transactionId": "t1"}
        seen = self.writer.create(self.box, self.box.default, self._draft(members, fresh=True))
        self.play(seen.item, payload, json.loads(payload)["requests"][1:])
        return seen.item

    def write(self, members: Json) -> Item:
        """A person writes an event in Outlook."""
        return self.writer.create(self.box, self.box.default, self._draft(members, fresh=True), by_person=True).item

    def edit(self, item: Item, after: bytes) -> None:
        self.play(item, after, json.loads(after)["requests"])

    def play(self, item: Item, after: bytes, requests: list[Json]) -> None:
        """As the provider does: after a step that reschedules, the rest is asked for anew."""
        steps = [Patch(**request) for request in requests]
        for _ in range(3):
            for step in steps:
                self.step(item, step)
                if step.reschedules:
                    break
            steps = patches(self.read(item), after)
            if not steps:
                return
        raise AssertionError(f"it does not come to rest: {steps}")

    def step(self, item: Item, step: Patch) -> None:
        self.clock.advance(60)
        if step.kind == "restore":
            raise CannotRestore(step)
        seen = self._target(item, step)
        if step.etag is not None:
            assert step.id, "a version without the id it is of"
        if step.kind == "cancel":
            self.writer.delete(seen)
        else:
            assert step.kind == "patch" and step.members
            self.writer.patch(seen, self._draft(step.members, fresh=False))

    def _draft(self, members: Json, *, fresh: bool) -> Any:
        return parse(members, self.knobs, self.problems.append, fresh=fresh)

    def _target(self, item: Item, step: Patch) -> Seen:
        state = item.now
        assert state is not None
        if not step.original:
            return whole(self.box, item, state)
        for day in self._days(item):
            said = original(state, day)[0]
            text = day.isoformat() if state.members["isAllDay"] else f"{said.instant:%Y-%m-%dT%H:%M:%SZ}"
            if text == step.original:
                seen = one(self.box, item, state, day)
                assert seen is not None, f"no instance at {step.original}"
                assert step.id in ("", self.renderer.event_id(seen, READS))
                return seen
        raise AssertionError(f"no instance at {step.original}")

    def _days(self, item: Item) -> list[date]:
        from tests.emulators.graph import recurrence

        state = item.now
        assert state is not None
        return recurrence.dates(state.rule, date(2060, 1, 1), 4000) if state.rule else []

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, item: Item) -> bytes:
        state = item.now
        assert state is not None
        seen = whole(self.box, item, state)
        event = self._shown(seen)
        exceptions = [one(self.box, item, state, day) for day in state.overrides]
        instances = [self.renderer.event(found, READS) for found in exceptions if found is not None]
        return document(event, instances, self.renderer.cancelled(seen, READS), CALENDAR)

    def _shown(self, seen: Seen) -> Json:
        event = self.renderer.event(seen, READS)
        held = {name: seen.props[property_id(name)] for name in PROPERTIES if property_id(name) in seen.props}
        if held:
            upper = {name: re.sub(r"{.*}", lambda found: found[0].upper(), name) for name in held}
            event[MEMBER] = [{"id": upper[name], "value": value} for name, value in held.items()]
        return event
