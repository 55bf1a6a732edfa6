"""What MSAL takes for an HTTP client: ours, with the account's certificates, proxy and timeouts.

Why     `requests`, which MSAL would use, prefers a bundle of the environment to the account's ca_file
Passing 429, 5xx and cut connections are repeated here, a few times for all requests together, and end as
        TransientError: MSAL would lose Retry-After, and answer from its memory for a while (facts 1.3)
Errors  TransientError; ProtocolError for an address that is not https; Refused for a discovery that says why not
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from calsync_cli.auth.microsoft.refusals import PASSING, Refused
from calsync_cli.errors import ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers.http import make_client, retry_after_s, send

PAUSES_S = (1.0, 2.0)
LONGEST_PAUSE_S = 10.0


class Web:
    def __init__(self, account: Account, ports: Ports) -> None:
        self._client = make_client(account)
        self._ports = ports
        self._pauses = list(PAUSES_S)

    def close(self) -> None:
        self._client.close()

    def get(
        self, url: str, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> httpx.Response:
        response = self._asked("GET", url, params=params, headers=headers)
        told = _object(response)
        if 400 <= response.status_code < 500 and told.get("error"):
            raise Refused(told)  # MSAL would say that the address is wrong, and not why
        return response

    def post(
        self, url: str, params: Mapping[str, Any] | None = None, data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None, **_: object,
    ) -> httpx.Response:
        form = {name: value for name, value in (data or {}).items() if value is not None}
        return self._asked("POST", url, params=params, data=form, headers=headers)

    def _asked(self, method: str, url: str, **parts: Any) -> httpx.Response:
        if urlsplit(url).scheme != "https":
            raise ProtocolError(f"the sign-in service names an address without encryption ({urlsplit(url).netloc})")
        while True:
            try:
                return self._once(self._client.build_request(method, url, **parts))
            except TransientError as err:
                pause = max(self._pauses.pop(0), err.retry_after_s or 0.0) if self._pauses else LONGEST_PAUSE_S + 1
                if pause > LONGEST_PAUSE_S:
                    raise
                self._ports.sleep(pause)

    def _once(self, request: httpx.Request) -> httpx.Response:
        response = send(self._client, request, auth=None, writes=False)
        status, error = response.status_code, _object(response).get("error")
        if status in (408, 429) or status >= 500 or error in PASSING:
            words = f"{request.url.netloc.decode('ascii', 'replace')} cannot sign anybody in just now"
            raise TransientError(
                f"{words} ({error if error in PASSING else status})",
                retry_after_s=retry_after_s(response, self._ports.now()),
            )
        return response


def _object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        data = response.json()
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
