"""What the contract suite needs of each provider beside the provider itself: another person at the same calendar.

Shape   payloads are made and edited by the provider's own mapping, so the suite knows no format; a person says what an
        event shall be (`Said`) and the bench stores it in the server's own way
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from calsync_cli.mapping.base import Mapping, Place
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.model.series import Form
from calsync_cli.model.times import Span, Zoned
from calsync_cli.ports import Ports, system_ports
from calsync_cli.providers import vdir_files
from calsync_cli.providers.base import Calendar, Item, Provider
from calsync_cli.providers.memory import MemoryProvider, MemoryServer, Traits
from calsync_cli.providers.vdir import VdirProvider
from tests.emulators.graph.knobs import cruel

_names = count(1)
_TIME = Span(Zoned(datetime(2026, 11, 24, 9), "UTC"), Zoned(datetime(2026, 11, 24, 10), "UTC"))


@dataclass(frozen=True)
class Said:
    """An event of one hour as somebody wants it."""

    uid: str
    title: str = "Tea"
    description: str = ""

    @property
    def form(self) -> Form:
        words = {"title": self.title, "description": self.description}
        return {"time": _TIME, **{name: text for name, text in words.items() if text}}


@dataclass
class Bench:
    """One empty calendar and a person who edits it past the provider.

    put        stores under a name of the person's choice (a file name where there are files), overwriting
    remove     deletes by that name
    drop       takes the whole calendar away
    lock       takes the right to write away; None where the server knows no rights
    refused_names  names that this server itself takes from nobody
    room       characters of the longest description that comes back whole
    reusable   whether an id may be taken again after its event was deleted
    atomic     whether of several writers of one version at once the server lets only one write
    versions   whether a list tells the version of each event
    settle     waits until a token is given that no longer shows what was written so far
    named      ids are the client's own, and UIDs everybody's; else the server's
    check      what must hold when the test is over
    """

    provider: Provider
    cal: Calendar
    put: Callable[[str, Said], None]
    remove: Callable[[str], None]
    drop: Callable[[], None]
    lock: Callable[[], None] | None = None
    refused_names: Collection[str] = ()
    room: int = 1_100_000
    reusable: bool = True
    atomic: bool = True
    versions: bool = True
    settle: Callable[[], None] = lambda: None
    named: bool = True
    check: Callable[[], None] = lambda: None

    @property
    def mapping(self) -> Mapping:
        return mapping(self.provider.caps.mapping)

    def body(self, key: str, uid: str, title: str = "Tea", description: str = "") -> bytes:
        """A new payload, to be created under `key`."""
        place = Place(self.provider.remote_id_for(self.cal, key), self.cal.zone)
        return self.mapping.make(uid, Said(uid, title, description).form, "contract", place)

    def titled(self, item: Item, title: str) -> bytes:
        """The payload to update `item` with."""
        return self.mapping.edit(item.payload, {"title": title})

    def shows(self, payload: bytes, uid: str, title: str = "Tea", description: str = "") -> bool:
        """Servers rewrite bytes (facts 0.4); the meaning must stay."""
        found = self.mapping.read(payload)
        wanted = self.mapping.read(self.body("0" * 32, uid, title, description))
        same = found.uid == wanted.uid or (not self.named and not found.marker)
        return same and dict(found.form) == dict(wanted.form)


def ical(said: Said) -> bytes:
    return mapping("ical").make(said.uid, said.form, "")


def memory_bench(traits: Traits) -> Bench:
    server = MemoryServer(lambda: datetime.now(UTC), traits)
    cal = server.add_calendar("work")
    provider = MemoryProvider(server)
    return Bench(
        provider,
        provider.open(cal),
        put=lambda name, said: void(server.user_put(cal, name, ical(said))),
        remove=lambda name: server.user_delete(cal, name),
        drop=lambda: server.set_calendar(cal, gone=True),
        lock=lambda: server.set_calendar(cal, access="read"),
    )


def vdir_bench(root: Path, patch: Any) -> Bench:
    folder = root / "work"
    folder.mkdir()
    provider = VdirProvider(Account("disk", "vdir", path=root), system_ports())
    cal = provider.open(str(folder))
    provider.claim(cal, "the contract suite")

    def lock() -> None:
        folder.chmod(0o555)
        if os.access(folder, os.W_OK):  # root may write everywhere
            patch.setattr(vdir_files, "writable", lambda path: path != folder)

    return Bench(
        provider,
        cal,
        put=lambda name, said: void((folder / name).write_bytes(ical(said))),
        remove=lambda name: (folder / name).unlink(),
        drop=lambda: shutil.rmtree(folder),
        lock=lock,
    )


REFUSED_NAMES = {
    "radicale": ("a;b,c.ics", "it's.ics"),  # 400, "not compliant to 'minimal'", Radicale 3.9
    "davical": ("(1).ics",),  # 400
    "sogo": ("it's.ics",),  # stored over another event (SOGo 5.8)
}
COMPARES_BEFORE_IT_WRITES = ("davical", "sogo")
"""A server that looks at the condition, and then writes without a lock (measured: of eight at once, up to four)."""


def icloud_bench(server: Any) -> Bench:
    """`server` is a FakeICloud. The person uses a device of Apple's."""
    from calsync_cli.providers.icloud.provider import ICloudProvider
    from tests.fakes.icloud_server import PASSWORD

    for path in [path for path, shelf in server.shelves.items() if shelf.name.startswith("contract-")]:
        del server.shelves[path]  # a UID is the account's, and the suite uses the same ones in each test
    path = server.calendar(f"contract-{next(_names)}")
    provider = ICloudProvider(server.account(), lambda: Secret(PASSWORD), _quick_ports())

    def check() -> None:
        assert not [entry for entry in server.log if entry[2].get("If-Match") == "*"]

    return Bench(
        provider,
        provider.open(path),
        put=lambda name, said: server.user_put(path + name, ical(said)),
        remove=lambda name: server.user_delete(path + name),
        drop=lambda: void(server.shelves.pop(path)),
        lock=lambda: setattr(server.shelves[path], "right", "read"),
        check=check,
    )


