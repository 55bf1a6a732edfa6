"""`calsync watch` as a user has it: the real program, a real tunnel program, an emulated Google, a real CalDAV server.

Killed  the tunnel, the network, the program and the CalDAV server in any order: nothing is lost, and it heals by itself
By hand CALSYNC_ORDERS=24 goes through every order
"""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.servers import Radicale, radicale
from tests.process.google import ME, Person, Service, service

FORWARDER = Path(__file__).parents[1] / "watch" / "forwarder.py"
PUSHED = "work: its server tells what changes"
ACTS = ("tunnel", "network", "program", "caldav")
ORDERS = list(itertools.permutations(ACTS))


class Watching:
    """The program under way, and what it says."""

    def __init__(self, person: Person, *words: str) -> None:
        person.environ["PYTHONFAULTHANDLER"] = "1"
        self.process = person.start("watch", *words)
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._seen = 0

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.said += line

    def see(self, words: str, seconds: float = 30.0) -> None:
        """Behind what was seen before."""
        why = f"no {words!r} in:\n"
        until(lambda: words in self.said[self._seen :], seconds, lambda: why + self.said + self.stacks())
        self._seen = self.said.index(words, self._seen) + len(words)

    def stacks(self) -> str:
        """Where it hangs: the last thing that it says."""
        self.process.send_signal(signal.SIGABRT)
        self.process.wait(10)
        return self.process.stderr.read() if self.process.stderr else ""

    def end(self, number: int) -> int:
        os.kill(self.process.pid, number)
        code = self.process.wait(40)
        self._reader.join(5)
        errors = (self.process.stderr.read() if self.process.stderr else "") + self.said
        assert "Traceback" not in errors, errors
        return code


def until(done: Callable[[], Any], seconds: float, why: Callable[[], str] = lambda: "it did not happen") -> float:
    """The seconds it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds, why()
        time.sleep(0.05)
    return time.monotonic() - began


class Desk:
    """A Google calendar in sync with one on a CalDAV server."""

    def __init__(self, folder: Path, google: Service, dav: Radicale) -> None:
        self.person, self.google, self.dav = Person(folder), google, dav
        self.pid_file = folder / "tunnel.pid"
        self.calendar = dav.make_calendar("Home")
        self.person.caldav("dav", dav)
        self.person.google("work", google)
        self.person.pair("work/primary", "dav/Home")
        command = [sys.executable, str(FORWARDER), "{port}", str(self.pid_file)]
        expression = r"http://127\.0\.0\.1:\d+"
        self.person._pairs += f"[watch]\ntunnel = {{ command = {command}, url_regex = '{expression}' }}\n"
        self.number = 0

    def insert(self, title: str) -> None:
        times = {name: {"dateTime": f"2030-05-06T{hour}:00:00Z"} for name, hour in (("start", "09"), ("end", "10"))}
        self.google.do({"do": "insert", "calendar": ME, "event": {"summary": title, **times}})

    def put(self, title: str) -> None:
        """By another CalDAV client."""
        self.number += 1
        text = (
            f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:dav{self.number}\r\nSUMMARY:{title}\r\n"
            "DTSTAMP:20260101T000000Z\r\nDTSTART:20300507T090000Z\r\nDTEND:20300507T100000Z\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        answer = self.dav.raw("PUT", f"{self.calendar}dav{self.number}.ics", text.encode(),
                              {"Content-Type": "text/calendar"})
        assert answer.status_code == 201, answer.text

    def on_dav(self) -> list[str]:
        text = self.dav.raw("GET", self.calendar).text
        return sorted(re.findall(r"\nSUMMARY:(.*?)\r?\n", text))

    def tunnel(self) -> int:
        """The program's process."""
        return int(self.pid_file.read_text() or 0) if self.pid_file.exists() else 0

    def channels(self) -> list[dict[str, str]]:
        return list(self.google.report()["channels"])


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc, which is not there")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with service() as google, radicale() as dav:
        yield Desk(tmp_path, google, dav)


@contextmanager
def watching(desk: Desk, *words: str) -> Iterator[Watching]:
    running = Watching(desk.person, *words)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


def test_an_edit_at_google_is_on_the_caldav_server_within_five_seconds_of_the_notice(desk: Desk) -> None:
    with watching(desk) as running:
        running.see(PUSHED)
        desk.insert("Dentist")
        took = until(lambda: desk.on_dav() == ["Dentist"], 15)
        assert took < 5.0, took
        running.see('+b  "Dentist"')

        check_that_forgeries_do_nothing(desk)

        assert running.end(signal.SIGKILL) == -signal.SIGKILL
    (left,) = desk.channels()
    until(lambda: not alive(desk.tunnel()), 10, lambda: "the tunnel outlived the program")
    desk.insert("Meanwhile")
    with watching(desk) as running:
        running.see("1 channel of an earlier run")
        running.see(PUSHED)
        until(lambda: desk.on_dav() == ["Dentist", "Meanwhile"], 15)
        assert [one["id"] for one in desk.channels()] != [left["id"]] and len(desk.channels()) == 1
        said = desk.person.run("watch")
        assert said.code == 6 and "another calsync watch" in said.err
        assert desk.person.run("sync", "--due", "-q").code in (0, 6)
        assert running.end(signal.SIGTERM) == 143
    assert desk.channels() == [] and desk.google.mails == []
    assert desk.person.query("SELECT * FROM channel") == []


