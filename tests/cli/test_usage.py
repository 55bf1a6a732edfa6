"""Every command explains itself, has an example that can be typed, completes, and knows what was mistyped."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.testing

import calsync_cli
from calsync_cli.cli.app import _hoisted, _with, every_command
from calsync_cli.cli.commands import sync
from calsync_cli.cli.context import Context
from tests.cli.program import CONFIG, Shell
from tests.engine.world import ics

ROOT: Any = typer.main.get_command(every_command())


def commands(command: Any = ROOT, path: str = "calsync") -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, f"{path} {name}")


def help_of(path: str, columns: int = 80) -> str:
    context, command = typer.Context(ROOT, info_name="calsync", terminal_width=columns), ROOT
    for name in path.split()[1:]:
        command = command.commands[name]
        context = typer.Context(command, info_name=name, parent=context, terminal_width=columns)
    return str(command.get_help(context))


def parsed(words: list[str]) -> None:
    """As the option parser takes them, without running anything."""
    command, context, rest = ROOT, None, words
    while True:
        context = command.make_context(command.name or "calsync", list(rest), parent=context, obj=Context())
        if not getattr(command, "commands", None) or not (left := context._protected_args + context.args):
            return
        command = command.commands[left[0]]
        rest = left[1:]


PATHS = [path for path, _ in commands()]


@pytest.mark.parametrize("path", PATHS)
def test_help_says_what_it_does_and_shows_an_example_that_can_be_typed(path: str) -> None:
    text = help_of(path)
    lines = [line.strip() for line in text.partition("Examples:")[2].splitlines() if line.strip()]
    assert any(line.startswith(path) for line in lines), text
    for line in lines:
        assert len(line) <= 88 and line.startswith("calsync ")
        words = [*chain(*_hoisted(shlex.split(line.partition("   #")[0])[1:]))]
        if "--install-completion" not in words:
            parsed(words)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_of_a_help_text_is_cut_at_80_columns(path: str) -> None:
    head = help_of(path).partition("Examples:")[0]
    cut = [line for line in head.partition("Commands:")[2].splitlines() if line.endswith("...")]
    assert not cut and max(map(len, head.splitlines())) <= 80


def mistyped(word: str) -> str:
    """Two letters change places, or one is missing."""
    middle = len(word) // 2
    return word[:middle] + word[middle + 1 :] if len(word) > 4 else word + word[-1]


@pytest.mark.parametrize("path", PATHS)
def test_a_mistyped_command_or_option_is_recognised_everywhere(shell: Shell, path: str) -> None:
    command = dict(commands())[path]
    for name in getattr(command, "commands", {}):
        said = shell(*path.split()[1:], mistyped(name))
        assert said.code == 2 and f"there is no command {mistyped(name)!r}; did you mean '" in said.err, said.err
        assert f"next: {path} -h" in said.err
    options = [word for param in command.params for word in param.opts if word.startswith("--") and not param.hidden]
    for option in {word for word in options if path != "calsync"} - {"--help"}:
        said = shell(*path.split()[1:], mistyped(option))
        assert said.code == 2 and f"there is no option {mistyped(option)}; did you mean '--" in said.err, said.err


@pytest.mark.parametrize(("words", "meant"), [
    ("sync hme", "home"), ("status hme", "home"), ("watch hme", "home"), ("purge hme --yes", "home"),
    ("restore --pair hme", "home"), ("login laptp", "laptop"), ("logout laptp", "laptop"),
    ("calendars laptp", "laptop"), ("watch --tunnel clodflared", "cloudflared"),
    ("export laptop/Hme", "laptop/Home"), ("events list --calendar famly", "family"),
    ("events add laptop/Hme T --start 2026-11-24", "laptop/Home"),
    ("events add lptop/Home T --start 2026-11-24", "laptop"),
    ("restore Dentits", "Dentist gone"), ("why Dentits", "Dentist"), ("events show Dentits", "Dentist"),
    ("events edit Dentits --title T", "Dentist"), ("events rm Dentits", "Dentist"), ("retry Dentits", "Dentist"),
    ("events list --status sinced", "synced"), ("schedule show --using crom", "cron"),
    ("conflicts resolve 1 --take newst", "newest"), ("import vdirsincer", "vdirsyncer"),
    ("init --direction two-wy", "two-way"), ("init --conflict mrge", "merge"),
])
def test_a_mistyped_name_is_recognised_everywhere(named: Shell, words: str, meant: str) -> None:
    said = named(*words.split())
    assert said.code == 2 and f"did you mean {meant!r}?" in said.err and "next: calsync" in said.err, said.err


@pytest.mark.parametrize(("key", "meant"), [
    ("confict", "conflict"), ("diretion", "direction"), ("to_bb", "to_b"), ("windw", "window"),
])
def test_a_mistyped_key_is_recognised(named: Shell, key: str, meant: str) -> None:
    named.config.write_text(f'{named.config.read_text()}\n[pairs.more]\na = "laptop/Home"\nb = "y/Home"\n{key} = "x"\n')
    said = named("config", "check")
    assert said.code == 2 and f"pairs.more.{key}" in said.out + said.err and repr(meant) in said.out + said.err


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names that can be mistyped: an account, a short name, events there and gone."""
    folder = tmp_path_factory.mktemp("named")
    for side in "xy":
        (folder / side / "Home").mkdir(parents=True)
    text = CONFIG.replace("accounts.x", "accounts.laptop").replace('"x/Home"', '"laptop/Home"')
    (folder / "config.toml").write_text(text + '[calendars]\nfamily = "y/Home"\n')
    titles = {"d1": "Dentist", "d2": "Dentist gone", "d3": "100% of it's \"quoted\""}
    for uid, title in titles.items():
        (folder / "x" / "Home" / f"{uid}.ics").write_bytes(ics(uid, title))
    for words in (["sync", "--yes"], ["sync"]):
        places = ["-c", str(folder / "config.toml"), "--state-dir", str(folder / "state")]
        subprocess.run([sys.executable, "-m", "calsync_cli", *places, *words], check=True, capture_output=True)
        (folder / "x" / "Home" / "d2.ics").unlink(missing_ok=True)
    return folder


