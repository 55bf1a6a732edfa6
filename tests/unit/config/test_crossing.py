"""What crosses and how: views, filters, field rules (cli.md section 3; W3, W6, V5)."""

from __future__ import annotations

import json
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from calsync_cli.cli.explain import sentence
from calsync_cli.config.crossing import AT_MOST_ONE_OF, ONE_OF
from calsync_cli.model.account import Pair
from calsync_cli.model.series import ANSWER
from calsync_cli.model.views import ALL, KINDS, PLAIN, Filter, View
from tests.unit.config.test_load import BASE, problems, read


def pair(tmp_path: Path, more: str, before: str = "") -> Pair:
    return read(tmp_path, before + BASE + more).pairs["p"]


def test_a_pair_that_says_nothing_shows_everything_to_both(tmp_path: Path) -> None:
    found = pair(tmp_path, "")
    assert (found.to_a, found.to_b, found.filter, found.on_leave, found.chain) == (PLAIN, PLAIN, ALL, "keep", False)
    assert found.plain and found.carry == ()


@pytest.mark.parametrize(
    ("table", "view"),
    [
        ('view = "busy"', View("busy")),
        ('view = "busy", title = "Taken", private = false', View("busy", "Taken", private=False)),
        ('view = "titles", title = "[work] {title}"', View("titles", "[work] {title}")),
        ('reminders = "keep"', PLAIN),
        ('reminders = "none"', View(reminders=frozenset())),
        ('reminders = []', View(reminders=frozenset())),
        ('reminders = ["10m", "1d", "90m", "2w", "0m"]', View(reminders=frozenset(
            {"display:-PT10M", "display:-P1D", "display:-PT1H30M", "display:-P14D", "display:PT0S"}))),
        ('guests = "drop", links = "drop"', View(guests="drop", links="drop")),
        ('colors = { Red = "#00FF00", "*" = "", "" = "tomato" }',
         View(colors={"red": "#00ff00", "*": "", "": "tomato"})),
        ('categories = { Office = "Work", "*" = "" }', View(categories={"Office": "Work", "*": ""})),
    ],
)
def test_what_a_view_may_say(tmp_path: Path, table: str, view: View) -> None:
    found = pair(tmp_path, f"to_b = {{ {table} }}\n")
    assert (found.to_a, found.to_b, found.plain) == (PLAIN, view, view == PLAIN)


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        ('only = ["busy", "timed"], never = ["declined"]',
         Filter(only=frozenset({"busy", "timed"}), never=frozenset({"declined"}))),
        ('title = "^A", not_title = "(?i)lunch", place = "x", not_place = "y", text = "t", not_text = "u", '
         'organizer = "@example.com$", not_organizer = "boss"',
         Filter(patterns={"title": "^A", "place": "x", "text": "t", "organizer": "@example.com$"},
                not_patterns={"title": "(?i)lunch", "place": "y", "text": "u", "organizer": "boss"})),
        ('categories = ["A"], not_categories = ["B", "C"]',
         Filter(categories=frozenset({"A"}), not_categories=frozenset({"B", "C"}))),
        ('min_duration = "10m", max_duration = "10m"',
         Filter(min_duration=timedelta(minutes=10), max_duration=timedelta(minutes=10))),
        ('weekdays = ["mon-fri"]', Filter(weekdays=frozenset(range(5)))),
        ('weekdays = ["SUN"]', Filter(weekdays=frozenset({6}))),
        ('weekdays = ["sat-mon", "wed"]', Filter(weekdays=frozenset({5, 6, 0, 2}))),
        ('weekdays = ["tue-mon"]', Filter(weekdays=frozenset(range(7)))),
        ('between = "08:00-18:30", zone = "Asia/Tokyo"', Filter(between=(time(8), time(18, 30)), zone="Asia/Tokyo")),
        ('between = "22:00-06:00", zone = "UTC"', Filter(between=(time(22), time(6)), zone="UTC")),
        ('between = "18:00-24:00", zone = "UTC"', Filter(between=(time(18), time(0)), zone="UTC")),
        ("invited = false", Filter(invited=False)),
    ],
)
def test_what_a_filter_may_say(tmp_path: Path, table: str, rule: Filter) -> None:
    assert pair(tmp_path, f"filter = {{ {table} }}\n").filter == rule


