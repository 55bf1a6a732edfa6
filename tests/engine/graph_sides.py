"""A calendar of Microsoft 365 in a CloudWorld: its people edit through the emulator's people, as in Outlook, and not by
calsync's mapping. Moving a series or changing its rule drops what was changed of single dates, as Outlook does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx

from calsync_cli.engine.groups import carried
from calsync_cli.mapping.graph.kept import UID, ids
from calsync_cli.model.account import Account, CalendarName
from calsync_cli.model.times import AllDay, When, moved, wall
from calsync_cli.providers.base import Provider
from calsync_cli.providers.graph.provider import GraphProvider
from calsync_cli.providers.graph.sets import EventSet
from calsync_cli.providers.graph.steps import KEY
from tests.emulators.graph import bodies, filters, recurrence
from tests.emulators.graph.control import SCOPES
from tests.emulators.graph.ids import Name
from tests.emulators.graph.people import IMMUTABLE
from tests.emulators.graph.render import Json, change_key, ical_uid
from tests.emulators.graph.unit import _nothing_else
from tests.emulators.graph.views import Seen as Shown
from tests.emulators.graph.views import Window, in_window, instances, one, whole
from tests.emulators.graph.world import Item, State
from tests.engine.cloud_wire import Token, Wire
from tests.engine.sides import BERLIN, FIRST, LAST, Seen, Side, later, plain_uid, when_of

if TYPE_CHECKING:
    from tests.engine.cloud_world import CloudWorld

ZONE = "W. Europe Standard Time"
"""What Outlook calls the zone of these people."""
YEAR = Window(datetime.combine(FIRST, time(), UTC), datetime.combine(LAST, time(), UTC))
_UID, _KEY = filters.property_id(UID), filters.property_id(KEY)
_NAMES = {"title": "subject", "location": "location", "text": "body"}


class GraphSide(Side):
    kind = "graph"
    mapping = "graph"

    def __init__(self, world: CloudWorld, name: str, user: str) -> None:
        super().__init__(world, name)
        self.user, self.m = user, world.m
        box = self.m.world.mailbox(user)
        assert box is not None
        self.box = box
        self.home = self.m.renderer.calendar_id(box, box.default.key)

    @property
    def calendar(self) -> CalendarName:
        return CalendarName(self.name, "primary")

    def provider(self) -> Provider:
        account = Account(self.name, "microsoft", api_url=self.m.graph_url, timeout_s=20.0)
        scopes = frozenset(SCOPES.split())
        auth = Token(lambda: self.m.identity.access_token(self.box, scopes))
        made = GraphProvider(account, auth, self.world.ports, ids(carried(self.world.pairs).get(self.name, ())))
        wire = Wire(self.world, self.name, self.world.clouds["graph"].transport())
        made._client._client = httpx.Client(transport=wire)
        return made

    def save(self) -> Any:
        return None  # with the emulator, by the world

    def load(self, saved: Any) -> None:
        """With the emulator."""

    # -- seeing

    def living(self) -> list[tuple[Item, State]]:
        return list(self.box.living(self.box.default.key))

    def uid_of(self, item: Item, state: State) -> str:
        """Ground truth, read past calsync's mapping; Graph may show no UID at all (L16.13)."""
        if _UID in state.props:
            return plain_uid(state.props[_UID])
        seen = whole(self.box, item, state)
        hidden = self.m.knobs.nulls and self.m.renderer.event(seen, IMMUTABLE)["iCalUId"] is None
        return f"{self._id(item)}@graph.microsoft.com" if hidden else ical_uid(seen)

    def payloads(self) -> dict[str, tuple[str, bytes]]:
        about = {"id": self.home, "name": self.box.default.name}
        found = {}
        for item, state in self.living():
            seen = whole(self.box, item, state)
            days = (one(self.box, item, state, day) for day in sorted(state.overrides))
            parts = [self._shown(each) for each in days if each is not None]
            cancelled = tuple(self.m.renderer.cancelled(seen, IMMUTABLE))
            body = EventSet(self._id(item), self._shown(seen), {part["id"]: part for part in parts}, cancelled)
            found[self._id(item)] = (self.uid_of(item, state), body.item(about).payload)
        return found

    def _id(self, item: Item) -> str:
        return self.m.ids.make(Name("i", self.box.number, item.key))

    def _shown(self, seen: Shown) -> Json:
        props = [{"id": name, "value": value} for name, value in seen.props.items()] if seen.day is None else []
        more = {"singleValueExtendedProperties": props} if props else {}
        return {**self.m.renderer.event(seen, IMMUTABLE), **more}

    def texts(self) -> list[str]:
        shown = [state.members for _, state in self.living()]
        shown += [other.members for _, state in self.living() for other in state.overrides.values()]
        words = [str(members.get("subject", "")) for members in shown]
        words += [str(members.get("location", {}).get("displayName", "")) for members in shown]
        return words + [bodies.as_text(members.get("html", "")) for members in shown]

    def uids(self) -> set[str]:
        return {self.uid_of(item, state) for item, state in self.living()}

    def found(self, uid: str) -> tuple[Item, State]:
        return next((item, state) for item, state in self.living() if self.uid_of(item, state) == uid)

    def has(self, uid: str) -> bool:
        return uid in self.uids()

    def id_of(self, uid: str) -> str:
        return self._id(self.found(uid)[0])

    def uid_at(self, remote_id: str) -> str | None:
        item = self._item(remote_id)
        return self.uid_of(item, item.now) if item is not None and item.now is not None else None

    def _item(self, remote_id: str) -> Item | None:
        name = self.m.ids.read(remote_id)
        return self.box.items.get(name.key) if name is not None else None

    def agenda(self) -> list[Seen]:
        found: list[Seen] = []
        for item, state in self.living():
            uid = self.uid_of(item, state)
            seen = in_window(self.box, item, state, state.calendar, YEAR)
            found += [_graph_seen(uid, each) for each in seen]
        return sorted(each for each in found if str(FIRST) <= each[1] < str(LAST))

    def not_covered(self, token: str, mirror: Mapping[str, Any]) -> str:
        link = str(json.loads(token)["l"])
        path, _, text = link.partition("?$deltatoken=")
        known = self.m.delta._open(self.box, self.box.default.key, text, "delta", path)
        window = Window(datetime.fromisoformat(known["from"]), datetime.fromisoformat(known["to"]))
        for item in self.box.items.values():
            state = item.at(known["seq"])
            if not in_window(self.box, item, state, self.box.default.key, window):
                continue
            if not self._is_covered(item, known["seq"], mirror.get(self._id(item))):
                return self._id(item)
        return ""

    def _is_covered(self, item: Item, seq: int, have: Any) -> bool:
        """A deleted date may change nothing that a delta shows (L3.3)."""
        after = [state for number, _, state in item.history if number > seq]
        if have is None or have["gone"]:
            return any(state is None or state.calendar != self.box.default.key for state in after)
        fine, upto = [state for state in after if state is not None], [s for n, _, s in item.history if n <= seq]
        newest = upto.pop()
        while newest is not None:
            fine.append(newest)
            before = upto.pop() if upto else None
            newest = before if before is not None and before.rule and _nothing_else(before, newest) else None
        etags = {f'W/"{change_key(self.box, state.change)}"' for state in fine}
        return (json.loads(have["payload"])["event"] or {}).get("@odata.etag") in etags

    def names_of(self, remote_id: str) -> tuple[str, ...]:
        """A create is known by its key until its answer is confirmed."""
        item = self._item(remote_id)
        if item is None or not item.history:
            return (remote_id,)
        return (self._id(item), f"key:{item.last.props.get(_KEY, '')}")

    # -- doing

    def person(self, do: str, **edit: Any) -> dict[str, Any]:
        return self.m.people.do({"do": do, "mailbox": self.user, **edit})

    def add(self, title: str, start: str, *, hours: int = 1, rule: str = "", location: str = "", text: str = "",
            uid: str = "", guests: tuple[str, ...] = (), link: str = "") -> str:
        begin = when_of(start)
        event: dict[str, Any] = {"subject": title, **_times(begin, later(begin, hours))}
        event |= {"recurrence": _recurrence(rule, begin)} if rule else {}
        event |= {"attendees": [{"emailAddress": {"address": one}} for one in guests]} if guests else {}
        event |= _members({"location": location or None, "text": text or None})
        item = self._item(self.person("create", event=event)["id"])
        assert item is not None and item.now is not None
        return self.uid_of(item, item.now)

    def edit(self, uid: str, *, title: str | None = None, location: str | None = None, text: str | None = None) -> None:
        self.patch(uid, _members({"title": title, "location": location, "text": text}))

    def patch(self, uid: str, changes: dict[str, Any]) -> None:
        self.person("update", id=self.id_of(uid), changes=changes)

    def patch_date(self, uid: str, at: str, changes: dict[str, Any]) -> None:
        self.person("edit_occurrence", id=self.id_of(uid), date=at[:10], changes=changes)

    def shift(self, uid: str, start: str) -> None:
        _, state = self.found(uid)
        begin = when_of(start)
        changes = _times(begin, _end(begin, state))
        rule = state.rule
        if rule is not None:
            changes["recurrence"] = _starting(rule, wall(begin).date())
        self.patch(uid, changes)

    def set_rule(self, uid: str, rule: str) -> None:
        _, state = self.found(uid)
        self.patch(uid, {"recurrence": _recurrence(rule, when_of(_start_text(state)))})

    def dates(self, uid: str) -> list[str]:
        item, state = self.found(uid)
        found = instances(self.box, item, state, YEAR)
        return [_text(state, each.day) for each in found if each.day is not None]

    def cancel(self, uid: str, at: str) -> None:
        self.person("delete_occurrence", id=self.id_of(uid), date=at[:10])

    def change(self, uid: str, at: str, *, title: str = "", to: str = "") -> None:
        _, state = self.found(uid)
        changes = {"subject": title} if title else {}
        if to:
            changes |= _times(when_of(to), _end(when_of(to), state))
            changes.pop("isAllDay")
        self.patch_date(uid, at, changes)

    def restore(self, uid: str, at: str) -> None:
        raise NotImplementedError("Outlook has no way to bring a deleted date back (L6.2)")

    def split(self, uid: str, at: str, title: str) -> str:
        """The earlier half ends the day before; what was changed of its single dates is lost (Outlook's way)."""
        _, state = self.found(uid)
        assert state.rule is not None
        rule, day = state.rule, date.fromisoformat(at[:10])
        dates = recurrence.dates(rule, LAST)
        past = sum(each < day for each in dates)
        extent = dict(rule["range"])
        first = {**extent, "type": "endDate", "endDate": (day - timedelta(days=1)).isoformat()}
        rest = {**extent, "startDate": day.isoformat()}
        if extent["type"] == "numbered":
            rest["numberOfOccurrences"] = extent["numberOfOccurrences"] - past
        begin = when_of(at)
        event = {"subject": title, **_times(begin, _end(begin, state))}
        made = self.person("create", event={**event, "recurrence": {"pattern": rule["pattern"], "range": rest}})
        self.patch(uid, {"recurrence": {"pattern": rule["pattern"], "range": first}})
        item = self._item(made["id"])
        assert item is not None and item.now is not None
        return self.uid_of(item, item.now)

    def delete(self, uid: str) -> None:
        self.person("delete", id=self.id_of(uid))


