"""The public library surface: whatever a command does, a program can do with the same call (design section 3).

Shape   `open_workspace(config, state_dir, ports, environ).sync(["work-home"], Wish())`; results are typed values and
        the plain data that `--json` prints
Errors  CalsyncError and its kinds; nothing else is raised on purpose
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from calsync_cli.errors import UsageError
from calsync_cli.model.account import CalendarName, Config, Pair, Window
from calsync_cli.model.series import join, split
from calsync_cli.ports import Ports
from calsync_cli.store import backup, links, views
from calsync_cli.store.db import Database, moment, open_database
from calsync_cli.store.lock import Lock

if TYPE_CHECKING:
    from calsync_cli.engine.groups import Group
    from calsync_cli.engine.report import Report
    from calsync_cli.engine.session import Session
    from calsync_cli.engine.state import Wish
    from calsync_cli.providers.base import Provider

TIME_NAMES = {"start": "time", "end": "time", "time": "time", "all-day": "time", "repetition": "recurrence"}


@dataclass(slots=True)
class Workspace:
    """A configuration with its state folder. Opening it makes no request and takes no lock."""

    config: Config
    state_dir: Path
    ports: Ports
    environ: Mapping[str, str]
    progress: Callable[[str, int, int], None] = lambda what, done, total: None
    stopping: Callable[[], bool] = lambda: False
    _db: Database | None = field(default=None)

    @property
    def db(self) -> Database:
        if self._db is None:
            self._db = open_database(self.state_dir, self.ports)
        return self._db

    def close(self) -> None:
        if self._db is not None:
            self._db.close()

    # -- the main job --------------------------------------------------------------------------------------------------

    def sync(self, pairs: Sequence[str], wish: Wish, *, due: bool = False) -> Report:
        """Bring the pairs' groups up to date; all of them when none is named (N3)."""
        from calsync_cli.engine.run import run

        with self.locked() as session:
            return run(session, self.groups(pairs, due=due), wish)

    def groups(self, pairs: Sequence[str], *, due: bool = False) -> list[Group]:
        """The groups to work on. Raises UsageError for a pair that the configuration does not have."""
        from calsync_cli.engine.groups import groups, selected

        self._check_pairs(pairs)
        found = selected(groups(self.config.pairs.values()), pairs)
        return [group for group in found if not due or any(self.is_due(pair) for pair in group.pairs)]

    def is_due(self, pair: Pair) -> bool:
        ran, _ = views.pair_times(self.db, pair.name)
        return ran is None or self.ports.now() - ran >= pair.every

    def _check_pairs(self, names: Iterable[str]) -> None:
        import difflib

        for name in names:
            if name not in self.config.pairs:
                close = difflib.get_close_matches(name, self.config.pairs, 1)
                hint = f"; did you mean {close[0]}?" if close else ""
                known = ", ".join(self.config.pairs) or "none"
                raise UsageError(f"there is no pair {name!r}{hint} (pairs: {known})", next="calsync status")

    @contextmanager
    def locked(self) -> Iterator[Session]:
        """A session under the lock of the state folder. Raises AlreadyRunning."""
        from calsync_cli.engine.session import Session

        lock = Lock(self.state_dir, self.ports)
        try:
            backup.notice(self.db, self.state_dir)
            session = Session(
                self.db, self.ports, self.installation(), self.connect, progress=self.progress, stopping=self.stopping
            )
            try:
                yield session
                self._look_after_state()
            finally:
                session.close()
        finally:
            lock.release()

    def _look_after_state(self) -> None:
        """Once a day, behind a run: old things are forgotten, and the database is copied (U1, U3)."""
        from calsync_cli.store import retention

        backup.note(self.db, self.state_dir)
        if retention.tidy(self.db):
            backup.keep_daily(self.db, self.state_dir)

    def installation(self) -> str:
        """This state folder's own random id; kept beside the database too, so that a lost database keeps it (K8)."""
        file = self.state_dir / "installation"
        if file.exists():
            return file.read_text(encoding="ascii").strip()
        known = self.db.meta("installation") or self.ports.fresh_id()
        file.touch(mode=0o600)
        file.write_text(known + "\n", encoding="ascii")
        with self.db.transaction():
            self.db.set_meta("installation", known)
        return known

    def connect(self, account: str) -> Provider:
        """A provider of an account of the configuration; the caller closes it. Makes no request."""
        from calsync_cli.providers.registry import connect

        known = self.config.accounts[account]

        def store() -> Any:
            from calsync_cli.config.secrets import open_store

            return open_store(self.config.secrets, self.state_dir, self.environ)

        def credential() -> Any:
            from calsync_cli.config.secrets import password_for

            return password_for(known, store)

        def signer() -> Any:
            from calsync_cli.auth.signer import signer as made

            return made(known, store, self.ports)

        return connect(known, credential, signer, self.ports)

    # -- taking back ---------------------------------------------------------------------------------------------------

    def last_run(self) -> int:
        """The newest run that wrote something. Raises UsageError when none has."""
        found = views.last_writing_run(self.db)
        if found is None:
            raise UsageError("no run has written anything yet", next="calsync history")
        return found

    def undo(self, run: int, wish: Wish) -> Report:
        """Take back what a run wrote, but what was changed since (U1)."""
        from calsync_cli.engine.undo import undo

        if views.run_row(self.db, run) is None:
            raise UsageError(f"there is no run {run}", next="calsync history")
        with self.locked() as session:
            return undo(session, self.groups([]), run, wish)

    def trash(self) -> list[dict[str, Any]]:
        """What `restore` can bring back, the newest deletion first, as `trash --json` prints it."""
        names = views.aliases(self.db)
        return [self._lost(one, names[one.calendar]) for one in views.trash(self.db) if one.calendar in names]

    def _lost(self, lost: views.Trash, calendar: str) -> dict[str, Any]:
        from calsync_cli.errors import MappingError
        from calsync_cli.mapping.registry import OF_PROVIDER, mapping
        from calsync_cli.model.codec import time_text
        from calsync_cli.model.series import form_span

        account = self.config.accounts.get(calendar.partition("/")[0])
        title, start = "", ""
        try:
            reading = mapping(OF_PROVIDER.get(account.provider if account else "", "ical")).read(lost.payload)
            span = form_span(reading.form)
            title, start = reading.title, _start_iso(time_text(span.start)) if span else ""
        except MappingError:
            pass  # it can be told by its UID
        return {
            "id": lost.id, "calendar": calendar, "uid": lost.uid, "title": title, "start": start, "run": lost.run,
            "deleted": _iso(lost.at),
        }

    def restore(self, words: str, on: Sequence[str], wish: Wish) -> Report:
        """Make a deleted event again (U2), found by UID, title or part of it: on these calendars, or wherever its
        pairs have it. Raises UsageError when the words fit none, or several events."""
        from calsync_cli.engine.undo import restore

        rows = _fitting(self.trash(), words)
        if len({row["uid"] for row in rows}) != 1:
            text = f"nothing in the trash fits {words!r}" if not rows else f"several deleted events fit {words!r}"
            raise UsageError(text, next="calsync trash" if not rows else "calsync restore UID")
        lost = next(one for one in views.trash(self.db) if one.id == rows[0]["id"])
        wanted = [number for name in on for number in self._calendars(name)] or list(views.aliases(self.db))
        with self.locked() as session:
            return restore(session, self.groups([]), lost, wanted, wish)

    def purge(self, pair: str, wish: Wish) -> Report:
        """Take away every copy that the pair made and nobody edited."""
        from calsync_cli.engine.undo import purge

        groups = self.groups([pair])
        with self.locked() as session:
            return purge(session, groups, self.config.pairs[pair], wish)

    def retry(self, words: Sequence[str], wish: Wish) -> Report:
        """Try again what servers refused or stored otherwise, and read again what could not be read: of the events
        that these words fit, or of all."""
        from calsync_cli.engine.run import run

        found = [event for one in words for event in self._fitting_events(one)]
        with self.locked() as session:
            with self.db.transaction():
                links.try_again(self.db, {e.link_id for e in found if e.link_id is not None} if words else None)
            return run(session, self.groups([]), wish)

    def _fitting_events(self, words: str) -> list[views.EventRow]:
        found = [event for _, event in self.find(words)]
        if not found:
            raise UsageError(f"no event has the UID {words!r}, or a title with these words", next="calsync events list")
        return found

    # -- looking -------------------------------------------------------------------------------------------------------

    def status(self, pairs: Sequence[str] = ()) -> list[dict[str, Any]]:
        """One row per pair, as `status --json` prints it."""
        self._check_pairs(pairs)
        return [self._pair_status(p) for p in self.config.pairs.values() if not pairs or p.name in pairs]

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
            "pair": pair.name, "direction": pair.direction, "last_run": _iso(ran), "last_ok": _iso(good),
            "next_due": _iso(due), **sides, **counts,
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

    def _calendars(self, name: str | None) -> dict[int, str]:
        known = views.aliases(self.db)
        if name is None:
            return known
        short = self.config.short_names.get(name)
        wanted = str(short) if short else name
        found = {number: label for number, label in known.items() if label == wanted}
        if not found:
            have = ", ".join(sorted(known.values())) or "none"
            raise UsageError(f"no calendar {name!r} has been synced yet (known: {have})", next="calsync calendars")
        return found

    def find(self, words: str) -> list[tuple[str, views.EventRow]]:
        """Copies by UID, whole title, file name or part of a title, in this order, with those on the other sides."""
        names = views.aliases(self.db)
        hits = [e for number in names for e in self._events(number, uid=words)]
        hits = hits or _titled([e for number in names for e in self._events(number)], words)
        found: dict[tuple[int, str], views.EventRow] = {}
        for hit in hits:
            found[hit.calendar_id, hit.remote_id] = hit
            for number in names if hit.link_id is not None else ():
                found |= {(number, e.remote_id): e for e in self._events(number, link=hit.link_id)}
        return [(name, found[key]) for number, name in names.items() for key in sorted(found) if key[0] == number]

    def _events(self, calendar: int, *, uid: str | None = None, link: int | None = None) -> list[views.EventRow]:
        here = [p for p in self.config.pairs.values() if calendar in (self._number(p.a), self._number(p.b))]
        return views.events(self.db, calendar, uid=uid, link=link, bounds=self._bounds(here))

    def _bounds(self, pairs: Sequence[Pair]) -> views.Bounds:
        """How far the widest of these pairs looks (V1)."""
        if not pairs:
            return views.EVERYWHERE
        return reduce(Window.with_all_of, (pair.window for pair in pairs)).bounds(self.ports.now())

    # -- conflicts -----------------------------------------------------------------------------------------------------

    def conflicts(self) -> list[dict[str, Any]]:
        """What waits for a decision between two versions, as `conflicts list --json` prints it."""
        found = [self._conflict(row) for row in links.hold_rows(self.db, views.CONFLICTS)]
        return sorted(found, key=lambda c: (c["start"], c["title"], c["id"]))

    def _conflict(self, row: Any) -> dict[str, Any]:
        detail = json.loads(row["detail"])
        pair, a, b = self._pair_of(links.members(self.db, row["grp"]), detail["fields"])
        fields: dict[str, Any] = {}
        for path, values in detail["fields"].items() if row["kind"] != "delete" else ():
            shown = {
                "base": values["base"],
                "a": values["sides"].get(str(a), values["base"]),
                "b": values["sides"].get(str(b), values["base"]),
            }
            fields |= _field_rows(path, shown)
        sides = detail["fields"].get("sides", {}) if row["kind"] == "delete" else {}
        return {
            "id": row["id"], "pair": pair.name if pair else "", "uid": row["uid"] or "", "title": detail["title"],
            "start": _start_iso(detail["start"]), "kind": row["kind"], "fields": fields, "sides": sides,
            "words": detail["words"], "since": _iso(moment(row["since_us"])),
        }

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

    def _number(self, name: CalendarName) -> int | None:
        return views.calendar_ids(self.db, name.account, name.calendar)

    def decide(self, conflict: int, answers: Mapping[str, str]) -> str:
        """Note a person's answers to one conflict; the next run carries them out. Returns the pair to sync.

        answers: {"": side} for the whole, or {field: side}; sides are a, b, newest, base, both.
        """
        row = next((r for r in links.hold_rows(self.db, views.CONFLICTS) if r["id"] == conflict), None)
        if row is None:
            raise UsageError(f"there is no conflict {conflict}", next="calsync conflicts list")
        shown = self._conflict(row)
        detail = json.loads(row["detail"])["fields"]
        paths = {}
        for name, side in answers.items():
            key, field_name = split(name)
            path = join(key, TIME_NAMES.get(field_name, field_name))
            if name and path not in detail:
                text = f"conflict {conflict} is not about {name!r}; it is about: {', '.join(shown['fields'])}"
                raise UsageError(text, next=f"calsync conflicts show {conflict}")
            paths[path] = self._ranked(shown["pair"], side)
        with self.db.transaction():
            links.set_choice(self.db, conflict, paths)
        return str(shown["pair"])

    def _ranked(self, pair_name: str, side: str) -> str:
        """The planner's `a` is the calendar that comes first in the group; a ring's closing pair is turned round."""
        from calsync_cli.engine.groups import groups

        if side not in ("a", "b") or pair_name not in self.config.pairs:
            return side
        pair = self.config.pairs[pair_name]
        group = next(g for g in groups(self.config.pairs.values()) if pair in g.pairs)
        turned = group.calendars.index(pair.a) > group.calendars.index(pair.b)
        return {"a": "b", "b": "a"}[side] if turned else side

    # -- approvals -----------------------------------------------------------------------------------------------------

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
            "uid": row["uid"] or "", "title": detail["title"], "start": _start_iso(detail["start"]),
            "action": detail["fields"].get("action", ""), "fields": detail["fields"].get("fields", []),
            "words": detail["words"], "since": _iso(moment(row["since_us"])),
        }

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

    # -- history -------------------------------------------------------------------------------------------------------

    def history(self, limit: int = 20) -> list[dict[str, Any]]:
        """Runs, newest first, as `history --json` prints them."""
        return [self._run(row) for row in views.runs(self.db, limit)]

    def _run(self, row: Any) -> dict[str, Any]:
        summary = json.loads(row["summary"])
        counts = views.operation_counts(self.db, row["id"])
        pairs = summary.get("pairs", [])
        seconds = None if row["ended_us"] is None else round((row["ended_us"] - row["started_us"]) / 1e6, 2)
        return {
            "run": row["id"], "started": _iso(moment(row["started_us"])), "seconds": seconds,
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


def _fitting(rows: Sequence[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """Those of this UID, else of this title, else with these words in the title."""
    meant = words.casefold()
    tests: tuple[Callable[[dict[str, Any]], bool], ...] = (
        lambda row: row["uid"] == words,
        lambda row: row["title"].casefold() == meant,
        lambda row: bool(meant) and meant in row["title"].casefold(),
    )
    return next((hits for test in tests if (hits := [row for row in rows if test(row)])), [])


def _titled(events: Sequence[views.EventRow], words: str) -> list[views.EventRow]:
    """Those of this title, else of this file name, else with these words in the title."""
    meant = words.casefold()
    tests: tuple[Callable[[views.EventRow], bool], ...] = (
        lambda e: e.title.casefold() == meant,
        lambda e: e.remote_id == words,
        lambda e: bool(meant) and meant in e.title.casefold(),
    )
    return next((hits for test in tests if (hits := [e for e in events if test(e)])), [])


def open_workspace(config: Config, state_dir: Path, ports: Ports, environ: Mapping[str, str]) -> Workspace:
    return Workspace(config, state_dir, ports, environ)


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="seconds").replace("+00:00", "Z")


def _start_iso(text: str) -> str:
    from calsync_cli.engine.report import iso

    return iso(text)


def _field_rows(path: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    """A time block shows as start and (where it differs) end; everything else as it stands."""
    if path.rpartition("/")[2] != "time":
        return {path: dict(shown)}
    prefix = path.removesuffix("time")
    ends = {name: {k: _start_iso(v[part]) if v else None for k, v in shown.items()} for name, part in
            (("start", "s"), ("end", "e"))}
    rows = {prefix + name: values for name, values in ends.items() if len(set(values.values())) > 1}
    return rows or {prefix + "start": ends["start"]}


def event_json(event: views.EventRow, calendar: str) -> dict[str, Any]:
    """One event of the mirror, as `events --json` prints it."""
    from calsync_cli.engine.report import iso
    from calsync_cli.model.codec import time_text
    from calsync_cli.model.series import form_span

    span = form_span(event.form) if event.form is not None else None
    return {
        "calendar": calendar, "uid": event.uid, "title": event.title or (event.remote_id if event.form is None else ""),
        "start": iso(time_text(span.start)) if span else "", "end": iso(time_text(span.end)) if span else "",
        "recurring": event.form is not None and "recurrence" in event.form, "status": event.status,
        "detail": event.detail, "remote_id": event.remote_id,
    }


def operation_json(op: Any, names: Mapping[int, str]) -> dict[str, Any]:
    """One journal row, readable."""
    return {
        "operation": op["id"], "run": op["run_id"], "calendar": names.get(op["calendar_id"], "?"), "action": op["kind"],
        "title": op["title"], "start": _start_iso(op["start"] or ""), "zone": (op["start"] or "").partition(" ")[2],
        "because": op["because"], "outcome": op["state"],
        "remote_id": op["remote_id"], "precondition": op["etag"], "changes": json.loads(op["changes"]),
        "sent": _iso(moment(op["sent_us"])) if op["sent_us"] else None,
        "done": _iso(moment(op["done_us"])) if op["done_us"] else None, "error": op["error"],
    }


