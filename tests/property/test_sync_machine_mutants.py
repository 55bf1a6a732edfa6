"""The sync machine must fail when recovery or the store of lost values is switched off; else it proves nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from calsync_cli.engine import run as engine_run
from calsync_cli.store import links
from tests.property.test_sync_machine import SyncMachine

HUNT = settings(
    max_examples=1000, stateful_step_count=50, deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck), database=None,
)


def _no_recovery(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine_run, "recover", lambda session: [])


def _nothing_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(links, "keep", lambda *args: None)


MUTANTS = {
    "no recovery": _no_recovery,
    "loser not stored": _nothing_kept,
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_machine_catches(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(SyncMachine, settings=HUNT)
