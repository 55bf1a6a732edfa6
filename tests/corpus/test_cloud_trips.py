"""C2: what begins in a cloud goes by way of every other kind of calendar to a second one of its own kind.

Shape   a and c are of one kind, b of any: a -> b -> c by the real engine over emulated services. c shows what a shows,
        member by member of their resources and date by date, but for DIFFERS; what is held has a declared reason
Judge   the emulators' own readers; iCalendar in the middle is judged by what comes out at the other end
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest

from tests.corpus.planted import plant
from tests.corpus.test_cross_trips import HELD
from tests.emulators.graph import bodies
from tests.engine.cloud_oracle import check_one_look, held_uids
from tests.engine.cloud_world import CloudWorld
from tests.engine.google_sides import GoogleSide
from tests.engine.graph_sides import GraphSide

Json = dict[str, Any]
KINDS = ("google", "graph", "vdir", "dav")
PARTS = int(os.environ.get("CALSYNC_CORPUS_STEP", "3"))
ZONES = "originalStartTimeZone originalEndTimeZone"

DIFFERS: dict[str, dict[str, dict[str, str]]] = {
    "google": {
        "a number that is no colour of Google's reads as none": {"colour_unknown": "colorId"},
        "the colour that is kept, not the one that its copy was once given": {"kept_beside_the_event": "colorId"},
        "without control characters and blanks at the end, in the spelling of NFC": {
            "crlf_and_control_characters": "summary description", "emoji_and_combining_characters": "summary",
        },
        "8,192 characters are shown; HTML reads as text": {
            "description_longer_than_google_keeps": "description", "description_of_entities_only": "description",
            "html_description": "description", "html_list": "description", "html_of_an_invitation": "description",
        },
        "text messages and reminders without a time are not read": {"reminders_of_all_kinds": "reminders"},
        "`public` reads as the calendar's own, a word that calsync does not know as private": {
            "visibility_of_tomorrow": "visibility", "visibility_public": "visibility", "working_location": "visibility",
        },
        "the title beside a link is not read; blanks": {"words_set": "location source"},
        "an end before its start reads as that start; of whole days as one day": {"all_day_end_equals_start": "dates"},
        "a date that the series has no longer is not read": {"split_first_half_with_leftover": "dates"},
        "a time zone that nobody knows is read by its offset, one of no name as the calendar's": {
            "floating_not_settled_yet": "start end", "offset_without_zone": "start end",
            "offset_without_zone_and_calendar": "start end", "utc_without_zone": "start end",
            "zone_in_lower_case": "start end", "zone_unknown": "start end", "zone_windows_name": "start end",
        },
        "the second of two equal hours can only be said in UTC": {"second_of_two_equal_hours": "start"},
        "the emulator shows both of two versions of one date": {"override_twice_higher_sequence_counts": "summary"},
        "the emulator reads rules by the letter, calsync as they are meant": {
            "exdate_as_date_on_timed_series": "dates", "exdate_over_a_changed_instance": "dates",
            "rule_in_lower_case": "dates", "until_as_date_on_timed_rule": "dates",
        },
    },
    "graph": {
        "an end before its start reads as that start; of whole days as one day": {
            "all_day_end_equals_start": "dates", "ends_before_it_starts": "dates",
        },
        "in the spelling of NFC; 255 characters in one line": {
            "emoji_and_combining_characters": "subject", "subject_with_line_break": "subject",
        },
        "HTML reads as text": {"html_links": "body", "html_list": "body", "html_table_and_ruler": "body"},
        "the join block of an online meeting is not read": {
            "online_meeting_read_as_text": "body", "teams_meeting": "body", "teams_meeting_of_today": "body",
            "teams_meeting_without_rulers": "body",
        },
        "several places read as one text": {"location_in_the_list_only": "location"},
        "a date that its organizer called off reads as cancelled": {"override_called_off_by_its_organizer": "dates"},
        "reminders after the start are kept, not shown": {
            "reminder_after_the_start": "isReminderOn reminderMinutesBeforeStart",
        },
        "`personal` reads as private": {"sensitivity_personal": "sensitivity"},
        "out of office, working elsewhere and unknown read as busy": {
            "show_as_oof": "showAs", "show_as_unknown": "showAs", "show_as_workingelsewhere": "showAs",
        },
        "a single time that comes twice is shown in UTC": {
            "first_of_two_equal_hours": "originalStartTimeZone", "second_of_two_equal_hours": "originalStartTimeZone",
        },
        "a time zone that nobody knows is read by its instants": {
            "override_in_a_custom_zone": ZONES, "zone_custom": ZONES, "zone_custom_and_mailbox_unknown": ZONES,
            "zone_custom_but_the_end_knows": ZONES,
        },
        "a zone under another name, or one with the same clock": {
            "zone_display_name": ZONES, "zone_of_2026": ZONES, "zone_tzone_utc": ZONES,
        },
    },
}  # fmt: skip
"""By the tables of losses, but where it says otherwise: name -> the members that the second calendar shows otherwise,
and "dates" where it shows them at other times. What is named here and does not differ fails too.
"""


@pytest.mark.parametrize("way", KINDS)
@pytest.mark.parametrize("kind", ["google", "graph"])
def test_what_begins_in_a_cloud_comes_to_its_own_kind_but_for_declared_losses_c2(kind: str, way: str) -> None:
    with CloudWorld(kind, way, kind) as world:
        here, there = world["a"], world["c"]
        assert isinstance(here, GoogleSide | GraphSide) and isinstance(there, GoogleSide | GraphSide)
        ids = plant(here, KINDS.index(way) % PARTS, PARTS)
        names = {here.uid_at(remote_id) or name: name for name, remote_id in ids.items()}
        report = world.run()
        assert [one.message for one in report.problems if not HELD.search(one.message)] == []
        assert world.quiet()
        check_one_look(world)
        left_alone = {here.uid_at(one.event or "") for one in report.problems if one.code == "quarantined"}
        held = held_uids(world) | {uid for uid in left_alone if uid}
        assert len(held) < len(names) / 5
        assert here.uids() - held <= there.uids()
        unheld = {name for uid, name in names.items() if uid not in held}
        found = {names.get(uid, uid): members for uid, members in _differing(here, there, held).items()}
        declared = {name: set(members.split()) for one in DIFFERS[kind].values() for name, members in one.items()}
        assert found == {name: members for name, members in declared.items() if name in unheld}
        world.oracle.final()


CHANGED_BY_THE_SERVICE = {
    "crlf_and_control_characters": {"description"}, "words_set": {"location"}, "recurrence_empty": {"recurrence"},
}
"""Texts and lists that Google's emulator tidies when anything of their event is written."""
REFUSED = re.compile(
    r"reads such events and never changes them|only its organizer|has called this meeting off|Google has locked|"
    r"refused the event|would mail the guests of this meeting"
)
VOLATILE = {
    "etag", "updated", "sequence", "@odata.etag", "changeKey", "lastModifiedDateTime", "singleValueExtendedProperties",
}
TITLE = {"google": "summary", "graph": "subject"}
SOME_WAYS = [("google", "vdir"), ("google", "graph"), ("graph", "google"), ("graph", "dav")]
FEW = 6
"""Of so many events one is edited, for no guard shall wake."""


