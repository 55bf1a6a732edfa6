"""Push as a provider does it: opened, heard from, renewed, closed, and what is left when an answer is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calsync_cli.errors import CalsyncError
from calsync_cli.model.account import ProviderKind
from calsync_cli.providers.base import Channel
from calsync_cli.providers.notices import heard
from tests.contract import google, graph
from tests.emulators.graph import fault
from tests.emulators.web import Request, Response, WebServer

SECRET = "s" * 48


class Hook:
    """What a receiver would hear: every request, understood as the channel's."""

    kind: ProviderKind

    def __init__(self, kind: ProviderKind) -> None:
        self.kind, self.channel, self.heard = kind, Channel("", "", "", SECRET), []
        self.web = WebServer(self.answer)
        self.address = f"http://127.0.0.1:{self.web.port}/door"
        self.heard: list[str] = []

    def answer(self, request: Request) -> Response:
        told = heard(self.kind, self.channel, dict(request.params), request.headers, request.body)
        self.heard += sorted(told.news)
        return Response(200, told.echo.encode(), {"Content-Type": "text/plain"}) if told.echo else Response(202)

    def wait(self, count: int) -> list[str]:
        end = time.monotonic() + 5
        while len(self.heard) < count and time.monotonic() < end:
            time.sleep(0.01)
        return self.heard


@contextmanager
def at_google(**options: Any) -> Iterator[tuple[google.Desk, Hook]]:
    with google.desk(**options) as desk:
        hook = Hook("google")
        with hook.web:
            hook.channel = Channel("ours-1", desk.home, hook.address, SECRET)
            yield desk, hook


@contextmanager
def at_graph(**options: Any) -> Iterator[tuple[graph.Desk, Hook]]:
    with graph.desk(http_notices=True, **options) as desk:
        hook = Hook("microsoft")
        with hook.web:
            hook.channel = Channel("", "", hook.address, SECRET)
            yield desk, hook


@pytest.mark.parametrize("sync", ["before", "after", "never"])
def test_google_says_that_something_changed_until_the_channel_is_closed(sync: str) -> None:
    with at_google(modes={"sync_message": sync}) as (desk, hook):
        hook.channel = opened = desk.provider.open_channel(hook.channel)
        assert opened.expires is not None and abs(opened.expires - datetime.now(UTC) - timedelta(days=7)) < timedelta(1)
        expected = sync != "never"
        desk.insert()
        assert hook.wait(1 + expected) == ["changed"] * (1 + expected)
        assert desk.provider.renew_channel(opened) is None
        desk.provider.close_channel(opened)
        desk.provider.close_channel(opened)
        assert desk.g.channels.open == {}


def test_a_google_channel_whose_answer_was_lost_is_closed_all_the_same() -> None:
    with at_google() as (desk, hook):
        desk.g.faults.arm("drop-after", "events.watch")
        with pytest.raises(CalsyncError):
            desk.provider.open_channel(hook.channel)
        assert len(desk.g.channels.open) == 1
        desk.provider.close_channel(hook.channel)
        assert desk.g.channels.open == {}


def test_what_google_refuses_is_told_in_words() -> None:
    with at_google(modes={"unsafe_hooks": False}) as (desk, hook):
        with pytest.raises(CalsyncError, match="does not send notices to this address"):
            desk.provider.open_channel(hook.channel)
        desk.g.faults.arm("error", "events.watch", status=401, reason="push.webhookUrlUnauthorized", times=None)
        with pytest.raises(CalsyncError, match="does not send notices to this address"):
            desk.provider.open_channel(replace(hook.channel, address="https://hook.example.test/x"))


def test_microsoft_asks_first_and_then_says_that_something_changed() -> None:
    with at_graph() as (desk, hook):
        hook.channel = opened = desk.provider.open_channel(hook.channel)
        assert opened.id and opened.expires is not None
        desk.insert()
        assert hook.wait(1)[0] == "changed"
        renewed = desk.provider.renew_channel(opened)
        assert renewed is not None and renewed.expires is not None and renewed.expires >= opened.expires
        desk.provider.close_channel(opened)
        desk.provider.close_channel(opened)
        assert desk.g.emulator.hooks.alive == {} and desk.provider.renew_channel(opened) is None


@pytest.mark.parametrize(("event", "news"), [
    ("reauthorizationRequired", "renew"), ("subscriptionRemoved", "gone"), ("missed", "changed"),
])  # fmt: skip
def test_what_microsoft_says_of_a_subscriptions_life(event: str, news: str) -> None:
    with at_graph() as (desk, hook):
        hook.channel = desk.provider.open_channel(hook.channel)
        desk.g.change(lifecycle=event)
        assert hook.wait(1) == [news]


def test_a_subscription_whose_answer_was_lost_is_found_by_its_address() -> None:
    with at_graph() as (desk, hook):
        desk.g.emulator.arm(fault("drop-after", method="POST", path="/subscriptions"))
        with pytest.raises(CalsyncError):
            desk.provider.open_channel(hook.channel)
        assert len(desk.g.emulator.hooks.alive) == 1
        desk.provider.close_channel(replace(hook.channel, address=hook.address + "-another"))
        assert len(desk.g.emulator.hooks.alive) == 1, "somebody else's"
        desk.provider.close_channel(hook.channel)
        assert desk.g.emulator.hooks.alive == {}


@pytest.mark.parametrize("knob", ["notices_wrong_state", "notices_unknown"])
def test_notices_without_the_secret_or_of_others_are_not_believed(knob: str) -> None:
    with at_graph(**{knob: True}) as (desk, hook):
        hook.channel = desk.provider.open_channel(hook.channel)
        desk.insert()
        time.sleep(0.3)
        assert hook.heard == [] and desk.g.emulator.hooks.courier.delivered


def test_another_program_with_the_same_registration_is_named() -> None:
    with at_graph() as (desk, hook):
        desk.provider.open_channel(hook.channel)
        with pytest.raises(CalsyncError, match="another program"):
            desk.provider.open_channel(hook.channel)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"value": 3}', b'{"value": [3, null, {"clientState": 4}]}',
                                  b'{"value": [{"clientState": "s", "subscriptionId": "x"}]}', b"[" * 100_000])
def test_bodies_that_are_none_say_nothing(body: bytes) -> None:
    channel = Channel("x", "", "", SECRET)
    assert heard("microsoft", channel, {}, {}, body).news == frozenset()
    assert heard("google", channel, {}, {"x-goog-channel-token": SECRET}, body).news == frozenset()


@pytest.mark.parametrize("token", ["<script>", "x" * 2049, "a\nb"])
def test_a_handshake_is_no_way_to_put_words_into_answers(token: str) -> None:
    assert heard("microsoft", Channel("", "", "", SECRET), {"validationToken": token}, {}, b"").echo is None
