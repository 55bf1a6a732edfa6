"""What the program writes into a user's configuration looks as a person would have written it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from calsync_cli.config import edit

MINE = '# mine\n[secrets]\nbackend = "file"\n[accounts.z]\nx = 1\n'
NEW: list[tuple[str, str, dict[str, Any]]] = [
    ("accounts", "a", {"provider": "vdir"}), ("pairs", "p", {"a": "1"}), ("accounts", "b", {"provider": "vdir"}),
    ("pairs", "q", {"a": "2"}), ("accounts", "c", {"provider": "caldav"}),
]


@pytest.mark.parametrize("before", ["", MINE])
def test_each_new_table_stands_behind_one_blank_line_and_all_else_as_it_was(tmp_path: Path, before: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(before)
    for section, name, table in NEW:
        edit.changed(file, lambda document, args=(section, name, table): edit.add(document, *args))  # type: ignore[misc]

    def sign_in(document: Any) -> None:
        document["accounts"]["c"]["username"] = "me"

    edit.changed(file, sign_in)
    text = file.read_text()
    assert text.startswith(before) and "\n\n\n" not in text and text.endswith("\n") and not text.endswith("\n\n")
    made = text.removeprefix(before).split("\n\n")
    assert sorted(one.strip().partition("\n")[0] for one in made if one.strip()) == [
        "[accounts.a]", "[accounts.b]", "[accounts.c]", "[pairs.p]", "[pairs.q]",
    ]
    assert '[accounts.c]\nprovider = "caldav"\nusername = "me"\n' in text
