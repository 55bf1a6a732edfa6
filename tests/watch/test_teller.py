"""What stands below the picture of `watch`: each trouble once, on which account, and what to type."""

from __future__ import annotations

import pytest

from calsync_cli.engine.report import Problem, Report
from calsync_cli.watch.systemd import Systemd
from calsync_cli.watch.teller import Teller
from tests.watch.world import Recorder


@pytest.mark.parametrize(("problem", "words"), [
    (Problem("transient", "127.0.0.1:1 cannot be reached.", "calsync doctor", 1, account="cloud"),
     "account cloud: 127.0.0.1:1 cannot be reached; next: calsync doctor"),
    (Problem("auth", "account cloud is not signed in", "calsync login cloud", 5, account="cloud"),
     "account cloud is not signed in; next: calsync login cloud"),
    (Problem("fields", '"Choir" was renamed on both sides', "calsync conflicts resolve", 3, event="Choir"),
     '"Choir" was renamed on both sides; next: calsync conflicts resolve'),
    (Problem("more-to-do", "there is more to do", "", 1), "there is more to do"),
])  # fmt: skip
def test_a_trouble_names_its_account_and_what_to_type(problem: Problem, words: str) -> None:
    teller = Teller(Recorder(), Systemd({}))
    for _ in range(2):
        teller.report(Report(None, False, "", problems=[problem]))
    assert teller.waits == (words,)
    teller.report(Report(None, False, ""))
    assert not teller.waits
