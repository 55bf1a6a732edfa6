"""Each server is started when a test first asks for it, and stopped after the last test.

Without .ci/servers nothing here is collected but test_job.py, which says so in one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.cli.conftest import shell
from tests.fakes.servers import Server
from tests.servers.cyrus import cyrus
from tests.servers.davical import davical
from tests.servers.machine import asked
from tests.servers.sogo import sogo

__all__ = ["shell"]
STARTERS: dict[str, Callable[[], Any]] = {"cyrus": cyrus, "davical": davical, "sogo": sogo}
collect_ignore_glob = [] if asked() else ["test_real_*.py"]


@pytest.fixture(scope="session")
def running() -> Iterator[Callable[[str], Any]]:
    with ExitStack() as stack:
        started: dict[str, Any] = {}

        def get(name: str) -> Any:
            if name not in started:
                started[name] = stack.enter_context(STARTERS[name]())
            return started[name]

        yield get


@pytest.fixture(params=asked())
def server(request: pytest.FixtureRequest, running: Callable[[str], Any]) -> Server:
    return running(request.param)
