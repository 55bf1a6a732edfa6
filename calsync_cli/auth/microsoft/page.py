"""From the address of Microsoft's page to its answer, by the browser of this machine.

Shape   `ask(begin, ports, ...)`: `begin(redirect_uri, state)` gives the page's address; the Form comes by the receiver
Errors  NoBrowser where none can be opened; AuthError after WAIT_S without an answer
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue

from calsync_cli.auth.browser import TICK_S, _open
from calsync_cli.auth.microsoft.receiver import Form, FormReceiver
from calsync_cli.errors import AuthError
from calsync_cli.ports import Ports

WAIT_S = 600.0
ON_THE_PAGE = "an error on the page has a number like AADSTS50011, which docs/microsoft.md explains"


class NoBrowser(Exception):
    """There is none with a window here."""


def ask(begin: Callable[[str, str], str], ports: Ports, *, say: Callable[[str], None], next: str) -> Form:
    """say: prints a line for the person. next: what to type to start again."""
    answers: SimpleQueue[Form] = SimpleQueue()
    state = ports.fresh_id()
    with FormReceiver(answers) as receiver:
        url = begin(receiver.redirect_uri, state)
        receiver.receive(state, stray=lambda why: say(f"ignored: {why}"))
        if not _open(url):
            raise NoBrowser
        say(f"Your browser shows the sign-in page now. If it does not, open this address:\n\n  {url}\n")
        return _first(answers, ports, next)


def _first(answers: SimpleQueue[Form], ports: Ports, next: str) -> Form:
    deadline = ports.monotonic_s() + WAIT_S
    while ports.monotonic_s() < deadline:
        try:
            return answers.get(timeout=TICK_S)
        except Empty:
            continue
    text = f"the sign-in page gave no answer within {WAIT_S / 60:.0f} minutes; nothing was stored ({ON_THE_PAGE})"
    raise AuthError(text, next=next)
