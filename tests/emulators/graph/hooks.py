"""Subscriptions: the handshake, life and end of each, and the notices of what changed (facts A7, L12).

Shape   Subscriptions(emulator) with create/list/get/renew/reauthorize/delete for the routes; watch(box, item, kind)
Facts   both addresses are validated before the answer; notices are hints: late, doubled, out of order, lost
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.emulators.graph.calls import Answer, Call
from tests.emulators.graph.couriers import Courier
from tests.emulators.graph.errors import GraphError, bad, not_found
from tests.emulators.graph.prefer import Prefs
from tests.emulators.graph.render import etag, stamp
from tests.emulators.graph.schema import problems
from tests.emulators.graph.views import whole
from tests.emulators.graph.world import Item, Mailbox

if TYPE_CHECKING:
    from tests.emulators.graph.app import Emulator

KINDS = frozenset({"created", "updated", "deleted"})
LIFECYCLE = frozenset({"reauthorizationRequired", "subscriptionRemoved", "missed"})


@dataclass
class Subscription:
    id: str
    box: Mailbox
    resource: str
    kinds: frozenset[str]
    url: str
    life_url: str | None
    secret: str | None
    expires: datetime
    immutable: bool
    calendar: int | None = None
    stopped: bool = False  # until it is reauthorized
    tls: str = "v1_2"


class Subscriptions:
    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.knobs = emulator, emulator.knobs
        self.alive: dict[str, Subscription] = {}
        self.courier = Courier(emulator.knobs)

    # -- requests ------------------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Answer:
        body = call.json()
        for text in problems("subscription", body):
            call.note(text)
        made = self._checked(call, body)
        for address in filter(None, (made.url, made.life_url)):
            with self.emulator.unlocked():  # the receiver may ask us something meanwhile
                self.courier.handshake(address)
        self.alive[made.id] = made
        return Answer(201, self._shown(made, body.get("clientState")), entity="subscription")

    def _checked(self, call: Call, body: dict[str, Any]) -> Subscription:
        kinds = frozenset((body.get("changeType") or "").split(","))
        urls = body.get("notificationUrl") or "", body.get("lifecycleNotificationUrl")
        if not kinds or not kinds <= KINDS:
            raise bad("ChangeType is not valid.", "InvalidRequest")
        if len(body.get("clientState") or "") > 128:
            raise bad("ClientState is longer than 128 characters.", "InvalidRequest")
        for address in filter(None, urls):
            if urlsplit(address).scheme != "https" and not self.knobs.http_notices:
                raise bad("The notification URL must be https.", "InvalidRequest")
        if not urls[0]:
            raise bad("NotificationUrl is missing.", "InvalidRequest")
        calendar = self._resource(call, body.get("resource") or "")
        ends = self._expiry(body)
        self._drop_expired()
        mine = [one for one in self.alive.values() if one.box is call.box]
        if len(mine) >= self.knobs.subscription_limit:
            raise GraphError(403, "ExtensionError", "Too many subscriptions for this mailbox.")
        resource = body["resource"].strip("/")
        twin = any((one.resource, one.kinds, one.url) == (resource, kinds, urls[0]) for one in mine)
        if twin and self.knobs.duplicate_subscription == "409":
            raise GraphError(409, "Conflict", "A subscription with these properties exists already.")
        return Subscription(
            str(uuid.uuid4()),
            call.box,
            resource,
            kinds,
            urls[0],
            urls[1],
            body.get("clientState"),
            ends,
            call.prefs.immutable,
            calendar,
        )

    def _resource(self, call: Call, text: str) -> int | None:
        parts = [unquote(part) for part in text.strip("/").split("/")]
        if parts[0] == "users" and len(parts) > 1:
            parts = ["me", *parts[2:]]
        if parts == ["me", "events"]:
            return None
        if len(parts) == 4 and parts[:2] == ["me", "calendars"] and parts[3] == "events":
            name = call.emulator.ids.read(parts[2])
            if name is not None and name.key in call.box.calendars:
                return name.key
        raise GraphError(
            403 if "calendars" in parts else 400,
            "ExtensionError" if "calendars" in parts else "InvalidRequest",
            "Invalid 'Resource'.",
        )

    def _expiry(self, body: dict[str, Any]) -> datetime:
        now = self.emulator.world.clock.now()
        try:
            wish = datetime.fromisoformat(body.get("expirationDateTime") or "").astimezone(UTC)
        except ValueError:
            raise bad("ExpirationDateTime is not valid.", "InvalidRequest") from None
        if wish <= now:
            raise bad("Subscription expiration must be in the future.", "InvalidRequest")
        if wish > now + timedelta(minutes=self.knobs.most_minutes + 1):
            raise bad(
                f"Subscription expiration can only be {self.knobs.most_minutes} minutes in the future.",
                "InvalidRequest",
            )
        if self.knobs.given_minutes:
            return now + timedelta(minutes=self.knobs.given_minutes)
        return max(wish, now + timedelta(minutes=self.knobs.least_minutes))

    def list(self, call: Call) -> Answer:
        self._drop_expired()
        hidden = self.knobs.hide_client_state
        rows = [self._shown(one, None if hidden else one.secret) for one in self.alive.values() if one.box is call.box]
        return Answer(200, {"value": rows}, entity="subscription")

    def get(self, call: Call, name: str) -> Answer:
        one = self._named(call, name)
        return Answer(
            200, self._shown(one, None if self.knobs.hide_client_state else one.secret), entity="subscription"
        )

    def renew(self, call: Call, name: str) -> Answer:
        one, body = self._named(call, name), call.json()
        if body.keys() - {"expirationDateTime", "notificationUrl"}:
            raise bad("Only expirationDateTime can be changed.", "InvalidRequest")
        expires = self._expiry(body)
        if self.knobs.handshake_on_renew:
            with self.emulator.unlocked():
                self.courier.handshake(one.url)
        one.expires, one.stopped = expires, False
        return Answer(200, self._shown(one, None), entity="subscription")

    def reauthorize(self, call: Call, name: str) -> Answer:
        self._named(call, name).stopped = False
        return Answer(204)

    def delete(self, call: Call, name: str) -> Answer:
        one = self._named(call, name)
        del self.alive[one.id]
        return Answer(204)

    def _named(self, call: Call, name: str) -> Subscription:
        self._drop_expired()
        one = self.alive.get(name)
        if one is None or one.box is not call.box:
            raise GraphError(404, "ResourceNotFound", "The object was not found.") if one is None else not_found()
        return one

    def _drop_expired(self) -> None:
        now = self.emulator.world.clock.now()
        self.alive = {name: one for name, one in self.alive.items() if one.expires > now}

    def _shown(self, one: Subscription, secret: str | None) -> dict[str, Any]:
        return {
            "id": one.id,
            "resource": one.resource,
            "changeType": ",".join(sorted(one.kinds)),
            "clientState": secret,
            "notificationUrl": one.url,
            "lifecycleNotificationUrl": one.life_url,
            "expirationDateTime": stamp(one.expires),
            "applicationId": self.emulator.client_id,
            "creatorId": one.box.user.oid,
            "latestSupportedTlsVersion": one.tls,
            "includeResourceData": None,
            "notificationQueryOptions": None,
            "encryptionCertificate": None,
            "encryptionCertificateId": None,
            "notificationUrlAppId": None,
        }

    # -- notices -------------------------------------------------------------------------------------------------------

    def watch(self, box: Mailbox, item: Item, kind: str) -> None:
        """Called with every change, ours or a person's."""
        self._drop_expired()
        for one in self.alive.values():
            state = item.now or item.last
            fits = one.box is box and kind in one.kinds and one.calendar in (None, state.calendar)
            if fits and not one.stopped and self.knobs.notices == "on":
                self.courier.post(one.url, self._notice(one, item, kind), twice=self.knobs.notices_doubled)

    def _notice(self, one: Subscription, item: Item, kind: str) -> dict[str, Any]:
        seen = whole(one.box, item, item.now or item.last)
        name = self.emulator.renderer.event_id(seen, Prefs(immutable=one.immutable))
        resource = f"Users/{one.box.user.oid}/Events/{name}"
        if self.knobs.notices_odd_paths:
            resource = f"users('{one.box.user.oid}')/events('{name}')"
        return self._envelope(one) | {"changeType": kind, "resource": resource, "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "@odata.etag": etag(seen), "id": name}}

    def _envelope(self, one: Subscription) -> dict[str, Any]:
        secret = "not-the-secret" if self.knobs.notices_wrong_state else one.secret
        name = str(uuid.uuid4()) if self.knobs.notices_unknown else one.id
        shown: dict[str, Any] = {"id": str(uuid.uuid4()), "subscriptionId": name, "clientState": secret,
                                 "subscriptionExpirationDateTime": stamp(one.expires)}
        return shown if one.box.user.personal else shown | {"tenantId": one.box.user.tid}

    def lifecycle(self, event: str) -> int:
        """Tells every subscription that has an address for it; returns how many."""
        if event not in LIFECYCLE:
            raise ValueError(event)
        told = 0
        for one in list(self.alive.values()):
            if event == "reauthorizationRequired":
                one.stopped = True
            if event == "subscriptionRemoved":
                del self.alive[one.id]
            if one.life_url:
                told += 1
                self.courier.post(one.life_url, self._envelope(one) | {"lifecycleEvent": event})
        return told
