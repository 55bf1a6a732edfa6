"""`calsync watch` in process: emulators of Google and Graph, folders, a real receiver, and a clock of the test's own.

Shape   `with World(tmp_path, google={}) as world:` world.run(world.at(act, hours=1), ...) runs the loop in virtual
        time and does each act when its time has come; `world.lines` is what was told. Sockets, files, SQLite are real
Time    only the loop's waiting moves the clock. After an act the notice of it is waited for, in real time
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from calsync_cli.api import Workspace
from calsync_cli.config.load import load
from calsync_cli.mapping.graph.kept import PROPERTIES
from calsync_cli.mapping.registry import mapping
from calsync_cli.ports import Ports, system_ports
from calsync_cli.providers.base import Provider
from calsync_cli.providers.google.provider import GoogleProvider
from calsync_cli.providers.graph.provider import GraphProvider
from calsync_cli.watch.inbox import Inbox, Notice, Signal
from calsync_cli.watch.loop import Watch
from calsync_cli.watch.reach import Knocker, Reach
from calsync_cli.watch.receiver import Receiver
from calsync_cli.watch.state import WatchState
from calsync_cli.watch.systemd import Systemd
from calsync_cli.watch.tunnel import Fixed, Way
from tests.emulators.google.auth import Bearer as GoogleBearer
from tests.emulators.google.emulator import google_emulator
from tests.emulators.graph import graph_emulator
from tests.emulators.graph.auth import Bearer as GraphBearer
from tests.emulators.graph.wire import Raw, Reply
from tests.engine.cloud_wire import dated_answers, http_now

START = datetime(2026, 5, 4, 8, tzinfo=UTC)
NOTICE_S = 3.0
Act = tuple[datetime, Callable[[], object]]


class Recorder:
    """A screen that remembers the last of everything."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.state: WatchState | None = None
        self.runs = 0

    def tell(self, line: str, *, wrong: bool = False) -> None:
        self.lines.append(line)

    def report(self, report: Any, new: Sequence[Any]) -> None:
        self.runs += 1
        self.lines += [problem.message for problem in new]

    def draw(self, state: WatchState) -> None:
        self.state = state


