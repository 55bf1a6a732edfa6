"""The emulator on loopback ports, and what a test wants of it in one object.

Shape   with graph_emulator(...) as g: g.graph_url, .authority, .ca_file, .control_url, .client_id, .token(), .do(...)
End     when the block ends without another error, recorded violations are an error (check=False leaves them)
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.emulators.graph.app import ANN, CLIENT_ID, Emulator
from tests.emulators.graph.control import SCOPES, Control
from tests.emulators.graph.knobs import Fault, Knobs
from tests.emulators.graph.tls import TestCa
from tests.emulators.graph.wire import Listener
from tests.emulators.graph.world import Mailbox, User


class Running:
    client_id = CLIENT_ID

    def __init__(self, emulator: Emulator, port: int = 0) -> None:
        self.emulator = emulator
        self.ca = TestCa()
        self.context = self.ca.context()
        self.control = Control(emulator)
        second, third = (port + 1, port + 2) if port else (0, 0)
        self.graph = Listener(emulator.handle, self.context, port, compress=lambda: emulator.knobs.gzip)
        self.login = Listener(emulator.sign_in.handle, self.context, second)
        self.side = Listener(self.control.handle, None, third)
        self.graph_url = f"{self.graph.url}/v1.0"
        self.authority = f"{self.login.url}/common"
        self.control_url = f"{self.side.url}/"
        self.ca_file = self.ca.ca_file
        emulator.serve_at(self.graph_url, self.login.url)

    def close(self) -> None:
        self.emulator.hooks.courier.close()
        for listener in (self.graph, self.login, self.side):
            listener.close()
        self.ca.close()

    def addresses(self) -> dict[str, str]:
        return {"graph_url": self.graph_url, "authority": self.authority, "ca_file": str(self.ca_file),
                "control_url": self.control_url, "client_id": self.client_id}

    # -- short ways ----------------------------------------------------------------------------------------------------

    @property
    def knobs(self) -> Knobs:
        return self.emulator.knobs

    @property
    def violations(self) -> list[str]:
        return self.emulator.violations

    @property
    def mails(self) -> list[dict[str, Any]]:
        return self.emulator.world.mailboxes[0].mails

    @property
    def box(self) -> Mailbox:
        return self.emulator.world.mailboxes[0]

    def token(self, address: str = "", scopes: str = SCOPES) -> str:
        """An access token without any sign-in."""
        box = self.emulator.world.mailbox(address) or self.box
        return self.emulator.identity.access_token(box, frozenset(scopes.split()))

    def refresh_token(self, address: str = "", scopes: str = f"{SCOPES} offline_access openid profile") -> str:
        box = self.emulator.world.mailbox(address) or self.box
        return self.emulator.identity.refresh_token(box, frozenset(scopes.split()))

    def do(self, **edit: Any) -> str:
        """One edit of a person; see people.py. Gives the id."""
        with self.emulator.world.lock:
            return str(self.emulator.people.do(edit).get("id", ""))

    def state(self) -> dict[str, Any]:
        with self.emulator.world.lock:
            return self.control.state()

    def change(self, **wanted: Any) -> dict[str, Any]:
        with self.emulator.world.lock:
            return self.control.change(wanted)

    def events(self, calendar: str = "Calendar", address: str = "") -> list[dict[str, Any]]:
        """What a person sees in that calendar; see people.py."""
        with self.emulator.world.lock:
            box = self.emulator.world.mailbox(address) or self.box
            return self.emulator.people.events(box)[calendar]

    def calendar_id(self, name: str = "Calendar", address: str = "") -> str:
        box = self.emulator.world.mailbox(address) or self.box
        return self.emulator.renderer.calendar_id(box, box.named(name).key)

    # -- the network fails ---------------------------------------------------------------------------------------------

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Connections to Graph are refused."""
        port = self.graph.port
        self.graph.close()
        try:
            yield
        finally:
            self.graph.open(port)

    @contextmanager
    def untrusted(self) -> Iterator[None]:
        """Graph shows a certificate of another authority."""
        other = TestCa()
        self.graph.context = other.context()
        try:
            yield
        finally:
            self.graph.context = self.context
            other.close()

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file))


@contextmanager
def graph_emulator(
    *, port: int = 0, auto_consent: bool = False, lag: float = 0.0, page: int = 0, faults: Sequence[Fault] = (),
    knobs: Knobs | None = None, users: Sequence[User] = (ANN,), seed: int = 0, check: bool = True, **more: Any,
) -> Iterator[Running]:
    """`more` are knobs by name. Ports are free ones unless `port` is given: that one and the two after it."""
    settings = replace(knobs or Knobs(), **more)
    if auto_consent:
        settings = replace(settings, consent="auto", device_outcome="approve")
    settings = replace(settings, delta_lag_s=lag or settings.delta_lag_s, page_cap=page or settings.page_cap)
    emulator = Emulator(settings, seed=seed, users=tuple(users))
    running = Running(emulator, port)
    for one in faults:
        emulator.arm(one)
    try:
        yield running
    finally:
        running.close()
    if check and emulator.violations:
        raise AssertionError("not as the entity definitions say:\n  " + "\n  ".join(emulator.violations))
