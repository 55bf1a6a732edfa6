"""A deleted event that is made again has all the lines it had, but those that would mail people (U2, I6)."""

from __future__ import annotations

import pytest

from calsync_cli.mapping.ical import ICAL
from calsync_cli.model.series import LOCAL_FIELDS, without_fields
from tests.corpus import OBJECTS
from tests.corpus.rawdiff import differences, lines_of

CHANGED = {"ATTENDEE", "ORGANIZER", "X-CALSYNC-ATTENDEE", "X-CALSYNC-ORGANIZER", "X-CALSYNC-LINK", "METHOD"}


@pytest.mark.parametrize("name", OBJECTS)
def test_all_lines_but_those_of_people_come_back(name: str) -> None:
    payload = OBJECTS[name]
    before, made = ICAL.read(payload), ICAL.again(payload, "the.marker")
    after = ICAL.read(made)
    assert (after.uid, after.marker, after.people) == (before.uid, "the.marker", "")
    assert without_fields(after.form, LOCAL_FIELDS) == without_fields(before.form, LOCAL_FIELDS)
    assert {line.name for line in differences(payload, made)} <= CHANGED
    assert not any(name == "METHOD" and inside == ("VCALENDAR",) for inside, name, _ in lines_of(made))
