"""A receiver on 127.0.0.1 for the form that Microsoft's page posts through the browser (response_mode=form_post).

Shape   as auth/loopback.py, whose rules it keeps; the Answer also has what the page says of an error
Why     MSAL's own receiver takes one connection at a time, so that one which a browser opens in advance holds up the
        answer; in a container it listens to the whole network; and it logs the code (msal 1.39, oauth2cli/authcode.py)
Address `http://localhost:PORT`, as it is registered: Microsoft takes no 127.0.0.1 there (facts 1.1, L1.1)
"""

from __future__ import annotations

import hmac
from dataclasses import field
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qs

from calsync_cli.auth import loopback
from calsync_cli.auth.answer import Answer, NotOurs, printable
from calsync_cli.auth.loopback import Receiver
from calsync_cli.model.plain import dataclass

MAX_FORM = 65536
FIELDS = ("code", "state", "client_info", "error", "error_description")


@dataclass(frozen=True, slots=True)
class Form(Answer):
    """fields: what MSAL exchanges for tokens, or the page's error with its description."""

    fields: dict[str, str] = field(default_factory=dict, repr=False)


def read_form(body: str, state: str) -> Form:
    """The state is compared in constant time, before anything else is looked at. Raises NotOurs."""
    try:
        found = parse_qs(body, keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError:
        raise NotOurs("this answer cannot be read") from None
    if any(len(found.get(name, ())) > 1 for name in FIELDS):
        raise NotOurs("this answer says something twice")
    fields = {name: found[name][0] for name in FIELDS if name in found}
    if not hmac.compare_digest(fields.get("state", "").encode(), state.encode()):
        raise NotOurs("this answer belongs to another sign-in, perhaps to an old page; use the page opened last")
    error = fields.get("error", "")
    if not error and not fields.get("code"):
        raise NotOurs("this answer holds no code")
    return Form(error=(printable(error)[:100] or "unreadable") if error else "", fields=fields)


class FormReceiver(Receiver):
    def __init__(self, answers: SimpleQueue[Any]) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.answers = answers
        self.port = self._server.server_address[1]
        self.redirect_uri = f"http://localhost:{self.port}"
        self._started = False


class _Server(loopback._Server):
    def take(self, query: str) -> Form | None:
        form = read_form(query, self.state)
        with self._turn:
            if self._taken:
                return None
            self._taken = True
        return form


class _Handler(loopback._Handler):
    server: _Server

    def do_POST(self) -> None:
        port, length = self.server.server_address[1], self.headers.get("Content-Length", "")
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self._page(421, "This page is for calsync on this machine only.")
        elif self.path != "/":
            self._page(404, "There is nothing here.")
        elif not length.isdecimal() or len(length) > 6 or int(length) > MAX_FORM:
            self._page(413, "This answer is too long.")
        else:
            self._callback(self.rfile.read(int(length)).decode("ascii", "replace"))

    def do_GET(self) -> None:
        """Answers in an address stay in the browser's history and are not taken (RFC 9700 section 4.3.1)."""
        self._page(404, "calsync waits for the answer of the sign-in page here. There is nothing to see.")
