"""Push: channels, and the messages that the real service would have posted (facts 9, item 44).

Every message is kept in `sent`; it is really posted only to loopback addresses. By mode messages are lost or doubled;
`hold()` keeps them back until `release()`. A message has no body: all it says is that something changed.
"""

from __future__ import annotations

import hashlib
import http.client
import queue
import threading
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, urlsplit

from tests.emulators.google import errors
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.state import Calendar, World

LOOPBACK = ("127.0.0.1", "localhost", "::1")
RETRIED = (500, 502, 503, 504)


@dataclass
class Channel:
    id: str
    address: str
    token: str
    resource_id: str
    uri: str
    calendar: str                                 # empty: the calendar list or the settings
    user: str
    client_id: str
    expires_s: float
    number: int = 0


@dataclass
class Channels:
    world: World
    open: dict[str, Channel] = field(default_factory=dict)
    used_ids: set[tuple[str, str]] = field(default_factory=set)
    sent: list[dict[str, str]] = field(default_factory=list)
    held: list[tuple[str, dict[str, str]]] | None = None

    def __post_init__(self) -> None:
        self.world.listeners.append(self._changed)
        self._queue: queue.SimpleQueue[tuple[str, dict[str, str]]] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None

    def handlers(self) -> dict[str, Any]:
        watched = ("events.watch", "calendarList.watch", "settings.watch")
        return {**dict.fromkeys(watched, self.watch), "channels.stop": self.stop}

    # -- methods -------------------------------------------------------------------------------------------------------

    def watch(self, call: Call) -> Reply:
        calendar = call.calendar().id if "calendarId" in call.path else ""
        self._check(call)
        body, now = call.body, self.world.clock.now_s()
        longest = self.world.modes.channel_life_s
        life = min(int(body.get("params", {}).get("ttl", longest)), longest)
        expires = now + life
        if "expiration" in body:
            expires = min(expires, int(body["expiration"]) / 1000)
        uri = _uri(call.method.name, calendar)
        channel = Channel(body["id"], body["address"], body.get("token", ""), _resource_id(uri, call.user), uri,
                          calendar, call.user, call.client_id, expires)
        self.open[channel.id] = channel
        self.used_ids.add((call.client_id, channel.id))
        if self.world.modes.sync_message != "never":
            self._post(channel, "sync", at_once=self.world.modes.sync_message == "before")
        told = {"kind": "api#channel", "id": channel.id, "resourceId": channel.resource_id, "resourceUri": uri,
                "expiration": str(int(expires * 1000))}
        return Reply(told | ({"token": channel.token} if channel.token else {}))

    def _check(self, call: Call) -> None:
        body, modes = call.body, self.world.modes
        if not body.get("id") or not body.get("address") or not body.get("type"):
            raise errors.required("Required: id, type and address.")
        if len(body["id"]) > 64 or len(body.get("token", "")) > 256:
            raise errors.invalid("Invalid channel id or token.")
        if (call.client_id, body["id"]) in self.used_ids:
            raise errors.ApiError(400, "channelIdNotUnique", f"Channel id {body['id']} not unique")
        if body["type"] not in ("web_hook", "webhook"):
            raise errors.ApiError(400, "push.channelTypeNotSupported", "Channel type not supported.")
        address = urlsplit(body["address"])
        harmless = modes.unsafe_hooks and address.scheme == "http" and address.hostname in LOOPBACK
        if address.scheme != "https" and not harmless:
            raise errors.ApiError(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {body['address']}")

    def stop(self, call: Call) -> Reply:
        channel = self.open.get(call.body.get("id", ""))
        known = channel is not None and channel.resource_id == call.body.get("resourceId")
        if channel is None or not known or (channel.user, channel.client_id) != (call.user, call.client_id) or \
                self.world.clock.now_s() > channel.expires_s:
            raise errors.not_found()
        del self.open[channel.id]
        return Reply(None, 204)

    def living(self) -> list[Channel]:
        now = self.world.clock.now_s()
        return [channel for channel in self.open.values() if channel.expires_s >= now]

    # -- messages ------------------------------------------------------------------------------------------------------

    def _changed(self, calendar: Calendar) -> None:
        for channel in list(self.open.values()):
            if channel.calendar == calendar.id:
                times = {"once": 1, "lost": 0, "doubled": 2}[self.world.modes.push_delivery]
                for _ in range(times):
                    self._post(channel, "exists")

    def _post(self, channel: Channel, state: str, at_once: bool = False) -> None:
        if self.world.clock.now_s() > channel.expires_s:
            return
        channel.number += 1 if state == "sync" else self.world.dice.randint(1, 3)
        headers = {
            "X-Goog-Channel-ID": channel.id, "X-Goog-Channel-Expiration": formatdate(channel.expires_s, usegmt=True),
            "X-Goog-Resource-ID": channel.resource_id, "X-Goog-Resource-URI": channel.uri,
            "X-Goog-Resource-State": state, "X-Goog-Message-Number": str(channel.number),
        } | ({"X-Goog-Channel-Token": channel.token} if channel.token else {})
        if at_once:
            self._deliver(channel.address, headers)
        elif self.held is not None:
            self.held.append((channel.address, headers))
        else:
            self._enqueue(channel.address, headers)

    def hold(self) -> None:
        self.held = []

    def release(self) -> None:
        late, self.held = self.held or [], None
        for address, headers in late:
            self._enqueue(address, headers)

    def _enqueue(self, address: str, headers: dict[str, str]) -> None:
        self.sent.append(headers)
        if urlsplit(address).scheme == "http":
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, daemon=True)
                self._worker.start()
            self._queue.put((address, headers))

    def _work(self) -> None:
        while True:
            _post_to(*self._queue.get())

    def _deliver(self, address: str, headers: dict[str, str]) -> None:
        self.sent.append(headers)
        if urlsplit(address).scheme == "http":
            _post_to(address, headers)


def _resource_id(uri: str, user: str) -> str:
    return "r" + hashlib.sha256(f"{uri} {user}".encode()).hexdigest()[:18]


def _uri(method: str, calendar: str) -> str:
    place = {"events.watch": f"calendars/{quote(calendar, safe='')}/events",
             "calendarList.watch": "users/me/calendarList", "settings.watch": "users/me/settings"}[method]
    return f"https://www.googleapis.com/calendar/v3/{place}?alt=json"


def _post_to(address: str, headers: dict[str, str]) -> None:
    """Tried again only on the codes the service retries."""
    parts = urlsplit(address)
    for _ in range(3):
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=2)
        try:
            connection.request("POST", parts.path or "/", b"", headers)
            if connection.getresponse().status not in RETRIED:
                return
        except OSError:
            return
        finally:
            connection.close()
