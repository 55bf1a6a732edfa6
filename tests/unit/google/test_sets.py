"""Single resources put together to event sets, and what an answer may hold (facts 4.3, 4.4)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_cli.errors import ProtocolError
from calsync_cli.providers.google.answers import etag_of, event_id, events, json_of, objects, text
from calsync_cli.providers.google.sets import (
    EventSet,
    assembled,
    completed,
    is_bare,
    is_plain,
    series_of,
    updated,
)
from calsync_cli.providers.versions import is_of_many, master_etag

ABOUT = {"id": "work", "timeZone": "Europe/Berlin", "accessRole": "owner"}


def event(name: str, etag: str = '"1"', **more: Any) -> dict[str, Any]:
    return {"id": name, "etag": etag, "status": "confirmed", "updated": "2026-05-04T08:12:33.512Z", **more}


def instance(name: str, of: str, **more: Any) -> dict[str, Any]:
    return event(name, '"2"', recurringEventId=of, originalStartTime={"date": "2026-05-11"}, **more)


def gone(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "status": "cancelled", "etag": '"9"', **more}


# -- together ----------------------------------------------------------------------------------------------------------


def test_instances_find_their_series_in_any_order_and_strangers_are_told() -> None:
    rule = {"recurrence": ["RRULE:FREQ=DAILY"]}
    whole, loose = assembled(
        [instance("m_2", "m"), event("single"), event("m", **rule), gone("m_3", recurringEventId="m"), gone("old"),
         instance("x_1", "x"), gone("x_2", recurringEventId="x"), gone("dead", **rule), instance("d_1", "dead")]
    )  # fmt: skip
    assert {one.id: sorted(one.instances) for one in whole} == {"single": [], "m": ["m_2", "m_3"]}
    assert {of: [one["id"] for one in parts] for of, parts in loose.items()} == {"x": ["x_1"]}


def test_a_set_of_one_has_its_own_version_and_a_larger_one_that_of_all() -> None:
    single, series = EventSet("a", event("a")), EventSet("m", event("m"), {"m_1": instance("m_1", "m")})
    alone = EventSet("x_1", None, {"x_1": instance("x_1", "x")})
    assert single.item(ABOUT).etag == '"1"' and not is_of_many('"1"')
    assert alone.item(ABOUT).etag == '"2"'
    whole = str(series.item(ABOUT).etag)
    assert whole.startswith('"1"#') and is_of_many(whole) and master_etag(whole) == '"1"'
    series.instances["m_1"] = {**series.instances["m_1"], "etag": '"3"'}
    assert series.item(ABOUT).etag != whole


@pytest.mark.parametrize("etag", ['"1"', 'W/"1"', '"a#b"', "", "#", "a#b", "1"])
def test_a_version_of_one_is_never_taken_for_one_of_many(etag: str) -> None:
    assert master_etag(etag) == etag


@pytest.mark.parametrize("etag", [None, 5, "", "with space", "new\r\nline", "ü", "\ud800", "x" * 2000])
def test_a_set_with_a_part_without_version_has_none(etag: Any) -> None:
    """I13: it could not be written safely."""
    parts = {"m_1": {**instance("m_1", "m"), "etag": etag}}
    assert EventSet("m", event("m"), parts).item(ABOUT).etag is None
    assert EventSet("m", {**event("m"), "etag": etag}).item(ABOUT).etag is None


def test_the_payload_is_the_same_for_any_order_and_keeps_half_characters() -> None:
    parts = [instance(f"m_{n}", "m", summary="\ud83d") for n in (1, 2)]
    one = EventSet("m", event("m"), {str(part["id"]): part for part in parts}).item(ABOUT)
    other = EventSet("m", event("m"), {str(part["id"]): part for part in reversed(parts)}).item(ABOUT)
    assert one.payload == other.payload
    assert json.loads(one.payload) == {"calendar": ABOUT, "event": event("m"), "instances": parts}


def test_an_event_too_deep_to_be_kept_is_unreadable_and_stops_nobody() -> None:
    deep: Any = []
    for _ in range(3000):
        deep = [deep]
    item = EventSet("m", event("m", odd=deep)).item(ABOUT)
    assert (item.remote_id, item.payload) == ("m", b"")


def test_the_stamp_is_the_latest_of_all_that_can_be_read() -> None:
    parts = {"m_1": instance("m_1", "m", updated="2026-05-05T00:00:00+02:00"), "m_2": instance("m_2", "m", updated="?")}
    stamp = EventSet("m", event("m", updated=5), parts).item(ABOUT).stamp
    assert stamp is not None and stamp.isoformat() == "2026-05-04T22:00:00+00:00"
    assert EventSet("m", event("m", updated=None)).item(ABOUT).stamp is None


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-05-04",
                                  "2026-05-04T10:00:00", []])  # fmt: skip
def test_no_date_of_any_kind_breaks_a_stamp(when: Any) -> None:
    assert updated({"updated": when}) is None


# -- tombstones --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "series", "start"),
    [
        ("m_20260511T070000Z", "m", {"dateTime": "2026-05-11T07:00:00Z"}), ("m_20260511", "m", {"date": "2026-05-11"}),
        ("_60q3_20260511", "_60q3", {"date": "2026-05-11"}),
        ("m_R20260511T070000_20260518T070000Z", "m_R20260511T070000", {"dateTime": "2026-05-18T07:00:00Z"}),
    ],
)  # fmt: skip
def test_a_bare_tombstone_of_an_instance_is_understood_by_its_id(name: str, series: str, start: Any) -> None:
    assert is_bare(gone(name)) and series_of(gone(name)) == series
    whole = completed(gone(name), series)
    assert (whole["recurringEventId"], whole["originalStartTime"]) == (series, start)


@pytest.mark.parametrize("name", ["single", "_60q3", "m_R20260511T070000", "m_2026", "m_20260511T07Z", "20260511"])
def test_other_tombstones_are_of_events_by_themselves(name: str) -> None:
    assert not is_bare(gone(name)) and series_of(gone(name)) == ""


def test_a_living_event_whose_id_looks_like_an_instance_is_none() -> None:
    assert series_of(event("birthday_20260511")) == "" and not is_bare(event("birthday_20260511"))


def test_what_an_instance_says_of_its_series_counts_more_than_its_id() -> None:
    moved = gone("m_20260511", recurringEventId="m_R20260511", originalStartTime={"date": "2026-05-11"})
    assert series_of(moved) == "m_R20260511" and not is_bare(moved)
    assert completed(moved, "m_R20260511") is moved


def test_an_instance_that_google_makes_up_is_as_old_as_its_series() -> None:
    master = event("m")
    assert is_plain(instance("m_1", "m"), master)
    assert not is_plain(instance("m_1", "m", updated="2026-05-04T08:12:33.513Z"), master)
    assert not is_plain({**instance("m_1", "m"), "status": "cancelled"}, master)
    assert not is_plain({"id": "m_1"}, {"id": "m"})


# -- what an answer may hold -------------------------------------------------------------------------------------------


DEEP = (b"[" * 100_000, b'{"a":' * 100_000)


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b"5", b"\xff\xfe", *DEEP])
def test_an_answer_that_is_no_object_is_told(body: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"no answer of the Calendar API; is api_url right\?"):
        json_of(httpx.Response(200, content=body, request=httpx.Request("GET", "https://x.test/")))


@pytest.mark.parametrize("items", [5, "items", {"a": 1}, [5], [None], [[]], [{}, 5], True, [{}]])
def test_a_list_with_anything_but_events_is_told(items: Any) -> None:
    with pytest.raises(ProtocolError):
        events({"items": items})


@pytest.mark.parametrize("name", [5, "", ".", "..", "a b", "a\n", "\ud800", "x" * 2000, "\x00", None])
def test_an_event_without_a_usable_id_is_told(name: Any) -> None:
    """It would lead to another address, or break the database."""
    with pytest.raises(ProtocolError, match="without a usable id"):
        events({"items": [{"id": name}]})


def test_an_absent_list_is_empty() -> None:
    assert events({}) == events({"items": None}) == objects({}, "errors") == []


@pytest.mark.parametrize("name", ["a", "_60q", "m_R20260511T070000", "größe", "a.b", "...", "x@y", "x" * 1024])
def test_ids_are_taken_as_they_are(name: str) -> None:
    assert event_id({"id": name}) == name


LEAVES = st.none() | st.booleans() | st.floats() | st.text()


@given(st.recursive(LEAVES, lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_members_of_any_type_are_read_as_text_or_as_nothing(value: Any) -> None:
    assert isinstance(text({"a": value}, "a"), str)
    assert text({"a": value}, "a").encode() is not None
    assert etag_of({"etag": value}).isascii()
