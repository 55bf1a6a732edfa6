"""vdirsyncer's configuration -> accounts and pairs. Pure; every key is translated, or named with what to do.

Shape   `translate(file, discovered, home)`; discovered(pair name) -> the collections that "from a" and "from b" stand
        for, as vdirsyncer found them ((name, on a, on b), None for the storage itself), or None: not known
Same    a collection is called by the last part of its address there and here; items are known by their UID on both
        sides, so what vdirsyncer has synced is linked, not copied; copies of a feed are known by the UIDs it gives
        them (engine.match)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from calsync_cli.setup import vdirsyncer_storage as storages
from calsync_cli.setup.notes import Note, Setup, Table
from calsync_cli.setup.vdirsyncer_file import CALENDARS, File

Collection = tuple[str | None, str | None, str | None]
Discovered = Callable[[str], Sequence[Collection] | None]
BACK = {"revert": {"target_edits": "overwrite", "target_deletes": "restore"}, "ignore": {}, "error": {}}
"""partial_sync: what becomes of changes to the side that is only written to."""


def translate(file: File, discovered: Discovered, home: str) -> Setup:
    """home: what `~` stands for in the words of a command, which calsync does not expand."""
    found = Setup()
    for key in sorted(file.general.keys() - {"status_path"}):
        found.notes.append(Note(f"{key} of [general]", "is not known to calsync, and is left out"))
    for name, pair in file.pairs.items():
        if file.is_for_contacts(pair):
            text = "is for contacts, and calsync is for calendars"
            found.notes.append(Note(f"pair {name}", text, "leave it to vdirsyncer, and take the others out of it"))
        elif (why := _not_possible(file, pair)) is not None:
            found.notes.append(Note(f"pair {name}", *why))
        else:
            _Pair(file, name, pair, found, home).add(discovered)
    used = {pair[side] for pair in file.pairs.values() for side in ("a", "b")}
    for name in file.storages.keys() - used:
        found.notes.append(Note(f"storage {name}", "is in no pair, and is left out"))
    return found


def _not_possible(file: File, pair: Table) -> tuple[str, str] | None:
    """Why calsync cannot have such a pair, and what to do."""
    sides = {side: file.storages[pair[side]] for side in ("a", "b")}
    for storage in sides.values():
        kind = storage["type"]
        if kind not in CALENDARS:
            return f"calsync knows no storage of type {kind!r}", "leave it to vdirsyncer"
        if ("path" if kind in ("filesystem", "singlefile") else "url") not in storage and kind != "google_calendar":
            return "a storage of it says no path or no url", "write it there first"
        if kind == "singlefile" and not (storage.get("read_only") and pair.get("collections") is None):
            text = "calsync keeps an event in each file, and reads one file of many events only as a feed"
            return text, "let vdirsyncer write it to a filesystem storage once, and pair that"
    if all(_only_read(storage) for storage in sides.values()):
        return "both sides are read only", ""
    return None


def _only_read(storage: Table) -> bool:
    return storage["type"] == "http" or storage.get("read_only") is True


class _Pair:
    """One pair section; it may become several pairs, one for each collection."""

    def __init__(self, file: File, name: str, pair: Table, found: Setup, home: str) -> None:
        self.name, self.pair, self.found, self.home = name, pair, found, home
        self.first = ""
        self.sides = {side: (pair[side], file.storages[pair[side]]) for side in ("a", "b")}

    def add(self, discovered: Discovered) -> None:
        collections = self._collections(discovered)
        if collections is None:
            text = f"which calendars {self._said()} are is not known here: vdirsyncer has not looked yet"
            self._note("collections", text, f"vdirsyncer discover {self.name}, and import again; or calsync init")
            for side in ("a", "b"):
                self._account(side, None if self._is_feed(side) else "")
            return
        if not collections:
            self._note("collections", "vdirsyncer found none", f"calsync calendars {self.pair['a']}")
            return
        self.first = self._known_as(collections[0])
        rules = {**self._direction(), **self._conflict(), **self._window(), **self._more()}
        for collection in collections:
            sides = {side: self._account(side, part) for side, part in zip(("a", "b"), collection[1:], strict=True)}
            self.found.pairs[self._known_as(collection)] = {**sides, **rules}

    def _known_as(self, collection: Collection) -> str:
        return self.name if collection[0] is None else f"{self.name}-{collection[0]}"

    def _note(self, what: str, words: str, then: str = "") -> None:
        self.found.notes.append(Note(f"{what} of pair {self.name}", words, then, pair=self.first))

    # -- calendars -----------------------------------------------------------------------------------------------------

    def _said(self) -> str:
        return " and ".join(f'"{one}"' for one in self.pair["collections"] if str(one) in ("from a", "from b"))

    def _collections(self, discovered: Discovered) -> Sequence[Collection] | None:
        listed = self.pair.get("collections")
        if listed is None:
            return [(None, None, None)]
        if "from a" not in listed and "from b" not in listed:
            return [(one, one, one) if isinstance(one, str) else (one[0], one[1], one[2]) for one in listed]
        return discovered(self.name)

    def _is_feed(self, side: str) -> bool:
        return self.sides[side][1]["type"] in ("http", "singlefile")

    def _account(self, side: str, collection: str | None) -> str:
        """`account/calendar`; makes the account when it is met first."""
        name, storage = self.sides[side]
        made = storages.account(name, storage, self.home, whole=collection is None)
        if made.calendar and name in self.found.accounts and self.found.accounts[name] != made.table:
            name = f"{name}-{made.calendar}"  # a folder by itself, and the calendars in it
        if name not in self.found.accounts:
            self.found.accounts[name] = made.table
            self.found.notes += [replace(one, account=name) for one in made.notes]
            self.found.passwords |= {name: made.password} if made.password else {}
        return f"{name}/{made.calendar or collection}"

    # -- rules ---------------------------------------------------------------------------------------------------------

    def _direction(self) -> Table:
        read = [side for side in ("a", "b") if _only_read(self.sides[side][1])]
        kind = self.pair.get("partial_sync") or "revert"
        if not read:
            return {"direction": "two-way"}
        if kind not in BACK:
            self._note("partial_sync", f"{kind!r} is not known to calsync", "copies keep their edits")
        if kind == "error":
            self._note("partial_sync", "calsync does not stop where a copy was edited", "the edit stays in that copy")
        return {"direction": "a-to-b" if read == ["a"] else "b-to-a", **BACK.get(kind, {})}

    def _conflict(self) -> Table:
        """`null` ends with an error and changes nothing: a person decides, event by event."""
        wanted = self.pair.get("conflict_resolution")
        if any(_only_read(storage) for _, storage in self.sides.values()):
            return {}
        if isinstance(wanted, list):
            text = f"calsync runs no program ({' '.join(map(str, wanted[1:]))}) to settle a conflict: you are asked"
            self._note("conflict_resolution", text, "calsync conflicts resolve")
        return {"conflict": {"a wins": "a", "b wins": "b"}.get(str(wanted), "ask")}

    def _window(self) -> Table:
        for name, storage in self.sides.values():
            begin, end = storage.get("start_date"), storage.get("end_date")
            if begin is None and end is None:
                continue
            found = _days(begin, end)
            if found is not None:
                return {"window": {"past": f"{found[0]}d", "future": f"{found[1]}d"}}
            text = f"{begin!r} to {end!r} is a program, which calsync does not run"
            self._note("start_date", f"of storage {name}: {text}", 'write window = { past = "1y", future = "1y" }')
        return {}

    def _more(self) -> Table:
        if self.pair.get("metadata"):
            self._note("metadata", "calsync leaves names and colours of calendars as they are")
        if self.pair.get("implicit"):
            self._note("implicit", "calsync makes no calendar by itself", "calsync calendars create ACCOUNT NAME")
        for key in sorted(self.pair.keys() - KNOWN):
            self._note(key, "is not known to calsync, and is left out")
        if any(storage.get("no_delete") for _, storage in self.sides.values()):
            self._note("no_delete", "calsync asks before it deletes, on either side", "calsync approvals list")
            return {"approve": ["delete"]}
        return {}


KNOWN = frozenset({"a", "b", "collections", "conflict_resolution", "metadata", "partial_sync", "implicit"})
_NOW = r"(?:datetime\.)?(?:now|today|utcnow)\(\)"
_STEP = r"timedelta\(\s*(days|weeks)\s*=\s*(\d{1,5})\s*\)"


def _days(begin: Any, end: Any) -> tuple[int, int] | None:
    """Around today, for the expressions of its documentation: `datetime.now() - timedelta(days=365)`."""
    low = re.fullmatch(rf"\s*{_NOW}\s*-\s*{_STEP}\s*", str(begin))
    high = re.fullmatch(rf"\s*(?:{_NOW}|(start_date))\s*\+\s*{_STEP}\s*", str(end))
    if low is None or high is None:
        return None
    past = int(low[2]) * (7 if low[1] == "weeks" else 1)
    future = int(high[3]) * (7 if high[2] == "weeks" else 1) - (past if high[1] else 0)
    return (past, future) if past > 0 and future > 0 else None


def collections_of(status: Any) -> Iterator[Collection]:
    """What vdirsyncer keeps in `<status_path>/<pair>.collections`. Raises TypeError, KeyError, ValueError."""
    for name, (a, b) in status["collections"]:
        yield name, a.get("collection"), b.get("collection")