def dav_bench(name: str, server: Any) -> Bench:
    """`server` is what tests.fakes.servers yields. The person uses plain HTTP requests."""
    from calsync_cli.providers.caldav.provider import CalDavProvider

    account = server.account("contract")
    calendar_id = server.make_calendar(f"contract-{next(_names)}")
    provider = CalDavProvider(account, lambda: Secret("any"), _quick_ports())
    base = "{0.scheme}://{0.netloc}".format(urlsplit(server.url)) + quote(calendar_id.rstrip("/")) + "/"
    person = httpx.Client(auth=(account.username or "someone", "any"), headers={"Connection": "close"})

    def put(name: str, said: Said) -> None:
        kind = {"Content-Type": "text/calendar"}
        person.put(base + quote(name), content=ical(said), headers=kind).raise_for_status()

    return Bench(
        provider,
        provider.open(calendar_id),
        put=put,
        remove=lambda name: void(person.delete(base + quote(name)).raise_for_status()),
        drop=lambda: void(person.delete(base).raise_for_status()),
        lock=(lambda: void(server.make_read_only(calendar_id))) if hasattr(server, "make_read_only") else None,
        refused_names=REFUSED_NAMES.get(name, ()),
        atomic=name not in COMPARES_BEFORE_IT_WRITES,
        versions=name != "sogo",
        settle=partial(time.sleep, 2.5 if name == "sogo" else 0),  # its tokens are seconds
    )


ICLOUD: dict[str, tuple[str, ...]] = {"icloud": (), "icloud-odd": ("no-etag-on-put", "multiget-misses")}
GOOGLE: dict[str, dict[str, Any]] = {
    "google": {},
    "google-odd": {
        "page": 2,
        "modes": {"full_tombstones": True, "error_form": "new", "zone_filled": True, "live_pages": True},
    },
}


