"""CalendarSync's set-up, translated: the shapes of its manual, every key taken along or named with what to do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from calsync_cli.config.load import load
from calsync_cli.setup import calendarsync, yaml_lines
from calsync_cli.setup.notes import BadSetup, Setup

CLIENT = "0a1b2c3d-0000-4000-8000-00000000000f"
MONTHS = """sync:
  start:
    identifier: MonthStart # the first of this month
    offset: -1
  end:
    identifier: MonthEnd
    offset: +1
"""
AUTH = """auth:
  storage_mode: yaml
  config:
    path: "./somewhere.yaml"
"""
SIDES = f"""source:
  adapter:
    type: "outlook_http"
    calendar: "AAMkAGI2="
    oAuth:
      clientId: "{CLIENT}"
      tenantId: "common"
sink:
  adapter:
    type: google
    calendar: "team@group.calendar.google.com"
    oAuth:
      clientId: "123.apps.googleusercontent.com"
      clientKey: "GOCSPX-x"
"""


def translated(*parts: str) -> Setup:
    return calendarsync.translate(yaml_lines.parse("---\n" + "".join(parts)))


def told(setup: Setup) -> str:
    return "\n".join(one.text for one in setup.notes)


def pair(*parts: str) -> dict[str, Any]:
    return translated(MONTHS, SIDES, *parts).pairs["calendarsync"]


def test_the_shape_of_its_example() -> None:
    setup = translated(MONTHS, AUTH, SIDES, """
transformations:
  - name: KeepDescription
  - name: KeepLocation
  - name: KeepReminders
  - name: ReplaceTitle
    config:
      NewTitle: "[Copied]"
  - name: KeepMeetingLink
  # with a word about it
  - name: KeepAttendees
    config:
      UseEmailAsDisplayName: true
filters:
  - name: DeclinedEvents
  - name: AllDayEvents
  - name: TimeFrame
    config:
      HourStart: 8
      HourEnd: 17
  - name: RegexTitle
    config:
      ExcludeRegexp: ".*test"
      IncludeRegexp: ".*test-but-wanted"
updateConcurrency: 3
""")
    assert setup.accounts == {
        "microsoft": {"provider": "microsoft", "client_id": CLIENT, "tenant": "common"},
        "google": {"provider": "google"},
    }
    assert setup.pairs == {"calendarsync": {
        "a": "microsoft/AAMkAGI2=", "b": "google/team@group.calendar.google.com", "direction": "a-to-b",
        "target_edits": "overwrite", "target_deletes": "restore", "window": {"past": "62d", "future": "62d"},
        "to_b": {"view": "full", "title": "[Copied]"},
        "fields": {"categories": "off", "color": "off", "attachments": "off", "url": "off"},
        "filter": {"never": ["declined", "all-day"], "not_title": "^(?!.*(?:.*test-but-wanted)).*(?:.*test)"},
        "on_leave": "retire",
    }}  # fmt: skip
    said = told(setup)
    for words in ("calsync login google --client-file FILE", "sign-ins cannot be taken along", "nobody is invited",
                  "links of meetings come along", "not by that at which it starts (8 to 17)", "--clean, before"):
        assert words in said
    assert "GOCSPX" not in said and "updateConcurrency" not in said


def test_without_transformers_only_the_time_is_shown() -> None:
    assert pair()["to_b"] == {"view": "busy", "title": "CalendarSync Event", "private": False, "reminders": "none"}
    assert "fields" not in pair() and "filter" not in pair() and "on_leave" not in pair()


@pytest.mark.parametrize(("steps", "view"), [
    ("KeepTitle", {"view": "titles", "private": False, "reminders": "none"}),
    ("KeepTitle PrefixTitle:Prefix=[S] ", {"view": "titles", "title": "[S] {title}", "private": False,
                                           "reminders": "none"}),
    ("PrefixTitle:Prefix=[S] ", {"view": "busy", "title": "[S] CalendarSync Event", "private": False,
                                 "reminders": "none"}),
    ("KeepTitle ReplaceTitle", {"view": "busy", "title": "CalendarSync Event", "private": False, "reminders": "none"}),
    ("SetVisibility:Visibility=private ReplaceTitle:NewTitle={title}",
     {"view": "busy", "title": "(title)", "private": True, "reminders": "none"}),
    ("KeepTitle KeepReminders", {"view": "titles", "private": False}),
    ("KeepTitle KeepLocation", {"view": "full", "reminders": "none", "guests": "drop"}),
])
def test_transformers_become_a_view(steps: str, view: dict[str, Any]) -> None:
    lines = ["transformations:"]
    for step in re.findall(r"\w+(?::\w+=(?:\S+ ?))?", steps):
        name, _, config = step.partition(":")
        key, _, value = config.partition("=")
        value = value if key == "Prefix" else value.strip()
        lines += [f"  - name: {name}", *(["    config:", f"      {key}: '{value}'"] if key else [])]
    found = pair("\n".join(lines) + "\n")
    assert found["to_b"] == view
    off = found.get("fields", {})
    assert ("description" in off) == (view["view"] == "full") and "location" not in off


@pytest.mark.parametrize(("exclude", "include", "kept", "out"), [
    (".*test", "", ["Dentist", "tes"], ["a test", "testing"]),
    ("^Lunch", "", ["My Lunch"], ["Lunch", "Lunch with Ann"]),
    (".*", "Dentist|Doctor", ["Dentist", "my Doctor"], ["Standup", ""]),
    ("a|b", "^ab", ["abc", "xyz"], ["bab", "cab"]),
    ("", "Dentist", ["Dentist", "Other"], []),
])
def test_titles_stay_out_just_as_there(exclude: str, include: str, kept: list[str], out: list[str]) -> None:
    found = pair(f"filters:\n  - name: RegexTitle\n    config:\n      ExcludeRegexp: '{exclude}'\n"
                 f"      IncludeRegexp: '{include}'\n")
    pattern = found.get("filter", {}).get("not_title")
    assert [t for t in kept + out if pattern is not None and re.search(pattern, t)] == out


def test_other_adapters() -> None:
    zep = SIDES[SIDES.index("sink:"):] + """source:
  adapter:
    type: zep
    calendar: "absences"
    config:
      username: "me@example.org"
      password: "pass word"
      endpoint: "https://zep.example.org/zep/sync/dav.php/calendars"
