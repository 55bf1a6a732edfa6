"""The list of calendars of a Google account (facts 3): tried at sign-in, read by the provider.

Shape   `entries(client, auth, account)` -> the `items` of all pages as Google sent them, hidden ones too; `listed(ask,
        account)` the same for a caller with its own way to ask
Errors  AuthError, ConfigError, TransientError, ProtocolError
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import httpx

from calsync_cli.errors import ProtocolError
from calsync_cli.model.account import Account
from calsync_cli.providers.google.answers import Json, json_of, objects, text
from calsync_cli.providers.google.refusals import read_problem
from calsync_cli.providers.http import send

API_URL = "https://www.googleapis.com/calendar/v3/"
PATH = "users/me/calendarList"
MAX_PAGES = 1000


def api_url(account: Account) -> str:
    """Ends with a slash."""
    return (account.api_url or API_URL).rstrip("/") + "/"


def entries(client: httpx.Client, auth: httpx.Auth, account: Account) -> Iterator[Json]:
    def ask(params: Mapping[str, str]) -> httpx.Response:
        request = client.build_request("GET", api_url(account) + PATH, params={"prettyPrint": "false", **params})
        return send(client, request, auth=auth, writes=False)

    return listed(ask, account)


def listed(ask: Callable[[Mapping[str, str]], httpx.Response], account: Account) -> Iterator[Json]:
    params = {"maxResults": "250", "showHidden": "true"}
    for _ in range(MAX_PAGES):
        response = ask(params)
        if response.status_code != 200:
            raise read_problem(response, account)
        page = json_of(response)
        yield from objects(page, "items")
        if not text(page, "nextPageToken"):
            return
        params = {**params, "pageToken": text(page, "nextPageToken")}
    raise ProtocolError(f"the calendar list of {account.name} does not end")
