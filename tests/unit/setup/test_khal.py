"""khal's set-up becomes folders; it syncs nothing, so there are no pairs."""

from __future__ import annotations

import pytest

from calsync_cli.setup.khal import folders, translate
from calsync_cli.setup.notes import BadSetup

TEXT = """
[calendars]
# two of one folder
[[home]]
path = ~/.local/share/calendars/home
color = dark red
[[work]]
  path = "~/.local/share/calendars/work/"   # quoted
  readonly = True
[[found]]
path = ~/elsewhere/*
type = discover
[[deeper]]
path = ~/deep/*/*
type = discover
[[friends]]
path = ~/contacts/all
type = birthdays
[[nothing]]
color = green
[sqlite]
path = ~/.khal/khal.db
[default]
default_calendar = home
"""


def test_folders_become_accounts_and_the_rest_is_named() -> None:
    setup = translate(TEXT)
    assert setup.accounts == {
        "calendars": {"provider": "vdir", "path": "~/.local/share/calendars"},
        "elsewhere": {"provider": "vdir", "path": "~/elsewhere"},
    }
    assert setup.pairs == {} and setup.program == "khal"
    said = "\n".join(one.text for one in setup.notes)
    assert "readonly of work: khal only reads it" in said and "friends: is made of contacts" in said
    assert "deeper: ~/deep/*/* is no folder whose sub-folders are calendars" in said
    assert list(folders(TEXT)) == ["~/.local/share/calendars", "~/elsewhere"]


def test_two_folders_of_one_name_get_names_of_their_own() -> None:
    setup = translate("[calendars]\n[[a]]\npath = /x/cal/a\n[[b]]\npath = /y/cal/b\n[[c]]\npath = /Ä/c\n")
    assert {name: one["path"] for name, one in setup.accounts.items()} == {"cal": "/x/cal", "cal-2": "/y/cal",
                                                                           "local": "/Ä"}


@pytest.mark.parametrize("text", ["", "[sqlite]\npath = x/y\n", "[calendars]\n[[a]]\ncolor = red\n", "path = a/b"])
def test_what_is_none_of_its_files_is_said(text: str) -> None:
    with pytest.raises(BadSetup, match=r"no \[calendars\] with a path"):
        translate(text)
    assert list(folders(text)) == []