@pytest.mark.parametrize(("kind", "way"), SOME_WAYS)
def test_a_title_changed_in_the_second_calendar_changes_the_title_of_the_first_and_no_more(kind: str, way: str) -> None:
    """I7, X8."""
    with CloudWorld(kind, way, kind) as world:
        here, there = world["a"], world["c"]
        assert isinstance(here, GoogleSide | GraphSide)
        names = {remote_id: name for name, remote_id in plant(here, KINDS.index(way) % PARTS, PARTS).items()}
        world.run()
        before = {remote_id: json.loads(payload) for remote_id, (_, payload) in here.payloads().items()}
        some = sorted(here.uids() & there.uids() - held_uids(world))[KINDS.index(way) % FEW :: FEW]
        for number, uid in enumerate(some):
            there.edit(uid, title=f"tok{number}x")
        report = world.run()
        said = [one.message for one in report.problems]
        assert [words for words in said if not HELD.search(words) and not REFUSED.search(words)] == []
        refused = {one.uid for one in report.changes if (one.side, one.outcome) == ("a", "failed")}
        after = {remote_id: (uid, json.loads(payload)) for remote_id, (uid, payload) in here.payloads().items()}
        assert after.keys() == before.keys()
        changed = set()
        for remote_id, (uid, payload) in after.items():
            name = names.get(remote_id, remote_id)
            found = _changed(before[remote_id], payload) - VOLATILE
            assert found - CHANGED_BY_THE_SERVICE.get(name, set()) <= {TITLE[kind]}, name
            changed |= {uid} if TITLE[kind] in found else set()
        assert changed <= set(some) <= changed | refused | held_uids(world)
        assert world.quiet()
        world.oracle.final()


