"""What is owed of a set that is written in several requests, when a look finds it half written (L5, J3, I1)."""

from __future__ import annotations

from calsync_cli.engine.settle import not_arrived
from calsync_cli.model.series import CANCELLED, Form

SERIES: Form = {"title": "Standup", "url": "https://example.org/p"}
DATE = "@20300309T061500Z"
INTENT: Form = {**SERIES, f"{DATE}/title": "Long standup", f"{DATE}/location": "Hall", f"{DATE}/url": "",
                "@20300406T061500Z": CANCELLED}
INSTANCES = frozenset(path for path in INTENT if path.startswith("@"))


def test_instances_that_are_not_there_are_owed() -> None:
    assert not_arrived({}, INTENT, SERIES, INTENT) == INSTANCES


def test_an_instance_of_which_only_the_series_keeps_something_is_owed() -> None:
    """Else the words of the series that it shows would pass for a person's edit, and win over the real ones."""
    assert not_arrived({}, INTENT, {**SERIES, f"{DATE}/url": ""}, INTENT) == INSTANCES - {f"{DATE}/url"}


def test_what_an_instance_shows_of_its_own_is_not_owed() -> None:
    """It is what was written, or a person was faster."""
    shown = {**SERIES, f"{DATE}/title": "Longer standup", f"{DATE}/url": ""}
    assert not_arrived({}, INTENT, shown, INTENT) == {f"{DATE}/location", "@20300406T061500Z"}


def test_an_update_owes_what_it_was_to_change_and_no_more() -> None:
    """What else an instance has lost meanwhile was taken from it by a person."""
    before, shown = {**INTENT, f"{DATE}/title": "Standup, long"}, {**INTENT}
    del shown[f"{DATE}/title"], shown[f"{DATE}/location"]
    assert not_arrived(before, INTENT, shown, [f"{DATE}/title"]) == {f"{DATE}/title"}