@pytest.fixture
def named(shell: Shell, prepared: Path) -> Shell:
    shutil.copytree(prepared, shell.folder, dirs_exist_ok=True)
    return shell


# -- whatever is broken ------------------------------------------------------------------------------------------------


def _no_configuration(shell: Shell) -> None:
    shell.config.unlink()


def _no_toml(shell: Shell) -> None:
    shell.config.write_text("[pairs.home\n")


def _wrong_keys(shell: Shell) -> None:
    shell.config.write_text('[accounts.x]\nprovider = "nonsense"\n[pairs.home]\na = "x/Home"\n')


def _damaged(shell: Shell) -> None:
    shell.state.mkdir(exist_ok=True)
    (shell.state / "calsync.db").write_bytes(b"junk" * 1000)


def _no_folder(shell: Shell) -> None:
    shell.state.write_text("in the way")


ELSEWHERE = {"calsync init", "calsync login", "calsync watch", "calsync demo", "calsync config edit"}
"""They ask, wait, or need none of it; their own tests break things for them. A scheduler is that of this machine."""
LEAVES = [
    path for path, command in commands()
    if not getattr(command, "commands", None) and path not in ELSEWHERE and "schedule" not in path
]


@pytest.mark.parametrize("harm", [_no_configuration, _no_toml, _wrong_keys, _damaged, _no_folder])
def test_whatever_is_broken_every_command_says_so_with_a_way_on(
    shell: Shell, harm: Callable[[Shell], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No example of any help ends in an unexpected error (8), and each failure names the next command."""
    monkeypatch.chdir(shell.folder)
    harm(shell)
    for path in LEAVES:
        text = help_of(path).partition("Examples:")[2]
        for line in (line.strip() for line in text.splitlines() if line.strip().startswith(path)):
            said = shell(*shlex.split(line)[1:])
            assert said.code != 8, (line, said.err)
            named = "next: calsync" in said.out + said.err or '"next": "calsync' in said.out
            assert said.code == 0 or named or "--bundle" in line, (line, said)


# -- Tab ---------------------------------------------------------------------------------------------------------------


def completed(shell: Shell, *words: str, kind: str = "bash", **more: str) -> list[str]:
    """What the program answers to the shell's question, as a process."""
    environ = {
        **os.environ, "CALSYNC_CONFIG": str(shell.config), "CALSYNC_STATE_DIR": str(shell.state),
        "_CALSYNC_COMPLETE": f"complete_{kind}", "COMP_WORDS": "\n".join(("calsync", *words)),
        "COMP_CWORD": str(len(words)), "_TYPER_COMPLETE_ARGS": shlex.join(("calsync", *words)).removesuffix(" ''") + (
            " " if not words[-1] else ""), "_TYPER_COMPLETE_FISH_ACTION": "get-args", **more,
    }
    command = [sys.executable, "-m", "calsync_cli"]
    said = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert said.stderr == "" and "Traceback" not in said.stdout
    return [line for line in said.stdout.splitlines() if line]


def test_names_of_the_configuration_and_the_state_are_completed(named: Shell) -> None:
    before = sorted(named.state.iterdir())
    assert completed(named, "sync", "h") == ["home"] and completed(named, "logout", "") == ["laptop", "y"]
    assert completed(named, "export", "") == ["family", "laptop/Home", "y/Home"]
    assert completed(named, "why", "De") == ["Dentist"] and completed(named, "why", "'De") == ["Dentist"]
    assert completed(named, "events", "edit", "100") == ["100%\\ of\\ it\\'s\\ \\\"quoted\\\""]
    assert completed(named, "history", "") == ["2", "1"] and completed(named, "conflicts", "show", "") == []
    assert completed(named, "events", "list", "--calendar", "f") == ["family"]
    assert completed(named, "sync", "--dr") == ["--dry-run"] and completed(named, "doct") == ["doctor"]
    assert sorted(named.state.iterdir()) == before, "nothing is made by looking"


def test_zsh_and_fish_ask_in_their_own_words(named: Shell) -> None:
    assert '"home"' in completed(named, "sync", "", kind="zsh")[0]
    assert completed(named, "why", "De", kind="fish") == ["Dentist"]
    assert any(line.startswith("events\t") for line in completed(named, "ev", kind="fish"))


def test_without_configuration_or_state_there_is_nothing_to_say(shell: Shell) -> None:
    assert completed(shell, "why", "") == [] and completed(shell, "history", "") == []
    assert not shell.state.exists()
    shell.config.write_text("[pairs.home\n")
    assert completed(shell, "sync", "") == []
    shell.config.write_text('pairs = "no table"\n[accounts.own]\nprovider = "nonsense"\n')
    assert completed(shell, "sync", "") == [] and completed(shell, "logout", "") == ["own"], "also while it is mended"
    shell.config.unlink()
    assert completed(shell, "purge", "") == []
    shell.state.mkdir()
    (shell.state / "calsync.db").write_bytes(b"junk" * 1000)
    assert completed(shell, "why", "D") == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_itself_completes_with_the_script_that_is_installed(named: Shell) -> None:
    """The function of the script, asked as readline asks it."""
    script = subprocess.run(
        [sys.executable, "-m", "calsync_cli"], env={**os.environ, "_CALSYNC_COMPLETE": "source_bash"},
        capture_output=True, text=True, check=True,
    ).stdout
    program = named.folder / "calsync"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m calsync_cli "$@"\n')
    program.chmod(0o755)
    words = "COMP_WORDS=(calsync why De); COMP_CWORD=2"
    asked = f'{script}\n{words}; _calsync_completion calsync; echo "${{COMPREPLY[@]}}"'
    environ = {**os.environ, "PATH": f"{named.folder}:{os.environ['PATH']}", "CALSYNC_CONFIG": str(named.config),
               "CALSYNC_STATE_DIR": str(named.state), "PYTHONPATH": str(Path(calsync_cli.__file__).parents[1])}
    said = subprocess.run(["bash", "--norc", "-c", asked], env=environ, capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("Dentist\n", "")


@pytest.mark.parametrize("words", [["sync", "-h"], ["sync", "--bogus"], ["sync", "--dry"], ["-v", "sync", "--approve"]])
def test_sync_is_read_as_where_all_commands_are_known(words: list[str]) -> None:
    """It is made without the others, as a timer starts it every few minutes (design section 5)."""
    said = [typer.testing.CliRunner().invoke(made, words) for made in (_with(sync), every_command())]
    assert said[0].output == said[1].output
    assert said[0].exit_code == said[1].exit_code


def test_tab_loads_nothing_that_is_slow() -> None:
    code = "import sys; from calsync_cli.cli import app, completing; app.every_command(); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "calsync_cli.store.glance" in said
    assert not {"rich", "httpx", "icalendar", "lxml", "keyring", "caldav", "dateutil"} & set(said)
