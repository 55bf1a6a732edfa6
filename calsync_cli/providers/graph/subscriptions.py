"""Graph's subscriptions, one for all calendars of a mailbox (facts A7, L12).

Life    70 hours, which is allowed by every page of the documentation; what counts is what the answer says
Close   one whose id is not known, for its answer was lost, is found by its address
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from calsync_cli.errors import ProtocolError, UnknownOutcome
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Channel
from calsync_cli.providers.graph.answers import Json, event_id, instant, json_of, said, text
from calsync_cli.providers.graph.calendar_list import pages
from calsync_cli.providers.graph.client import Call, GraphClient, quoted
from calsync_cli.providers.graph.refusals import read_problem

LIFE = timedelta(minutes=4200)
PATH = "/subscriptions"


class Subscriptions:
    def __init__(self, client: GraphClient, ports: Ports) -> None:
        self._client, self._ports = client, ports

    def open(self, wanted: Channel) -> Channel:
        body = {
            "changeType": "created,updated,deleted", "resource": "me/events", "clientState": wanted.secret,
            "notificationUrl": wanted.address, "lifecycleNotificationUrl": wanted.address,
            "expirationDateTime": self._wish(), "latestSupportedTlsVersion": "v1_2",
        }
        response = self._client.call(Call("POST", PATH, body=body))
        if response.status_code == 409:
            name = self._client.account.name
            text = f"another program watches the mailbox of {name} under the same client_id already"
            raise ProtocolError(text)
        if response.status_code != 201:
            if "validation" in said(response).message.lower():
                raise ProtocolError("Microsoft could not reach this machine at the address it was given")
            raise read_problem(response, self._client.account)
        try:
            made = json_of(response)
            return replace(wanted, id=event_id(made), expires=_expiry(made))
        except ProtocolError as err:
            raise UnknownOutcome(str(err)) from err  # it is open, and nobody knows until when

    def renew(self, channel: Channel) -> Channel | None:
        call = Call("PATCH", f"{PATH}/{quoted(channel.id)}", body={"expirationDateTime": self._wish()})
        response = self._client.call(call)
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise read_problem(response, self._client.account)
        return replace(channel, expires=_expiry(json_of(response)))

    def close(self, channel: Channel) -> None:
        names = [channel.id] if channel.id else self._at(channel.address)
        for name in names:
            response = self._client.call(Call("DELETE", f"{PATH}/{quoted(name)}"))
            if response.status_code not in (200, 204, 404, 410):
                raise read_problem(response, self._client.account)

    def _at(self, address: str) -> list[str]:
        rows = pages(self._client, PATH, {}, "subscriptions")
        return [event_id(one) for one in rows if text(one, "notificationUrl") == address]

    def _wish(self) -> str:
        return f"{self._ports.now() + LIFE:%Y-%m-%dT%H:%M:%SZ}"


def _expiry(told: Json) -> datetime:
    when = instant(told, "expirationDateTime")
    if when is None:
        raise ProtocolError("Microsoft does not say until when a subscription lasts")
    return when
