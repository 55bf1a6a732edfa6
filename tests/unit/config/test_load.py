"""The configuration: every problem at once, each with its path (cli.md section 3)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from calsync_cli.config.load import duration, load
from calsync_cli.errors import ConfigError
from calsync_cli.model.account import CalendarName, Config, Window

BASE = """
[accounts.x]
provider = "vdir"
path = "x"
[accounts.dav]
provider = "caldav"
url = "https://dav.example.org/"
username = "me"
[calendars]
family = "dav/Family"
[pairs.p]
a = "x/Home"
b = "family"
"""


def read(tmp_path: Path, text: str, **environ: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, {"HOME": "/home/me", **environ})


def problems(tmp_path: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as err:
        read(tmp_path, text)
    return dict(err.value.problems)


def test_a_small_configuration_gets_its_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, BASE)
    pair = config.pairs["p"]
    assert (pair.a, pair.b) == (CalendarName("x", "Home"), CalendarName("dav", "Family"))
    assert (pair.conflict, pair.tie, pair.first_sync, pair.every) == ("merge", "ask", "ask", timedelta(minutes=15))
    assert config.accounts["x"].path == tmp_path / "x"


def test_every_problem_is_told_at_once_with_its_path(tmp_path: Path) -> None:
    text = BASE.replace('url = "https', 'urk = "https') + 'confict = "a"\nevery = "soon"\ndirection = "sideways"\n'
    found = problems(tmp_path, text)
    assert {"accounts.dav.urk", "accounts.dav", "pairs.p.confict", "pairs.p.every", "pairs.p.direction"} <= set(found)
    assert "did you mean 'conflict'" in found["pairs.p.confict"]


def test_an_unknown_account_gets_a_suggestion(tmp_path: Path) -> None:
    assert "did you mean 'dav'" in problems(tmp_path, BASE.replace('"x/Home"', '"dv/Home"'))["pairs.p.a"]


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ('[accounts.g]\nprovider = "google"\nclient_file = "c.json"\n', "accounts.g.provider"),
        ('filter = { only = ["busy"] }\n', "pairs.p.filter"),
        ('to_b = { view = "busy" }\n', "pairs.p.to_b"),
        ('approve = ["delete"]\n', "pairs.p.approve"),
        ('[pairs.p.fields]\ncarry = ["X-A"]\n', "pairs.p.fields"),
        ('[watch]\npoll = "15m"\n', "watch"),
        ('[notify]\non = ["failure"]\n', "notify"),
    ],
)
def test_what_is_not_there_yet_is_refused_and_never_ignored(tmp_path: Path, more: str, path: str) -> None:
    assert "not available in this version" in problems(tmp_path, BASE + more)[path]


def test_plain_http_is_for_this_machine_only(tmp_path: Path) -> None:
    assert "accounts.dav.url" in problems(tmp_path, BASE.replace("https://dav", "http://dav"))
    local = BASE.replace("https://dav.example.org", "http://127.0.0.1:5232")
    assert read(tmp_path, local).accounts["dav"].url == "http://127.0.0.1:5232/"


def test_paths_know_home_variables_and_the_files_own_folder(tmp_path: Path) -> None:
    def path(text: str) -> Path | None:
        return read(tmp_path, BASE.replace('path = "x"', f'path = "{text}"'), CAL="/c").accounts["x"].path

    assert path("~/cal") == Path("/home/me/cal")
    assert path("$CAL/sub") == Path("/c/sub")
    assert path("../up") == tmp_path.parent / "up"


def test_a_password_in_the_file_is_warned_about_and_never_shown(tmp_path: Path) -> None:
    config = read(tmp_path, BASE.replace('username = "me"', 'username = "me"\npassword = "hunter2"'))
    assert "login dav" in config.warnings[0]
    assert "hunter2" not in repr(config) + str(config)
    assert config.accounts["dav"].password is not None and config.accounts["dav"].password.reveal() == "hunter2"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, BASE, CALSYNC_ACCOUNTS__DAV__USERNAME="you", CALSYNC_PAIRS__P__CONFLICT="a")
    assert config.accounts["dav"].username == "you" and config.pairs["p"].conflict == "a"


def test_defaults_reach_every_pair_and_a_pair_may_differ(tmp_path: Path) -> None:
    config = read(tmp_path, '[defaults]\nconflict = "b"\nwindow = { past = "1y" }\n' + BASE + 'conflict = "a"\n')
    assert config.pairs["p"].conflict == "a"
    assert config.pairs["p"].window == Window(past=timedelta(days=365))


def test_field_rules_become_policies(tmp_path: Path) -> None:
    rules = '[pairs.p.fields]\ntitle = "a"\nstart = "b"\ncolor = "off"\nreminders = "merge"\n'
    pair = read(tmp_path, BASE + rules).pairs["p"]
    assert pair.field_policy == {"title": "a", "time": "b"}
    assert (pair.field_off, pair.reminders) == (frozenset({"color"}), "merge")


def test_an_event_cannot_cross_without_its_time(tmp_path: Path) -> None:
    assert "pairs.p.fields" in problems(tmp_path, BASE + '[pairs.p.fields]\nstart = "off"\n')


def test_pairs_that_cannot_be_are_refused(tmp_path: Path) -> None:
    assert "same calendar" in problems(tmp_path, BASE.replace('b = "family"', 'b = "x/Home"'))["pairs.p"]
    twin = BASE + '[pairs.q]\na = "dav/Family"\nb = "x/Home"\n'
    assert "joins the same calendars" in problems(tmp_path, twin)["pairs.q"]
    mixed = BASE + '[pairs.q]\na = "dav/Family"\nb = "x/Other"\nconflict = "a"\n'
    assert "both need the same" in problems(tmp_path, mixed)["pairs.q"]


def test_a_ring_of_two_way_pairs_is_fine_and_one_with_a_bridge_is_not(tmp_path: Path) -> None:
    """N1."""
    ring = BASE + '[pairs.q]\na = "family"\nb = "x/Other"\n[pairs.r]\na = "x/Other"\nb = "x/Home"\n'
    assert len(read(tmp_path, ring).pairs) == 3
    assert "one-way" in problems(tmp_path, ring + 'direction = "a-to-b"\n')["pairs.r"]


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in problems(tmp_path, "[accounts]\nx = = 1\n")[""]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no configuration at"):
        load(tmp_path / "none.toml", {})


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604800), ("1y", 31536000)]
)
def test_durations(text: str, seconds: int) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "-2h", "2 h x"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):
        duration(text)
