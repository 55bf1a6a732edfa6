"""A plain client for tests of the emulator itself: one call, one answer, nothing retried, nothing hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self
from urllib.parse import quote

import httpx

from tests.emulators.google.emulator import CALENDAR_SCOPE, GoogleEmulator

AGENT = "emulator-test (gzip)"


class Answer:
    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.text = response.text
        is_json = "json" in response.headers.get("content-type", "") and response.content
        self.json: Any = response.json() if is_json else None

    @property
    def reason(self) -> str:
        return str(self.json["error"]["errors"][0]["reason"])

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])


class Wire:
    """Calls below one API address with one access token; `user` is the calendar meant when none is named."""

    def __init__(self, api_url: str, token: str, user: str) -> None:
        self.api_url, self.user = api_url, user
        headers = {"Authorization": f"Bearer {token}", "User-Agent": AGENT}
        self.http = httpx.Client(verify=api_url.startswith("https"), headers=headers, timeout=30.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def ask(self, verb: str, path: str, body: Any = None, etag: str = "", headers: dict[str, str] | None = None,
            **params: Any) -> Answer:
        """`path` is below the API's address, already quoted; True and False are spelled as Google wants them."""
        sent = {"If-Match": etag} if etag else {}
        told = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        return Answer(self.http.request(verb, f"{self.api_url}/{path}", json=body, params=told or None,
                                        headers={**sent, **(headers or {})}))

    # -- events of one calendar ----------------------------------------------------------------------------------------

    def url(self, event_id: str = "", calendar: str = "") -> str:
        place = f"calendars/{quote(calendar or self.user, safe='')}/events"
        return f"{place}/{quote(event_id, safe='')}" if event_id else place

    def insert(self, body: Any, calendar: str = "", **params: Any) -> Answer:
        return self.ask("POST", self.url("", calendar), body, **params)

    def get(self, event_id: str, calendar: str = "", **params: Any) -> Answer:
        return self.ask("GET", self.url(event_id, calendar), **params)

    def patch(self, event_id: str, body: Any, calendar: str = "", **params: Any) -> Answer:
        return self.ask("PATCH", self.url(event_id, calendar), body, **params)

    def update(self, event_id: str, body: Any, calendar: str = "", **params: Any) -> Answer:
        return self.ask("PUT", self.url(event_id, calendar), body, **params)

    def delete(self, event_id: str, calendar: str = "", **params: Any) -> Answer:
        return self.ask("DELETE", self.url(event_id, calendar), **params)

    def list(self, calendar: str = "", **params: Any) -> Answer:
        return self.ask("GET", self.url("", calendar), **params)

    def pages(self, calendar: str = "", **params: Any) -> Iterator[dict[str, Any]]:
        """A whole listing, page by page."""
        page = self.list(calendar, **params)
        assert page.status == 200, page.text
        yield page.json
        while "nextPageToken" in page.json:
            page = self.list(calendar, **params, pageToken=page.json["nextPageToken"])
            assert page.status == 200, page.text
            yield page.json

    def read(self, calendar: str = "", **params: Any) -> tuple[dict[str, dict[str, Any]], str]:
        """Items by id (a later page wins) and the token."""
        found, token = {}, ""
        for page in self.pages(calendar, **params):
            found.update({item["id"]: item for item in page["items"]})
            token = page.get("nextSyncToken", "")
        return found, token


class Client(Wire):
    """A client of the emulator that is signed in already."""

    def __init__(self, emulator: GoogleEmulator, user: str = "", scopes: Iterable[str] = (CALENDAR_SCOPE,)) -> None:
        self.emulator = emulator
        super().__init__(emulator.api_url, emulator.token(user, scopes), user or emulator.me)


def timed(summary: str, day: int = 4, hour: int = 9, zone: str = "Europe/Berlin", **more: Any) -> dict[str, Any]:
    """One hour on a day of May 2026, a Monday unless given."""
    start = {"dateTime": f"2026-05-{day:02d}T{hour:02d}:00:00", "timeZone": zone}
    end = {"dateTime": f"2026-05-{day:02d}T{hour + 1:02d}:00:00", "timeZone": zone}
    return {"summary": summary, "start": start, "end": end, **more}


def all_day(summary: str, day: int = 4, days: int = 1, **more: Any) -> dict[str, Any]:
    return {"summary": summary, "start": {"date": f"2026-05-{day:02d}"}, "end": {"date": f"2026-05-{day + days:02d}"},
            **more}


def weekly(summary: str, rule: str = "RRULE:FREQ=WEEKLY;COUNT=4", **more: Any) -> dict[str, Any]:
    return timed(summary, recurrence=[rule], **more)
