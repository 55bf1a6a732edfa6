"""One calendar that two pairs call differently: nothing of it is touched, and it is said which names are one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    made = Shell(tmp_path, monkeypatch, capsys)
    (tmp_path / "y" / "Other").mkdir()
    return made


@pytest.mark.parametrize("before", [False, True])
def test_a_calendar_of_two_names_is_not_synced_under_either(shell: Shell, before: bool) -> None:
    shell.put("x", "u", "Dentist")
    if before:
        shell.synced(1)
    there = shell.contents("y")
    more = f'\n[pairs.more]\na = "x/{shell.home("x")}"\nb = "y/Other"\n'
    shell.config.write_text(shell.config.read_text() + more)
    shell.put("x", "v", "New")
    said = shell("sync", "--yes")
    assert said.code == 2
    assert "is the same calendar as x/Home; call it the same in every pair" in said.out.replace("\n", " ")
    assert shell.contents("y") == there
    assert not any((shell.folder / "y" / "Other").glob("*.ics"))
    shell.config.write_text(shell.config.read_text().replace(f"x/{shell.home('x')}", "x/Home"))
    assert shell("sync", "--yes").code == 0
    assert "New" in shell.titles("y")
