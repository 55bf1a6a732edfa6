"""The Google emulator as a whole: real libraries, a real browser, the command line, the control URL, its speed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import aiohttp
import gcal_sync.api
import gcal_sync.auth
import gcal_sync.model
import gcal_sync.sync
import google_auth_httplib2
import httplib2
import httpx
import pytest
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import InstalledAppFlow
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.emulators.browser import browser, why_not
from tests.emulators.google import CALENDAR_SCOPE, ME, GoogleEmulator, google_emulator
from tests.emulators.google.client import Client, timed, weekly
from tests.emulators.google.discovery import document

REVISION = "20261030"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def g() -> Iterator[GoogleEmulator]:
    with google_emulator(auto_consent=True) as emulator:
        yield emulator
        assert emulator.problems == []
        assert emulator.mails == []


def test_item_46_the_discovery_document_is_the_one_the_facts_describe() -> None:
    """A newer one is no error of ours, but somebody has to read what changed: then raise REVISION."""
    assert len(document()["schemas"]) >= 39
    if document()["revision"] != REVISION:
        pytest.skip(f"the discovery document is of {document()['revision']}, the facts of {REVISION}: compare them")


# -- google-api-python-client ------------------------------------------------------------------------------------------


@pytest.fixture
def service(g: GoogleEmulator) -> Iterator[Any]:
    http = google_auth_httplib2.AuthorizedHttp(Credentials(g.token()), http=httplib2.Http(timeout=10))
    with build("calendar", "v3", http=http, static_discovery=True, cache_discovery=False,
               client_options={"api_endpoint": g.root_url + "/calendar/v3/"}) as made:
        yield made


def test_the_python_client_lists_inserts_patches_and_deletes(g: GoogleEmulator, service: Any) -> None:
    events = service.events()
    made = events.insert(calendarId="primary", body=timed("x", id="cs0001"), sendUpdates="none").execute()
    patch = events.patch(calendarId="primary", eventId=made["id"], body={"summary": "y"})
    patch.headers["If-Match"] = made["etag"]
    assert patch.execute()["summary"] == "y"
    with pytest.raises(HttpError) as stale:
        patch.execute()
    assert stale.value.status_code == 412
    g.world.page_limit = 2
    for number in range(4):
        events.insert(calendarId="primary", body=weekly(f"series {number}")).execute()
    seen, request = [], events.list(calendarId="primary", singleEvents=False, showDeleted=True)
    while request is not None:
        page = request.execute()
        seen += page["items"]
        request = events.list_next(request, page)
    assert len(seen) == 5
    assert events.delete(calendarId="primary", eventId="cs0001").execute() == ""
    changed = events.list(calendarId="primary", syncToken=page["nextSyncToken"]).execute()
    assert [(item["id"], item["status"]) for item in changed["items"]] == [("cs0001", "cancelled")]
    assert [item["id"] for item in service.calendarList().list().execute()["items"]] == [ME]
    assert service.colors().get().execute()["event"]["11"]["background"] == "#dc2127"
    assert service.settings().list().execute()["items"]
    instances = events.instances(calendarId="primary", eventId=next(
        item["id"] for item in seen if "recurrence" in item)).execute()
    assert len(instances["items"]) == 2


def test_the_python_client_gets_and_puts_back_whole_events(service: Any) -> None:
    made = service.events().insert(calendarId="primary", body=timed("x")).execute()
    whole = service.events().get(calendarId="primary", eventId=made["id"]).execute()
    whole["summary"] = "y"
    assert service.events().update(calendarId="primary", eventId=made["id"], body=whole).execute()["summary"] == "y"


def test_the_python_client_sends_batches(g: GoogleEmulator, service: Any) -> None:
    answers: dict[str, Any] = {}

    def keep(name: str, answer: Any, error: Any) -> None:
        answers[name] = error.status_code if error else answer["summary"]

    batch = service.new_batch_http_request(callback=keep)
    batch._batch_uri = g.batch_url
    for number in range(30):
        batch.add(service.events().insert(calendarId="primary", body=timed(f"event {number}")), request_id=str(number))
    batch.add(service.events().get(calendarId="primary", eventId="missing"), request_id="missing")
    batch.execute()
    assert answers == {str(number): f"event {number}" for number in range(30)} | {"missing": 404}
    assert g.requests == {"read": 1, "write": 30}


# -- gcal-sync ---------------------------------------------------------------------------------------------------------


class Auth(gcal_sync.auth.AbstractAuth):  # type: ignore[misc]
    token: str

    async def async_get_access_token(self) -> str:
        return self.token


def with_gcal_sync(g: GoogleEmulator, work: Callable[[Any], Any]) -> Any:
    async def run() -> Any:
        async with aiohttp.ClientSession() as session:
            auth = Auth(session, g.api_url)
            auth.token = g.token()
            return await work(gcal_sync.api.GoogleCalendarService(auth))

    return asyncio.run(run())


def test_gcal_sync_lists_and_syncs(g: GoogleEmulator) -> None:
    g.world.page_limit = 3
    for number in range(7):
        g.people.insert(ME, timed(f"event {number}"))
    series = g.people.insert(ME, weekly("series"))["id"]
    g.people.patch(ME, f"{series}_20260511T070000Z", {"summary": "moved"})

    async def work(api: Any) -> tuple[list[str], list[str], list[str]]:
        calendars = [calendar.id for calendar in (await api.async_list_calendars()).items]
        manager = gcal_sync.sync.CalendarEventSyncManager(api, ME)
        await manager.run()
        before = await stored(manager)
        await api.async_create_event(ME, gcal_sync.model.Event(
            summary="made by gcal-sync", start=gcal_sync.model.DateOrDatetime(date="2026-05-06"),
            end=gcal_sync.model.DateOrDatetime(date="2026-05-07")))
        g.people.delete(ME, next(event["id"] for event in g.events() if event["summary"] == "event 0"))
        await manager.run()
        g.expire_sync_tokens()
        await manager.run()
        return calendars, before, await stored(manager)

    async def stored(manager: Any) -> list[str]:
        items = (await manager._store.async_load())["items"].values()
        return sorted(item["summary"] for item in items if item["status"] != "cancelled")

    calendars, before, after = with_gcal_sync(g, work)
    assert calendars == [ME]
    assert before == [*(f"event {number}" for number in range(7)), "moved", "series"]
    assert after == [*(f"event {number}" for number in range(1, 7)), "made by gcal-sync", "moved", "series"]


def test_gcal_sync_patches_and_expands(g: GoogleEmulator) -> None:
    event = g.people.insert(ME, weekly("series"))["id"]

    async def work(api: Any) -> tuple[str, int]:
        await api.async_patch_event(ME, event, {"summary": "patched"})
        got = await api.async_get_event(ME, event)
        found = await api.async_list_events(gcal_sync.api.ListEventsRequest(
            calendar_id=ME, start_time="2026-05-01T00:00:00Z", end_time="2026-06-01T00:00:00Z"))
        return got.summary, len(found.items)

    assert with_gcal_sync(g, work) == ("patched", 4)


# -- google-auth-oauthlib and a browser --------------------------------------------------------------------------------


class Opener:
    """Stands in for the person's browser: visits the page in a thread, as a browser would."""

    def __init__(self, visit: Callable[[str], None]) -> None:
        self.visit = visit

    def open(self, url: str, *_: object, **__: object) -> bool:
        Thread(target=self.visit, args=(url,), daemon=True).start()
        return True


