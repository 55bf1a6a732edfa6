"""The list of calendars of a Google account (facts 3, 8.2): tried at sign-in, read by the provider.

Shape   `entries(client, auth, account)` -> the `items` of all pages as Google sent them, hidden ones too
Errors  `problem(response, account)` puts an answer that is about the whole account into words: sign-in, rights, project
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx

from calsync_cli.errors import AuthError, CalsyncError, ConfigError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.providers.http import send

API_URL = "https://www.googleapis.com/calendar/v3/"
BUSY = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED", "backendError"})
DAY_OVER = frozenset({"dailyLimitExceeded", "dailyLimitExceededUnreg", "variableTermLimitExceeded"})
SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
API_OFF = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
MAX_PAGES = 1000


def api_url(account: Account) -> str:
    """Ends with a slash."""
    return (account.api_url or API_URL).rstrip("/") + "/"


def entries(client: httpx.Client, auth: httpx.Auth, account: Account) -> Iterator[dict[str, Any]]:
    """Raises AuthError, ConfigError, TransientError, ProtocolError."""
    params: dict[str, str | int] = {"maxResults": 250, "showHidden": "true", "prettyPrint": "false"}
    for _ in range(MAX_PAGES):
        request = client.build_request("GET", api_url(account) + "users/me/calendarList", params=params)
        page = _page(send(client, request, auth=auth, writes=False), account)
        yield from page.get("items") or ()
        if not page.get("nextPageToken"):
            return
        params["pageToken"] = page["nextPageToken"]
    raise ProtocolError(f"the calendar list of {account.name} does not end")


def _page(response: httpx.Response, account: Account) -> dict[str, Any]:
    if response.status_code != 200:
        raise problem(response, account)
    data = json_of(response)
    if not all(isinstance(item, dict) for item in data.get("items") or ()):
        raise ProtocolError(f"{response.request.url.host} sent no list of calendars; is api_url right?")
    return data


def json_of(response: httpx.Response) -> dict[str, Any]:
    """The object that an answer holds. Raises ProtocolError."""
    try:
        data = response.json()
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ProtocolError(f"{response.request.url.host} sent something that is no answer of the Calendar API")
    return data


def problem(response: httpx.Response, account: Account) -> CalsyncError:
    """Decided by status and reason; a body that is HTML or empty has none (facts 2)."""
    name, status = account.name, response.status_code
    reasons, message = said(response)
    again = f"calsync login {name}"
    if status == 401:
        return AuthError(f"Google refuses the sign-in of {name}, although it is fresh", next=again)
    if reasons & SCOPE:
        text = f"the sign-in of {name} does not allow this: a right was unticked, or `access` asks for more by now"
        return AuthError(text, next=again)
    if reasons & API_OFF:
        where = re.search(r"https://console\.\S+", message)
        text = "the Google Calendar API is not switched on in the Google Cloud project of the client file; switch it on"
        text += f" at {where[0] if where else 'console.cloud.google.com, APIs & Services'}, wait a minute, and go on"
        return ConfigError([(f"accounts.{name}.client_file", text)], next=again)
    if "notACalendarUser" in reasons:
        return AuthError(f"the Google account of {name} has no Google Calendar; open calendar.google.com with it once")
    if "domainPolicy" in reasons:
        text = f"an administrator does not let other programs use the calendars of {name}; ask them to allow it"
        return AuthError(text, next=again)
    if reasons & DAY_OVER:
        return TransientError(f"the Google Cloud project of {name} has used up its requests of the day")
    if status == 429 or status >= 500 or reasons & BUSY:
        after = response.headers.get("Retry-After", "")
        wait = float(after) if after.isdecimal() and len(after) < 6 else None
        return TransientError(f"Google is too busy for {name} just now ({status})", retry_after_s=wait)
    words = f": {message}" if message else ""
    return ProtocolError(f"{response.request.url.host} refuses what was asked for {name} ({status}{words})")


def said(response: httpx.Response) -> tuple[frozenset[str], str]:
    """Reasons in the classic and the newer place, and the message without what could steer a terminal."""
    try:
        error = response.json()["error"]
        listed = [*(error.get("errors") or ()), *(error.get("details") or ())]
        reasons = frozenset(str(item["reason"]) for item in listed if "reason" in item)
        message = "".join(c for c in str(error.get("message", "")) if c.isprintable())
        return reasons | {str(error.get("status"))}, message[:300]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return frozenset(), ""
