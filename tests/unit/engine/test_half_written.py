"""What is owed of a set that is written in several requests, when a look finds it half written (L5, J3, I1)."""

from __future__ import annotations

from calsync_cli.engine.settle import not_arrived
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.series import CANCELLED, Form
from tests.engine.world import ics

SERIES: Form = {"title": "Standup", "url": "https://example.org/p"}
DATE = "@20300309T061500Z"
INTENT: Form = {**SERIES, f"{DATE}/title": "Long standup", f"{DATE}/location": "Hall", f"{DATE}/url": "",
                "@20300406T061500Z": CANCELLED}
INSTANCES = frozenset(path for path in INTENT if path.startswith("@"))


def test_instances_that_are_not_there_are_owed() -> None:
    assert not_arrived({}, INTENT, SERIES, INTENT, {}) == INSTANCES


def test_an_instance_of_which_only_the_series_keeps_something_is_owed() -> None:
    """Else the words of the series that it shows would pass for a person's edit, and win over the real ones."""
    assert not_arrived({}, INTENT, {**SERIES, f"{DATE}/url": ""}, INTENT, {}) == INSTANCES - {f"{DATE}/url"}


def test_what_an_instance_shows_of_its_own_is_not_owed() -> None:
    """It is what was written, or a person was faster."""
    shown = {**SERIES, f"{DATE}/title": "Longer standup", f"{DATE}/url": ""}
    assert not_arrived({}, INTENT, shown, INTENT, {}) == {f"{DATE}/location", "@20300406T061500Z"}


def test_an_update_owes_what_it_was_to_change_and_no_more() -> None:
    """What else an instance has lost meanwhile was taken from it by a person."""
    before, shown = {**INTENT, f"{DATE}/title": "Standup, long"}, {**INTENT}
    del shown[f"{DATE}/title"], shown[f"{DATE}/location"]
    assert not_arrived(before, INTENT, shown, [f"{DATE}/title"], {}) == {f"{DATE}/title"}


def test_what_outlook_shows_of_a_series_is_not_taken_for_words_of_a_date_that_is_still_to_come() -> None:
    """The master keeps its text, which Outlook shows shorter, and that this date has another one: before the exception
    is there, the shorter text reads as the date's own.
    """
    whole = ics("u", "Standup", "RRULE:FREQ=WEEKLY;COUNT=5", r"DESCRIPTION:a \n\n\n b", start="20300107T090000")
    date = ics("u", "Moved", "RECURRENCE-ID;TZID=Europe/Berlin:20300114T090000", start="20300115T110000")
    event = date[date.index(b"BEGIN:VEVENT") : date.index(b"END:VCALENDAR")]
    form = mapping("ical").read(whole.replace(b"END:VCALENDAR", event + b"END:VCALENDAR")).form
    made = GRAPH.make("u", form, "m")
    intent, head = GRAPH.read(made).form, GRAPH.read(GRAPH.head(made)).form
    dates = {path for path in intent if path.startswith("@")}
    assert {path.partition("/")[2] for path in dates} == {"description", "title", "time"}
    assert any(path.endswith("/description") for path in head if path.startswith("@")), "else this tests nothing"
    assert not_arrived({}, intent, head, intent, head) == dates
