"""What a write to an instance may overwrite, and what a list may not take back (I1, I13, facts 4.5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from calsync_cli.ports import Ports
from calsync_cli.providers.google.fresh import LIFE_S, Fresh
from calsync_cli.providers.google.unseen import CONTENT, is_overwritten

MONDAY, NOON = "2026-05-11T09:00:00+02:00", "2026-05-11T12:00:00+02:00"


def at(when: str) -> dict[str, str]:
    return {"dateTime": when, "timeZone": "Europe/Berlin"}


MASTER = {"id": "m", "summary": "Weekly", "start": at("2026-05-04T09:00:00+02:00"),
          "end": at("2026-05-04T10:00:00+02:00"), "extendedProperties": {"private": {"calsync.id": "m"}}}  # fmt: skip
PLAIN = {"id": "m_1", "summary": "Weekly", "start": at(MONDAY), "end": at("2026-05-11T10:00:00+02:00"),
         "originalStartTime": at("2026-05-11T07:00:00Z"), "status": "confirmed"}  # fmt: skip
OWN = {**PLAIN, "summary": "Own", "location": "Room 1"}


@pytest.mark.parametrize(
    ("now", "members", "before", "overwritten"),
    [
        (PLAIN, {"summary": "New"}, None, False), ({**PLAIN, "summary": "Theirs"}, {"summary": "New"}, None, True),
        ({**PLAIN, "location": "Theirs"}, {"summary": "New"}, None, False),
        ({**PLAIN, "location": "Theirs"}, {"location": "New"}, None, True),
        (PLAIN, {"start": at(NOON), "end": at(NOON)}, None, False),
        ({**PLAIN, "start": at(NOON)}, {"start": at(MONDAY)}, None, True),
        ({**PLAIN, "start": {"date": "2026-05-11"}}, {"start": at(MONDAY)}, None, True),
        ({**PLAIN, "start": 5}, {"start": at(MONDAY)}, None, True),
        (OWN, {"summary": "New"}, OWN, False), ({**OWN, "summary": "Theirs"}, {"summary": "New"}, OWN, True),
        ({**OWN, "start": at(NOON)}, {"start": at(MONDAY)}, OWN, True),
        (OWN, {"start": at(NOON), "end": at(NOON)}, OWN, False),
        ({**OWN, "end": at(NOON)}, {"end": at(MONDAY)}, OWN, True),
        ({**OWN, "summary": "Weekly"}, {"summary": "New"}, OWN, False),  # what its series says by now
        (PLAIN, CONTENT, None, False), ({**PLAIN, "summary": "Theirs"}, CONTENT, None, True),
        ({**PLAIN, "start": at(NOON)}, CONTENT, None, True), (OWN, CONTENT, OWN, False), (OWN, CONTENT, None, True),
        ({**PLAIN, "status": "cancelled"}, {"summary": "New"}, None, True),
        ({**OWN, "status": "cancelled"}, {"summary": "New"}, OWN, True),
        ({"id": "m_1", "status": "cancelled"}, {"status": "confirmed"}, {"id": "m_1", "status": "cancelled"}, False),
        (PLAIN, {"status": "confirmed"}, {"id": "m_1", "status": "cancelled"}, True),
    ],
)  # fmt: skip
def test_what_nobody_has_seen_yet_is_not_overwritten(now: Any, members: Any, before: Any, overwritten: bool) -> None:
    assert is_overwritten(now, members, before, [MASTER]) is overwritten


@pytest.mark.parametrize(
    ("there", "overwritten"),
    [
        (None, False), ({}, False), ({"private": {"k": "new"}}, False), ({"private": {"k": "theirs"}}, True),
        ({"private": {"other": "theirs"}}, False), ({"shared": {"k": "theirs"}}, False), (5, False),
        ({"private": 5}, False), ({"private": {"k": "series'"}}, False),
    ],
)  # fmt: skip
def test_of_properties_only_those_that_are_written_count(there: Any, overwritten: bool) -> None:
    """An exception may be born with its series' properties, or without (facts 5.7)."""
    master = {**MASTER, "extendedProperties": {"private": {"k": "series'"}}}
    now = {**PLAIN, "extendedProperties": there}
    assert is_overwritten(now, {"extendedProperties": {"private": {"k": "new"}}}, None, [master]) is overwritten


# -- newer than lists --------------------------------------------------------------------------------------------------


class Clock:
    now_s = 0.0

    @property
    def ports(self) -> Ports:
        return Ports(lambda: datetime.now(UTC), lambda: self.now_s, lambda _: None, lambda: "0" * 32)


def part(name: str, etag: str, of: str = "m") -> dict[str, Any]:
    return {"id": name, "etag": etag, "recurringEventId": of}


def test_what_a_list_says_otherwise_is_doubtful_until_it_has_caught_up() -> None:
    fresh = Fresh(Clock().ports)
    fresh.note("work", [part("m_1", '"2"'), part("m_2", '"2"'), part("n_1", '"2"', "n"), {"id": "single"}])
    fresh.note("home", [part("m_3", '"2"')])
    assert fresh.doubtful("work", "m", {}) == {"m_1", "m_2"}
    assert fresh.doubtful("work", "m", {"m_1": part("m_1", '"1"'), "m_2": part("m_2", '"2"')}) == {"m_1"}
    assert fresh.doubtful("work", "other", {}) == set()


def test_what_was_noted_is_forgotten_when_no_list_is_behind_any_more() -> None:
    clock = Clock()
    fresh = Fresh(clock.ports)
    fresh.note("work", [part("m_1", '"2"')])
    clock.now_s += LIFE_S / 2
    fresh.note("work", [part("m_2", '"2"')])
    clock.now_s += LIFE_S / 2
    fresh.note("work", [])
    assert fresh.doubtful("work", "m", {}) == {"m_2"}
