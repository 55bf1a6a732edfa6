"""Subscriptions of the Graph emulator. Each test cites its items."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.emulators.graph import CONSUMERS, User, graph_emulator
from tests.emulators.graph.client import Api, Json, body, event, q, refusal, weekly
from tests.emulators.graph.couriers import TOKEN
from tests.emulators.graph.tls import TestCa
from tests.emulators.graph.wire import Listener, Raw, Reply

TYPED = {"Content-Type": "application/json"}
BOB = User("bob@outlook.example", "Bob", "00000000-0000-0000-0001-0123456789ab", CONSUMERS, personal=True)


# -- subscriptions -----------------------------------------------------------------------------------------------------


class Desk:
    """A web server of a client: answers handshakes, keeps notices, misbehaves on demand."""

    def __init__(self, *, tls: bool = True) -> None:
        self.listener = Listener(self.answer, TestCa().context() if tls else None)
        self.asked: list[Raw] = []
        self.notices: list[Json] = []
        self.posts = 0
        self.echo: Callable[[str], Reply] = lambda text: Reply(200, text.encode(), {"Content-Type": "text/plain"})
        self.status, self.slow_s = 202, 0.0

    def answer(self, raw: Raw) -> Reply:
        token = parse_qs(urlsplit(raw.target).query).get("validationToken")
        if token:
            self.asked.append(raw)
            return self.echo(token[0])
        self.posts += 1
        time.sleep(self.slow_s)
        if 200 <= self.status < 300:
            self.notices += json.loads(raw.body)["value"]
        return Reply(self.status)

    def wait(self, number: int) -> list[Json]:
        end = time.monotonic() + 5
        while len(self.notices) < number and time.monotonic() < end:
            time.sleep(0.01)
        return self.notices

    def url(self, path: str = "/hook") -> str:
        return self.listener.url + path


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.listener.close()


def wish(desk: Desk, minutes: float = 600, **more: Any) -> Json:
    ends = datetime.now(UTC) + timedelta(minutes=minutes)
    return {"changeType": "created,updated,deleted", "notificationUrl": desk.url(), "resource": "me/events",
            "expirationDateTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ"), "clientState": "secret", **more}


def subscribe(api: Api, desk: Desk, **more: Any) -> Json:
    answer = api.post("subscriptions", wish(desk, **more))
    assert answer.status_code == 201, answer.text
    return body(answer)


def test_both_addresses_are_asked_before_the_answer(desk: Desk) -> None:
    """L16.57, A9.31"""
    with graph_emulator() as g, Api(g) as api:
        made = subscribe(api, desk, notificationUrl=desk.url("/hook?x=1"), lifecycleNotificationUrl=desk.url("/life"))
        assert [urlsplit(raw.target).path for raw in desk.asked] == ["/hook", "/life"]
        assert "x=1&validationToken=" in desk.asked[0].target and "%2B" in desk.asked[0].target
        assert all(raw.body == b"" and raw.headers["content-type"].startswith("text/plain") for raw in desk.asked)
        assert (
            parse_qs(urlsplit(desk.asked[0].target).query)["validationToken"] == [TOKEN]
            and "+" in TOKEN
            and "%2B" in TOKEN
        )
        assert (
            made["resource"] == "me/events" and made["clientState"] == "secret" and made["applicationId"] == g.client_id
        )


@pytest.mark.parametrize("echo", [
    lambda text: Reply(200, text.encode(), {"Content-Type": "text/html"}),
    lambda text: Reply(200, text.replace(" ", "+").encode(), {"Content-Type": "text/plain"}),
    lambda text: Reply(202, text.encode(), {"Content-Type": "text/plain"}),
    lambda text: Reply(403, b"", {"Content-Type": "text/plain"}),
])
def test_a_wrong_echo_makes_no_subscription(desk: Desk, echo: Callable[[str], Reply]) -> None:
    """L16.57, A9.31"""
    desk.echo = echo
    with graph_emulator() as g, Api(g) as api:
        answer = api.post("subscriptions", wish(desk))
        assert refusal(answer) == (400, "ValidationError") and "200 OK" in answer.text
        assert body(api.get("subscriptions"))["value"] == []


def test_a_slow_echo_and_no_echo_are_refused(desk: Desk) -> None:
    """L16.57, A9.31"""

    def slow(text: str) -> Reply:
        time.sleep(0.5)
        return Reply(200, text.encode(), {"Content-Type": "text/plain"})

    desk.echo = slow
    with graph_emulator(handshake_s=0.1) as g, Api(g) as api:
        answer = api.post("subscriptions", wish(desk))
        assert refusal(answer) == (400, "ValidationError") and "timed out" in answer.text
        nobody = api.post("subscriptions", wish(desk, notificationUrl="https://127.0.0.1:9/hook"))
        assert refusal(nobody) == (400, "InvalidRequest")


def test_the_limits_of_a_subscription(desk: Desk) -> None:
    """L16.57, A9.31, A9.33"""
    with graph_emulator(subscription_limit=2) as g, Api(g) as api:
        for wrong in ({"minutes": 4300}, {"notificationUrl": "http://127.0.0.1/"}, {"clientState": "x" * 129},
                      {"changeType": "born"}, {"resource": "me/messages"}, {"minutes": -5}):
            assert refusal(api.post("subscriptions", wish(desk, **wrong))) == (400, "InvalidRequest"), wrong
        made = subscribe(api, desk, minutes=5)
        assert _minutes(made) > 44, "raised to the least"
        assert refusal(api.post("subscriptions", wish(desk))) == (409, "Conflict")
        g.change(knobs={"duplicate_subscription": "201", "given_minutes": 60})
        assert _minutes(subscribe(api, desk)) < 61, "the answer differs from the wish"
        assert refusal(api.post("subscriptions", wish(desk))) == (403, "ExtensionError")
        g.change(knobs={"most_minutes": 10080, "subscription_limit": 9, "given_minutes": 0})
        assert _minutes(subscribe(api, desk, minutes=10000)) > 9000


def _minutes(made: Json) -> float:
    ends = datetime.fromisoformat(made["expirationDateTime"][:26] + "+00:00")
    return (ends - datetime.now(UTC)).total_seconds() / 60


def test_subscriptions_are_listed_renewed_and_deleted(desk: Desk) -> None:
    """L16.60, A9.33"""
    with graph_emulator() as g, Api(g) as api:
        made = subscribe(api, desk, minutes=60)
        assert [row["clientState"] for row in body(api.get("subscriptions"))["value"]] == [None]
        path = f"subscriptions/{made['id']}"
        longer = wish(desk, 3000)["expirationDateTime"]
        assert _minutes(body(api.patch(path, {"expirationDateTime": longer}))) > 2990
        assert refusal(api.patch(path, {"clientState": "x"})) == (400, "InvalidRequest")
        assert api.post(f"{path}/reauthorize").status_code == 204
        assert [api.delete(path).status_code for _ in range(2)] == [204, 404]
        assert refusal(api.patch(path, {"expirationDateTime": longer})) == (404, "ResourceNotFound")
        again = subscribe(api, desk, minutes=60)
        g.change(knobs={"handshake_on_renew": True})
        asked = len(desk.asked)
        api.patch(f"subscriptions/{again['id']}", {"expirationDateTime": wish(desk, 60)["expirationDateTime"]})
        assert len(desk.asked) == asked + 1
        g.change(advance_s=3500)
        assert len(body(api.get("subscriptions"))["value"]) == 1
        g.change(advance_s=60 * 60 - 3500 + 1)
        with Api(g) as later:
            assert body(later.get("subscriptions"))["value"] == [], "it expired"
        g.do(do="create", event=event())
        time.sleep(0.1)
        assert desk.notices == []


def test_notices_name_what_changed_ours_too(desk: Desk) -> None:
    """L16.58, A9.32"""
    with graph_emulator() as g, Api(g) as api:
        made = subscribe(api, desk)
        name = api.create()["id"]
        g.do(do="update", id=name, changes={"subject": "x"})
        api.delete(f"me/events/{q(name)}")
        notices = desk.wait(3)
        assert {notice["changeType"] for notice in notices} == {"created", "updated", "deleted"}
        first = notices[0]
        assert (first["subscriptionId"], first["clientState"]) == (made["id"], "secret")
        assert first["resource"] == f"Users/{g.box.user.oid}/Events/{name}"
        assert first["resourceData"].keys() == {"@odata.type", "@odata.id", "@odata.etag", "id"}
        assert first["resourceData"]["id"] == name and first["tenantId"] == g.box.user.tid


def test_notices_keep_the_id_form_of_their_subscription_and_their_calendar(desk: Desk) -> None:
    """L16.58, A9.32"""
    with graph_emulator(users=(BOB,)) as g, Api(g) as api, Api(g, prefer=None) as plain:
        g.do(do="add_calendar", name="Second")
        second = g.calendar_id("Second")
        subscribe(plain, desk, resource=f"me/calendars/{q(second)}/events")
        api.create()
        inside = api.create(second)["id"]
        notices = desk.wait(1)
        time.sleep(0.1)
        assert len(notices) == 1 and notices[0]["resourceData"]["id"] != inside and "tenantId" not in notices[0]
        g.do(do="delete_calendar", calendar="Second")
        gone = api.post("subscriptions", wish(desk, resource=f"me/calendars/{q(second)}/events"))
        assert refusal(gone) == (403, "ExtensionError") and "'Resource'" in gone.text


def test_the_resource_of_a_notice_has_more_than_one_form(desk: Desk) -> None:
    """A9.32 (A7)"""
    with graph_emulator(notices_odd_paths=True) as g, Api(g) as api:
        subscribe(api, desk)
        name = api.create()["id"]
        assert desk.wait(1)[0]["resource"] == f"users('{g.box.user.oid}')/events('{name}')"


def test_several_notices_share_a_post_also_of_several_subscriptions(desk: Desk) -> None:
    """L16.58, A9.32"""
    with graph_emulator(duplicate_subscription="201", notices_delay_s=0.1) as g, Api(g) as api:
        ids = {subscribe(api, desk)["id"] for _ in range(2)}
        for _ in range(3):
            api.create()
        notices = desk.wait(6)
        assert {notice["subscriptionId"] for notice in notices} == ids and desk.posts < 6


@pytest.mark.parametrize("knob", ["notices_doubled", "notices_wrong_state", "notices_unknown", "notices_shuffled"])
def test_notices_are_unreliable(desk: Desk, knob: str) -> None:
    """L16.58, A9.32"""
    with graph_emulator(**{knob: True}) as g, Api(g) as api:
        made = subscribe(api, desk)
        names = [api.create()["id"] for _ in range(6)]
        notices = desk.wait(12 if knob == "notices_doubled" else 6)
        seen = [notice["resourceData"]["id"] for notice in notices]
        assert set(seen) == set(names)
        assert len(seen) == (12 if knob == "notices_doubled" else 6)
        assert all(n["clientState"] == "secret" for n in notices) == (knob != "notices_wrong_state")
        assert all(n["subscriptionId"] == made["id"] for n in notices) == (knob != "notices_unknown")
        if knob == "notices_shuffled":
            assert seen != names


def test_notices_may_be_lost_or_late(desk: Desk) -> None:
    """L16.58, A9.32"""
    with graph_emulator(notices="lost") as g, Api(g) as api:
        subscribe(api, desk)
        api.create()
        g.change(knobs={"notices": "on", "notices_delay_s": 0.3})
        api.create()
        time.sleep(0.1)
        assert desk.notices == []
        assert len(desk.wait(1)) == 1


def test_notices_arrive_after_their_subscription_is_gone(desk: Desk) -> None:
    """A9.32"""
    with graph_emulator(notices_delay_s=0.2) as g, Api(g) as api:
        made = subscribe(api, desk)
        api.create()
        assert api.delete(f"subscriptions/{made['id']}").status_code == 204
        assert desk.notices == []
        assert len(desk.wait(1)) == 1


def test_a_refused_or_slow_notice_comes_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """L16.59, A9.32"""
    monkeypatch.setattr("tests.emulators.graph.couriers.REPEATS", (0.05, 0.05, 0.05, 0.2))
    with graph_emulator(notice_answer_s=0.2) as g, Api(g) as api:
        subscribe(api, desk)
        desk.status = 500
        api.create()
        time.sleep(0.15)
        desk.status = 202
        assert len(desk.wait(1)) == 1 and desk.posts >= 2
        desk.notices.clear()
        desk.slow_s = 0.4
        api.create()
        time.sleep(0.3)
        desk.slow_s = 0.0
        assert len(desk.wait(2)) >= 2, "what came too late comes again"


def test_a_slow_host_is_delayed_and_then_dropped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """L16.59, A9.32"""
    monkeypatch.setattr("tests.emulators.graph.couriers.SLOW_DELAY_S", 0.3)
    with graph_emulator() as g, Api(g) as api:
        subscribe(api, desk)
        courier, host = g.emulator.hooks.courier, urlsplit(desk.url()).netloc
        courier.pace[host] = [True] * 12 + [False] * 88
        assert courier.state(host) == "slow"
        api.create()
        time.sleep(0.15)
        assert desk.notices == []
        assert len(desk.wait(1)) == 1
        courier.pace[host] = [True] * 20 + [False] * 80
        api.create()
        time.sleep(0.2)
        assert len(desk.notices) == 1 and len(courier.dropped) == 1


def test_lifecycle_notices_go_to_their_own_address(desk: Desk) -> None:
    """L16.60, A9.33"""
    with graph_emulator(duplicate_subscription="201") as g, Api(g) as api:
        made = subscribe(api, desk, lifecycleNotificationUrl=desk.url("/life"))
        subscribe(api, desk, notificationUrl=desk.url("/other"))
        assert g.change(lifecycle="missed")["told"] == 1, "only those with an address for it"
        notice = desk.wait(1)[0]
        assert (notice["lifecycleEvent"], notice["subscriptionId"]) == (
            "missed",
            made["id"],
        ) and "resourceData" not in notice
        desk.notices.clear()
        g.change(lifecycle="reauthorizationRequired")
        assert desk.wait(1)[0]["lifecycleEvent"] == "reauthorizationRequired"
        desk.notices.clear()
        api.create()
        time.sleep(0.15)
        assert desk.notices == [], "delivery stops"
        api.post(f"subscriptions/{made['id']}/reauthorize")
        api.create(recurrence=weekly())
        assert len(desk.wait(1)) == 1
        g.change(lifecycle="subscriptionRemoved")
        assert body(api.get("subscriptions"))["value"] == []


def test_the_receiver_may_ask_during_the_handshake(desk: Desk) -> None:
    """L16.57: the emulator is not locked while it waits"""
    with graph_emulator() as g, Api(g) as api, Api(g) as other:

        def echo(text: str) -> Reply:
            assert other.get("me").status_code == 200
            return Reply(200, text.encode(), {"Content-Type": "text/plain"})

        desk.echo = echo
        subscribe(api, desk)
