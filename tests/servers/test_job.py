"""The job that tests at real Cyrus, DAViCal and SOGo, and what the main suite says of it."""

import pytest

from tests.servers.machine import absent, asked


def test_the_servers_that_were_asked_for_are_there() -> None:
    if not asked():
        pytest.skip("real Cyrus, DAViCal and SOGo have a job of their own: .ci/servers")
    assert {name: absent(name) for name in asked()} == dict.fromkeys(asked(), "")
