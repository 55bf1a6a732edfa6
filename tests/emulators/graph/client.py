"""A plain client for the tests of the emulator: httpx, a token, and nothing clever.

Shape   Api(running).get/post/patch/delete(path, ...) -> httpx.Response; .rows(path), all pages; .round(...), a delta
"""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import quote

import httpx

from tests.emulators.graph.running import Running

IMMUTABLE = 'IdType="ImmutableId"'
TEXT = 'outlook.body-content-type="text"'
WINDOW = {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-04-01T00:00:00Z"}
Json = dict[str, Any]


class Api:
    def __init__(
        self, running: Running, *, token: str | None = None, prefer: str | None = f"{IMMUTABLE}, {TEXT}"
    ) -> None:
        self.running = running
        headers = {"Authorization": f"Bearer {token or running.token()}"}
        if prefer:
            headers["Prefer"] = prefer
        self.http = httpx.Client(verify=running.client_context(), headers=headers, trust_env=False, timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        url = path if path.startswith("https://") else f"{self.running.graph_url}/{path}"
        if body is not None:
            more["json"] = body
        return self.http.request(method, url, **more)

    def get(self, path: str, params: Json | None = None, **headers: str) -> httpx.Response:
        return self("GET", path, params=params, headers=_spelt(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self("POST", path, body, headers=_spelt(headers))

    def patch(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self("PATCH", path, body, headers=_spelt(headers))

    def delete(self, path: str, **headers: str) -> httpx.Response:
        return self("DELETE", path, headers=_spelt(headers))

    # -- events --------------------------------------------------------------------------------------------------------

    def create(self, calendar: str | None = None, **members: Any) -> Json:
        answer = self.post(f"me/calendars/{q(calendar)}/events" if calendar else "me/events", event(**members))
        assert answer.status_code == 201, answer.text
        return body(answer)

    def read(self, name: str, **params: str) -> Json:
        answer = self.get(f"me/events/{q(name)}", {f"${key}": value for key, value in params.items()} or None)
        assert answer.status_code == 200, answer.text
        return body(answer)

    def rows(self, path: str, params: Json | None = None, **headers: str) -> list[Json]:
        """All pages of a list."""
        found: list[Json] = []
        answer = self.get(path, params, **headers)
        while True:
            assert answer.status_code == 200, answer.text
            found += body(answer)["value"]
            if "@odata.nextLink" not in body(answer):
                return found
            answer = self.get(body(answer)["@odata.nextLink"], **headers)

    def instances(self, master: str, **window: Any) -> list[Json]:
        return self.rows(f"me/events/{q(master)}/instances", {**WINDOW, "$top": "200", **window})

    def round(self, link: str | None = None, calendar: str | None = None, **window: str) -> tuple[list[Json], str]:
        """One delta round to its end: rows and the link for the next."""
        stem = f"me/calendars/{q(calendar)}/" if calendar else "me/"
        answer = self.get(link) if link else self.get(f"{stem}calendarView/delta", {**WINDOW, **window})
        found: list[Json] = []
        while True:
            assert answer.status_code == 200, answer.text
            told = body(answer)
            assert ("@odata.nextLink" in told) != ("@odata.deltaLink" in told)
            found += told["value"]
            if "@odata.deltaLink" in told:
                return found, str(told["@odata.deltaLink"])
            answer = self.get(told["@odata.nextLink"])


def _spelt(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def q(name: str | None) -> str:
    return quote(name or "", safe="")


def body(answer: httpx.Response) -> Json:
    told: Json = answer.json()
    return told


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["error"]["code"])


def at(text: str, zone: str = "Europe/Berlin") -> Json:
    return {"dateTime": text if "T" in text else f"{text}T00:00:00", "timeZone": zone}


def event(subject: str = "Dentist", start: str = "2026-01-05T09:00:00", end: str | None = None,
          zone: str = "Europe/Berlin", **members: Any) -> Json:
    ends = end or f"{start[:11]}{int(start[11:13]) + 1:02d}{start[13:]}"
    return {"subject": subject, "start": at(start, zone), "end": at(ends, zone), **members}


def weekly(day: str = "2026-01-05", count: int = 5, **pattern: Any) -> Json:
    """Mondays from 5 January 2026, five of them, unless told otherwise."""
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday", **pattern},
        "range": {"type": "numbered", "startDate": day, "numberOfOccurrences": count},
    }
