"""The contract suite, word for word, at real Cyrus, DAViCal and SOGo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress

import httpx
import pytest

from calsync_cli.errors import CalendarGone
from calsync_cli.model.secret import Secret
from calsync_cli.ports import system_ports
from calsync_cli.providers.caldav.provider import CalDavProvider
from tests.contract.benches import Bench, dav_bench
from tests.contract.test_contract import *  # noqa: F403
from tests.fakes.servers import Server


@pytest.fixture
def bench(server: Server) -> Iterator[Bench]:
    """Its calendar goes with the test: Cyrus takes a UID once for all calendars of a person (facts 2)."""
    made = dav_bench(type(server).__name__.lower(), server)
    yield made
    with suppress(CalendarGone):
        if made.lock is not None and made.provider.open(made.cal.id).access == "read":
            server.make_writable(made.cal.id)  # type: ignore[attr-defined]
    made.provider.close()
    with suppress(httpx.HTTPStatusError):  # the test may have taken it away
        made.drop()


FIRST = {"cyrus": "/dav/calendars/user/alice/Default/", "sogo": "/SOGo/dav/alice/Calendar/personal/"}
"""The calendar that everybody has before making one. DAViCal gives its administrator none."""


def test_everybodys_first_calendar_can_be_synced_and_the_boxes_beside_it_cannot(server: Server) -> None:
    name = type(server).__name__.lower()
    made = server.make_calendar(f"boxes-{name}")
    with closing(CalDavProvider(server.account(), lambda: Secret("any"), system_ports())) as provider:
        listed = {cal.id: cal for cal in provider.calendars()}
        assert set(listed) == {made, *([FIRST[name]] if name in FIRST else [])}
        assert all(cal.access == "write" and cal.mails for cal in listed.values())
    server.raw("DELETE", made)
