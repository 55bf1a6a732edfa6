"""The configuration: every problem at once, each with its path (cli.md section 3)."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync_cli.config import schema
from calsync_cli.config.load import load
from calsync_cli.config.values import duration
from calsync_cli.errors import ConfigError
from calsync_cli.model.account import IN_WINDOWS, CalendarName, Config, Notify, Tunnel, Watch, Window
from calsync_cli.model.views import KINDS

KEYS = (schema.ACCOUNT, schema.PAIR, schema.SECRETS, schema.FIELDS, schema.VIEW, schema.FILTER)
WORDS = ["x", "p", "a/b", "", *schema.SECTIONS, *(name for keys in KEYS for name in keys)]

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
        ('[pairs.p.fields]\nguests = "merge"\n', "pairs.p.fields.guests"),
        ('unexpressible = "expand"\n', "pairs.p.unexpressible"),
        ('target_edits = "ask"\n', "pairs.p.target_edits"),
    ],
)
def test_what_is_not_there_yet_is_refused_and_never_ignored(tmp_path: Path, more: str, path: str) -> None:
    assert "not available in this version" in problems(tmp_path, BASE + more)[path]


def test_who_is_told_and_what_runs_after_a_run(tmp_path: Path) -> None:
    config = read(tmp_path, BASE + """