@pytest.mark.parametrize(
    ("more", "path", "words"),
    [
        ('to_b = { view = "bussy" }', "to_b.view", "'busy'"),
        ('to_b = { veiw = "busy" }', "to_b.veiw", "did you mean 'view'"),
        ('to_b = "busy"', "to_b", "must be a table"),
        ('to_b = { view = "busy", title = "{title}" }', "to_b.title", "would show each event's title"),
        ('to_b = { title = "{Title}" }', "to_b.title", "{title}, the event's own"),
        ('to_b = { title = "a {" }', "to_b.title", "{title}"),
        ('to_b = { title = "a } b" }', "to_b.title", "{title}"),
        ('to_b = { title = "{title} {place}" }', "to_b.title", "{place} stands for nothing"),
        ('to_b = { title = "{{title}}" }', "to_b.title", "stands for nothing"),
        ('to_b = { title = "a\\nb" }', "to_b.title", "one line"),
        ('to_b = { title = " " }', "to_b.title", "one line"),
        ('to_b = { title = "" }', "to_b.title", "text in quotes"),
        ('to_b = { private = "yes" }', "to_b.private", "true or false"),
        ('to_b = { reminders = "off" }', "to_b.reminders", '"none"'),
        ('to_b = { reminders = ["soon"] }', "to_b.reminders", "no duration"),
        ('to_b = { reminders = [10] }', "to_b.reminders", "no duration"),
        ('to_b = { guests = "rsvp" }', "to_b.guests", "show, drop"),
        ('to_b = { colors = { red = "bleu" } }', "to_b.colors", "'bleu' is no colour"),
        ('to_b = { colors = ["red"] }', "to_b.colors", "table of names"),
        ('to_b = { categories = { A = "*" } }', "to_b.categories", "on the left only"),
        ('to_b = { view = "busy", colors = { red = "blue" } }', "to_b.colors", "a busy view shows no colors"),
        ('to_b = { view = "titles", categories = { A = "B" } }', "to_b.categories", "a titles view shows no"),
        ('to_b = { view = "busy", guests = "show" }', "to_b.guests", "a busy view shows no guests"),
        ('to_b = { view = "titles", links = "keep" }', "to_b.links", "a titles view shows no links"),
        ('direction = "a-to-b"\nto_a = { view = "busy" }', "to_a", "write it as to_b"),
        ('direction = "b-to-a"\nto_b = { view = "full" }', "to_b", "the pair goes b-to-a; write it as to_a"),
        ('filter = { only = ["busy", "buzy"] }', "filter.only", "did you mean 'busy'"),
        ('filter = { only = "busy" }', "filter.only", "list of words"),
        ('filter = { only = ["busy"], never = ["busy"] }', "filter.never", "which `only` asks for"),
        ('filter = { title = "(" }', "filter.title", "no regular expression"),
        ("filter = { not_title = '(a+)+$' }", "filter.not_title", "a repeat stands inside of a repeat"),
        ('filter = { not_text = "*" }', "filter.not_text", "backslash"),
        ('filter = { not_organizer = 3 }', "filter.not_organizer", "text in quotes"),
        ('filter = { categories = [] }', "filter.categories", "must name something"),
        ('filter = { not_categories = [""] }', "filter.not_categories", "must name something"),
        ('filter = { min_duration = "2h", max_duration = "1h" }', "filter.min_duration", "swap them"),
        ('filter = { weekdays = ["monday"] }', "filter.weekdays", "did you mean 'mon'"),
        ('filter = { weekdays = ["mon-"] }', "filter.weekdays", "no day of the week"),
        ('filter = { weekdays = [] }', "filter.weekdays", "names no day"),
        ('filter = { between = "8-18" }', "filter.between", '"08:00-18:00"'),
        ('filter = { between = "08:00-24:30" }', "filter.between", "no times of day"),
        ('filter = { between = "24:00-08:00" }', "filter.between", "no times of day"),
        ('filter = { between = "00:00-24:00" }', "filter.between", "all of it"),
        ('filter = { between = "08:00-18:00" }', "filter.between", "zone ="),
        ('filter = { between = "08:00-18:00", zone = "UTC", only = ["all-day"] }', "filter.between", "all-day"),
        ('filter = { between = "08:00-18:00", zone = "UTC", never = ["timed"] }', "filter.between", "all-day"),
        ('filter = { zone = "Europe/Berln" }', "filter.zone", "did you mean 'Europe/Berlin'"),
        ('filter = { zone = "../etc/passwd" }', "filter.zone", "no time zone"),
        ('filter = { zone = "Europe" }', "filter.zone", "no time zone"),
        ('filter = { invited = "no" }', "filter.invited", "true or false"),
        ('on_leave = "delete"', "on_leave", "keep, retire"),
        ('chain = 1', "chain", "true or false"),
        ('fields = { guests = "merge" }', "fields.guests", "not available"),
        ('fields = { carry = ["PROJECT"] }', "fields.carry", "like X-PROJECT"),
        ('fields = { carry = ["x-calsync-link"] }', "fields.carry", "calsync's own"),
        ('fields = { carry = ["google:extended.private.calsync.uid"] }', "fields.carry", "calsync's own"),
        ('fields = { carry = ["google:ticket"] }', "fields.carry", "google:extended.private.NAME"),
        ('fields = { carry = ["google:extended.private."] }', "fields.carry", "google:extended.private.NAME"),
        ('fields = { carry = ["graph:extended.{6B1DE63E-6A3C-4F7B-8A56-0C6D5E0B2F11}.a"] }', "fields.carry",
         "calsync's own"),
        ('fields = { carry = ["graph:extended."] }', "fields.carry", "graph:extended.NAME"),
        ('fields = { carry = ["graph:category"] }', "fields.carry", "categories cross anyway"),
        ('fields = { carry = ["X PROJECT"] }', "fields.carry", "is no property"),
        ('fields = { carry = "X-A" }', "fields.carry", "list of words"),
    ],
)
def test_what_is_refused_with_its_path_and_what_to_write(tmp_path: Path, more: str, path: str, words: str) -> None:
    found = problems(tmp_path, BASE + more + "\n")
    assert list(found) == [f"pairs.p.{path}"] and words in found[f"pairs.p.{path}"]


