"""From the address of a consent page to its answer: by the browser of this machine, or by one elsewhere.

Shape   `ask(begin, ports, ...)`: `begin(redirect_uri, state)` gives the page's address; the Answer comes by the
        receiver, or, without a browser here, also as a line that a person pastes
Errors  AuthError after WAIT_S without an answer
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import IO

from calsync_cli.auth.answer import Answer, NotOurs, pasted
from calsync_cli.auth.loopback import Receiver
from calsync_cli.errors import AuthError
from calsync_cli.ports import Ports

WAIT_S = 600.0
TICK_S = 0.25
"""So that Ctrl-C is noticed on every system."""
JOIN_S = 1.0


def ask(
    begin: Callable[[str, str], str], ports: Ports, *, browser: bool, say: Callable[[str], None], stdin: IO[str] | None,
    next: str,
) -> Answer:
    """say: prints a line for the person. stdin: where a pasted answer comes from. next: what to type to start again."""
    events: SimpleQueue[Answer | str] = SimpleQueue()
    state = ports.fresh_id()
    with Receiver(events) as receiver:
        url = begin(receiver.redirect_uri, state)
        receiver.receive(state, stray=lambda why: say(f"ignored: {why}"))
        if browser and _open(url):
            say(f"Your browser shows the sign-in page now. If it does not, open this address:\n\n  {url}\n")
        else:
            _tell_elsewhere(url, receiver.port, say, asked_for=not browser)
            with _listening(stdin, events):
                return _first(events, state, ports, say, next)
        return _first(events, state, ports, say, next)


def _tell_elsewhere(url: str, port: int, say: Callable[[str], None], *, asked_for: bool) -> None:
    if not asked_for:
        say("No browser can be opened here.")
    say(f"Open this address in any browser, on any machine:\n\n  {url}\n")
    say("When you have agreed there, the browser shows a page that cannot be reached.")
    say(f"Copy the address of that page, http://127.0.0.1:{port}/?..., and paste it here.")
    say(f"(Nothing has to be pasted if that machine runs this first:\n  ssh -L {port}:127.0.0.1:{port} THIS-HOST)\n")


def _open(url: str) -> bool:
    """Whether a browser with a window was started. One in this terminal would hide what we say."""
    import webbrowser

    screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"))
    if sys.platform not in ("win32", "darwin") and not screen:
        return False
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def _first(
    events: SimpleQueue[Answer | str], state: str, ports: Ports, say: Callable[[str], None], next: str
) -> Answer:
    deadline = ports.monotonic_s() + WAIT_S
    while ports.monotonic_s() < deadline:
        try:
            found = events.get(timeout=TICK_S)
        except Empty:
            continue
        if isinstance(found, Answer):
            return found
        try:
            return pasted(found, state)
        except NotOurs as err:
            say(f"That did not work: {err}. Paste the whole address again:")
    text = f"the sign-in page gave no answer within {WAIT_S / 60:.0f} minutes; nothing was stored"
    raise AuthError(text, next=next)


@contextmanager
def _listening(stdin: IO[str] | None, events: SimpleQueue[Answer | str]) -> Iterator[None]:
    """Lines that are typed or pasted, while the receiver waits too. What is typed afterwards is somebody else's."""
    if stdin is None:
        yield
        return
    over, end = os.pipe()
    reader = threading.Thread(target=_pass_on, args=(stdin, over, events), daemon=True)
    reader.start()
    try:
        yield
    finally:
        os.close(end)
        reader.join(JOIN_S)


def _pass_on(stdin: IO[str], over: int, events: SimpleQueue[Answer | str]) -> None:
    try:
        for line in _lines(stdin, over):
            events.put(line)
    finally:
        os.close(over)


def _waits(handle: int, over: int) -> bool:
    """Whether there is something to read. Windows can only wait for sockets: there the thread stays in its read."""
    try:
        return over not in select.select([handle, over], [], [])[0]
    except (OSError, ValueError):
        return True


def _lines(stdin: IO[str], over: int) -> Iterator[str]:
    """Read past Python's own buffer: a thread that waits inside of it would stop the program from ending."""
    try:
        handle = stdin.fileno()
    except (OSError, ValueError):
        yield from (line for line in stdin if line.strip())
        return
    rest = b""
    while _waits(handle, over) and (chunk := os.read(handle, 65536)):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines if line.strip())
    if rest.strip():
        yield rest.decode(errors="replace")
