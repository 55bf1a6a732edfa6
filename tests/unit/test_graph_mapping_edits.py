"""Which requests an edit asks for, member by member and in order: no more than it needs, and what Graph wants together
(facts L4.1 to L4.3, L5.1, L6.2). That they bring about what was asked is among the laws of test_graph_laws.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.series import CANCELLED, Form, Recurrence, Value
from calsync_cli.model.times import Span, moved
from tests.unit.graph_oddities import FILES
from tests.unit.graph_outlook import HOME, Outlook
from tests.unit.test_graph_mapping_oddities import HALF_TEN, KEY, NEXT, WEEKLY, at, span

SINGLE: Form = {"title": "x", "time": HALF_TEN}
SERIES: Form = {**SINGLE, "recurrence": WEEKLY}
AFTER_NEXT = "@20261215T083000Z"
FIRST, SECOND, THIRD = ("2026-12-01T08:30:00Z", "2026-12-08T08:30:00Z", "2026-12-15T08:30:00Z")
TIMES, HOUR = {"start", "end"}, timedelta(hours=1)
Steps = list[tuple[str, str, set[str]]]
"""Kind, original start and members of each request."""

CASES: dict[str, tuple[Form, dict[str, Value | None], Steps]] = {
    "a new title": (SINGLE, {"title": "y"}, [("patch", "", {"subject"})]),
    "an hour later": (SINGLE, {"time": span("20261124T103000", "20261124T113000")}, [("patch", "", TIMES)]),
    "only a longer one": (SINGLE, {"time": span("20261124T093000", "20261124T113000")}, [("patch", "", TIMES)]),
    "in another zone": (
        SINGLE, {"time": span("20261124T103000", "20261124T113000", "Asia/Tokyo")}, [("patch", "", TIMES)],
    ),
    "all day": (SINGLE, {"time": span("20261124", "20261125")}, [("patch", "", {*TIMES, "isAllDay"})]),
    "a rule for a single event": (SINGLE, {"recurrence": WEEKLY}, [("patch", "", {"recurrence"})]),
    "a series an hour later, on the same days": (
        SERIES, {"time": span("20261124T103000", "20261124T113000")}, [("patch", "", TIMES)],
    ),
    "a series a week later: its range goes along": (
        SERIES, {"time": span("20261201T093000", "20261201T103000")}, [("patch", "", {*TIMES, "recurrence"})],
    ),
    "a series in another zone: its range goes along": (
        SERIES, {"time": span("20261124T093000", "20261124T103000", "America/New_York")},
        [("patch", "", {*TIMES, "recurrence"})],
    ),
    "another rule": (SERIES, {"recurrence": Recurrence(("FREQ=DAILY",))}, [("patch", "", {"recurrence"})]),
    "no rule any more": (SERIES, {"recurrence": None}, [("patch", "", {"recurrence"})]),
    "an instance off": (SERIES, {KEY: CANCELLED}, [("cancel", FIRST, set())]),
    "a title for one instance": (SERIES, {f"{KEY}/title": "y"}, [("patch", FIRST, {"subject"})]),
    "one instance in the afternoon": (
        SERIES, {f"{KEY}/time": span("20261201T140000", "20261201T150000")}, [("patch", FIRST, TIMES)],
    ),
    "no title of its own any more": (
        {**SERIES, f"{KEY}/title": "y"}, {f"{KEY}/title": None}, [("patch", FIRST, {"subject"})],
    ),
    "a title for all, but one has its own": (
        {**SERIES, f"{KEY}/title": "y"}, {"title": "z"}, [("patch", "", {"subject"})],
    ),
    "a place for all, and for the one that is complete at Outlook": (
        {**SERIES, f"{KEY}/title": "y"}, {"location": "Room 4"},
        [("patch", "", {"location"}), ("patch", FIRST, {"location"})],
    ),
    "two instances later: the last one goes first": (
        SERIES, {f"{KEY}/time": span("20261207T093000", "20261207T103000"),
                 f"{NEXT}/time": span("20261214T093000", "20261214T103000")},
        [("patch", SECOND, TIMES), ("patch", FIRST, TIMES)],
    ),
    "two instances earlier: the first one goes first": (
        SERIES, {f"{KEY}/time": span("20261125T093000", "20261125T103000"),
                 f"{NEXT}/time": span("20261202T093000", "20261202T103000")},
        [("patch", FIRST, TIMES), ("patch", SECOND, TIMES)],
    ),
    "one off, one changed, and the series renamed": (
        SERIES, {"title": "z", NEXT: CANCELLED, f"{AFTER_NEXT}/busy": "free"},
        [("patch", "", {"subject"}), ("cancel", SECOND, set()), ("patch", THIRD, {"showAs"})],
    ),
    "what Outlook cannot show goes to the series alone": (
        SERIES, {f"{KEY}/color": "red"}, [("patch", "", {"singleValueExtendedProperties"})],
    ),
    "nothing new": (SERIES, {"title": "x", KEY: None}, []),
}  # fmt: skip


def steps(payload: bytes) -> Steps:
    requests = json.loads(payload).get("requests", [])
    return [(one["kind"], one["original"], set(one["members"])) for one in requests]


@pytest.mark.parametrize("name", CASES)
def test_an_edit_asks_for_no_more_than_it_needs(name: str) -> None:
    before, change, wanted = CASES[name]
    outlook = Outlook()
    payload = outlook.read(outlook.create(GRAPH.make("u", normal(before), "m", HOME)))
    assert steps(GRAPH.edit(payload, change)) == wanted


def test_a_moved_series_tells_its_new_first_day_and_its_rule_as_it_was() -> None:
    outlook = Outlook()
    payload = outlook.read(outlook.create(GRAPH.make("u", SERIES, "m", HOME)))
    later = Span(at("20261201T093000"), at("20261201T103000"))
    members = json.loads(GRAPH.edit(payload, {"time": later}))["requests"][0]["members"]
    old = json.loads(payload)["event"]["recurrence"]
    assert members["recurrence"]["pattern"] == old["pattern"]
    assert members["recurrence"]["range"] == {"type": "noEnd", "startDate": "2026-12-01"}


def test_every_request_names_the_version_it_was_planned_from() -> None:
    outlook = Outlook()
    payload = outlook.read(outlook.create(GRAPH.make("u", {**SERIES, f"{KEY}/title": "y"}, "m", HOME)))
    document = json.loads(payload)
    edited = GRAPH.edit(payload, {"location": "Room 4", f"{NEXT}/title": "z"})
    series, changed, fresh = json.loads(edited)["requests"]
    assert (series["id"], series["etag"]) == (document["event"]["id"], document["event"]["@odata.etag"])
    instance = document["instances"][0]
    assert (changed["id"], changed["etag"]) == (instance["id"], instance["@odata.etag"])
    assert (fresh["id"], fresh["etag"], fresh["original"]) == ("", None, SECOND)


def test_a_date_that_shall_be_deleted_is_named_as_graph_names_it() -> None:
    outlook = Outlook()
    payload = outlook.read(outlook.create(GRAPH.make("u", SERIES, "m", HOME)))
    edited = json.loads(GRAPH.edit(payload, {KEY: CANCELLED}))
    assert edited["cancelled"] == [f"OID.{edited['event']['id']}.2026-12-01"]
    assert json.loads(GRAPH.make("u", {**SERIES, KEY: CANCELLED}, "m", HOME))["cancelled"] == ["2026-12-01"]


def test_carried_properties_are_kept_and_given_by_name() -> None:
    names = {"x:X-PROJECT", "x:X-OTHER"}
    assert GRAPH.carried(FILES["kept_beside_the_event"], names) == {"x:X-PROJECT": "blue"}
    edited = GRAPH.edit(FILES["kept_beside_the_event"], {"x:X-OTHER": "1", "x:X-PROJECT": None})
    assert GRAPH.carried(edited, names) == {"x:X-OTHER": "1"}
    outlook = Outlook()
    form: Form = {**SERIES, f"{NEXT}/title": "y"}
    payload = outlook.read(outlook.create(GRAPH.make("u", form, "m", HOME)))
    carried = {"x:X-OTHER": "1", f"{KEY}/x:X-OTHER": "2", f"{NEXT}/x:X-OTHER": "3"}
    series = GRAPH.edit(payload, carried)
    assert GRAPH.carried(series, names) == carried
    assert GRAPH.carried(series, ()) == {}
    assert GRAPH.read(series).form == form


def test_a_released_copy_is_nobodys_and_keeps_the_rest() -> None:
    payload = FILES["our_copy"]
    released = GRAPH.remove_marker(payload)
    assert GRAPH.read(payload).marker and GRAPH.read(released).marker is None
    assert GRAPH.read(released).form == GRAPH.read(payload).form
    assert steps(released) == [("patch", "", {"singleValueExtendedProperties"})]
    assert GRAPH.remove_marker(FILES["all_day"]) is FILES["all_day"]


def test_a_deleted_date_after_the_last_of_a_counted_series_is_only_kept() -> None:
    """The sixth date is deleted, and then the series has five."""
    outlook = Outlook()
    sixth = "@20261229T083000Z"
    item = outlook.create(GRAPH.make("u", {**SERIES, sixth: CANCELLED}, "m", HOME))
    counted = Recurrence(("BYDAY=TU;COUNT=5;FREQ=WEEKLY",))
    outlook.edit(item, GRAPH.edit(outlook.read(item), {"recurrence": counted}))
    assert GRAPH.read(outlook.read(item)).form == {**SERIES, "recurrence": counted, sixth: CANCELLED}
    assert item.now is not None and not item.now.cancelled
    outlook.edit(item, GRAPH.edit(outlook.read(item), {"recurrence": WEEKLY}))
    assert GRAPH.read(outlook.read(item)).form == {**SERIES, sixth: CANCELLED}
    assert len(item.now.cancelled) == 1


@pytest.mark.parametrize(
    ("name", "sent"), [("zone_iana_name", "Europe/Vienna"), ("zone_display_name", "W. Europe Standard Time")]
)
def test_a_zone_keeps_the_name_it_has_at_outlook_if_that_can_be_sent(name: str, sent: str) -> None:
    span = GRAPH.read(FILES[name]).form["time"]
    assert isinstance(span, Span)
    later = Span(moved(span.start, HOUR), moved(span.end, HOUR))
    edited = json.loads(GRAPH.edit(FILES[name], {"time": later}))
    assert [edited["event"][member]["timeZone"] for member in ("start", "end")] == [sent, sent]
    assert set(edited["requests"][0]["members"]) == TIMES