[notify]
on = ["guard", "sign-in"]
command = ["tell", "calsync"]
[[hooks]]
command = ["./on-change"]
[[hooks]]
on = ["deleted"]
pairs = ["p"]
timeout = "90s"
command = ["./gone", "x"]
""")
    assert config.notify == Notify(("guard", "sign-in"), ("tell", "calsync"))
    every, deleted = config.hooks
    assert (every.command, every.on, every.pairs) == (("./on-change",), ("created", "updated", "deleted"), ())
    assert (deleted.on, deleted.pairs, deleted.timeout) == (("deleted",), ("p",), timedelta(seconds=90))
    assert read(tmp_path, BASE).notify.command is None and read(tmp_path, BASE).hooks == ()


def test_how_changes_are_watched_for(tmp_path: Path) -> None:
    assert read(tmp_path, BASE).watch == Watch(Tunnel("none"), None, 0, timedelta(minutes=15))
    assert read(tmp_path, BASE + '[watch]\ntunnel = "ngrok"\npoll = "1h"\n').watch.tunnel == Tunnel("ngrok")
    own = '[watch]\ntunnel = { command = ["open", "{port}"], url_regex = "https://[a-z]+" }\n'
    assert read(tmp_path, BASE + own).watch.tunnel == Tunnel("command", ("open", "{port}"), "https://[a-z]+")
    fixed = read(tmp_path, BASE + '[watch]\npublic_url = "https://c.example.org/x"\nport = 8787\n').watch
    assert (fixed.public_url, fixed.port, fixed.tunnel.name) == ("https://c.example.org/x", 8787, "none")
    table = '{ command = ["o"], url_regex = "x" }'
    assert read(tmp_path, BASE, CALSYNC_WATCH__TUNNEL=table).watch.tunnel.command == ("o",)
    assert read(tmp_path, BASE, CALSYNC_WATCH__TUNNEL="ngrok", CALSYNC_WATCH__PORT="8000").watch.port == 8000


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
    assert "pairs.p.fields.start" in problems(tmp_path, BASE + '[pairs.p.fields]\nstart = "off"\n')
    torn = '[pairs.p.fields]\nstart = "a"\nend = "b"\n'
    assert "move together" in problems(tmp_path, BASE + torn)["pairs.p.fields"]


def test_pairs_that_cannot_be_are_refused(tmp_path: Path) -> None:
    assert "same calendar" in problems(tmp_path, BASE.replace('b = "family"', 'b = "x/Home"'))["pairs.p"]
    twin = BASE + '[pairs.q]\na = "dav/Family"\nb = "x/Home"\n'
    assert "joins the same calendars" in problems(tmp_path, twin)["pairs.q"]
    mixed = BASE + '[pairs.q]\na = "dav/Family"\nb = "x/Other"\nconflict = "a"\n'
    assert "both need the same conflict" in problems(tmp_path, mixed)["pairs.q"]
    for key in ('orphan = "detach"', 'past_deletes = "propagate"', 'window = { past = "1y" }', 'tie = "a"'):
        text = BASE + f'[pairs.q]\na = "dav/Family"\nb = "x/Other"\n{key}\n'
        assert f"the same {key.split()[0]}" in problems(tmp_path, text)["pairs.q"]
    fields = BASE + '[pairs.q]\na = "dav/Family"\nb = "x/Other"\n[pairs.q.fields]\ntitle = "a"\n'
    assert "the same fields" in problems(tmp_path, fields)["pairs.q"]


def test_a_ring_of_two_way_pairs_is_fine_and_one_with_a_bridge_is_not(tmp_path: Path) -> None:
    """N1."""
    ring = BASE + '[pairs.q]\na = "family"\nb = "x/Other"\n[pairs.r]\na = "x/Other"\nb = "x/Home"\n'
    assert len(read(tmp_path, ring).pairs) == 3
    assert "one-way" in problems(tmp_path, ring + 'direction = "a-to-b"\n')["pairs.r"]


OFFICE = BASE + """
[accounts.office]
provider = "microsoft"
client_id = "2f9ad7e3-6a15-4c1c-9d7a-0c3e5b8f1a42"
[pairs.q]
a = "office/primary"
b = "x/Other"
"""


def test_a_pair_with_a_microsoft_calendar_looks_a_year_back_and_two_ahead(tmp_path: Path) -> None:
    """V1: Graph reads in windows; so do all that are joined with it, for a group has one window."""
    assert read(tmp_path, OFFICE).pairs["q"].window == IN_WINDOWS == Window(timedelta(365), timedelta(730))
    assert read(tmp_path, OFFICE).pairs["p"].window == Window()
    joined = read(tmp_path, OFFICE.replace("x/Other", "x/Home")).pairs
    assert joined["p"].window == joined["q"].window == IN_WINDOWS
    one_way = read(tmp_path, OFFICE.replace("x/Other", "x/Home") + 'direction = "a-to-b"\n').pairs
    assert (one_way["p"].window, one_way["q"].window) == (Window(), IN_WINDOWS)
    half = read(tmp_path, OFFICE + 'window = { past = "30d" }\n').pairs["q"].window
    assert half == Window(timedelta(30), timedelta(730))


def test_a_window_that_microsoft_does_not_show_is_refused(tmp_path: Path) -> None:
    for wide in ('"all"', '{ past = "1y", future = "4y" }'):
        found = problems(tmp_path, OFFICE + f"window = {wide}\n")
        assert "at most 1,700 days" in found["pairs.q.window"] and len(found) == 1
    inherited = f'[defaults]\nwindow = "all"\n{OFFICE}'
    assert "at most 1,700 days" in problems(tmp_path, inherited)["pairs.q.window"]
    assert read(tmp_path, OFFICE + 'window = { past = "200d", future = "1500d" }\n')


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert "line 2" in problems(tmp_path, "[accounts]\nx = = 1\n")[""]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no configuration at"):
        load(tmp_path / "none.toml", {})


def test_two_one_way_pairs_from_one_group_into_one_calendar_are_a_ring(tmp_path: Path) -> None:
    """N1, I5: each of them would bring its own copy of every event."""
    both = BASE + "".join(
        f'[pairs.{name}]\na = "{source}"\nb = "x/Target"\ndirection = "a-to-b"\n'
        for name, source in (("q", "x/Home"), ("r", "family"))
    )
    assert "on two ways" in problems(tmp_path, both)["pairs.r"]
    tree = BASE + '[pairs.q]\na = "x/Home"\nb = "x/T"\ndirection = "a-to-b"\n'
    assert len(read(tmp_path, tree).pairs) == 2


@pytest.mark.parametrize(
    ("more", "path", "words"),
    [
        ('filter = 3\n', "pairs.p.filter", "must be a table"),
        ('filter = { onyl = ["busy"] }\n', "pairs.p.filter.onyl", "did you mean 'only'"),
        ('to_b = { view = "bussy" }\n', "pairs.p.to_b.view", "'busy'"),
        ('approve = "delete"\n', "pairs.p.approve", "list of words"),
        ('approve = ["delte"]\n', "pairs.p.approve", "did you mean 'delete'"),
        ('approve = ["create>many"]\n', "pairs.p.approve", "create>20"),
        ('[notify]\non = ["fire"]\n', "notify.on", "'fire' is not allowed"),
        ('[watch]\npoll = "soon"\n', "watch.poll", "no duration"),
        ('[hooks]\non = ["created"]\n', "hooks", "[[hooks]]"),
        ('[notify]\non = ["guard"]\n', "notify", "nobody to tell"),
        ('[notify]\ndesktop = 1\n', "notify.desktop", "true or false"),
        ('[[hooks]]\non = ["created"]\n', "hooks.1", "no program"),
        ('[[hooks]]\ncommand = ["x"]\n[[hooks]]\ncommand = ["x"]\npairs = ["q"]\n', "hooks.2", "no pair 'q'"),
        ('[[hooks]]\ncommand = ["x"]\ntimout = "1s"\n', "hooks.1.timout", "did you mean 'timeout'"),
        ('[watch]\ntunnel = "cloudflare"\n', "watch.tunnel", "did you mean 'cloudflared'"),
        ('[watch]\ntunnel = { command = ["x"] }\n', "watch.tunnel", "url_regex"),
        ('[watch]\ntunnel = { command = ["x"], url_regex = "(" }\n', "watch.tunnel", "no regular expression"),
        ('[watch]\npublic_url = "http://c.example.org"\nport = 8787\n', "watch.public_url", "https"),
        ('[watch]\npublic_url = "https://c.example.org"\n', "watch", "port = 8787"),
        ('[watch]\ntunnel = "ngrok"\npublic_url = "https://c.org"\nport = 8787\n', "watch", "one of them"),
        ('[watch]\nport = 80\n', "watch.port", "1024"),
    ],
)
def test_what_is_not_there_yet_is_checked_for_its_form_first(
    tmp_path: Path, more: str, path: str, words: str
) -> None:
    assert words in problems(tmp_path, BASE + more)[path]


def test_a_key_of_another_provider_is_told_and_never_ignored(tmp_path: Path) -> None:
    found = problems(tmp_path, BASE.replace('path = "x"', 'path = "x"\nurl = "https://e.org/"\ntenant = "t"'))
    assert "caldav" in found["accounts.x.url"] and "microsoft" in found["accounts.x.tenant"]


def test_a_google_account_names_its_client_file_and_how_much_it_asks_for(tmp_path: Path) -> None:
    text = BASE + '[accounts.g]\nprovider = "google"\nclient_file = "~/c.json"\n'
    account = read(tmp_path, text).accounts["g"]
    assert (account.client_file, account.access, account.username) == (Path("/home/me/c.json"), "write", None)
    more = 'username = "me@example.com"\naccess = "read"\ntoken_url = "http://127.0.0.1:1/token"\n'
    account = read(tmp_path, text + more).accounts["g"]
    assert (account.username, account.access, account.token_url) == (
        "me@example.com", "read", "http://127.0.0.1:1/token")
    found = problems(tmp_path, text + 'access = "wirte"\nauth_url = "http://example.org/auth"\nurl = "https://x.org/"\n')
    assert "'write'" in found["accounts.g.access"] and "plain http" in found["accounts.g.auth_url"]
    assert "for caldav" in found["accounts.g.url"]


def test_a_passphrase_program_without_the_file_back_end_is_told(tmp_path: Path) -> None:
    assert "secrets.key_command" in problems(tmp_path, '[secrets]\nkey_command = ["pass"]\n' + BASE)
    both = '[secrets]\nbackend = "file"\nkey_command = ["pass"]\n' + BASE
    assert read(tmp_path, both).secrets.key_command == ("pass",)


def test_a_mistake_in_the_defaults_is_told_once(tmp_path: Path) -> None:
    twice = BASE + '[pairs.q]\na = "x/A"\nb = "x/B"\n'
    with pytest.raises(ConfigError) as err:
        read(tmp_path, '[defaults]\nevery = "soon"\n' + twice)
    assert [path for path, _ in err.value.problems] == ["defaults.every"]
    assert "defaults.every" in problems(tmp_path, '[defaults]\nevery = "soon"\n')


def test_field_rules_of_the_defaults_reach_every_pair(tmp_path: Path) -> None:
    text = '[defaults.fields]\ntitle = "a"\ncolor = "off"\n' + BASE + '[pairs.p.fields]\ntitle = "b"\n'
    pair = read(tmp_path, text).pairs["p"]
    assert (pair.field_policy, pair.field_off) == ({"title": "b"}, frozenset({"color"}))


@pytest.mark.parametrize("url", ["http://[::1", "https://d.org:99999/", "cloud.example.org", "https://a b/", "https://"])
def test_an_address_that_no_request_could_be_sent_to_is_refused(tmp_path: Path, url: str) -> None:
    assert "no address" in problems(tmp_path, BASE.replace("https://dav.example.org/", url))["accounts.dav.url"]


def test_names_and_passwords_stay_out_of_the_address(tmp_path: Path) -> None:
    text = BASE.replace("https://dav", "https://me:pw@dav")
    assert "out of the address" in problems(tmp_path, text)["accounts.dav.url"]


def test_a_variable_that_is_not_set_is_told_and_never_a_folder_of_that_name(tmp_path: Path) -> None:
    found = problems(tmp_path, BASE.replace('path = "x"', 'path = "$NOPE/cal"'))
    assert found["accounts.x.path"] == "the variable $NOPE is not set"


def test_a_home_that_nobody_has_is_told(tmp_path: Path) -> None:
    assert "home" in problems(tmp_path, BASE.replace('path = "x"', 'path = "~nobody-here/cal"'))["accounts.x.path"]


def test_a_byte_order_mark_of_an_editor_does_no_harm(tmp_path: Path) -> None:
    assert "p" in read(tmp_path, "\ufeff" + BASE).pairs


# -- the environment ---------------------------------------------------------------------------------------------------


def test_names_with_hyphens_and_dots_are_reached_from_the_environment(tmp_path: Path) -> None:
    text = BASE.replace("[pairs.p]", '[pairs."work-home.2"]')
    config = read(tmp_path, text, CALSYNC_PAIRS__WORK_HOME_2__TIE="newest")
    assert config.pairs["work-home.2"].tie == "newest"


def test_an_account_may_come_from_the_environment_alone(tmp_path: Path) -> None:
    config = read(
        tmp_path, BASE, CALSYNC_ACCOUNTS__NEW__PROVIDER="caldav", CALSYNC_ACCOUNTS__NEW__URL="https://n.org/",
        CALSYNC_ACCOUNTS__NEW__PASSWORD="hunter2", CALSYNC_ACCOUNTS__NEW__CONCURRENCY="3",
    )
    assert (config.accounts["new"].url, config.accounts["new"].concurrency) == ("https://n.org/", 3)
    assert config.warnings == () and "hunter2" not in repr(config)


def test_tables_and_lists_are_read_from_the_environment_too(tmp_path: Path) -> None:
    config = read(
        tmp_path, BASE, CALSYNC_PAIRS__P__DELETE_LIMIT__COUNT="5", CALSYNC_DEFAULTS__WINDOW='{ past = "1y" }',
        CALSYNC_ACCOUNTS__DAV__PASSWORD_COMMAND="pass show 'my cloud'",
    )
    assert config.pairs["p"].delete_count == 5
    assert config.pairs["p"].window == Window(past=timedelta(days=365))
    assert config.accounts["dav"].password_command == ("pass", "show", "my cloud")
    more = read(tmp_path, BASE + 'window = "all"\n', CALSYNC_PAIRS__P__WINDOW__FUTURE="2y")
    assert more.pairs["p"].window == Window(future=timedelta(days=730))


def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CALSYNC_PAIRS__P__EVERY"):
        read(tmp_path, BASE, CALSYNC_PAIRS__P__EVERY="soon")
    with pytest.raises(ConfigError, match=r"pairs\.p\.evry: unknown key; did you mean 'every'.*CALSYNC_PAIRS__P__EVRY"):
        read(tmp_path, BASE, CALSYNC_PAIRS__P__EVRY="1h")


# -- the whole ---------------------------------------------------------------------------------------------------------

WHOLE = tomllib.loads(BASE + """
every = "1h"
window = { past = "1y", future = "2y" }
delete_limit = { count = 5, percent = 10 }
fields = { title = "a", start = "b", reminders = "keep", guests = "drop", carry = ["X-A"] }
to_b = { view = "titles", title = "[x] {title}", reminders = ["10m"], private = true }
to_a = { links = "drop", colors = { red = "blue", "*" = "" }, categories = { Office = "Work" } }
filter = { only = ["busy"], title = "a|b", weekdays = ["mon-fri"], between = "08:00-18:00", zone = "UTC" }
[defaults]
tie = "newest"
[secrets]
backend = "file"
key_command = ["pass"]
[notify]
on = ["failure"]
desktop = true
[[hooks]]
on = ["created"]
command = ["x"]
[watch]
tunnel = { command = ["x"], url_regex = "x" }
""")
SCALARS = ["", "a", "x/Home", "caldav", "90s", "merge", "off", "https://d.org/", "http://[", "$X", "~q", "[", "\0", "/"]
JUNK = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.dates() | st.sampled_from(SCALARS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=4,
)


def _tables(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield table
    for value in table.values():
        if isinstance(value, dict):
            yield from _tables(value)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_file_whatever_ends_in_anything_but_a_list_of_problems(data: st.DataObject) -> None:
    """A whole configuration with one to three of its values, tables and keys swapped for others."""
    whole = copy.deepcopy(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        table = data.draw(st.sampled_from(list(_tables(whole))))
        table[data.draw(st.sampled_from([*table, *WORDS]))] = data.draw(JUNK)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_text(tomlkit.dumps(whole), encoding="utf-8")
        count = data.draw(st.sampled_from(SCALARS))
        try:
            load(file, {"HOME": "/home/me", "CALSYNC_PAIRS__P__DELETE_LIMIT__COUNT": count})
        except ConfigError as err:
            assert all(text for _, text in err.problems)


def test_every_key_stands_in_the_reference_and_in_its_json(tmp_path: Path) -> None:
    page, data = schema.reference(), schema.json_schema()
    for section, keys in (
        ("pairs", schema.PAIR), ("accounts", schema.ACCOUNT), ("fields", schema.FIELDS), ("notify", schema.NOTIFY),
        ("hooks", schema.HOOKS), ("watch", schema.WATCH), ("view", schema.VIEW), ("filter", schema.FILTER),
    ):
        rows = data[section]
        assert isinstance(rows, dict) and set(rows) == set(keys)
        assert [name for name in keys if f"\n  {name} " not in page] == []
    assert data["kinds"] == KINDS and [word for word in KINDS if f"\n  {word} " not in page] == []


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604800), ("1y", 31536000)]
)
def test_durations(text: str, seconds: int) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "1.5h", "-2h", "2 h x", "0s", "201y", "99999999999999999999y", "٣h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):
        duration(text)
