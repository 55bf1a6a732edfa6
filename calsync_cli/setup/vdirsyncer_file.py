"""vdirsyncer's configuration file, read as vdirsyncer 0.14 to 0.21 reads it. Pure.

Shape   `parse(text)` -> File: general, storages and pairs by name, values as JSON; what is no JSON is a text, as its
        own documentation writes paths and addresses
Source  its manual, "Full configuration manual"
"""

from __future__ import annotations

import json
from configparser import Error, RawConfigParser
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from calsync_cli.model.plain import dataclass
from calsync_cli.setup.notes import BadSetup, Table

CONTACTS = ("carddav", "google_contacts", "remotestorage_contacts")
TEXTS = frozenset({"path", "url", "fileext"})
CALENDARS = ("caldav", "google_calendar", "filesystem", "singlefile", "http")


@dataclass(slots=True)
class File:
    general: Table = field(default_factory=dict)
    storages: dict[str, Table] = field(default_factory=dict)
    pairs: dict[str, Table] = field(default_factory=dict)

    def is_for_contacts(self, pair: Table) -> bool:
        sides = [self.storages[name] for name in (pair["a"], pair["b"])]
        return any(one.get("type") in CONTACTS or one.get("fileext") == ".vcf" for one in sides)


def parse(text: str) -> File:
    """Raises BadSetup."""
    parser = RawConfigParser()
    try:
        parser.read_string(text)
    except Error as err:
        raise BadSetup(str(err).partition("\n")[0]) from None
    found = File()
    places = {"storage": found.storages, "pair": found.pairs}
    for section in parser.sections():
        kind, _, name = section.partition(" ")
        options = {key: _value(raw) for key, raw in parser.items(section)}
        if kind == "general" and not name:
            found.general = options
        elif kind in places and name.strip():
            places[kind][name.strip()] = options
        else:
            raise BadSetup(f"it has a section [{section}], which is none of general, pair NAME and storage NAME")
    if not found.pairs:
        raise BadSetup("it has no [pair NAME] section")
    _check(found)
    return found


def _value(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _check(found: File) -> None:
    for name, pair in found.pairs.items():
        for side in ("a", "b"):
            if not isinstance(pair.get(side), str) or pair[side] not in found.storages:
                raise BadSetup(f"pair {name} has no storage for side {side}: {pair.get(side)!r}")
        listed = pair.get("collections")
        if listed is not None and not isinstance(listed, list):
            raise BadSetup(f"collections of pair {name} must be null or a list")
        for one in listed or ():
            named = isinstance(one, list) and len(one) == 3 and isinstance(one[0], str)
            if not isinstance(one, str) and not (named and all(isinstance(part, str | None) for part in one)):
                raise BadSetup(f'collections of pair {name} hold {one!r}; there are "x" and ["name", "a", "b"]')
        if not isinstance(pair.get("partial_sync"), str | None):
            raise BadSetup(f"partial_sync of pair {name} must be a text")
    for name, storage in found.storages.items():
        if not isinstance(storage.get("type"), str):
            raise BadSetup(f"storage {name} says no type")
        for key in TEXTS & storage.keys():
            if not isinstance(storage[key], str) or not storage[key].strip("/ "):
                raise BadSetup(f"{key} of storage {name} must be a text")
        try:
            urlsplit(storage.get("url", ""))
        except ValueError:
            raise BadSetup(f"url of storage {name} is no address: {storage['url']!r}") from None
