"""What is there and what was done: status, events, history. Reads the state only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from calsync_cli.api.base import Base
from calsync_cli.api.rows import event_json, iso, operation_json, titled
from calsync_cli.errors import UsageError
from calsync_cli.model.account import Pair, Window
from calsync_cli.model.words import closest
from calsync_cli.store import views
from calsync_cli.store.db import moment


class Looking(Base):
    __slots__ = ()

    def status(self, pairs: Sequence[str] = ()) -> list[dict[str, Any]]:
        """One row per pair, as `status --json` prints it."""
        self._check_pairs(pairs)
        return [self._pair_status(p) for p in self.config.pairs.values() if not pairs or p.name in pairs]

    def status_together(self, pairs: Sequence[str] = ()) -> Mapping[str, int]:
        """Events by status over all of the pairs: one that several of them join counts once."""
        wanted = [pair for pair in self.config.pairs.values() if not pairs or pair.name in pairs]
        numbers = {self._number(name) for pair in wanted for name in (pair.a, pair.b)}
        return views.status_counts(self.db, sorted(n for n in numbers if n is not None), self._bounds(wanted))

    def _pair_status(self, pair: Pair) -> dict[str, Any]:
        ran, good = views.pair_times(self.db, pair.name)
        numbers = {name: self._number(name) for name in (pair.a, pair.b)}
        known = [number for number in numbers.values() if number is not None]
        counts = views.status_counts(self.db, known, self._bounds([pair]))
        sides = {
            side: {"calendar": str(name), "events": self._live(numbers[name])}
            for side, name in (("a", pair.a), ("b", pair.b))
        }
        due = None if ran is None else ran + pair.every
        return {
            "pair": pair.name, "direction": pair.direction, "last_run": iso(ran), "last_ok": iso(good),
            "next_due": iso(due), **sides, **counts,
        }

    def _live(self, calendar: int | None) -> int:
        from calsync_cli.store import mirror

        return 0 if calendar is None else mirror.live_count(self.db, calendar)

    def events(self, calendar: str | None = None, status: str | None = None) -> list[dict[str, Any]]:
        """The mirror with sync status, as `events list --json` prints it."""
        found = []
        for number, name in self._calendars(calendar).items():
            found += [event_json(e, name) for e in self._events(number) if status in (None, e.status)]
        return sorted(found, key=lambda e: (e["start"], e["title"], e["calendar"]))

    def find(self, words: str) -> list[tuple[str, views.EventRow]]:
        """Copies by UID, whole title, file name or part of a title, in this order, with those on the other sides."""
        names = views.aliases(self.db)
        hits = [e for number in names for e in self._events(number, uid=words)]
        hits = hits or titled([e for number in names for e in self._events(number)], words)
        found: dict[tuple[int, str], views.EventRow] = {}
        for hit in hits:
            found[hit.calendar_id, hit.remote_id] = hit
            for number in names if hit.link_id is not None else ():
                found |= {(number, e.remote_id): e for e in self._events(number, link=hit.link_id)}
        return [(name, found[key]) for number, name in names.items() for key in sorted(found) if key[0] == number]

    def unknown_event(self, words: str, where: str = "") -> UsageError:
        """That no event is meant by these words, and which one may have been."""
        titles = {e.title for number in views.aliases(self.db) for e in self._events(number)}
        text = f"no event{where} has the UID {words!r}, or a title with these words{closest(words, titles)}"
        return UsageError(text, next="calsync events list")

    def _events(self, calendar: int, *, uid: str | None = None, link: int | None = None) -> list[views.EventRow]:
        here = [p for p in self.config.pairs.values() if calendar in (self._number(p.a), self._number(p.b))]
        return views.events(self.db, calendar, uid=uid, link=link, bounds=self._bounds(here))

    def _bounds(self, pairs: Sequence[Pair]) -> views.Bounds:
        """How far the widest of these pairs looks (V1)."""
        if not pairs:
            return views.EVERYWHERE
        return reduce(Window.with_all_of, (pair.window for pair in pairs)).bounds(self.ports.now())

    def history(self, limit: int = 20) -> list[dict[str, Any]]:
        """Runs, newest first, as `history --json` prints them."""
        return [self._run(row) for row in views.runs(self.db, limit)]

    def _run(self, row: Any) -> dict[str, Any]:
        summary = json.loads(row["summary"])
        counts = views.operation_counts(self.db, row["id"])
        pairs = summary.get("pairs", [])
        seconds = None if row["ended_us"] is None else round((row["ended_us"] - row["started_us"]) / 1e6, 2)
        return {
            "run": row["id"], "started": iso(moment(row["started_us"])), "seconds": seconds,
            "exit_code": row["exit_code"], "trigger": row["trigger"], "created": counts.get("create", 0),
            "updated": counts.get("update", 0), "deleted": counts.get("delete", 0),
            "conflicts": sum(p["conflicts"] for p in pairs), "failed": sum(p["failed"] for p in pairs),
            "requests": summary.get("requests", {}),
        }

    def run_detail(self, run: int) -> dict[str, Any]:
        """One run with each change, its state and what the server said."""
        row = views.run_row(self.db, run)
        if row is None:
            raise UsageError(f"there is no run {run}", next="calsync history")
        names = views.aliases(self.db)
        changes = [operation_json(op, names) for op in views.operations(self.db, run=run)]
        return {**self._run(row), "errors": json.loads(row["summary"]).get("errors", []), "changes": changes}
