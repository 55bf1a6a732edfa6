"""What other programs left in a home folder is found where they look themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calsync_cli.setup.found import discovered, look, vdirsyncer_file
from calsync_cli.setup.vdirsyncer_file import parse

PAIR = """[general]
status_path = "{status}"
[pair my]
a = "here"
b = "there"
collections = {collections}
[storage here]
type = "filesystem"
path = "~/cal/"
[storage there]
type = "caldav"
url = "https://x.example/"
"""


def put(home: Path, place: str, text: str = "x") -> Path:
    file = home / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def environ(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), **more}


def test_vdirsyncers_file_is_where_it_looks_first(tmp_path: Path) -> None:
    assert vdirsyncer_file(environ(tmp_path)) is None
    usual = put(tmp_path, ".config/vdirsyncer/config")
    assert vdirsyncer_file(environ(tmp_path)) == usual
    other = put(tmp_path, "xdg/vdirsyncer/config")
    assert vdirsyncer_file(environ(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "xdg"))) == other
    old = put(tmp_path, ".vdirsyncer/config")
    assert vdirsyncer_file(environ(tmp_path)) == old
    said = put(tmp_path, "said")
    assert vdirsyncer_file(environ(tmp_path, VDIRSYNCER_CONFIG=str(said))) == said
    assert vdirsyncer_file(environ(tmp_path, VDIRSYNCER_CONFIG=str(tmp_path / "gone"))) is None


def test_what_is_found_is_named_with_its_file_and_what_it_is_for(tmp_path: Path) -> None:
    assert look(environ(tmp_path), tmp_path) == []
    put(tmp_path, ".config/vdirsyncer/config")
    put(tmp_path, ".config/khal/config", "[calendars]\n[[a]]\npath = ~/cal/home\n[[b]]\npath = '~/cal/*'\n"
        "[sqlite]\npath = ~/khal.db\n")
    put(tmp_path, "sync.yaml", 'source:\n  adapter:\n    type: "outlook_http"\nsink:\n  adapter:\n    type: google\n')
    found = {one.program: one for one in look(environ(tmp_path), tmp_path)}
    assert found.keys() == {"vdirsyncer", "khal", "CalendarSync"}
    assert found["khal"].folders == ("~/cal",)
    assert "outlook_http to google" in found["CalendarSync"].words
    put(tmp_path, "sync.yaml", "jobs: []")
    assert "CalendarSync" not in {one.program for one in look(environ(tmp_path), tmp_path)}


@pytest.mark.parametrize(("status", "place"), [("~/s/", "s"), ("status", ".config/vdirsyncer/status")])
def test_the_collections_are_those_of_its_own_record(tmp_path: Path, status: str, place: str) -> None:
    path = put(tmp_path, ".config/vdirsyncer/config")
    file = parse(PAIR.format(status=status, collections='["from b"]'))
    known = discovered(file, path, environ(tmp_path))
    assert known("my") is None
    put(tmp_path, f"{place}/my.collections", json.dumps({"collections": [["w", [{"collection": "w"}, {}]]]}))
    assert known("my") == [("w", "w", None)]
    put(tmp_path, f"{place}/my.collections", '{"collections": 7}')
    assert known("my") is None


def test_without_a_record_folders_are_looked_at_where_only_these_count(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden"):
        (tmp_path / "cal" / name).mkdir(parents=True)
    put(tmp_path, "cal/file.ics")
    text = PAIR.format(status="~/s", collections='["from a", "extra", ["n", "x", null]]')
    known = discovered(parse(text), tmp_path / "config", environ(tmp_path))
    assert known("my") == [("a", "a", "a"), ("b", "b", "b"), ("extra", "extra", "extra"), ("n", "x", None)]
