"""One form posted to a token server: tried again where that helps, with errors in two kinds (facts 1.5, 1.7).

Shape   `post(account, url, form, ports)` -> the JSON of a 200
Errors  Refused: the server's own no, for deaths.py to put into words; TransientError: unreachable, busy, or failing;
        ProtocolError: no token server answers there. None of them repeats what was sent
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from calsync_cli.auth.answer import printable
from calsync_cli.errors import ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers.http import make_client, send

PAUSES_S = (1.0, 2.0)
LONGEST_PAUSE_S = 10.0
PASSING = frozenset({"temporarily_unavailable", "internal_failure", "server_error"})


class Refused(Exception):
    """error, description, subtype: as the server wrote them, made printable."""

    def __init__(self, error: str, description: str = "", subtype: str = "") -> None:
        super().__init__(f"{error}: {description}" if description else error)
        self.error, self.description, self.subtype = error, description, subtype


def post(
    account: Account, url: str, form: Mapping[str, str], ports: Ports, pauses_s: Sequence[float] = PAUSES_S
) -> dict[str, Any]:
    """pauses_s: before each further attempt."""
    pauses = list(pauses_s)
    with make_client(account) as client:
        while True:
            try:
                return _once(client, url, form)
            except TransientError as err:
                pause = max(pauses.pop(0), err.retry_after_s or 0.0) if pauses else LONGEST_PAUSE_S + 1
                if pause > LONGEST_PAUSE_S:
                    raise
                ports.sleep(pause)


def _once(client: httpx.Client, url: str, form: Mapping[str, str]) -> dict[str, Any]:
    request = client.build_request("POST", url, data=dict(form), headers={"Accept": "application/json"})
    response = send(client, request, auth=None, writes=False)
    host, status, data = urlsplit(url).netloc, response.status_code, _object(response)
    error = _word(data, "error")
    if status in (408, 429) or status >= 500 or error in PASSING:
        after = response.headers.get("Retry-After", "")
        wait = float(after) if after.isdecimal() and len(after) < 6 else None
        raise TransientError(f"{host} cannot sign anybody in just now ({error or status})", retry_after_s=wait)
    if status == 200 and data is not None and not error:
        return data
    if error:
        raise Refused(error, _word(data, "error_description"), _word(data, "error_subtype"))
    raise ProtocolError(f"{host} does not answer like Google's token server ({status})", next="calsync config check")


def _object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        data = response.json()
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _word(data: Mapping[str, Any] | None, key: str) -> str:
    value = (data or {}).get(key)
    return printable(value)[:200] if isinstance(value, str) else ""
