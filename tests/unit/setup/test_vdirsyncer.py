"""vdirsyncer's configuration, in the shapes of its manual, becomes accounts and pairs; nothing goes unsaid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from calsync_cli.config.load import load
from calsync_cli.setup.notes import BadSetup, Setup
from calsync_cli.setup.vdirsyncer import collections_of, translate
from calsync_cli.setup.vdirsyncer_file import parse

GENERAL = '[general]\nstatus_path = "~/status/"\n'
LOCAL = {"type": "filesystem", "path": "~/.calendars/", "fileext": ".ics"}
REMOTE = {"type": "caldav", "url": "https://cloud.example.org/remote.php/dav/"}
FOUND = [("private", "private", "private"), ("work", "work", "work")]


def text_of(pair: str = "", *, local: str = "", remote: str = "", a: str = "", b: str = "") -> str:
    return (
        f'{GENERAL}[pair my]\na = "here"\nb = "there"\n{pair}\n'
        f"[storage here]\n{a or lines(LOCAL)}{local}\n[storage there]\n{b or lines(REMOTE)}{remote}\n"
    )


def lines(storage: dict[str, str]) -> str:
    return "".join(f'{key} = "{value}"\n' for key, value in storage.items())


def translated(text: str, found: Any = None) -> Setup:
    return translate(parse(text), lambda pair: found, "/home/me")


def told(setup: Setup) -> str:
    return "\n".join(one.text for one in setup.notes)


BOTH = 'collections = ["from a", "from b"]\n'
NULL = "collections = null\n"


# -- the shapes of its manual ------------------------------------------------------------------------------------------


def test_the_collections_that_it_has_found_become_a_pair_each() -> None:
    setup = translated(text_of(BOTH + 'metadata = ["displayname", "color"]\n'), FOUND)
    assert setup.accounts == {
        "here": {"provider": "vdir", "path": "~/.calendars"},
        "there": {"provider": "caldav", "url": "https://cloud.example.org/remote.php/dav/"},
    }
    rules = {"direction": "two-way", "conflict": "ask"}
    assert setup.pairs == {
        "my-private": {"a": "here/private", "b": "there/private", **rules},
        "my-work": {"a": "here/work", "b": "there/work", **rules},
    }
    assert told(setup) == "metadata of pair my: calsync leaves names and colours of calendars as they are"


def test_contacts_are_left_to_vdirsyncer() -> None:
    contacts = text_of(NULL, a=lines({**LOCAL, "fileext": ".vcf"}), b=lines({**REMOTE, "type": "carddav"}))
    setup = translated(contacts)
    assert (setup.accounts, setup.pairs) == ({}, {})
    assert "pair my: is for contacts, and calsync is for calendars" in told(setup)


def test_values_without_quotes_are_read_as_its_manual_writes_them() -> None:
    text = f"{GENERAL}[pair holidays]\na = mine\nb = public\ncollections = null\n[storage mine]\ntype = filesystem\n" \
        "path = ~/.config/vdir/holidays/\nfileext = .ics\n[storage public]\ntype = http\nurl = https://x.example/h.ics\n"
    setup = translated(text)
    assert setup.accounts == {
        "mine": {"provider": "vdir", "path": "~/.config/vdir"},
        "public": {"provider": "ics", "url": "https://x.example/h.ics"},
    }
    assert setup.pairs["holidays"] == {
        "a": "mine/holidays", "b": "public/feed", "direction": "b-to-a", "target_edits": "overwrite",
        "target_deletes": "restore",
    }
    assert told(setup) == ""  # copies of a feed are known by the UIDs that vdirsyncer gives them


def test_a_collection_may_have_another_name_on_each_side() -> None:
    setup = translated(text_of('collections = ["one", ["two", "due", "zwei"], ["three", "drei", null]]\n'))
    assert {name: (pair["a"], pair["b"]) for name, pair in setup.pairs.items()} == {
        "my-one": ("here/one", "there/one"), "my-two": ("here/due", "there/zwei"),
        "my-three": ("here/drei", "there/dav"),
    }  # fmt: skip


def test_a_storage_that_is_one_calendar_itself_is_named_by_its_last_part() -> None:
    there = lines({**REMOTE, "url": "https://cloud.example.org/dav/me/my%20days/"})
    setup = translated(text_of(NULL, a=lines({**LOCAL, "path": "~/cal/home/"}), b=there))
    assert setup.accounts["here"]["path"] == "~/cal"
    assert (setup.pairs["my"]["a"], setup.pairs["my"]["b"]) == ("here/home", "there/my days")


def test_icloud_is_known_by_its_address() -> None:
    there = lines({"type": "caldav", "url": "https://caldav.icloud.com/", "username": "me@example.com"})
    setup = translated(text_of(BOTH, b=there), FOUND)
    assert setup.accounts["there"] == {"provider": "icloud", "username": "me@example.com"}


def test_google_gets_the_client_of_the_same_project() -> None:
    there = lines({"type": "google_calendar", "token_file": "~/t", "client_id": "x", "client_secret": "y"})
    setup = translated(text_of(BOTH, b=there), FOUND)
    assert setup.accounts["there"] == {"provider": "google"}
    assert "calsync login there --client-file FILE" in told(setup)
    assert "Calendar API" in told(setup) and "token_file" in told(setup)


@pytest.mark.parametrize(("said", "conflict"), [
    ("", "ask"), ("conflict_resolution = null", "ask"), ('conflict_resolution = "a wins"', "a"),
    ('conflict_resolution = "b wins"', "b"), ('conflict_resolution = ["command", "vimdiff"]', "ask"),
])
def test_who_wins_a_conflict(said: str, conflict: str) -> None:
    setup = translated(text_of(f"{BOTH}{said}\n"), FOUND)
    assert setup.pairs["my-work"]["conflict"] == conflict
    assert ("vimdiff" in told(setup)) == ("command" in said)


@pytest.mark.parametrize(("said", "rules"), [
    ("", {"target_edits": "overwrite", "target_deletes": "restore"}),
    ('partial_sync = "revert"', {"target_edits": "overwrite", "target_deletes": "restore"}),
    ('partial_sync = "ignore"', {}), ('partial_sync = "error"', {}),
])
@pytest.mark.parametrize("side", ["local", "remote"])
def test_a_side_that_is_only_read_gives_the_direction(said: str, rules: dict[str, str], side: str) -> None:
    setup = translated(text_of(f"{BOTH}{said}\n", **{side: "read_only = true\n"}), FOUND)
    way = {"local": "a-to-b", "remote": "b-to-a"}[side]
    assert setup.pairs["my-work"] == {"a": "here/work", "b": "there/work", "direction": way, **rules}
    assert ("partial_sync" in told(setup)) == ("error" in said)


@pytest.mark.parametrize(("fetch", "command"), [
    ('["command", "~/get.sh", "more", "args"]', ["/home/me/get.sh", "more", "args"]),
    ('["shell", "~/get | head -n1"]', ["sh", "-c", "/home/me/get | head -n1"]),
    ('["keyring", "service", "me"]', ["keyring", "get", "service", "me"]),
    ('["prompt", "Password"]', None), ('["smoke", "signals"]', None),
])
def test_where_a_password_comes_from(fetch: str, command: list[str] | None) -> None:
    setup = translated(text_of(BOTH, remote=f"password.fetch = {fetch}\n"), FOUND)
    assert setup.accounts["there"].get("password_command") == command
    assert ("calsync login there" in told(setup)) == (command is None)


def test_a_password_in_plain_text_is_handed_over_and_not_written() -> None:
    setup = translated(text_of(BOTH, remote='username = "me"\npassword = "pw"\n'), FOUND)
    assert setup.accounts["there"] == {"provider": "caldav", "url": REMOTE["url"], "username": "me"}
    assert setup.passwords == {"there": "pw"}
    assert "pw" not in told(setup)


@pytest.mark.parametrize(("begin", "end", "window"), [
    ("datetime.now() - timedelta(days=365)", "datetime.now() + timedelta(days=365)", ("365d", "365d")),
    ("now() - timedelta(weeks=2)", "start_date + timedelta(days=30)", ("14d", "16d")),
    ("datetime(2020, 1, 1)", "datetime.now() + timedelta(days=365)", None),
])
def test_a_time_range_becomes_a_window_or_is_named(begin: str, end: str, window: tuple[str, str] | None) -> None:
    setup = translated(text_of(BOTH, remote=f'start_date = "{begin}"\nend_date = "{end}"\n'), FOUND)
    expected = None if window is None else {"past": window[0], "future": window[1]}
    assert setup.pairs["my-work"].get("window") == expected
    assert ("window = {" in told(setup)) == (window is None)


# -- every key ---------------------------------------------------------------------------------------------------------

KEYS = {
    "caldav": ["username", "username.fetch", "password.fetch", "verify", "verify_fingerprint", "auth", "auth_cert",
               "useragent", "start_date", "item_types", "no_delete", "something_new"],
    "http": ["username", "password.fetch", "verify", "verify_fingerprint", "auth", "auth_cert", "useragent",
             "filter_hook", "something_new"],
    "filesystem": ["encoding", "post_hook", "pre_deletion_hook", "fileignoreext", "no_delete", "something_new"],
    "google_calendar": ["token_file", "client_id", "item_types", "something_new"],
}  # fmt: skip
VALUES = {
    "auth": '"kerberos"', "item_types": '["VTODO"]', "encoding": '"latin-1"', "no_delete": "true",
    "password.fetch": '["carrier", "pigeon"]', "username.fetch": '["command", "whoami"]', "auth_cert": '["a", "b"]',
    "verify": "false",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in KEYS.items() for key in keys])
def test_every_key_is_taken_along_or_named(kind: str, key: str) -> None:
    more = f"{key} = {VALUES.get(key, chr(34) + 'odd' + chr(34))}\n"
    mine, other = ("local", "a") if kind == "filesystem" else ("remote", "b")
    base = {"type": kind, "path": "~/c/"} if kind == "filesystem" else {"type": kind, "url": "https://x.example/x.ics"}
    known = NULL if kind == "http" else BOTH
    setup = translated(text_of(known, **{other: lines(base), mine: more}), FOUND)  # type: ignore[arg-type]
    without = translated(text_of(known, **{other: lines(base)}), FOUND)  # type: ignore[arg-type]
    taken = (setup.accounts, setup.pairs) != (without.accounts, without.pairs)
    assert taken or told(setup) != told(without)
    assert key.partition(".")[0] in told(setup) or taken


@pytest.mark.parametrize(("line", "words"), [
    ("implicit = \"create\"", "calsync makes no calendar by itself"), ("sorted = true", "is not known to calsync"),
])
def test_keys_of_a_pair_that_calsync_lacks_are_named(line: str, words: str) -> None:
    setup = translated(text_of(f"{BOTH}{line}\n"), FOUND)
    assert words in told(setup)
    assert {one.pair for one in setup.notes} == {"my-private"}


# -- what cannot be ----------------------------------------------------------------------------------------------------


def test_what_it_has_not_found_yet_is_not_guessed() -> None:
    setup = translated(text_of(BOTH), None)
    assert setup.pairs == {}
    assert set(setup.accounts) == {"here", "there"}
    assert "vdirsyncer discover my" in told(setup)


def test_one_file_of_many_events_is_a_feed_or_nothing() -> None:
    file = lines({"type": "singlefile", "path": "~/all.ics"})
    assert "one file of many events" in told(translated(text_of(NULL, a=file)))
    setup = translated(text_of(NULL, a=f"{file}read_only = true\n"))
    assert setup.accounts["here"] == {"provider": "ics", "path": "~/all.ics"}
    assert setup.pairs["my"]["direction"] == "a-to-b"


@pytest.mark.parametrize(("text", "words"), [
    ("nonsense", "no section headers"), ("[general]\nstatus_path = 1\n", "no [pair NAME] section"),
    (f"{GENERAL}[pair p]\na = x\nb = y\ncollections = null\n", "no storage for side a"),
    (f"{GENERAL}[what is this]\n", "none of general, pair NAME and storage NAME"),
    (text_of("collections = 7\n"), "must be null or a list"), (text_of('collections = [["a"]]\n'), "hold ['a']"),
    (text_of(NULL, a='path = "x"\n'), "says no type"),
    (text_of(NULL, b=lines({**REMOTE, "url": "https://["})), "is no address"),
    (f"{GENERAL}{GENERAL}", "already exists"),
])
def test_what_is_no_configuration_of_it_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(BadSetup) as caught:
        parse(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("storage", [{"type": "filesystem"}, {"type": "caldav"}, {"type": "pigeonhole", "url": "x"}])
def test_a_pair_that_lacks_something_is_named_and_left(storage: dict[str, str]) -> None:
    setup = translated(text_of(NULL, a=lines(storage)))
    assert setup.pairs == {} and "pair my" in told(setup)


def test_its_own_record_of_what_it_found_is_read() -> None:
    status = {"collections": [["work", [{"collection": "work", "path": "/x"}, {"collection": "w"}]], [None, [{}, {}]]]}
    assert list(collections_of(status)) == [("work", "work", "w"), (None, None, None)]


# -- and it fits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    text_of(BOTH), text_of(NULL), text_of(BOTH, remote='password.fetch = ["shell", "x"]\nauth = "guess"\n'),
    text_of(BOTH, remote='read_only = true\nno_delete = true\nverify = "/etc/ca.pem"\nauth_cert = "/etc/me.pem"\n'),
    text_of(BOTH, remote='start_date = "now() - timedelta(days=9)"\nend_date = "now() + timedelta(days=9)"\n'),
])
def test_what_comes_out_is_a_configuration_of_calsync(text: str, tmp_path: Path) -> None:
    import tomlkit

    setup = translated(text, FOUND)
    file = tmp_path / "config.toml"
    file.write_text(tomlkit.dumps({"accounts": setup.accounts, "pairs": setup.pairs}))
    assert load(file, {"HOME": "/home/me"}).pairs.keys() == setup.pairs.keys()