def google_bench(g: Any) -> Bench:
    """`g` is a GoogleEmulator. The person uses the web page; the names are theirs, the ids are Google's."""
    from calsync_cli.providers.google.provider import GoogleProvider
    from tests.emulators.google.auth import Bearer

    home = g.world.add_calendar(g.me, f"contract-{next(_names)}").id
    provider = GoogleProvider(Account("google", "google", api_url=g.api_url), Bearer(g), _quick_ports())
    ids: dict[str, str] = {}

    def put(name: str, said: Said) -> None:
        event = {"summary": said.title, "description": said.description, "reminders": {"useDefault": False}}
        times = {name: {"dateTime": f"2026-11-24T{hour}:00:00Z", "timeZone": "UTC"}
                 for name, hour in (("start", "09"), ("end", "10"))}
        if name in ids:
            g.people.patch(home, ids[name], event)
        else:
            ids[name] = g.people.insert(home, {**event, **times, "iCalUID": said.uid})["id"]

    def check() -> None:
        assert (g.mails, g.problems, g.api.remarks) == ([], [], [])
        assert all("sendUpdates=none" in entry.query for entry in g.log if entry.writes)

    return Bench(
        provider,
        provider.open(home),
        put=put,
        remove=lambda name: g.people.delete(home, ids.pop(name)),
        drop=lambda: g.world.remove_calendar(home),
        lock=partial(g.world.share, home, g.me, "reader"),
        room=8000,
        reusable=False,
        check=check,
    )


GRAPH: dict[str, dict[str, Any]] = {
    "graph": {},
    "graph-odd": {"knobs": cruel(outside_rows="empty", retry_after="1", nulls=False), "deleted_occurrence": "removed"},
}


def graph_bench(g: Any) -> Bench:
    """`g` is a running Graph emulator. The person uses Outlook; the names are theirs, the ids are the mailbox's."""
    from calsync_cli.mapping.graph.kept import PROPERTIES
    from calsync_cli.providers.graph.provider import GraphProvider
    from tests.emulators.graph.auth import Bearer

    name = f"contract-{next(_names)}"
    home = g.do(do="add_calendar", name=name)
    g.change(forget_transactions=True)  # they are the mailbox's, and the suite's keys are not of one calendar
    account = Account("graph", "microsoft", api_url=g.graph_url, ca_file=g.ca_file)
    provider = GraphProvider(account, Bearer(g), _quick_ports(), PROPERTIES)
    ids: dict[str, str] = {}

    def put(key: str, said: Said) -> None:
        event = {"subject": said.title, "body": {"contentType": "text", "content": said.description}}
        times = {name: {"dateTime": f"2026-11-24T{hour}:00:00", "timeZone": "UTC"}
                 for name, hour in (("start", "09"), ("end", "10"))}
        if key in ids:
            g.do(do="update", id=ids[key], changes=event)
        else:
            ids[key] = g.do(do="create", calendar=name, event={**event, **times, "isReminderOn": False})

    def check() -> None:
        assert (g.mails, g.violations) == ([], [])

    return Bench(
        provider,
        provider.open(home),
        put=put,
        remove=lambda key: void(g.do(do="delete", id=ids.pop(key))),
        drop=lambda: void(g.do(do="delete_calendar", calendar=home)),
        lock=lambda: void(g.do(do="set_calendar", calendar=home, can_edit=False)),
        reusable=False,
        named=False,
        check=check,
    )


@contextmanager
def running(name: str) -> Iterator[Any]:
    """The real server of that name, or an emulator, started once for the module."""
    from tests.emulators.google import google_emulator
    from tests.emulators.graph import graph_emulator
    from tests.fakes import servers
    from tests.fakes.icloud_server import FakeICloud

    if name in ICLOUD:
        with FakeICloud(*ICLOUD[name]) as fake:
            yield fake
        return
    emulators = {**dict.fromkeys(GOOGLE, google_emulator), **dict.fromkeys(GRAPH, graph_emulator)}
    options = {**GOOGLE, **GRAPH}.get(name, {})
    start: Any = emulators[name] if name in emulators else getattr(servers, name)
    with start(**options) as server:
        yield server


def _quick_ports() -> Ports:
    real = system_ports()
    return Ports(real.now, real.monotonic_s, lambda _: None, real.fresh_id)


def void(_: object) -> None:
    """For lambdas that must return nothing."""