def _end(begin: When, state: State) -> When:
    """As long as the event is; a whole day at least for an all-day one."""
    length = state.end.wall - state.start.wall
    return moved(begin, max(length, timedelta(days=1)) if isinstance(begin, AllDay) else length)


def _members(words: Mapping[str, str | None]) -> dict[str, Any]:
    """None: not touched; "" clears."""
    shown: dict[str, Any] = {name: text for name, text in words.items() if text is not None}
    shapes = {"location": "displayName", "text": "content"}
    shown |= {name: {member: shown[name]} for name, member in shapes.items() if name in shown}
    return {_NAMES[name]: value | {"contentType": "text"} if name == "text" else value for name, value in shown.items()}


def _times(begin: When, end: When) -> dict[str, Any]:
    nodes = {name: {"dateTime": wall(when).isoformat(), "timeZone": ZONE}
             for name, when in (("start", begin), ("end", end))}
    return {**nodes, "isAllDay": isinstance(begin, AllDay)}


def _recurrence(rule: str, begin: When) -> dict[str, Any]:
    """Daily and weekly rules, as a person would click them together."""
    parts = dict(part.split("=") for part in rule.split(";"))
    first = wall(begin).date()
    pattern = {"type": parts["FREQ"].lower(), "interval": int(parts.get("INTERVAL", "1"))}
    if parts["FREQ"] == "WEEKLY":
        pattern |= {"daysOfWeek": [recurrence.DAYS[first.weekday()]], "firstDayOfWeek": "monday"}
    extent: dict[str, Any] = {"type": "noEnd", "startDate": first.isoformat()}
    if "COUNT" in parts:
        extent |= {"type": "numbered", "numberOfOccurrences": int(parts["COUNT"])}
    return {"pattern": pattern, "range": extent}


def _starting(rule: Json, first: date) -> Json:
    """The same rule from another day on; a weekly one goes to that day of the week."""
    pattern, extent = dict(rule["pattern"]), {**rule["range"], "startDate": first.isoformat()}
    if pattern["type"] == "weekly":
        pattern["daysOfWeek"] = [recurrence.DAYS[first.weekday()]]
    return {"pattern": pattern, "range": extent}


def _start_text(state: State) -> str:
    return _text(state, state.start.wall.date())


def _text(state: State, day: date) -> str:
    """How the people of a test name a date: by the clock of Berlin."""
    if state.members["isAllDay"]:
        return day.isoformat()
    return state.start.on(day).instant.astimezone(ZoneInfo(BERLIN)).strftime("%Y-%m-%dT%H:%M")


def _graph_seen(uid: str, seen: Shown) -> Seen:
    form = "%Y-%m-%d" if seen.all_day else "%Y-%m-%dT%H:%M"
    ends = [each.strftime(form) for each in seen.span()]
    members = seen.members
    text = bodies.as_text(members["html"]).strip().replace("\r\n", "\n")
    return (uid, *ends, members["subject"], members["location"]["displayName"], text)
