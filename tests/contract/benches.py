"""What the contract suite needs of each provider beside the provider itself: another person at the same calendar."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports, system_ports
from calsync_cli.providers import vdir_files
from calsync_cli.providers.base import Calendar, Provider
from calsync_cli.providers.memory import MemoryProvider, MemoryServer, Traits
from calsync_cli.providers.vdir import VdirProvider

_names = count(1)


@dataclass
class Bench:
    """One empty calendar and a person who edits it past the provider.

    put        stores under a file name of the person's choice, overwriting
    remove     deletes by that name
    drop       takes the whole calendar away
    lock       takes the right to write away; None where the server knows no rights
    refused_names  names that this server itself takes from nobody
    """

    provider: Provider
    cal: Calendar
    put: Callable[[str, bytes], None]
    remove: Callable[[str], None]
    drop: Callable[[], None]
    lock: Callable[[], None] | None = None
    refused_names: Collection[str] = ()


def memory_bench(traits: Traits) -> Bench:
    server = MemoryServer(lambda: datetime.now(UTC), traits)
    cal = server.add_calendar("work")
    provider = MemoryProvider(server)
    return Bench(
        provider,
        provider.open(cal),
        put=lambda name, payload: void(server.user_put(cal, name, payload)),
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
        put=lambda name, payload: void((folder / name).write_bytes(payload)),
        remove=lambda name: (folder / name).unlink(),
        drop=lambda: shutil.rmtree(folder),
        lock=lock,
    )


REFUSED_NAMES = {"radicale": ("a;b,c.ics", "it's.ics")}  # 400, "not compliant to 'minimal'", Radicale 3.9


def dav_bench(name: str, server: Any) -> Bench:
    """`server` is what tests.fakes.servers yields. The person uses plain HTTP requests."""
    from calsync_cli.providers.caldav.provider import CalDavProvider

    account = server.account("contract")
    calendar_id = server.make_calendar(f"contract-{next(_names)}")
    provider = CalDavProvider(account, lambda: Secret("any"), _quick_ports())
    base = "{0.scheme}://{0.netloc}".format(urlsplit(server.url)) + quote(calendar_id.rstrip("/")) + "/"
    person = httpx.Client(auth=(account.username or "someone", "any"))

    def put(name: str, payload: bytes) -> None:
        person.put(base + quote(name), content=payload, headers={"Content-Type": "text/calendar"}).raise_for_status()

    return Bench(
        provider,
        provider.open(calendar_id),
        put=put,
        remove=lambda name: void(person.delete(base + quote(name)).raise_for_status()),
        drop=lambda: void(person.delete(base).raise_for_status()),
        lock=(lambda: void(server.make_read_only(calendar_id))) if hasattr(server, "make_read_only") else None,
        refused_names=REFUSED_NAMES.get(name, ()),
    )


@contextmanager
def running(name: str) -> Iterator[Any]:
    """The real server of that name, started once for the module."""
    from tests.fakes import servers

    with getattr(servers, name)() as server:
        yield server


def _quick_ports() -> Ports:
    real = system_ports()
    return Ports(real.now, real.monotonic_s, lambda _: None, real.fresh_id)


def void(_: object) -> None:
    """For lambdas that must return nothing."""
