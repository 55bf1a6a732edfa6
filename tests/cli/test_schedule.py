"""`schedule` with programs that stand for the system's own: put there twice, shown, taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import Shell
from tests.fakes.schedulers import CRONTAB, environ, put

FOREIGN = b"# mine\n\n  5 4 * * *  backup \xff \n@reboot x"


@pytest.fixture
def fakes(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "fakes"
    put(folder)
    for name, value in {**environ(folder), "HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder


def test_cron_keeps_every_other_line_byte_for_byte(shell: Shell, fakes: Path) -> None:
    table = fakes / "table"
    table.write_bytes(FOREIGN)
    for _ in range(2):
        assert shell("schedule", "install", "--using", "cron").code == 0
        text = table.read_bytes()
        assert text.startswith(FOREIGN + b"\n# calsync") and text.count(b"sync --due") == 1
    table.write_bytes(text + b"7 7 * * * later\n")
    assert shell("schedule", "install", "--using", "cron", "--every", "1h").code == 0
    assert table.read_bytes().endswith(b"7 7 * * * later\n") and b"/15 " not in table.read_bytes()
    assert shell("schedule", "remove").out.strip() == "taken out of cron"
    assert table.read_bytes() == FOREIGN + b"\n7 7 * * * later\n"
    assert shell("schedule", "remove").out.strip() == "nothing was scheduled"


def test_a_crontab_that_cannot_be_read_is_not_written(shell: Shell, fakes: Path) -> None:
    table = fakes / "table"
    table.write_bytes(FOREIGN)
    (fakes / "broken").touch()
    said = shell("schedule", "install", "--using", "cron")
    assert said.code == 2 and "nothing was changed" in said.err and table.read_bytes() == FOREIGN


@pytest.mark.parametrize("drop", [0, -1])
def test_marker_lines_that_somebody_edited_stop_it(shell: Shell, fakes: Path, drop: int) -> None:
    table = fakes / "table"
    shell("schedule", "install", "--using", "cron")
    lines = table.read_bytes().splitlines(keepends=True)
    lines.pop(drop)
    table.write_bytes(b"".join(lines))
    for words in (("install", "--using", "cron"), ("remove",)):
        said = shell("schedule", *words)
        assert said.code == 2 and "crontab -e" in said.err and table.read_bytes() == b"".join(lines)


def test_systemd_is_asked_to_look_at_the_units(shell: Shell, fakes: Path, tmp_path: Path) -> None:
    units = tmp_path / "home/.config/systemd/user"
    said = shell("schedule", "install", "--every", "20m")
    assert said.code == 0 and "every 20 min" in said.out and "enable-linger" in said.out
    service, timer = sorted(units.iterdir())
    assert str(shell.config) in service.read_text() and "/20" in timer.read_text()
    asked = (fakes / "asked").read_text().splitlines()
    assert asked[-2:] == ["--user daemon-reload", f"--user enable --now {timer.name}"]
    (row,) = [row for row in shell("schedule", "show", "--every", "20m", "--json").json if row["using"] == "systemd"]
    assert row["installed"] and row["state"] == "installed, looks every 20 min"
    assert "not as" in shell("schedule").out
    assert shell("schedule", "remove").out.strip() == "taken out of systemd"
    assert list(units.iterdir()) == []


def test_where_systemd_refuses_everything_is_as_it_was(shell: Shell, fakes: Path, tmp_path: Path) -> None:
    units = tmp_path / "home/.config/systemd/user"
    shell("schedule", "install", "--using", "systemd")
    before = {file.name: file.read_text() for file in units.iterdir()}
    (fakes / "broken").touch()
    said = shell("schedule", "install", "--using", "systemd", "--every", "5m")
    assert said.code == 2 and "Failed to connect to bus" in said.err
    assert "next: calsync schedule install --using cron" in said.err
    assert {file.name: file.read_text() for file in units.iterdir()} == before
    assert shell("schedule", "remove", "--using", "systemd").code == 0 and list(units.iterdir()) == []


def test_a_preview_changes_nothing(shell: Shell, fakes: Path, tmp_path: Path) -> None:
    for name in ("systemd", "cron", "launchd", "schtasks"):
        said = shell("schedule", "install", "--using", name, "--print")
        assert said.code == 0 and "--due" in said.out
    assert not (fakes / "table").exists() and not (tmp_path / "home").exists()
    shell("schedule", "install", "--using", "cron")
    before = (fakes / "table").read_bytes()
    assert "sync --due" in shell("schedule", "remove", "--print").out and (fakes / "table").read_bytes() == before


def test_what_only_the_shell_knows_is_named(shell: Shell, fakes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or each run of the schedule would find another configuration than the person who tried it."""
    assert "does not know" not in shell("schedule", "install", "--using", "cron").out
    monkeypatch.setenv("CALSYNC_SECRET_KEY", "very secret")
    monkeypatch.setenv("CALSYNC_STATE_DIR", str(shell.state))
    said = shell("schedule", "install", "--using", "cron").out
    assert "! cron does not know what only this shell sets: CALSYNC_SECRET_KEY (docs/headless.md)\n" in said
    assert "very secret" not in said


def test_the_best_that_works_is_taken(shell: Shell, fakes: Path) -> None:
    (fakes / "broken").touch()
    (fakes / "crontab").write_text(CRONTAB.replace("broken", "never"))
    assert "cron now runs" in shell("schedule", "install", "-q").out + shell("schedule", "install").out
    said = shell("schedule", "install", "--using", "anacron")
    assert said.code == 2 and "one of: systemd" in said.err
