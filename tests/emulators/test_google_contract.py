"""One suite for the emulator and for the live service (facts section 13, item 47).

It runs against the emulator; with CALSYNC_LIVE_GOOGLE_TOKEN (an access token with the scope `calendar`) also against
the real API, on a secondary calendar that it makes and throws away. A difference belongs into the facts, with its date.
Ids are new in every run, because Google never gives one back.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulators.google import google_emulator
from tests.emulators.google.client import Client, Wire, all_day, timed, weekly

LIVE_URL = "https://www.googleapis.com/calendar/v3"
TOKEN = os.environ.get("CALSYNC_LIVE_GOOGLE_TOKEN", "")
MONDAY_2 = "20260511T070000Z"
live = pytest.mark.skipif(not TOKEN, reason="CALSYNC_LIVE_GOOGLE_TOKEN is not set")


@pytest.fixture(scope="module", params=["emulator", pytest.param("live", marks=live)])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    if request.param == "live":
        with Wire(LIVE_URL, TOKEN, "primary") as made:
            yield from on_new_calendar(made)
    else:
        with google_emulator() as g, Client(g) as made:
            yield from on_new_calendar(made)
            assert g.problems == []
            assert g.mails == []


def on_new_calendar(wire: Wire) -> Iterator[Wire]:
    made = wire.ask("POST", "calendars", {"summary": "calsync contract", "timeZone": "Europe/Berlin"})
    wire.user = made.json["id"]
    yield wire
    assert wire.ask("DELETE", f"calendars/{wire.user}").status == 204


def new_id() -> str:
    return "cs" + secrets.token_hex(12)


def make(wire: Wire, **body: Any) -> dict[str, Any]:
    answer = wire.insert({**timed("contract"), "id": new_id(), **body}, sendUpdates="none")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_an_id_is_taken_for_ever(wire: Wire) -> None:
    made = make(wire)
    assert made["iCalUID"] == f"{made['id']}@google.com"
    assert wire.insert({**timed("again"), "id": made["id"]}).reason == "duplicate"
    assert wire.delete(made["id"], sendUpdates="none").status == 204
    assert wire.insert({**timed("again"), "id": made["id"]}).reason == "duplicate"
    assert wire.get(made["id"]).json["status"] == "cancelled"
    assert (wire.delete(made["id"]).status, wire.delete(new_id()).status) == (410, 404)


def test_guards(wire: Wire) -> None:
    made = make(wire)
    fresh = wire.patch(made["id"], {"summary": "y"}, etag=made["etag"]).json
    assert fresh["etag"] != made["etag"]
    assert wire.patch(made["id"], {"summary": "z"}, etag=made["etag"]).reason == "conditionNotMet"
    assert wire.delete(made["id"], etag=made["etag"]).status == 412
    assert wire.get(made["id"], headers={"If-None-Match": fresh["etag"]}).status == 304


def test_a_delta_names_changes_and_deletions(wire: Wire) -> None:
    one, two = make(wire), make(wire)
    _, token = wire.read(singleEvents=False, maxResults=2500)
    wire.patch(one["id"], {"summary": "changed"})
    wire.delete(two["id"])
    changed, newer = wire.read(singleEvents=False, maxResults=2500, syncToken=token)
    assert changed[one["id"]]["summary"] == "changed"
    assert changed[two["id"]]["status"] == "cancelled"
    assert newer != token
    assert wire.list(syncToken=token, timeMin="2026-01-01T00:00:00Z").status == 400
    assert wire.list(syncToken="garbage").status in (400, 410)


def test_patch_merges_and_put_replaces(wire: Wire) -> None:
    made = make(wire, location="here", extendedProperties={"private": {"a": "1", "b": "2"}})
    kept = wire.patch(made["id"], {"extendedProperties": {"private": {"a": None, "c": "3"}}}).json
    assert kept["extendedProperties"]["private"] == {"b": "2", "c": "3"}
    assert kept["location"] == "here"
    put = wire.update(made["id"], timed("put")).json
    assert not {"location", "extendedProperties"} & set(put)


def test_instances_are_named_by_their_original_start(wire: Wire) -> None:
    series = make(wire, recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    instance = f"{series['id']}_{MONDAY_2}"
    moved = {"start": {"dateTime": "2026-05-12T14:00:00", "timeZone": "Europe/Berlin"},
             "end": {"dateTime": "2026-05-12T15:00:00", "timeZone": "Europe/Berlin"}}
    assert wire.patch(instance, moved).json["recurringEventId"] == series["id"]
    assert wire.delete(f"{series['id']}_20260518T070000Z").status == 204
    assert wire.get(f"{series['id']}_20260519T070000Z").status == 404
    items = wire.ask("GET", wire.url(series["id"]) + "/instances").json["items"]
    assert len(items) == 3
    assert instance in {item["id"] for item in items}
    assert wire.get(series["id"]).json["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=4"]


@pytest.mark.parametrize(("body", "status"), [
    ({"end": timed("x")["start"]}, 400), ({"recurrence": ["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z"]}, 400),
    ({"recurrence": ["DTSTART:20260504T070000Z"]}, 400), ({"id": "UPPER-case"}, 400),
    ({"start": {"dateTime": "2026-05-04T09:00:00", "timeZone": "Nowhere/Land"}}, 400), ({"colorId": "99"}, 400),
])
def test_what_is_refused(wire: Wire, body: dict[str, Any], status: int) -> None:
    assert wire.insert({**timed("x"), "id": new_id(), **body}).status == status


def test_all_day_and_reminders(wire: Wire) -> None:
    made = make(wire, **all_day("day", days=2), reminders={"useDefault": False})
    assert (made["start"], made["end"]) == ({"date": "2026-05-04"}, {"date": "2026-05-06"})
    reminded = wire.patch(made["id"], {"reminders": {"useDefault": False, "overrides": [
        {"method": "popup", "minutes": 10}]}}).json
    assert reminded["updated"] == made["updated"]


def test_a_series_with_its_exceptions_goes_at_once(wire: Wire) -> None:
    series = make(wire, **weekly("series"))
    wire.patch(f"{series['id']}_{MONDAY_2}", {"summary": "other"})
    _, token = wire.read(singleEvents=False, maxResults=2500)
    wire.delete(series["id"])
    assert wire.read(singleEvents=False, maxResults=2500, syncToken=token)[0][series["id"]]["status"] == "cancelled"
    assert series["id"] not in wire.read(singleEvents=False, maxResults=2500)[0]