@pytest.mark.parametrize("kinds", AT_MOST_ONE_OF)
def test_kinds_that_no_event_is_at_once_are_refused(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    assert set(kinds) <= set(KINDS)
    only = json.dumps(kinds)
    found = problems(tmp_path, BASE + f"filter = {{ only = {only} }}\n")
    assert "no event is all of that" in found["pairs.p.filter.only"]
    never = BASE + f"filter = {{ never = {only} }}\n"
    if kinds in ONE_OF:
        assert "no event is left" in problems(tmp_path, never)["pairs.p.filter.never"]
    else:
        assert read(tmp_path, never).pairs["p"].filter.never == set(kinds)


def test_an_answer_is_carried_where_guests_say_rsvp(tmp_path: Path) -> None:
    found = pair(tmp_path, '[pairs.p.fields]\nguests = "rsvp"\ncarry = ["X-A"]\n')
    assert found.carry == ("x:X-A", ANSWER) and found.to_a == found.to_b == PLAIN
    assert sentence(found).split("; ")[1:3] == ["X-A goes along", "your answer to an invitation that both have crosses"]


def test_guests_are_dropped_on_both_sides_or_on_one(tmp_path: Path) -> None:
    for word in ("drop", "off"):
        found = pair(tmp_path, f'[pairs.p.fields]\nguests = "{word}"\n')
        assert found.to_a == found.to_b == View(guests="drop") and found.field_off == frozenset()
    mixed = pair(tmp_path, 'to_a = { guests = "show" }\nfields = { guests = "drop" }\n')
    assert (mixed.to_a, mixed.to_b) == (PLAIN, View(guests="drop"))
    busy = pair(tmp_path, 'to_b = { view = "busy" }\nfields = { guests = "drop" }\n')
    assert busy.to_b == View("busy", guests="drop")
    one_way = pair(tmp_path, 'direction = "a-to-b"\nfields = { guests = "drop" }\n')
    assert (one_way.to_a, one_way.to_b) == (PLAIN, View(guests="drop"))


def test_carried_names_become_paths_of_a_form(tmp_path: Path) -> None:
    names = ["x-project", "X-PROJECT", "google:extended.private.ticket", "google:extended.shared.A b"]
    found = pair(tmp_path, f"fields = {{ carry = {json.dumps(names)} }}\n")
    assert found.carry == ("x:X-PROJECT", "x:google:extended.private.ticket", "x:google:extended.shared.A b")


def test_properties_of_outlook_are_known_by_one_spelling(tmp_path: Path) -> None:
    guid = "{11111111-AAAA-2222-BBBB-333333333333}"
    public = "{00020329-0000-0000-C000-000000000046}"
    names = ["graph:extended.Cost centre", f"graph:extended.{guid}.A.b", f"graph:extended.{public}.Cost centre"]
    found = pair(tmp_path, f"fields = {{ carry = {json.dumps(names)} }}\n")
    assert found.carry == ("x:graph:extended.Cost centre", f"x:graph:extended.{guid.lower()}.A.b")


def test_what_a_pair_says_is_added_to_the_defaults(tmp_path: Path) -> None:
    """A title alone never opens a view that [defaults] made busy."""
    defaults = '[defaults]\nto_b = { view = "busy" }\non_leave = "retire"\nfilter = { zone = "UTC" }\n'
    found = pair(tmp_path, 'to_b = { title = "Taken" }\nfilter = { between = "08:00-18:00" }\n', defaults)
    assert (found.to_b, found.on_leave) == (View("busy", "Taken"), "retire")
    assert found.filter == Filter(between=(time(8), time(18)), zone="UTC")
    leak = problems(tmp_path, defaults + BASE + 'to_b = { title = "{title}" }\n')
    assert list(leak) == ["pairs.p.to_b.title"]


def test_views_of_the_defaults_count_where_copies_go(tmp_path: Path) -> None:
    defaults = '[defaults]\nto_a = { view = "busy" }\nto_b = { view = "titles" }\n'
    found = pair(tmp_path, 'direction = "a-to-b"\n', defaults)
    assert (found.to_a, found.to_b) == (PLAIN, View("titles"))
    feed = '[accounts.f]\nprovider = "ics"\npath = "f.ics"\n[pairs.q]\na = "dav/H"\nb = "f/feed"\n'
    both = read(tmp_path, defaults + BASE + feed).pairs
    assert (both["q"].to_a, both["q"].to_b) == (View("busy"), PLAIN)
    assert (both["p"].to_a, both["p"].to_b) == (View("busy"), View("titles"))
    assert "to_a" in problems(tmp_path, BASE + feed + 'to_b = { view = "busy" }\n')["pairs.q.to_b"]


def test_a_contradiction_of_the_defaults_is_told_once(tmp_path: Path) -> None:
    defaults = '[defaults]\nto_b = { view = "busy", title = "{title}" }\n'
    more = '[pairs.q]\na = "x/A"\nb = "x/B"\n'
    assert list(problems(tmp_path, defaults + BASE + more)) == ["defaults.to_b.title"]


def test_the_environment_says_views_and_filters_too(tmp_path: Path) -> None:
    found = read(
        tmp_path, BASE, CALSYNC_PAIRS__P__TO_B__VIEW="titles", CALSYNC_PAIRS__P__TO_B__REMINDERS='["10m"]',
        CALSYNC_PAIRS__P__TO_A__COLORS='{ red = "blue" }', CALSYNC_PAIRS__P__FILTER__ONLY='["busy"]',
        CALSYNC_PAIRS__P__FILTER__INVITED="false", CALSYNC_PAIRS__P__FIELDS__CARRY='["X-A"]',
    ).pairs["p"]
    assert found.to_b == View("titles", reminders=frozenset({"display:-PT10M"}))
    assert found.to_a == View(colors={"red": "blue"})
    assert found.filter == Filter(only=frozenset({"busy"}), invited=False) and found.carry == ("x:X-A",)


def test_the_file_and_the_samples_of_the_page_agree(tmp_path: Path) -> None:
    """The example of cli.md section 3."""
    table: dict[str, Any] = {
        "only": ["busy"], "not_title": "(?i)lunch", "min_duration": "10m", "weekdays": ["mon-fri"],
        "between": "08:00-18:00", "zone": "Europe/Berlin",
    }
    text = BASE + tomlkit.dumps({"pairs": {"p": {"filter": table}}}).replace("[pairs]\n", "")
    assert read(tmp_path, text).pairs["p"].filter == Filter(
        only=frozenset({"busy"}), not_patterns={"title": "(?i)lunch"}, min_duration=timedelta(minutes=10),
        weekdays=frozenset(range(5)), between=(time(8), time(18)), zone="Europe/Berlin",
    )