class Virtual(Inbox):
    """Waiting moves the clock."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def take(self, wait_s: float) -> list[Signal]:
        if self.empty:
            self.world.pass_time(wait_s)
        return [] if self.empty else super().take(0.0)

    @property
    def empty(self) -> bool:
        return not self._waiting

    @property
    def noticed(self) -> bool:
        """A server's word is there; the folders' comes at any time."""
        return any(isinstance(signal, Notice) for signal in list(self._waiting))


class SignedIn(Workspace):
    """Signed in without any sign-in: that has tests of its own."""

    world: World

    def connect(self, account: str) -> Provider:
        known, world = self.config.accounts[account], self.world
        if known.provider == "google":
            return GoogleProvider(known, GoogleBearer(world.google), self.ports)
        if known.provider == "microsoft":
            return GraphProvider(known, GraphBearer(world.graph), self.ports, PROPERTIES)
        return super().connect(account)


class World:
    def __init__(
        self, folder: Path, *, google: dict[str, Any] | None = None, graph: dict[str, Any] | None = None,
        virtual: bool = True, poll: timedelta = timedelta(minutes=15),
    ) -> None:
        self.folder, self._virtual, self.poll = folder, virtual, poll
        self.now_s = 0.0
        self._google, self._graph = google, graph
        self._stack = ExitStack()
        self.recorder = Recorder()
        self._acts: list[Act] = []
        self.ports = self._ports() if virtual else system_ports()
        self.inbox: Inbox = Virtual(self) if virtual else Inbox()
        self.way: Way | None = None
        self.loop: Watch | None = None
        self.pairs: list[str] = []

    def __enter__(self) -> Self:
        text = ""
        (self.folder / "state").mkdir(exist_ok=True)
        if self._google is not None:
            self.google = google_emulator(start=START if self._virtual else None, **self._google)
            self.google.answer = dated_answers(self.google)  # type: ignore[method-assign]
            self._stack.enter_context(self.google)
            text += f'[accounts.work]\nprovider = "google"\napi_url = "{self.google.api_url}"\n'
            text += self._pair("work", "google")
        if self._graph is not None:
            self.graph = self._stack.enter_context(graph_emulator(http_notices=True, **self._graph))
            self.graph.emulator.world.clock.frozen = START if self._virtual else None
            self.graph.graph.handle = self._dated
            text += f'[accounts.office]\nprovider = "microsoft"\ngraph_url = "{self.graph.graph_url}"\n'
            text += f'ca_file = "{self.graph.ca_file}"\n' + self._pair("office", "graph")
        self.config = self.folder / "config.toml"
        self.config.write_text(text)
        self.receiver = Receiver(self.ports, self.inbox)
        self.receiver.start()
        return self

    def _dated(self, raw: Raw) -> Reply:
        reply = self.graph.emulator.handle(raw)
        reply.headers["Date"] = http_now(self.graph.emulator.world.clock.now())
        return reply

    def _pair(self, account: str, name: str) -> str:
        self.disk(name).mkdir(parents=True, exist_ok=True)
        return (f'[accounts.{name}-disk]\nprovider = "vdir"\npath = "{self.disk(name).parent}"\n[pairs.{name}]\n'
                f'a = "{account}/primary"\nb = "{name}-disk/Home"\nfirst_sync = "auto"\n')

    def disk(self, name: str) -> Path:
        return self.folder / name / "Home"

    def __exit__(self, *_: object) -> None:
        self.receiver.close()
        self._stack.close()

    # -- time ----------------------------------------------------------------------------------------------------------

    def _ports(self) -> Ports:
        return Ports(
            now=lambda: START + timedelta(seconds=self.now_s), monotonic_s=lambda: self.now_s, sleep=self._advance,
            fresh_id=system_ports().fresh_id,
        )

    def _advance(self, seconds: float) -> None:
        self.now_s += seconds
        if self._google is not None:
            self.google.clock.advance(seconds)
        if self._graph is not None:
            self.graph.emulator.world.clock.advance(seconds)

    def pass_time(self, seconds: float) -> None:
        until = self.ports.now() + timedelta(seconds=seconds)
        if self._acts and self._acts[0][0] <= until:
            when, act = self._acts.pop(0)
            self._advance(max(0.0, (when - self.ports.now()).total_seconds()))
            act()
        else:
            self._advance(seconds)

    # -- a run of the loop ---------------------------------------------------------------------------------------------

    def at(self, act: Callable[[], object], **after: float) -> Act:
        return START + timedelta(**after), act

    def heard(self, act: Callable[[], object]) -> Callable[[], None]:
        """The act, and then its notice has arrived."""

        def done() -> None:
            act()
            end = time.monotonic() + NOTICE_S
            assert isinstance(self.inbox, Virtual)
            while not self.inbox.noticed and time.monotonic() < end:
                time.sleep(0.002)
            assert self.inbox.noticed, "no notice came"

        return done

    def made(self) -> Watch:
        def let_in(doors: Any) -> None:
            self.receiver.doors = doors

        self.way = self.way or Fixed(f"http://127.0.0.1:{self.receiver.port}")
        return Watch(
            self.workspace, self.ports, self.inbox, self.way, Reach(Knocker(self.receiver.knock)), self.recorder,
            Systemd({}), poll=self.poll, pairs=self.pairs, let_in=let_in,
        )

    def run(self, *acts: Act) -> None:
        """Until the last of the acts is done."""
        self.loop = loop = self.made()
        self._acts = [*sorted(acts, key=lambda act: act[0])]
        self._acts.append((max(when for when, _ in acts), loop.stop))
        loop.run()

    def workspace(self) -> Workspace:
        made = SignedIn(load(self.config, {}), self.folder / "state", self.ports, {})
        SignedIn.world = self
        return made

    # -- what a test looks at ------------------------------------------------------------------------------------------

    @property
    def lines(self) -> list[str]:
        return self.recorder.lines

    def channels(self) -> int:
        """Open at the servers."""
        google = len(self.google.channels.living()) if self._google is not None else 0
        hooks = self.graph.emulator.hooks if self._graph is not None else None
        if hooks is not None:
            hooks._drop_expired()
        return google + (len(hooks.alive) if hooks is not None else 0)

    def titles(self, name: str) -> list[str]:
        return sorted(mapping("ical").read(file.read_bytes()).title for file in self.disk(name).glob("*.ics"))

    def insert(self, title: str, day: int = 6) -> None:
        """At Google."""
        start = {"dateTime": f"2026-05-{day:02d}T09:00:00Z"}
        self.google.people.insert(self.google.me, {"summary": title, "start": start, "end": start | {
            "dateTime": f"2026-05-{day:02d}T10:00:00Z"}})

    def create(self, title: str, day: int = 6) -> None:
        """In Outlook."""
        times = {name: {"dateTime": f"2026-05-{day:02d}T{hour}:00:00", "timeZone": "UTC"}
                 for name, hour in (("start", "09"), ("end", "10"))}
        self.graph.do(do="create", event={"subject": title, **times})

    def rows(self) -> int:
        work = self.workspace()
        try:
            return int(work.db.value("SELECT count(*) FROM channel"))
        finally:
            work.close()
