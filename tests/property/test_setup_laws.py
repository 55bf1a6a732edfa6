"""vdirsyncer's configuration in any damage is refused with words, or what comes of it is a configuration of calsync."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync_cli.config.load import load
from calsync_cli.errors import ConfigError
from calsync_cli.setup.found import discovered
from calsync_cli.setup.notes import BadSetup
from calsync_cli.setup.vdirsyncer import translate
from calsync_cli.setup.vdirsyncer_file import CALENDARS, CONTACTS, parse

KEYS = [
    "type", "path", "url", "username", "username.fetch", "password", "password.fetch", "verify", "auth", "auth_cert",
    "verify_fingerprint", "useragent", "read_only", "no_delete", "start_date", "end_date", "item_types", "fileext",
    "encoding", "post_hook", "token_file", "client_id", "filter_hook", "odd",
]  # fmt: skip
PAIR_KEYS = ["a", "b", "collections", "conflict_resolution", "metadata", "partial_sync", "implicit", "odd"]
VALUES: list[Any] = [
    None, True, False, 0, -1, 2.5, "", "x", "..", "/", "~", "a/b", "from a", "from b", "a wins", [], ["from a"], {},
    ["x", ["y", "z", None]], [["y", 1, 2]], [None], [{}], ["command"], ["command", "a"], ["shell", 1], ["prompt", "x"],
    "https://x.example/", "http://x.example/", "ftp://x", "https://[", "~/c/", "$HOME/c", "datetime.now()", "\x00", "é",
    "datetime.now() - timedelta(days=99999)", ["VTODO"], {"a": 1}, "basic", "revert", "https://caldav.icloud.com/",
]  # fmt: skip
values = st.sampled_from([*VALUES, *CALENDARS, *CONTACTS])


def table(keys: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), values, max_size=6)


USUAL: list[dict[str, Any]] = [
    {"type": "filesystem", "path": "~/c/", "fileext": ".ics"}, {"type": "caldav", "url": "https://x.example/"},
    {"type": "http", "url": "https://x.example/h.ics"}, {"type": "google_calendar"},
    {"type": "singlefile", "path": "~/x.ics", "read_only": True},
]  # fmt: skip


def section(name: str, options: dict[str, Any]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in options.items()), ""])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table(PAIR_KEYS), st.tuples(st.sampled_from(USUAL), table(KEYS)), st.tuples(st.sampled_from(USUAL), table(KEYS)),
    st.dictionaries(st.sampled_from(["status_path", "odd"]), values),
)
def test_every_damage_is_refused_or_becomes_a_configuration(
    tmp_path: Path, pair: dict[str, Any], a: Any, b: Any, general: dict[str, Any]
) -> None:
    text = section("general", general) + section("pair p", {"a": "s", "b": "t", "collections": None} | pair)
    text += section("storage s", {**a[0], **a[1]}) + section("storage t", {**b[0], **b[1]})
    _refused_or_right(tmp_path, text)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.sampled_from(list('[]=" \n%:;#{},abpairstorge\x00é')), max_size=120))
def test_any_text_is_refused_or_becomes_a_configuration(tmp_path: Path, text: str) -> None:
    _refused_or_right(tmp_path, text)


def _refused_or_right(folder: Path, text: str) -> None:
    import tomlkit

    environ = {"HOME": str(folder)}
    try:
        file = parse(text)
    except BadSetup as err:
        assert str(err)
        return
    setup = translate(file, discovered(file, folder / "config", environ), str(folder))
    assert all(one.what and one.words for one in setup.notes)
    written = folder / "config.toml"
    written.write_text(tomlkit.dumps({"accounts": setup.accounts, "pairs": setup.pairs}), encoding="utf-8")
    try:
        assert load(written, environ).pairs.keys() == setup.pairs.keys()
    except ConfigError as err:  # a value that is wrong there, too: it is named, and nothing is written
        assert all(path and words for path, words in err.problems)