def sign_in(g: GoogleEmulator, monkeypatch: pytest.MonkeyPatch, visit: Callable[[str], None]) -> Any:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    webbrowser.register("emulated", None, Opener(visit))  # type: ignore[arg-type]
    flow = InstalledAppFlow.from_client_secrets_file(str(g.client_file), [CALENDAR_SCOPE])
    return flow.run_local_server(host="127.0.0.1", port=0, browser="emulated", timeout_seconds=60,
                                 authorization_prompt_message=None)


def test_login_with_pkce_by_google_auth_oauthlib(g: GoogleEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sign_in(g, monkeypatch, lambda url: httpx.get(url, follow_redirects=True) and None)
    assert found.refresh_token
    g.oauth.tokens.expire_access()
    found.refresh(Request())
    with Client(g) as client:
        client.http.headers["Authorization"] = f"Bearer {found.token}"
        assert client.ask("GET", "users/me/calendarList/primary").json["id"] == ME


needs_browser = pytest.mark.skipif(why_not() is not None, reason=f"no headless Chromium: {why_not()}")


@needs_browser
def test_consent_in_a_real_browser(g: GoogleEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    g.oauth.auto_consent = False
    g.world.add_account("you@example.test")
    seen: list[str] = []

    def visit(url: str) -> None:
        page.open(url)
        seen.append(page.text())
        page.click("input[value='you@example.test']")
        page.click("#allow")

    with browser() as page:
        found = sign_in(g, monkeypatch, visit)
    assert CALENDAR_SCOPE in seen[0]
    grant = g.oauth.tokens.access[found.token].grant
    assert (grant.user, grant.scopes) == ("you@example.test", {CALENDAR_SCOPE})


@needs_browser
def test_cancel_in_a_real_browser(g: GoogleEmulator) -> None:
    g.oauth.auto_consent = False
    query = {"response_type": "code", "client_id": g.client_config()["installed"]["client_id"], "state": "s1",
             "redirect_uri": g.root_url + "/favicon.ico", "scope": CALENDAR_SCOPE,
             "code_challenge": "c" * 43, "code_challenge_method": "S256"}
    with browser() as page:
        page.open(f"{g.auth_url}?{httpx.QueryParams(query)}")
        page.click("#cancel")
        for _ in range(100):  # the click is answered before the browser has gone on
            if "error=" in page.address():
                break
            time.sleep(0.1)
        assert page.address().endswith("?error=access_denied&state=s1")


# -- control, command line, speed --------------------------------------------------------------------------------------


def post(g: GoogleEmulator, *steps: dict[str, Any]) -> list[Any]:
    answer = httpx.post(g.control_url, json=list(steps))
    assert answer.status_code == 200, answer.text
    done: list[Any] = answer.json()["done"]
    return done


def test_the_control_url_tells_what_happened(g: GoogleEmulator) -> None:
    with Client(g) as client:
        client.insert(timed("x", attendees=[{"email": "guest@elsewhere.test"}]), sendUpdates="all")
    told = httpx.get(g.control_url).json()
    assert told["requests"] == {"read": 0, "write": 1}
    assert [mail["kind"] for mail in told["mails"]] == ["invitation"]
    assert [event["summary"] for event in told["events"][ME]] == ["x"]
    post(g, {"do": "clear_logs"})
    assert httpx.get(g.control_url).json()["mails"] == []


def test_the_control_url_edits_as_people_do(g: GoogleEmulator) -> None:
    made, _ = post(g, {"do": "insert", "calendar": ME, "event": weekly("x")},
                   {"do": "add_calendar", "owner": ME, "summary": "Other", "calendar_id": "other"})
    series = made["id"]
    post(g, {"do": "patch", "calendar": ME, "id": series, "changes": {"location": "here"}},
         {"do": "split", "calendar": ME, "master_id": series, "at": f"{series}_20260511T070000Z",
          "changes": {"summary": "later"}},
         {"do": "duplicate", "calendar": ME, "id": series}, {"do": "move", "calendar": ME, "id": series, "to": "other"})
    told = httpx.get(g.control_url).json()
    assert [event["id"] for event in told["events"]["other"]] == [series]
    assert sorted(event["summary"] for event in told["events"][ME]) == ["later", "x"]
    post(g, {"do": "delete", "calendar": "other", "id": series})
    assert httpx.get(g.control_url).json()["events"]["other"] == []
    assert len(httpx.get(g.control_url + "?deleted=1").json()["events"]["other"]) == 1
    refused = httpx.post(g.control_url, json={"do": "delete", "calendar": ME, "id": "missing"})
    assert (refused.status_code, "notFound" in refused.json()["error"]) == (400, True)
    assert httpx.post(g.control_url, json={"do": "explode"}).status_code == 400


def test_the_control_url_arms_faults_and_moves_time(g: GoogleEmulator) -> None:
    token = post(g, {"do": "fault", "name": "503", "match": "events.list", "times": 1}, {"do": "token"})[1]
    with Client(g) as client:
        client.http.headers["Authorization"] = f"Bearer {token}"
        assert [client.list().status for _ in range(2)] == [503, 200]
        post(g, {"do": "advance", "seconds": 3600})
        assert client.list().status == 401
    assert httpx.get(g.control_url).json()["faults"] == {"503": 1}


def test_the_control_url_lets_an_edit_land_in_between(g: GoogleEmulator) -> None:
    made = post(g, {"do": "insert", "calendar": ME, "event": timed("x")})[0]
    edit = {"do": "patch", "calendar": ME, "id": made["id"], "changes": {"summary": "theirs"}}
    post(g, {"do": "fault", "name": "do", "match": "events.delete", "step": edit})
    with Client(g) as client:
        assert client.delete(made["id"], etag=made["etag"]).status == 412


def test_every_action_that_is_documented_exists(g: GoogleEmulator) -> None:
    from tests.emulators.google import control

    documented = {line.partition('"')[0] for line in (control.__doc__ or "").split('{"do": "')[1:]}
    offered = {name.removeprefix("on_") for name in dir(control.Control) if name.startswith("on_")}
    assert documented == offered | set(control.PEOPLE)


def test_the_command_prints_one_line_and_serves(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.emulators.google", "--auto-consent", "--page", "2", "--fault", "503=1.0",
               "--mode", "flood=after", "--calendar", "Team", "--lag", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert {"api_url", "auth_url", "token_url", "control_url", "client_file"} <= set(told)
        assert json.loads(Path(told["client_file"]).read_text())["installed"]["token_uri"] == told["token_url"]
        made = httpx.post(told["control_url"], json={"do": "token"}).json()["done"][0]
        headers = {"Authorization": f"Bearer {made}"}
        assert httpx.get(told["api_url"] + "/users/me/calendarList", headers=headers).status_code == 503
        assert list(httpx.get(told["control_url"]).json()["calendars"].values()) == [ME, "Team"]
        process.terminate()
        assert process.wait(10) == 0
    assert not Path(told["client_file"]).exists()


def test_it_is_fast_enough(g: GoogleEmulator) -> None:
    """At least 500 simple requests a second and 1,000 events in well under a second, with room for a busy machine."""
    for number in range(1000):
        g.people.insert(ME, timed(f"event {number}"))
    http = httplib2.Http()
    headers = {"Authorization": f"Bearer {g.token()}"}
    best = 0.0
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(200):
            http.request(g.api_url + "/users/me/calendarList", headers=headers)
        best = max(best, 200 / (time.perf_counter() - began))
    began = time.perf_counter()
    content = http.request(g.api_url + "/calendars/primary/events?maxResults=2500", headers=headers)[1]
    took_s = time.perf_counter() - began
    assert len(json.loads(content)["items"]) == 1000
    assert (best > 250, took_s < 1.0) == (True, True), (best, took_s)
