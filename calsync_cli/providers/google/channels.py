"""Google's channels, one for each calendar (facts 9).

Life    a week; a channel cannot be renewed, so another one takes its place
Close   needs the server's name of the resource, which comes with the answer. Where that answer was lost, it is learned
        from a second channel on the same calendar, for the name is the same
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import httpx

from calsync_cli.errors import ProtocolError, UnknownOutcome
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Channel
from calsync_cli.providers.google.answers import json_of, said, text
from calsync_cli.providers.google.client import Call, GoogleClient, events_path
from calsync_cli.providers.google.refusals import read_problem

LIFE_S, SHORT_S = 7 * 86400, 60
CLOSED = (200, 204, 401, 404, 410)
"""An older channel may be unknown by now, or of a sign-in that was taken back."""


class Channels:
    def __init__(self, client: GoogleClient, ports: Ports) -> None:
        self._client, self._ports = client, ports

    def open(self, wanted: Channel, life_s: int = LIFE_S) -> Channel:
        body = {"id": wanted.id, "type": "web_hook", "address": wanted.address, "token": wanted.secret,
                "params": {"ttl": str(life_s)}}
        response = self._client.call(Call("POST", f"{events_path(wanted.calendar)}/watch", body=body))
        if any(reason.startswith("push.") for reason in said(response).reasons):
            raise ProtocolError(f"Google does not send notices to this address ({said(response).message})")
        if response.status_code != 200:
            raise read_problem(response, self._client.account)
        try:
            return replace(wanted, resource=text(json_of(response), "resourceId"), expires=_expiry(response))
        except ProtocolError as err:
            raise UnknownOutcome(str(err)) from err  # it is open, and nobody knows until when

    def close(self, channel: Channel) -> None:
        if not channel.resource:
            probe = self.open(replace(channel, id=self._ports.fresh_id(), secret=self._ports.fresh_id()), SHORT_S)
            self.close(probe)
            channel = replace(channel, resource=probe.resource)
        body = {"id": channel.id, "resourceId": channel.resource}
        response = self._client.call(Call("POST", "channels/stop", body=body))
        if response.status_code not in CLOSED:
            raise read_problem(response, self._client.account)


def _expiry(response: httpx.Response) -> datetime:
    """Milliseconds as a text."""
    told = text(json_of(response), "expiration")
    try:
        return datetime.fromtimestamp(int(told) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise ProtocolError("Google does not say until when a channel is open") from None
