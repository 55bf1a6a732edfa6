"""What waits for a person, and their answers: conflicts, approvals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from calsync_cli.api.base import Base
from calsync_cli.api.rows import field_rows, iso, operation_json, start_iso
from calsync_cli.errors import UsageError
from calsync_cli.model.account import Pair
from calsync_cli.model.codec import value_json
from calsync_cli.model.series import CANCELLED, join, split
from calsync_cli.store import journal, links, views
from calsync_cli.store.db import moment

TIME_NAMES = {"start": "time", "end": "time", "time": "time", "all-day": "time", "repetition": "recurrence"}


def _path_of(name: str) -> str:
    """`start` as it is shown is part of `time` as it is kept."""
    key, field_name = split(name)
    return join(key, TIME_NAMES.get(field_name, field_name))


class Waiting(Base):
    __slots__ = ()

    def conflicts(self) -> list[dict[str, Any]]:
        """What waits for a decision between two versions, as `conflicts list --json` prints it."""
        found = [self._conflict(row) for row in links.hold_rows(self.db, views.CONFLICTS)]
        return sorted(found, key=lambda c: (c["start"], c["title"], c["id"]))

    def _conflict(self, row: Any) -> dict[str, Any]:
        detail = json.loads(row["detail"])
        sides = detail["fields"].get("sides", {}) if row["kind"] == "delete" else {}
        voices = {"": {"sides": {str(n): "" for n, label in views.aliases(self.db).items() if label in sides}}}
        pair, a, b = self._pair_of(links.members(self.db, row["grp"]), voices if sides else detail["fields"])
        unknown = self._unknown(row, detail["fields"]) if row["kind"] == "fields" else set()
        names = views.aliases(self.db)
        versions = {} if row["kind"] == "delete" else detail["fields"]
        fields, elsewhere = self._versions(row, versions, (a, b), unknown)
        name = pair.name if pair else ""
        return {
            "id": row["id"], "pair": name, "uid": row["uid"] or "", "title": detail["title"],
            "start": start_iso(detail["start"]), "kind": row["kind"], "fields": fields, "sides": sides,
            "edits": self._edits(row, sides, {"a": a, "b": b}) if sides else {}, "words": detail["words"],
            "decided": self._decided(name, json.loads(row["choice"] or "{}"), names | {a: "a", b: "b"}),
            "since": iso(moment(row["since_us"])), "discreet": self._is_discreet(name),
            "unknown": sorted(path for path in fields if _path_of(path) in unknown), "elsewhere": elsewhere,
        }

    def _versions(
        self, row: Any, detail: Mapping[str, Any], two: tuple[int | None, int | None], unknown: set[str]
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Field -> base, a, b; and of each other calendar that has its say: field -> what it has."""
        fields: dict[str, Any] = {}
        names = views.aliases(self.db)
        others = {n: names.get(n, "") for n in sorted(self._voices(detail) - set(two))}
        elsewhere: dict[str, dict[str, Any]] = {label: {} for label in others.values()}
        for path, values in detail.items():
            said = {}
            for n in (*two, *others):
                agreed = self._now(row["link_id"], n, path) if path in unknown else values["base"]
                said[n] = values["sides"].get(str(n), agreed)
            if CANCELLED in said.values():
                said = {n: value or self._now(row["link_id"], n, path) for n, value in said.items()}
            shown = {"base": values["base"], "a": said[two[0]], "b": said[two[1]]}
            for name, row_of in field_rows(path, {**shown, **{label: said[n] for n, label in others.items()}}).items():
                fields[name] = {side: row_of[side] for side in shown}
                for label in others.values():
                    elsewhere[label][name] = row_of[label]
        return fields, elsewhere

    def _decided(self, pair: str, choice: Mapping[str, str], names: Mapping[Any, str]) -> dict[str, str]:
        """As a person said it: an answer to the whole is kept path by path beside."""
        said = {"": choice[""]} if "" in choice else choice
        by_number = {f"#{number}": name for number, name in names.items()}
        return {path: by_number.get(side, self._ranked(pair, side)) for path, side in said.items()}

    @staticmethod
    def _voices(fields: Mapping[str, Any]) -> set[int]:
        """The calendars that said something."""
        return {int(n) for values in fields.values() for n in values["sides"]}

    def _unknown(self, row: Any, fields: Mapping[str, Any]) -> set[str]:
        """The paths that these calendars never agreed upon (they met with the event on both): there is no old value."""
        link = links.link_by_id(self.db, row["link_id"], sorted(self._voices(fields)))
        if link is None:
            return set()
        return {path for path in fields if not any(spoke.ack(path) for spoke in link.spokes)}

    def _now(self, link_id: int, calendar: int | None, path: str) -> Any:
        """What a calendar has there: of a date that another cancelled, its edits are not said field by field (R4)."""
        link = None if calendar is None else links.link_by_id(self.db, link_id, [calendar])
        replica = link.spokes[0].replica if link else None
        return value_json(replica.form.get(path)) if replica and replica.form else None

    def _edits(self, row: Any, words: Mapping[str, str], sides: Mapping[str, int | None]) -> dict[str, Any]:
        """What was edited while it was deleted elsewhere, as `fields`; null stands for the side that deleted it."""
        from calsync_cli.engine.folded import changes_of
        from calsync_cli.engine.groups import local_fields

        link = links.link_by_id(self.db, row["link_id"], [n for n in sides.values() if n is not None])
        names = views.aliases(self.db)
        found: dict[str, Any] = {}
        for spoke in link.spokes if link else ():
            if words.get(names.get(spoke.calendar, "")) != "edited" or not spoke.replica or not spoke.replica.form:
                continue
            base = spoke.base or {}
            changes = changes_of(spoke, spoke.replica.form, local_fields(tuple(self.config.pairs.values())))
            for path, value in changes.items():
                now = {side: value_json(value) if number == spoke.calendar else None for side, number in sides.items()}
                found |= field_rows(path, {"base": value_json(base.get(path)), **now})
        return found

    def _pair_of(self, members: Sequence[int], fields: Mapping[str, Any]) -> tuple[Pair | None, int | None, int | None]:
        """The pair by which a conflict is shown: the first that joins two of the calendars that differ."""
        sides = [value.get("sides", {}) for value in fields.values() if isinstance(value, dict)]
        voices = {int(calendar) for side in sides for calendar in side if str(calendar).isdigit()}
        found: tuple[Pair | None, int | None, int | None] = (None, None, None)
        for pair in self.config.pairs.values():
            a, b = self._number(pair.a), self._number(pair.b)
            if a not in members or b not in members:
                continue
            if voices <= {a, b}:
                return pair, a, b
            found = found if found[0] else (pair, a, b)
        return found

    def decide(self, conflict: int, answers: Mapping[str, str]) -> str:
        """Note a person's answers to one conflict; the next run carries them out. Returns the pair to sync.

        answers: {"": side} for the whole, or {field: side}; sides are a, b, newest, base, both. None takes back what
        was answered before.
        """
        row = next((r for r in links.hold_rows(self.db, views.CONFLICTS) if r["id"] == conflict), None)
        if row is None:
            raise UsageError(f"there is no conflict {conflict}", next="calsync conflicts list")
        shown = self._conflict(row)
        detail = json.loads(row["detail"])["fields"]
        paths: dict[str, str] = {}
        for name, side in answers.items():
            path = _path_of(name)
            if name and path not in detail:
                text = f"conflict {conflict} is not about {name!r}; it is about: {', '.join(shown['fields'])}"
                raise UsageError(text, next=f"calsync conflicts show {conflict}")
            paths |= self._meant(row, shown, path, side)
        with self.db.transaction():
            links.set_choice(self.db, conflict, paths)
        return str(shown["pair"])

    def _meant(self, row: Any, shown: Mapping[str, Any], path: str, side: str) -> dict[str, str]:
        """The answer as it is kept. `a` and `b` are what was shown of the two calendars of that pair, and not what a
        third one has, which is called by its name: of each path the calendar that says so, or the agreed value."""
        found = {path: self._ranked(shown["pair"], side)}
        pair = self.config.pairs.get(shown["pair"])
        numbers = {label: n for n, label in views.aliases(self.db).items()}
        if pair is None or side not in ("a", "b", *numbers):
            return found
        two = {"a": self._number(pair.a), "b": self._number(pair.b)}
        number = two.get(side, numbers.get(side))
        detail = json.loads(row["detail"])["fields"]
        if row["kind"] == "delete":
            return found if shown["sides"].keys() <= {str(pair.a), str(pair.b)} else {path: f"#{number}"}
        if self._voices(detail) <= set(two.values()):
            return found
        if row["kind"] == "orphan":
            return {path: f"#{number}"}
        unknown = self._unknown(row, detail)
        for one in [path] if path else detail:
            found[one] = self._voice(row, detail[one]["sides"], number, one, known=one not in unknown)
        return found

    def _voice(self, row: Any, sides: Mapping[str, Any], number: int | None, path: str, *, known: bool) -> str:
        """Who says of this path what this calendar has."""
        if str(number) in sides:
            return f"#{number}"
        now = None if known else self._now(row["link_id"], number, path)
        return next((f"#{n}" for n, value in sides.items() if not known and value == now), "base")

    def newest(self, conflict: int) -> str:
        """The calendar that was clearly changed last, as far as its server has told until now; "" where none says so
        (D2)."""
        from calsync_cli.engine.snapshot import STAMP_SKEW
        from calsync_cli.engine.verdict import latest
        from calsync_cli.engine.world import Rules

        row = next(r for r in links.hold_rows(self.db, views.CONFLICTS) if r["id"] == conflict)
        voices = {int(n) for values in json.loads(row["detail"])["fields"].values() for n in values["sides"]}
        link = links.link_by_id(self.db, row["link_id"], sorted(voices))
        stamps = {s.calendar: s.replica.stamp if s.replica else None for s in link.spokes} if link else {}
        names = views.aliases(self.db)
        if not all(self._has_stamps(names.get(number, "")) for number in stamps):
            return ""
        if any(stamp is not None and stamp > self.ports.now() + STAMP_SKEW for stamp in stamps.values()):
            return ""
        return names.get(latest(stamps, Rules("", ()).clock_tolerance) or 0, "")

    def _has_stamps(self, name: str) -> bool:
        account = name.partition("/")[0]
        if account not in self.config.accounts:
            return False
        provider = self.connect(account)
        try:
            return provider.caps.server_stamps
        finally:
            provider.close()

    def _is_discreet(self, pair_name: str) -> bool:
        """Whether one side of the pair shows no titles of the other (I18)."""
        from calsync_cli.engine.groups import groups

        return any(group.discreet for group in groups(p for p in self.config.pairs.values() if p.name == pair_name))

    def leads(self, pair_name: str) -> str:
        """The side of the pair whose version is the event when both are kept."""
        return self._ranked(pair_name, "a")

    def _ranked(self, pair_name: str, side: str) -> str:
        """The planner's `a` is the calendar that comes first in the group; a ring's closing pair is turned round."""
        from calsync_cli.engine.groups import groups

        if side not in ("a", "b") or pair_name not in self.config.pairs:
            return side
        pair = self.config.pairs[pair_name]
        group = next(g for g in groups(self.config.pairs.values()) if pair in g.pairs)
        turned = group.calendars.index(pair.a) > group.calendars.index(pair.b)
        return {"a": "b", "b": "a"}[side] if turned else side

    def approvals(self) -> list[dict[str, Any]]:
        """Writes that wait for a yes, as `approvals --json` prints them."""
        names = views.aliases(self.db)
        found = [self._approval(row, names) for row in links.hold_rows(self.db, views.ASKED)]
        return sorted(found, key=lambda one: (one["start"], one["title"], one["id"]))

    def _approval(self, row: Any, names: Mapping[int, str]) -> dict[str, Any]:
        detail = json.loads(row["detail"])
        pair = self._pair_of(links.members(self.db, row["grp"]), {"": {"sides": {str(row["calendar_id"]): ""}}})[0]
        return {
            "id": row["id"], "pair": pair.name if pair else "", "calendar": names.get(row["calendar_id"], ""),
            "uid": row["uid"] or "", "title": detail["title"], "start": start_iso(detail["start"]),
            "action": detail["fields"].get("action", ""), "fields": detail["fields"].get("fields", []),
            "words": detail["words"], "since": iso(moment(row["since_us"])),
        }

    def unfinished(self) -> list[dict[str, Any]]:
        """Writes of which nobody knows whether they were made (J8), oldest first, as `journal --json` prints them."""
        names = views.aliases(self.db)
        found = []
        for row in journal.sent(self.db):
            told = operation_json(row, names)
            pair = self._pair_of(links.members(self.db, row["grp"]), {"": {"sides": {str(row["calendar_id"]): ""}}})[0]
            found.append({
                "id": told["operation"], "run": told["run"], "pair": pair.name if pair else "",
                "calendar": told["calendar"], "uid": links.uid_of(self.db, row["link_id"]),
                **{name: told[name] for name in ("action", "title", "start", "sent")},
                "words": told["error"] or "no answer was seen; the next run looks",
            })
        return found

    def abandon(self, ids: Sequence[int]) -> None:
        """Give up these writes: what became of them is no longer asked, and the next run plans their events anew, from
        what their calendars show by then. Raises UsageError, giving up none, when one of them is not open."""
        from calsync_cli.engine.recover import give_up
        from calsync_cli.store.lock import Lock

        lock = Lock(self.state_dir, self.ports)
        try:
            known = [row["id"] for row in journal.sent(self.db)]
            unknown = [number for number in ids if number not in known]
            if unknown:
                raise UsageError(f"no write with an open end has the number {unknown[0]}", next="calsync journal")
            give_up(self.db, ids)
        finally:
            lock.release()

    def answer(self, ids: Sequence[int], word: Literal["approve", "reject"]) -> list[str]:
        """Note a yes or a no to writes that wait; the next run acts on it. Returns the pairs to sync. Raises
        UsageError, noting nothing, when one of them does not wait."""
        waiting = {one["id"]: one["pair"] for one in self.approvals()}
        unknown = [number for number in ids if number not in waiting]
        if unknown:
            raise UsageError(f"nothing waits under the number {unknown[0]}", next="calsync approvals list")
        with self.db.transaction():
            for number in ids:
                links.set_choice(self.db, number, {"": word})
        return sorted({waiting[number] for number in ids})
