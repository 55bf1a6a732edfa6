"""Quota, faults, push and batch of the Google emulator: facts section 13, items 41 to 46; the test plan's faults."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.emulators.google import ME, GoogleEmulator, google_emulator
from tests.emulators.google.client import Client, timed, weekly
from tests.emulators.google.emulator import CLIENT
from tests.emulators.oauth_tokens import Policy

START = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


@pytest.fixture
def g() -> Iterator[GoogleEmulator]:
    with google_emulator(start=START) as emulator:
        yield emulator


@pytest.fixture
def client(g: GoogleEmulator) -> Iterator[Client]:
    with Client(g) as made:
        yield made


# -- item 41: quota ----------------------------------------------------------------------------------------------------


def test_item_41_quota_per_minute_in_a_sliding_window(g: GoogleEmulator, client: Client) -> None:
    g.quota.per_minute = 10
    event = client.insert(timed("x")).json["id"]
    assert [client.patch(event, {"summary": str(n)}).status for n in range(3)] == [200, 200, 200]
    assert client.list().status in (403, 429)
    g.clock.advance(30)
    assert client.list().status in (403, 429)
    g.clock.advance(31)
    assert client.list().status == 200


def test_item_41_the_same_thing_is_said_with_403_and_429(g: GoogleEmulator, client: Client) -> None:
    g.quota.per_minute = 0
    said = {(answer.status, answer.reason) for answer in (client.list() for _ in range(40))}
    assert said == {(403, "userRateLimitExceeded"), (403, "rateLimitExceeded"), (429, "rateLimitExceeded")}


def test_item_41_quota_exceeded_stops_writes_only(g: GoogleEmulator, client: Client) -> None:
    g.quota.writes_blocked_until_s = g.clock.now_s() + 1800
    assert client.insert(timed("x")).reason == "quotaExceeded"
    assert client.list().status == 200
    g.clock.advance(1801)
    assert client.insert(timed("x")).status == 200


def test_item_41_new_calendars_run_out(g: GoogleEmulator, client: Client) -> None:
    g.modes.calendars_allowed = 1
    made = client.ask("POST", "calendars", {"summary": "one"}).json["id"]
    assert client.ask("DELETE", f"calendars/{made}").status == 204
    assert client.ask("POST", "calendars", {"summary": "two"}).reason == "quotaExceeded"


def test_a_quota_storm_ends_after_a_while(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("403-user-rate", times=None, seconds=30)
    assert {client.list().reason for _ in range(5)} == {"userRateLimitExceeded"}
    g.clock.advance(31)
    assert client.list().status == 200


def test_429_may_say_when_to_come_back(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("429", retry_after_s=7)
    answer = client.list()
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


# -- item 42: faults ---------------------------------------------------------------------------------------------------


def test_item_42_the_reply_is_dropped_after_committing(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("drop-after", "events.insert")
    with pytest.raises(httpx.TransportError):
        client.insert(timed("x", id="cs0001"))
    assert client.get("cs0001").status == 200
    assert client.insert(timed("x", id="cs0001")).status == 409


def test_item_42_the_request_is_lost_before_anything_is_done(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("drop-before", "POST")
    with pytest.raises(httpx.TransportError):
        client.insert(timed("x", id="cs0001"))
    assert client.get("cs0001").status == 404


@pytest.mark.parametrize(("name", "status", "reason"), [
    ("500", 500, "backendError"), ("503", 503, "backendError"), ("504", 504, "backendError"), ("409", 409, "conflict"),
    ("403", 403, "forbidden"), ("403-rate", 403, "rateLimitExceeded"), ("404", 404, "notFound"),
    ("412", 412, "conditionNotMet"),
])
def test_item_42_errors_by_request_pattern(
    g: GoogleEmulator, client: Client, name: str, status: int, reason: str
) -> None:
    g.faults.arm(name, "events.insert", skip=1)
    assert client.insert(timed("first")).status == 200
    answer = client.insert(timed("second"))
    assert (answer.status, answer.reason) == (status, reason)
    assert client.insert(timed("third")).status == 200
    assert len(g.events()) == 2


@pytest.mark.parametrize(("status", "reason", "domain"), [
    (401, "authError", "global"), (401, "push.webhookUrlUnauthorized", "global"), (403, "domainPolicy", "global"),
    (403, "accessNotConfigured", "usageLimits"), (403, "notACalendarUser", "global"), (428, "required", "global"),
    (403, "calendarUsageLimitsExceeded", "usageLimits"), (410, "updatedMinTooLongAgo", "calendar"),
    (403, "dailyLimitExceeded", "usageLimits"),
])
def test_item_42_any_row_of_the_table_of_errors(
    g: GoogleEmulator, client: Client, status: int, reason: str, domain: str
) -> None:
    """Facts 8.2; the access token lives on."""
    g.faults.arm("error", "events.list", status=status, reason=reason, domain=domain)
    answer = client.list()
    assert (answer.status, answer.reason, answer.json["error"]["errors"][0]["domain"]) == (status, reason, domain)
    assert client.list().status == 200


def test_item_42_an_answer_without_a_body(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("empty-answer")
    assert client.ask("GET", "colors").text == ""


def test_item_42_done_and_answered_500(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("500-after", times=2)
    assert client.insert(timed("x", id="cs0001")).status == 500
    assert client.insert(timed("x", id="cs0001")).status == 500
    assert client.get("cs0001").status == 200


def test_item_42_a_load_balancer_answers_502_in_html(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("502")
    answer = client.list()
    assert (answer.status, answer.json) == (502, None)


def test_item_42_cut_and_garbled_answers(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("cut")
    with pytest.raises(httpx.TransportError):
        client.insert(timed("x", id="cs0001"))
    g.faults.arm("garbled")
    answer = client.get("cs0001")
    assert (answer.status, answer.json) == (200, None)


def test_item_42_a_late_request_is_carried_out_after_its_sender_gave_up(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("late", "events.insert", calls=2)
    with pytest.raises(httpx.TransportError):
        client.insert(timed("x", id="cs0001"))
    assert client.get("cs0001").status == 404
    assert client.get("cs0001").status == 404
    assert client.get("cs0001").status == 200


def test_item_42_settling_carries_out_what_is_late(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("late", calls=1000)
    with pytest.raises(httpx.TransportError):
        client.insert(timed("x", id="cs0001"))
    g.world.lag.calls = 100
    g.settle()
    assert set(client.read()[0]) == {"cs0001"}


def test_item_42_with_a_probability(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("503", times=None, probability=0.3)
    failed = [client.list().status for _ in range(200)].count(503)
    assert 30 < failed < 90
    assert g.faults.used == {"503": failed}


def test_item_42_slow_answers(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("slow", seconds_slow=0.2)
    began = time.monotonic()
    client.list()
    assert time.monotonic() - began >= 0.2


def test_an_access_token_expires_in_mid_run(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("401", "events.insert")
    assert client.insert(timed("x")).reason == "authError"
    assert client.list().reason == "authError"
    assert g.events() == []


def test_an_edit_lands_in_mid_run(g: GoogleEmulator, client: Client) -> None:
    event = client.insert(timed("x")).json
    g.faults.arm("do", "events.patch", action=lambda: g.people.patch(ME, event["id"], {"summary": "theirs"}))
    assert client.patch(event["id"], {"summary": "mine"}, etag=event["etag"]).status == 412
    assert client.get(event["id"]).json["summary"] == "theirs"


def test_an_answer_with_a_rotated_refresh_token_is_lost() -> None:
    with google_emulator(policy=Policy(rotates=True)) as g:
        old = g.refresh_token()
        g.faults.arm("drop-after", "oauth")
        form = {"grant_type": "refresh_token", "refresh_token": old, "client_id": CLIENT.id,
                "client_secret": CLIENT.secret}
        with pytest.raises(httpx.TransportError):
            httpx.post(g.token_url, data=form)
        assert httpx.post(g.token_url, data=form).json()["error"] == "invalid_grant"


def test_faults_are_named_rightly(g: GoogleEmulator) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        g.faults.arm("drop")


def test_item_43_two_clients_with_the_same_id(g: GoogleEmulator) -> None:
    with Client(g) as one, Client(g) as two, ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda client: client.insert(timed("x", id="cs0001")).status, (one, two)))
    assert sorted(made) == [200, 409]


# -- item 44: push -----------------------------------------------------------------------------------------------------


@pytest.fixture
def hook() -> Iterator[Any]:
    class Hook(BaseHTTPRequestHandler):
        seen: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            self.seen.append((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    Hook.address = f"http://127.0.0.1:{server.server_port}/hook"  # type: ignore[attr-defined]
    yield Hook
    server.shutdown()
    server.server_close()


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def watch(client: Client, channel: str, address: str = "https://hook.example.test/", **more: Any) -> Any:
    body = {"id": channel, "type": "web_hook", "address": address, "token": "secret", **more}
    return client.ask("POST", client.url() + "/watch", body)


def test_item_44_messages_have_headers_and_no_body(client: Client, hook: Any) -> None:
    channel = watch(client, "channel-1", hook.address).json
    assert abs(int(channel["expiration"]) - (START.timestamp() + 604800) * 1000) < 1000
    client.insert(timed("x"))
    wait_for(lambda: len(hook.seen) == 2)
    (first, body), (second, _) = hook.seen
    assert body == b""
    assert (first["X-Goog-Resource-State"], first["X-Goog-Message-Number"]) == ("sync", "1")
    assert second["X-Goog-Resource-State"] == "exists"
    assert int(second["X-Goog-Message-Number"]) > 1
    assert second["X-Goog-Channel-ID"] == "channel-1"
    assert second["X-Goog-Channel-Token"] == "secret"
    assert second["X-Goog-Resource-ID"] == channel["resourceId"]
    assert second["X-Goog-Resource-URI"] == channel["resourceUri"]
    assert second["X-Goog-Channel-Expiration"].endswith("GMT")


def test_item_44_the_sync_message_may_come_before_the_answer(g: GoogleEmulator, client: Client, hook: Any) -> None:
    g.modes.sync_message = "before"
    watch(client, "channel-1", hook.address)
    assert len(hook.seen) == 1


def test_item_44_what_watch_refuses(g: GoogleEmulator, client: Client) -> None:
    g.modes.unsafe_hooks = False
    assert watch(client, "c1", "http://127.0.0.1/hook").reason == "push.webhookUrlNotHttps"
    assert watch(client, "c1", type="pigeon").reason == "push.channelTypeNotSupported"
    assert watch(client, "c1").status == 200
    assert watch(client, "c1").reason == "channelIdNotUnique"
    assert watch(client, "c" * 65).status == 400


def test_item_44_messages_are_lost_doubled_or_late(g: GoogleEmulator, client: Client) -> None:
    watch(client, "c1")
    g.channels.sent.clear()
    g.modes.push_delivery = "lost"
    client.insert(timed("x"))
    assert g.channels.sent == []
    g.modes.push_delivery = "doubled"
    client.insert(timed("x"))
    assert len(g.channels.sent) == 2
    g.channels.hold()
    client.insert(timed("x"))
    assert len(g.channels.sent) == 2
    g.channels.release()
    assert len(g.channels.sent) == 4


def test_item_44_channels_can_be_short_and_are_told_at_the_control_url(g: GoogleEmulator, client: Client) -> None:
    g.modes.change({"channel_life_s": 3600})
    told = watch(client, "c1", params={"ttl": "604800"}).json
    assert abs(int(told["expiration"]) - (START.timestamp() + 3600) * 1000) < 1000
    assert [one["id"] for one in g.control.report()["channels"]] == ["c1"]
    g.clock.advance(3601)
    assert g.control.report()["channels"] == []


def test_item_44_a_channel_ends_at_its_expiry_or_when_stopped(g: GoogleEmulator, client: Client) -> None:
    one = watch(client, "c1", params={"ttl": "60"}).json
    two = watch(client, "c2").json
    g.channels.sent.clear()
    g.clock.advance(61)
    client.insert(timed("x"))
    assert [sent["X-Goog-Channel-ID"] for sent in g.channels.sent] == ["c2"]
    wrong = {"id": "c2", "resourceId": "other"}
    assert client.ask("POST", "channels/stop", wrong).status == 404
    right = {"id": "c2", "resourceId": two["resourceId"]}
    stopped = client.ask("POST", "channels/stop", right)
    assert (stopped.status, stopped.text) == (204, "")
    assert client.ask("POST", "channels/stop", right).status == 404
    assert client.ask("POST", "channels/stop", {"id": "c1", "resourceId": one["resourceId"]}).status == 404


# -- item 45: batch ----------------------------------------------------------------------------------------------------


def batch(client: Client, calls: list[tuple[str, str, str]]) -> dict[str, str]:
    """(content id, request line and headers, body) in, first lines by content id out."""
    parts = [f"--b\r\nContent-Type: application/http\r\nContent-ID: <{name}>\r\n\r\n{head}\r\n\r\n{body}\r\n"
             for name, head, body in calls]
    answer = client.http.post(client.emulator.batch_url, content=("".join(parts) + "--b--\r\n").encode(),
                              headers={"Content-Type": "multipart/mixed; boundary=b"})
    assert answer.status_code == 200, answer.text
    boundary = answer.headers["content-type"].partition("boundary=")[2]
    told = {}
    for part in answer.text.split(f"--{boundary}")[1:-1]:
        head, _, inner = part.partition("\r\n\r\n")
        name = head.partition("Content-ID: <response-")[2].partition(">")[0]
        told[name] = inner.splitlines()[0]
    return told


def test_item_45_each_part_has_its_own_answer(g: GoogleEmulator, client: Client) -> None:
    event = client.insert(timed("x")).json
    path = f"/calendar/v3/{client.url(event['id'])}"
    json_type = "Content-Type: application/json"
    body = '{"summary":"y"}'
    told = batch(client, [
        ("a", f"PATCH {path}?sendUpdates=none HTTP/1.1\r\n{json_type}\r\nIf-Match: \"1\"", body),
        ("b", f"PATCH {path}?sendUpdates=none HTTP/1.1\r\n{json_type}", body),
        ("c", "GET /calendar/v3/calendars/primary/events/none HTTP/1.1", ""),
        ("d", f"DELETE /calendar/v3/{client.url('x')} HTTP/1.1\r\nAuthorization: Bearer wrong", ""),
    ])
    assert told == {"a": "HTTP/1.1 412 Precondition Failed", "b": "HTTP/1.1 200 OK", "c": "HTTP/1.1 404 Not Found",
                    "d": "HTTP/1.1 401 Unauthorized"}
    assert g.requests == {"read": 1, "write": 4}


def test_item_45_answers_come_in_any_order(client: Client) -> None:
    calls = [(str(n), "GET /calendar/v3/colors HTTP/1.1", "") for n in range(20)]
    assert list(batch(client, calls)) != [str(n) for n in range(20)]


def test_item_45_at_most_fifty_parts(g: GoogleEmulator, client: Client) -> None:
    calls = [(str(n), "GET /calendar/v3/colors HTTP/1.1", "") for n in range(51)]
    with pytest.raises(AssertionError, match="more than 50"):
        batch(client, calls)
    g.modes.batch_limit = 1000
    assert len(batch(client, calls)) == 51


def test_item_45_some_parts_without_an_answer(g: GoogleEmulator, client: Client) -> None:
    ids = [f"cs{n:04}" for n in range(40)]
    g.faults.arm("partial-batch", done=0.7, answered=0.5)
    head = f"POST /calendar/v3/{client.url()} HTTP/1.1\r\nContent-Type: application/json"
    body = ('{"id":"%s","start":{"date":"2026-05-04"},"end":{"date":"2026-05-05"}}')
    told = batch(client, [(name, head, body % name) for name in ids])
    done = {event["id"] for event in g.events()}
    assert set(told) < done < set(ids)


def test_item_45_one_part_of_a_batch_may_fail_for_its_own_reasons(g: GoogleEmulator, client: Client) -> None:
    g.faults.arm("409", "events.delete")
    calls = [(name, f"DELETE /calendar/v3/{client.url(client.insert(timed('x')).json['id'])} HTTP/1.1", "")
             for name in "ab"]
    assert sorted(batch(client, calls).values()) == ["HTTP/1.1 204 No Content", "HTTP/1.1 409 Conflict"]


# -- item 46: the discovery document -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "path", "body", "text"), [
    ("POST", "calendars/primary/events", timed("x", colour="red"), "unknown member 'colour'"),
    ("POST", "calendars/primary/events", {**timed("x"), "summary": 5}, "int is not string"),
    ("POST", "calendars/primary/events?sendUpdate=none", timed("x"), "Unknown query parameter: sendUpdate"),
    ("POST", "calendars/primary/events?sendUpdates=nobody", timed("x"), "Invalid string value"),
    ("GET", "calendars/primary/events?maxResults=many", None, "Invalid integer"),
    ("GET", "calendars/primary/events?maxResults=0", None, "within the range"),
    ("GET", "calendars/primary/events?singleEvents=False", None, "Invalid boolean"),
    ("GET", "calendars/primary/events?timeMin=2026-05-04T00:00:00", None, "Invalid format"),
    ("GET", "calendars/primary/happenings", None, "no such method"),
    ("DELETE", "calendars/primary/events/abcde", {"a": 1}, "has no body"),
])
def test_item_46_mistakes_of_the_client_are_loud(
    g: GoogleEmulator, client: Client, verb: str, path: str, body: Any, text: str
) -> None:
    assert client.ask(verb, path, body).status in (400, 404)
    assert [text in problem for problem in g.problems] == [True]


def test_item_46_answers_are_checked_too(g: GoogleEmulator, client: Client) -> None:
    g.people.put(ME, "wrong", {**timed("x"), "madeUp": 1})
    assert client.get("wrong").status == 500
    assert "does not fit" in g.problems[0]


def test_a_lenient_server_ignores_unknown_members(g: GoogleEmulator, client: Client) -> None:
    """Item 5, without strictness."""
    g.modes.strict = False
    assert client.insert(timed("x", colour="red")).status == 200
    assert client.insert(timed("x"), sendUpdate="none").status == 200
    assert client.insert({**timed("x"), "summary": 5}).status == 400
    assert g.problems == []


def test_read_only_members_are_ignored_and_remarked(g: GoogleEmulator, client: Client) -> None:
    """Item 5."""
    made = client.insert(weekly("x", created="2001-01-01T00:00:00Z", etag='"1"', creator={"email": "x@y"})).json
    assert made["creator"]["email"] == ME
    assert made["created"] != "2001-01-01T00:00:00Z"
    assert g.problems == []
    assert g.api.remarks == ["events.insert sends read-only created, creator, etag"]


def test_a_request_whose_sender_died_half_way_is_not_acted_upon(g: GoogleEmulator, client: Client) -> None:
    """Killed runs leave such ones behind; what came of the batch is no batch."""
    address = urlsplit(g.batch_url)
    head = f"POST {address.path} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/mixed; boundary=b"
    with socket.create_connection((address.hostname or "", address.port or 0)) as raw:
        raw.sendall(f"{head}\r\nContent-Length: 900\r\n\r\n--b\r\nContent-Type: application/http\r\n".encode())
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(100) == b""
    assert client.list().status == 200 and g.problems == []