def _changed(before: Json, after: Json) -> set[str]:
    """Members of the event and of its changed dates, none of which came or went."""
    old, new = (_by_id(each) for each in (before, after))
    assert old.keys() == new.keys()
    pairs = [(old[key], new[key]) for key in old]
    return {name for one, other in pairs for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def _by_id(payload: Json) -> dict[str, Json]:
    return {one["id"]: one for one in filter(None, [payload["event"], *payload["instances"]])}


def _differing(here: GoogleSide | GraphSide, there: GoogleSide | GraphSide, held: set[str]) -> dict[str, set[str]]:
    """UID -> what is not the same there."""
    found: dict[str, set[str]] = {}
    one, other = ({uid: _parts(side, payload) for uid, payload in side.payloads().values()} for side in (here, there))
    for uid in one.keys() - held:
        for part, shown in one[uid].items():
            copy = other[uid].get(part, shown)
            found.setdefault(uid, set()).update(name for name in shown if shown[name] != copy[name])
    seen, copied = ({one[:3] for one in side.agenda() if one[0] not in held} for side in (here, there))
    for uid, *_ in seen ^ copied:
        found.setdefault(uid, set()).add("dates")
    return {uid: names for uid, names in found.items() if names}


GOOGLE = ("summary", "location", "description", "colorId", "visibility", "transparency", "status", "source")
GRAPH = ("subject", "sensitivity", "showAs", "categories", "isReminderOn", "reminderMinutesBeforeStart", "isAllDay")
ORIGINAL = {"google": "originalStartTime", "graph": "originalStart"}


def _parts(side: GoogleSide | GraphSide, payload: bytes) -> dict[str, Json]:
    """What is shown of the event, and of each changed date by its original start."""
    known = json.loads(payload)
    living = [one for one in known["instances"] if one.get("status") != "cancelled"]
    shown = _google if isinstance(side, GoogleSide) else _graph
    return {"": shown(known["event"] or {}), **{json.dumps(one[ORIGINAL[side.kind]]): shown(one) for one in living}}


def _google(event: Json) -> Json:
    zones = {end: event.get(end, {}).get("timeZone") for end in ("start", "end")}
    return {name: event.get(name) for name in GOOGLE} | zones | {
        "reminders": event.get("reminders", {}).get("overrides", [])
    }


def _graph(event: Json) -> Json:
    """A whole day is of no zone."""
    zones = {} if event.get("isAllDay") else {name: event.get(name) for name in ZONES.split()}
    words = " ".join(bodies.as_text(event.get("body", {}).get("content", "")).split())
    place = event.get("location", {}).get("displayName")
    return {name: event.get(name) for name in GRAPH} | {"location": place, "body": words} | zones
