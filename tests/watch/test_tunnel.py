"""The tunnel program: its address, its ends, and that it never outlives us."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calsync_cli.model.account import Tunnel
from calsync_cli.ports import system_ports
from calsync_cli.watch import leash
from calsync_cli.watch.inbox import Inbox
from calsync_cli.watch.tunnel import KNOWN, PATIENCE, Program, way

FORWARDER = str(Path(__file__).with_name("forwarder.py"))
OWN = Tunnel("command", (sys.executable, FORWARDER, "{port}"), r"http://127\.0\.0\.1:\d+")
NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)


def until(done: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def program(tunnel: Tunnel = OWN) -> Program:
    return Program(tunnel, 9, system_ports(), Inbox())


def test_its_address_is_taken_from_what_it_prints() -> None:
    one = program()
    try:
        assert one.tend(NOW) is not None and one.url is None and one.words.endswith("starts")
        until(lambda: one.url)
        assert one.url is not None and one.url.startswith("http://127.0.0.1:") and one.tend(NOW) is None
    finally:
        one.close()


@pytest.mark.parametrize(("name", "line", "url"), [
    ("cloudflared", "2026-01-01T00:00:00Z INF |  https://quick-brown-fox.trycloudflare.com            |",
     "https://quick-brown-fox.trycloudflare.com"),
    ("cloudflared", "ERR failed to request quick Tunnel: Post https://api.trycloudflare.com/tunnel: EOF", None),
    ("ngrok", 't=2026-01-01 lvl=info msg="started tunnel" obj=tunnels addr=http://localhost:9 url=https://a1.ngrok.app',
     "https://a1.ngrok.app"),
    ("ngrok", "t=2026-01-01 lvl=info msg=\"update available\" obj=updater", None),
])  # fmt: skip
def test_what_the_known_programs_print(name: str, line: str, url: str | None) -> None:
    known = KNOWN[name]
    script = f"import time; print({line!r}, flush=True); time.sleep(30)"
    one = program(Tunnel("command", (sys.executable, "-c", script), known.url_regex))
    try:
        one.tend(NOW)
        until(lambda: one.url == url and one._last)
        assert "{port}" in " ".join(known.command)
    finally:
        one.close()


def test_an_address_that_would_not_be_safe_is_not_taken() -> None:
    script = "print('http://tunnel.example.org', flush=True); import time; time.sleep(30)"
    one = program(Tunnel("command", (sys.executable, "-c", script), r"https?://\S+"))
    try:
        one.tend(NOW)
        until(lambda: one._last)
        time.sleep(0.1)
        assert one.url is None
    finally:
        one.close()


def test_one_that_ends_is_started_again_after_longer_and_longer_pauses() -> None:
    one = program(Tunnel("command", (sys.executable, "-c", "print('no licence'); raise SystemExit(3)"), "https://x"))
    now, pauses = NOW, []
    for _ in range(4):
        one.tend(now)
        assert one._process is not None
        one._process.wait()
        until(lambda: one._last)
        again = one.tend(now)
        assert again is not None and f"{one.name} ended (3): no licence; again in" in one.words
        pauses.append((again - now).total_seconds())
        now = again
    assert pauses == [2, 4, 8, 16]


def test_one_that_is_not_installed_or_silent_is_said_to_be_so() -> None:
    one = program(Tunnel("command", ("no-such-program",), "x"))
    one.tend(NOW)
    assert "no-such-program is not installed" in one.words
    quiet = program(Tunnel("command", (sys.executable, "-c", "import time; time.sleep(60)"), "https://x"))
    quiet.tend(NOW)
    quiet.tend(NOW + PATIENCE)
    assert "named no address; again in 2 s" in quiet.words
    for pause in (4, 8):  # however long it lived
        now = NOW + PATIENCE * pause
        quiet.tend(now)
        quiet.tend(now + PATIENCE + timedelta(seconds=5))
        assert f"named no address; again in {pause} s" in quiet.words
    quiet.close()


NGROK = (  # what version 2.3.41 prints on a machine without network, and version 3 without a token
    't=2026-11-21T23:46:12+0000 lvl=info msg="ignoring default config path, could not stat it" path=/home/me/.ngrok2/'
    'ngrok.yml err="stat /home/me/.ngrok2/ngrok.yml: no such file or directory"',
    't=2026-11-21T23:46:12+0000 lvl=info msg="starting web service" obj=web addr=127.0.0.1:4040',
    't=2026-11-21T23:46:12+0000 lvl=eror msg="failed to reconnect session" obj=csess id=0e1408f1b28a '
    'err="dial tcp: lookup tunnel.us.ngrok.com on 10.0.0.1:53: dial udp 10.0.0.1:53: connect: network is unreachable"',
    't=2026-11-21T23:46:16+0000 lvl=eror msg="failed to reconnect session" obj=csess id=0e1408f1b28a '
    'err="resolved tunnel.us.ngrok.com has no records"',
)
NO_TOKEN = (
    't=2026-11-21T23:46:12+0000 lvl=eror msg="failed to auth session" obj=tunnels.session err="authentication failed: '
    'Usage of ngrok requires a verified account and authtoken.\\n\\nSign up for an account"',
    "ERROR:  authentication failed: Usage of ngrok requires a verified account and authtoken.", "ERROR:",
)
NO_NAME = ('failed to request quick Tunnel: Post "https://api.trycloudflare.com/tunnel": dial tcp: lookup '
           "api.trycloudflare.com: no such host",)


@pytest.mark.parametrize(("lines", "code", "words"), [
    (NGROK, None, "ngrok starts: dial tcp: lookup tunnel.us.ngrok.com on"),
    (NO_TOKEN, 1, "ngrok ended (1): authentication failed: Usage of ngrok requires a verified account and authtoken.;"),
    (NO_NAME, 1, "ngrok ended (1): failed to request quick Tunnel: Post "),
    (("Something", "ERROR:"), 1, "ngrok ended (1): Something; again in 2 s"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_the_programs_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], code: int | None, words: str
) -> None:
    text = "\n".join(lines)
    last = f"raise SystemExit({code})" if code is not None else "import time; time.sleep(60)"
    (tmp_path / "ngrok").write_text(f"#!{sys.executable}\nprint({text!r}, flush=True); {last}\n")
    (tmp_path / "ngrok").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    one = program(Tunnel("ngrok"))
    try:
        one.tend(NOW)
        until(lambda: one._last and (code is None or (one._process and one._process.poll() is not None)))
        if code is not None:
            one.tend(NOW)
        until(lambda: f"tunnel: {words}" in one.words)
    finally:
        one.close()
    quiet = one.words
    one.restart("ngrok named no address", NOW)
    assert code is not None or "ngrok named no address: dial tcp: lookup" in one.words, quiet


@pytest.mark.skipif(shutil.which("ngrok") is None, reason="no ngrok on this machine; with one its own words are read")
@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare, which keeps ngrok from the network")
def test_the_real_ngrok_without_a_network_is_said_to_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ngrok").write_text(f'#!/bin/sh\nexec unshare -rn "{shutil.which("ngrok")}" "$@"\n')
    (tmp_path / "ngrok").chmod(0o755)
    for name, value in {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    one = program(Tunnel("ngrok"))
    try:
        one.tend(NOW)
        until(lambda: "starts: " in one.words)
        assert "unreachable" in one.words or "no such host" in one.words or "authtoken" in one.words
        one.tend(NOW + PATIENCE)
        assert one.url is None and one.words.startswith("tunnel: ngrok named no address: ")
    finally:
        one.close()
    assert one._reader is not None
    one._reader.join(10)
    assert not one._reader.is_alive(), "it was not ended"


def test_none_and_a_fixed_address_need_no_program() -> None:
    inbox, ports = Inbox(), system_ports()
    assert way(Tunnel(), None, 9, ports, inbox).url is None
    fixed = way(Tunnel(), "https://c.example.org/x/", 9, ports, inbox)
    assert fixed.url == "https://c.example.org/x" and fixed.tend(NOW) is None
    fixed.restart("", NOW + timedelta(1))
    fixed.close()


def test_closing_ends_the_program() -> None:
    one = program()
    one.tend(NOW)
    until(lambda: one.url)
    process = one._process
    assert process is not None
    one.close()
    assert process.poll() is not None
    with pytest.raises(OSError):
        import socket

        socket.create_connection(("127.0.0.1", int(str(one.url).rpartition(":")[2])), 1)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not there")
def test_the_program_dies_with_us_even_when_we_are_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"import os, pathlib, time; pathlib.Path({str(pid)!r}).write_text(str(os.getpid()) + ';'); time.sleep(60)"
    starter = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-I', '-S', *sys.argv[1:]], "
        "stdin=subprocess.PIPE); p.wait()"
    )
    us = subprocess.Popen([sys.executable, "-c", starter, str(Path(leash.__file__)), sys.executable, "-c", script])
    until(lambda: pid.exists() and pid.read_text().endswith(";"))
    os.kill(us.pid, signal.SIGKILL)
    us.wait()
    held = int(pid.read_text().rstrip(";"))
    until(lambda: not _alive(held))


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