def check_that_forgeries_do_nothing(desk: Desk) -> None:
    """Of what an attacker at the tunnel could send, only a replay has an effect: runs, of which there are few."""
    (channel,) = desk.channels()
    base, _, door = channel["address"].rpartition("/")
    true = {"X-Goog-Channel-ID": channel["id"], "X-Goog-Channel-Token": channel["token"],
            "X-Goog-Resource-State": "exists"}
    until(lambda: _pulls_in(desk, 2.2) == 0, 40)
    with httpx.Client(trust_env=False) as web:
        for _ in range(50):
            assert web.post(f"{base}/{'0' * len(door)}", headers=true).status_code in (404, 429)
            forged = web.post(channel["address"], headers={**true, "X-Goog-Channel-Token": "x" * 32})
            assert forged.status_code in (202, 429) and forged.content == b""
        assert web.post(channel["address"], headers=true, content=b"x" * 1_000_000).status_code == 413
        assert _pulls_in(desk, 2.2) == 0
    resource = desk.person.query("SELECT resource FROM channel")[0][0]
    before = desk.google.requests["read"]
    with httpx.Client(trust_env=False) as web:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            web.post(channel["address"], headers={**true, "X-Goog-Resource-ID": resource})
    assert 1 <= desk.google.requests["read"] - before <= 6


def _pulls_in(desk: Desk, seconds: float) -> int:
    before = desk.google.requests["read"]
    time.sleep(seconds)
    return desk.google.requests["read"] - before


def alive(pid: int) -> bool:
    """Not counting one that is dead and whose end nobody has looked at yet."""
    try:
        return pid > 0 and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# -- everything breaks -------------------------------------------------------------------------------------------------


def orders() -> list[tuple[str, ...]]:
    dice = random.Random(os.environ.get("CALSYNC_ORDERS_SEED", "8"))
    return dice.sample(ORDERS, int(os.environ.get("CALSYNC_ORDERS", "1")))


@pytest.mark.parametrize("order", orders())
def test_whatever_is_killed_in_whatever_order_nothing_is_lost_and_it_heals(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    with service() as google, radicale() as dav:
        desk = Desk(tmp_path, google, dav)
        titles: list[str] = []
        running = Watching(desk.person, "--poll", "4s")
        try:
            running.see(PUSHED)
            for act in order:
                running = broken(act, desk, running, titles)
            until(lambda: alive(desk.tunnel()), 30)
            os.kill(desk.tunnel(), signal.SIGKILL)
            running.see("ended (")
            running.see("http://127.0.0.1:", 40)
            until(lambda: desk.on_dav() == sorted(titles) == desk.google.titles(), 60,
                  lambda: f"{desk.on_dav()}\n{desk.google.titles()}\n{running.said}")
            until(lambda: len(desk.channels()) == 1 and PUSHED in running.said, 30)
            assert running.end(signal.SIGINT) == 130
        finally:
            running.process.kill()
            running.process.wait()
        assert desk.channels() == [] and desk.google.mails == []
        desk.person.sync()
        assert desk.person.sync()["changes"] == [] and desk.on_dav() == sorted(titles) == desk.google.titles()


def broken(act: str, desk: Desk, running: Watching, titles: list[str]) -> Watching:
    """One thing is killed; people go on meanwhile, and it comes back or not."""
    both = [f"Google while {act}", f"Dav while {act}"]
    if act == "program":
        tunnel = desk.tunnel()
        running.end(signal.SIGKILL)
        until(lambda: not alive(tunnel), 10, lambda: "the tunnel outlived the program")  # nor is it taken for the next
    elif act == "tunnel":
        until(lambda: alive(desk.tunnel()), 30)
        os.kill(desk.tunnel(), signal.SIGKILL)
    elif act == "caldav":
        desk.dav.stop()
    if act == "network":
        desk.insert(both[0])
        paused(desk.google, 2.0)
    else:
        desk.insert(both[0])
    if act == "caldav":
        time.sleep(1.0)
        desk.dav.start()
    desk.put(both[1])
    titles += both
    if act == "program":
        return Watching(desk.person, "--poll", "4s")
    time.sleep(0.5)
    return running


def paused(google: Service, seconds: float) -> None:
    """The service answers nobody for a while."""
    pid = google.told["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def test_systemd_hears_that_it_is_ready_and_alive(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(path))
        line.settimeout(20)
        person = Person(tmp_path)
        for name in "xy":
            person.vdir(name)
        person.pair("x/Home", "y/Home")
        person.environ |= {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "1000000"}
        running = Watching(person)
        told: list[str] = []
        try:
            while told.count("WATCHDOG=1") < 3:
                told.append(line.recv(1000).decode())
            assert running.end(signal.SIGTERM) == 143
            while told[-1] != "STOPPING=1":
                told.append(line.recv(1000).decode())
        finally:
            running.process.kill()
    assert "READY=1" in told and any(one.startswith("STATUS=2 accounts") for one in told)