"""
    setup = translated(MONTHS, zep)
    assert setup.accounts["zep"] == {
        "provider": "caldav", "url": "https://zep.example.org/zep/sync/dav.php/calendars", "username": "me@example.org",
    }
    assert setup.passwords == {"zep": "pass word"} and setup.pairs["calendarsync"]["a"] == "zep/absences"
    assert "pass word" not in told(setup)
    twice = translated(MONTHS, SIDES.replace("outlook_http", "google"))
    assert list(twice.accounts) == ["google", "google-sink"]
    unknown = translated(MONTHS, SIDES.replace("outlook_http", "outlook_published"))
    assert unknown.pairs == {} and "published .ics address" in told(unknown)
    vague = translated(MONTHS, SIDES.replace(CLIENT, "[UUID here]").replace("common", "[UUID here]"))
    assert vague.accounts["microsoft"] == {"provider": "microsoft"}
    assert "is no client id" in told(vague) and "is no tenant" in told(vague)


@pytest.mark.parametrize(("start", "end", "window"), [
    ("0", "0", {"past": "31d", "future": "31d"}), ("-3", "+12", {"past": "124d", "future": "403d"}),
    ("+1", "-1", {"past": "31d", "future": "31d"}),
])
def test_months_become_days_that_hold_them(start: str, end: str, window: dict[str, str]) -> None:
    setup = translated(MONTHS.replace("-1", start).replace("+1", end) if start != "+1" else
                       MONTHS.replace("-1", "X").replace("+1", end).replace("X", start), SIDES)
    assert setup.pairs["calendarsync"]["window"] == window
    assert ("today is in it" in told(setup)) == (start == "+1")


def test_what_is_written_is_a_configuration_of_calsync(tmp_path: Any) -> None:
    from calsync_cli.config import edit

    setup = translated(MONTHS, SIDES, "transformations:\n- name: KeepTitle\nfilters:\n- name: AllDayEvents\n")
    file = tmp_path / "config.toml"

    def put(document: Any) -> None:
        for kind, tables in (("accounts", setup.accounts), ("pairs", setup.pairs)):
            for name, table in tables.items():
                edit.add(document, kind, name, table)

    edit.changed(file, put)
    (made,) = load(file, {}).pairs.values()
    assert made.to_b.view == "titles" and made.filter.never == {"all-day"} and made.on_leave == "retire"


@pytest.mark.parametrize(("text", "says"), [
    ("", "no source and no sink"), ("source: x\nsink: y\n", "its source has no adapter"),
    ("a: {b: c}", "line 1 has a value"), ("a: |\n  b", "line 1 has a value"), ("a: *b", "line 1 has a value"),
    ("\ta: b", "begins with a tab"), ("a: b\na: c", "says a a second time"), ("a: b\n  c: d", "not where it belongs"),
    ("just words", "is no `key: value`"), ("- a\nb: c", "not where it belongs"), ("a: \"\\q\"", "line 1 has a value"),
    ("".join(f"{'  ' * n}a:\n" for n in range(60)), "lies too deep"),
    (SIDES + "filters:\n  name: x\n", "filters are no list of names"),
])
def test_what_is_none_of_its_files_is_said(text: str, says: str) -> None:
    with pytest.raises(BadSetup) as err:
        calendarsync.translate(yaml_lines.parse(text))
    assert says in str(err.value)


def test_values_are_read_as_yaml_has_them() -> None:
    text = "a: 'it''s' # no\nb: \"x # y\\n\"\nc: x#y  # z\nd: -1\ne: +12\nf: true\ng:\nh: ~\ni: http://x:80/y\n" \
        "j:\n- 1\n-\n  k: 2\n  l:\n  - m: 3\n    n: 4\n- '5'\n\"quoted key\": 08\n"
    assert yaml_lines.parse(text) == {
        "a": "it's", "b": "x # y\n", "c": "x#y", "d": -1, "e": 12, "f": True, "g": None, "h": None,
        "i": "http://x:80/y", "j": [1, {"k": 2, "l": [{"m": 3, "n": 4}]}, "5"], "quoted key": "08",
    }
