"""What is written for each scheduler, and what systemd and cron say of it themselves. Nothing is installed."""

from __future__ import annotations

import plistlib
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from calsync_cli.errors import UsageError
from calsync_cli.schedule.choice import chosen, schedulers
from calsync_cli.schedule.job import STEPS, Job, job

ODD = Path("/home/a b/50% \"off\" $HOME;x'y")


def made(every: timedelta = timedelta(minutes=15), *, odd: bool = False) -> Job:
    folder = ODD if odd else Path("/home/me")
    return job(folder / "config.toml", folder / "state", every, usual=not odd)


def entry(name: str, one: Job) -> dict[str, str]:
    return schedulers({"HOME": "/home/me"})[name].entry(one)


@pytest.mark.parametrize(("every", "step"), [
    (timedelta(seconds=30), 1), (timedelta(minutes=15), 15), (timedelta(minutes=14), 12), (timedelta(minutes=45), 30),
    (timedelta(hours=1), 60), (timedelta(days=2), 60),
])  # fmt: skip
def test_it_is_looked_at_least_as_often_as_some_pair_is_due(every: timedelta, step: int) -> None:
    assert made(every).step == step


@pytest.mark.parametrize("step", STEPS)
def test_steps_are_even_over_the_whole_hour_and_each_machine_has_its_own_minutes(step: int) -> None:
    one = made(timedelta(minutes=step))
    minutes = one.minutes
    assert 0 <= one.offset < step and len(minutes) == 60 // step
    gaps = {(b - a) % 60 or 60 for a, b in zip(minutes, [*minutes[1:], minutes[0]], strict=True)}
    assert gaps == {step}


def test_another_configuration_has_another_entry() -> None:
    names = {job(Path("/a"), Path("/s"), timedelta(hours=1), usual=False).name, made(odd=True).name, made().name}
    assert len(names) == 3 and made().name == "calsync"


def test_a_path_that_no_scheduler_could_carry_is_refused() -> None:
    with pytest.raises(UsageError, match="line end"):
        job(Path("/a\nb"), Path("/s"), timedelta(hours=1), usual=False)


@pytest.mark.parametrize("odd", [False, True])
def test_units_pass_systemds_own_check(tmp_path: Path, odd: bool) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine; the Debian package systemd has it")
    one = made(odd=odd)
    files = []
    for name, text in entry("systemd", one).items():
        files.append(tmp_path / Path(name).name)
        files[-1].write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--user", *files], capture_output=True, text=True, check=False,
                          env={"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_timer_catches_up_and_spreads() -> None:
    timer = list(entry("systemd", made()).values())[1]
    assert {"Persistent=true", "RandomizedDelaySec=90", "WantedBy=timers.target"} <= set(timer.splitlines())
    offset = made().offset
    assert f"OnCalendar=*:{offset:02}/15" in timer
    assert "OnCalendar=*:" in list(entry("systemd", made(timedelta(hours=1))).values())[1]


def test_a_crontab_line_means_what_the_shell_makes_of_it() -> None:
    """A % is a line end to cron unless it is escaped; then the shell splits the rest."""
    one = made(odd=True)
    begin, line, end = entry("cron", one)["crontab"].splitlines()
    assert begin.startswith("# calsync-") and end.startswith("# calsync-")
    minutes, *stars, command = line.split(" ", 5)
    assert minutes == f"{one.offset}-59/15" and stars == ["*"] * 4
    assert command.count("%") == command.count("\\%")
    assert tuple(shlex.split(command.replace("\\%", "%"))) == one.command


@pytest.mark.parametrize("odd", [False, True])
def test_an_entry_passes_crons_own_check(tmp_path: Path, odd: bool) -> None:
    """Debian's crontab can look at a file and change nothing; what `-n` is to another one is not tried out."""
    ask = ["crontab", "-h"] if shutil.which("crontab") else [sys.executable, "--version"]
    usage = subprocess.run(ask, capture_output=True, text=True, check=False)
    if "dry run: checks the syntax" not in usage.stdout + usage.stderr:
        pytest.skip("no crontab with a dry run on this machine; the Debian package cron has it")
    for step in STEPS:
        file = tmp_path / "crontab"
        file.write_text(entry("cron", made(timedelta(minutes=step), odd=odd))["crontab"])
        done = subprocess.run(["crontab", "-n", file], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "error" not in done.stderr.lower(), done.stderr
    file.write_text(file.read_text().replace(" * ", " no ", 1))
    assert subprocess.run(["crontab", "-n", file], capture_output=True, check=False).returncode == 1


def test_a_launch_agent_says_the_same_as_a_property_list() -> None:
    one = made(odd=True)
    (text,) = entry("launchd", one).values()
    told = plistlib.loads(text.encode())
    assert tuple(told["ProgramArguments"]) == one.command and told["RunAtLoad"] is True
    assert [row["Minute"] for row in told["StartCalendarInterval"]] == one.minutes


def test_a_windows_task_makes_up_for_what_it_missed() -> None:
    one = made(odd=True)
    (text,) = entry("schtasks", one).values()
    root = ElementTree.fromstring(text.partition("?>")[2])
    said = {part.tag.rpartition("}")[2]: part.text for part in root.iter()}
    assert (said["Interval"], said["StartWhenAvailable"], said["Command"]) == ("PT15M", "true", sys.executable)
    assert subprocess.list2cmdline(one.command[1:]) == said["Arguments"]


def test_an_unknown_scheduler_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="systemd, cron, launchd, schtasks"):
        chosen("anacron", {})
