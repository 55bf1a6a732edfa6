"""Every odd document of tests/data: read and not edited, with one field edited, copied, and across and back.

The copies also pass the emulator's model of Outlook, which rewrites what it is given.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from calsync_cli.errors import MappingError
from calsync_cli.mapping.google.address import addressed
from calsync_cli.mapping.google.mapping import GOOGLE
from calsync_cli.mapping.graph.kept import MEMBER
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.mapping.ical import ICAL
from calsync_cli.mapping.inherit import normal
from calsync_cli.model.codec import form_from, form_json
from calsync_cli.model.recur import diff
from calsync_cli.model.series import LOCAL_FIELDS, Form, Value, applied, without_fields
from calsync_cli.model.times import Span, moved
from tests.unit.graph_oddities import DATA, FILES
from tests.unit.graph_outlook import HOME, Outlook
from tests.unit.test_google_mapping_oddities import FILES as GOOGLE_FILES
from tests.unit.test_graph_mapping_oddities import KEY

DAY = timedelta(days=1)
NAMED: dict[str, set[str]] = {
    "title": {"subject"}, "location": {"location", "locations"}, "description": {"body"}, "url": set(), "color": set(),
    "visibility": {"sensitivity"}, "busy": {"showAs"}, "status": {"showAs"}, "categories": {"categories"},
    "attachments": set(), "reminders": {"isReminderOn", "reminderMinutesBeforeStart"}, "": set(),
    "recurrence": {"recurrence", "type", "start", "end", "originalStartTimeZone", "originalEndTimeZone"},
    "time": {"start", "end", "isAllDay", "originalStartTimeZone", "originalEndTimeZone", "recurrence", "isReminderOn",
             "reminderMinutesBeforeStart"},
}  # fmt: skip
"""Field of the form -> the members that a change of it may touch, besides what is kept in private properties."""


def crossing(form: Form) -> Form:
    """What of a form crosses to Outlook and back: all but people (`losses.LOSSES`)."""
    return without_fields(form, LOCAL_FIELDS)


# -- every file, unchanged and with one field changed ------------------------------------------------------------------

OTHERS, CALLED_OFF = "only its organizer", "called this meeting off"
ONES_OWN = {"reminders", "busy", "status", "categories", "visibility", "color"}
NEVER_WRITTEN: dict[str, tuple[str, set[str]]] = {
    "draft_of_a_meeting": ("was never sent", set()), "guest_of_a_meeting": (OTHERS, ONES_OWN),
    "guest_who_may_not_see_the_others": (OTHERS, ONES_OWN), "override_without_master": (OTHERS, ONES_OWN),
    "guest_of_a_meeting_called_off": (CALLED_OFF, ONES_OWN - {"status"}),
    "override_called_off_by_its_organizer": (OTHERS, ONES_OWN),
}  # fmt: skip
"""Events of other people: why they are not changed, and the fields that are one's own to say."""
VALUES: dict[str, Value] = {
    "title": "Neuer Titel", "location": "Room 9", "description": "Bring\ncake", "url": "https://new.example/",
    "color": "gold", "busy": "free", "status": "tentative", "categories": frozenset({"New"}),
    "visibility": "confidential", "attachments": frozenset({"https://new.example/a"}),
    "reminders": frozenset({"display:-PT7M"}),
}  # fmt: skip
HELD_EDITS = {
    ("online_meeting_without_its_block", "description"): "does not show its join block",
    ("online_meeting_read_as_text", "description"): "was read without its join block",
    ("event_of_others_on_a_shared_calendar", "visibility"): "hidden from this account",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_unsent_drafts_are_never_written_nor_deleted(name: str) -> None:
    assert bool(GRAPH.never_written(FILES[name])) == (name == "draft_of_a_meeting")


@pytest.mark.parametrize("name", FILES)
def test_an_unedited_event_set_keeps_every_byte(name: str) -> None:
    payload = FILES[name]
    reading = GRAPH.read(payload)
    assert GRAPH.edit(payload, {}) is payload
    assert GRAPH.edit(payload, dict(reading.form)) is payload
    assert normal(reading.form) == reading.form == form_from(form_json(reading.form))


@pytest.mark.parametrize("name", FILES)
def test_one_new_value_changes_its_own_members_only_i7(name: str) -> None:
    payload = FILES[name]
    before = GRAPH.read(payload).form
    for field, value in [*VALUES.items(), *_a_day_later(before)]:
        change = {field if "time" in before else f"{KEY}/{field}": value}
        if why := _held(name, field):
            with pytest.raises(MappingError, match=why):
                GRAPH.edit(payload, change)
            continue
        edited = GRAPH.edit(payload, change)
        if applied(before, change) == before:
            assert edited is payload
            continue
        assert not diff(normal(applied(before, change)), GRAPH.read(edited).form), field
        assert _but(edited, NAMED[field]) == _but(payload, NAMED[field]), field
        for request in json.loads(edited)["requests"]:
            assert set(request["members"]) <= NAMED[field] | {MEMBER}, field


def _held(name: str, field: str) -> str:
    why, own = NEVER_WRITTEN.get(name, ("", {field}))
    return why if field not in own else HELD_EDITS.get((name, field), "")


def _a_day_later(form: Form) -> list[tuple[str, Value]]:
    """Times only of events that do not repeat: the others have laws of their own."""
    span = form.get("time")
    if not isinstance(span, Span) or "recurrence" in form:
        return []
    return [("time", Span(moved(span.start, DAY), moved(span.end, DAY)))]


def _but(payload: bytes, members: set[str]) -> object:
    """The document without these members, without what the edit shall send, and without calsync's own properties."""
    body = json.loads(payload)
    body.pop("requests", None)
    for resource in [*filter(None, [body["event"]]), *body["instances"]]:
        listed = resource.pop(MEMBER, None)
        if isinstance(listed, list):
            resource[MEMBER] = [one for one in listed if "calsync-" not in str(one).lower()]
        for member in members:
            resource.pop(member, None)
        if not resource.get(MEMBER):
            resource.pop(MEMBER, None)
    return body


# -- copies ------------------------------------------------------------------------------------------------------------

NOT_HERE, EXTRA, TWO_RULES = "of a series that is not here", "on extra dates", "more than one rule"
CANNOT_BE_MADE = {"override_without_master": NOT_HERE, "two_overrides_without_master": NOT_HERE}
HELD_FROM_ICAL = {
    "override_without_master": NOT_HERE, "rdate_periods": EXTRA, "rdate_only": EXTRA, "two_rrules": TWO_RULES,
    "rrule_rscale": "another calendar", "rrule_secondly": "every few seconds",
    "override_moved_across_dst": "instance of 2027-03-23 would reach the day of another one",
    "rrule_odd_spelling": "first date is none of its rule",
    "year_1604_birthday": "leaves out the months that lack its day",
}  # fmt: skip
NO_LENGTH = {"ends_before_it_starts", "no_end", "zero_length"}
"""Files of that name here and there: Google shows such events, and refuses them."""
HELD_FROM_GOOGLE = {
    "hourly_rule": "every few hours", "count_and_until": "by a number and by a date", "rdate_only": EXTRA,
    "rdate_in_another_zone": EXTRA, "rdate_periods": EXTRA, "two_rrules": TWO_RULES,
    "override_without_master": NOT_HERE, "two_overrides_without_master": NOT_HERE,
    "birthday": "leaves out the months that lack its day",
    "override_moved_across_dst": "instance of 2027-03-23 would reach the day of another one",
}  # fmt: skip


def copied(form: Form, held: str | None) -> list[bytes]:
    """A copy of the form, as made and as Outlook gives it back; [] where it is held for the reason named."""
    if held is not None:
        with pytest.raises(MappingError, match=held):
            GRAPH.make("u", form, "m", HOME)
        return []
    made = GRAPH.make("u", form, "m", HOME)
    outlook = Outlook()
    back = outlook.read(outlook.create(made))
    assert (outlook.problems, outlook.box.mails) == ([], [])
    return [made, back]


@pytest.mark.parametrize("name", FILES)
def test_a_copy_of_every_event_reads_as_the_same_event(name: str) -> None:
    form = crossing(GRAPH.read(FILES[name]).form)
    for payload in copied(form, CANNOT_BE_MADE.get(name)):
        copy = GRAPH.read(payload)
        assert (copy.form, copy.uid, copy.marker, copy.people) == (form, "u", "m", "")


# -- across and back ---------------------------------------------------------------------------------------------------

ICAL_FILES = {path.stem: path.read_bytes() for path in sorted((DATA.parent / "ical").glob("*.ics"))}


@pytest.mark.parametrize("name", ICAL_FILES)
def test_an_icalendar_event_crosses_to_outlook_and_back(name: str) -> None:
    form = ICAL.read(ICAL_FILES[name]).form
    for there in copied(form, HELD_FROM_ICAL.get(name)):
        back = ICAL.read(ICAL.make("u", GRAPH.read(there).form, "m")).form
        assert GRAPH.read(there).form == back == crossing(form)
        assert GRAPH.edit(there, dict(back)) is there  # the second trip changes nothing
        assert ICAL.edit(ICAL_FILES[name], dict(crossing(back))) is ICAL_FILES[name]  # nor does the first, back home


@pytest.mark.parametrize("name", GOOGLE_FILES)
def test_an_event_of_google_crosses_to_outlook_and_back(name: str) -> None:
    form = GOOGLE.read(GOOGLE_FILES[name]).form
    for there in copied(form, HELD_FROM_GOOGLE.get(name)):
        assert GRAPH.read(there).form == crossing(form)
        assert GOOGLE.edit(GOOGLE_FILES[name], dict(GRAPH.read(there).form)) is GOOGLE_FILES[name]
        if name in NO_LENGTH:
            with pytest.raises(MappingError, match="has no length"):
                GOOGLE.make("u", GRAPH.read(there).form, "m")
            continue
        back = addressed(GOOGLE.make("u", GRAPH.read(there).form, "m"), "cs0example", "Europe/Berlin")
        assert not diff(crossing(form), GOOGLE.read(back).form)


@pytest.mark.parametrize("name", FILES)
def test_an_event_of_outlook_crosses_to_a_file_and_back(name: str) -> None:
    reading = GRAPH.read(FILES[name])
    copy = ICAL.read(ICAL.make(reading.uid, reading.form, "m"))
    assert (copy.form, copy.uid) == (crossing(reading.form), reading.uid)
    assert GRAPH.edit(FILES[name], dict(copy.form)) is FILES[name]


@pytest.mark.parametrize("name", FILES)
def test_an_event_of_outlook_crosses_to_google_and_back(name: str) -> None:
    reading = GRAPH.read(FILES[name])
    form = crossing(reading.form)
    if name in NO_LENGTH or name in CANNOT_BE_MADE:
        with pytest.raises(MappingError, match="has no length" if name in NO_LENGTH else NOT_HERE):
            GOOGLE.make("u", form, "m")
        return
    made = GOOGLE.make("u", form, "m")
    copy = GOOGLE.read(addressed(made, "cs0example", "Europe/Berlin")).form
    assert not diff(form, copy)
    assert GRAPH.edit(FILES[name], {path: copy.get(path) for path in form.keys() | copy.keys()}) is FILES[name]
