"""The contract suite, word for word, at real Cyrus, DAViCal and SOGo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from calsync_cli.errors import CalendarGone
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
