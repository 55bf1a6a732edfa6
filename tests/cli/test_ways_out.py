"""Every way out of the program: exit codes, signals, pipes, alphabets (cli.md sections 1 and 4)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from calsync_cli.errors import EXIT_ORDER, worst_exit
from tests.cli.program import Shell
from tests.cli.terminal import Terminal

PROGRAM = [sys.executable, "-m", "calsync_cli"]


def _run(shell: Shell, *words: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    command = [*PROGRAM, "-c", str(shell.config), "--state-dir", str(shell.state), *words]
    return subprocess.run(
        command, capture_output=True, check=False, stdin=subprocess.DEVNULL, env={**os.environ, **environ}
    )


# -- usage -------------------------------------------------------------------------------------------------------------


def test_no_words_are_no_error() -> None:
    said = subprocess.run(PROGRAM, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert (said.returncode, said.stderr) == (0, b"") and b"Usage" in said.stdout


def test_a_group_without_a_command_prints_its_help(shell: Shell) -> None:
    said = _run(shell, "config")
    assert said.returncode == 0 and b"schema" in said.stdout


@pytest.mark.parametrize("words", [("sync", "--frobnicate"), ("login",), ("sycn",)])
def test_usage_errors_are_one_json_document_when_asked_for(shell: Shell, words: tuple[str, ...]) -> None:
    said = shell(*words, "--json")
    assert said.code == 2 and said.json["exit_code"] == 2 and said.err == ""
    (error,) = said.json["errors"]
    assert error["code"] == "usage" and error["message"] and error["next"].endswith("-h")


@pytest.mark.parametrize(("words", "suggestion"), [(("sycn",), "sync"), (("config", "chek"), "check")])
def test_a_mistyped_command_gets_its_suggestion(shell: Shell, words: tuple[str, ...], suggestion: str) -> None:
    said = shell(*words)
    assert said.code == 2 and f"did you mean '{suggestion}'?" in said.err and said.out == ""


@pytest.mark.parametrize("words", [("conflicts", "show", "x"), ("history", "soon"), ("history", "9" * 30)])
def test_what_is_no_number_is_told_with_the_command_that_lists_them(shell: Shell, words: tuple[str, ...]) -> None:
    said = shell(*words)
    assert said.code == 2 and f"'{words[-1]}' is not the number of a" in said.err
    assert f"next: calsync {words[0]}" in said.err


def test_words_made_of_v_are_no_option(shell: Shell) -> None:
    shell.put("x", "u1", "vv")
    shell("sync", "--yes")
    assert '"vv"' in shell("why", "vv").out


@pytest.mark.parametrize(
    "words", [("-vv", "status"), ("status", "-vv"), ("status", "-v", "-q"), ("status", "--no-color")]
)
def test_global_options_stand_anywhere(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell(*words).code == 0


def test_what_stands_behind_two_dashes_is_no_option(shell: Shell) -> None:
    shell.synced()
    said = shell("why", "--", "-q")
    assert said.code == 2 and "-q" in said.err


# -- codes -------------------------------------------------------------------------------------------------------------


def test_of_several_codes_the_gravest_counts_and_none_is_lost() -> None:
    assert worst_exit([]) == 0
    assert [worst_exit([code, 0]) for code in (*EXIT_ORDER, 2, 6)] == [*EXIT_ORDER, 2, 6]
    assert (worst_exit([1, 2]), worst_exit([3, 1]), worst_exit([5, 4]), worst_exit([7, 8, 4])) == (1, 3, 4, 8)


def test_a_calendar_that_is_not_there_is_no_success(shell: Shell) -> None:
    shell.config.write_text(shell.config.read_text().replace("y/Home", "y/Hmoe"))
    said = shell("sync", "--yes")
    assert said.code == 2 and "it has: 'Home'" in said.out + said.err


def test_an_unexpected_error_is_a_sentence_and_its_trace_is_in_the_log(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calsync_cli.cli.inspect.status", lambda *words, **more: 1 / 0)
    said = shell("status")
    log = shell.state / "calsync.log"
    assert said.code == 8 and str(log) in said.err and "division by zero" in said.err
    assert "Traceback" in log.read_text() and "ZeroDivisionError" in log.read_text()
    said = shell("status", "--json")
    assert said.code == 8 and said.json["errors"][0]["code"] == "internal-check"


def test_an_unexpected_error_without_a_place_for_the_log_is_still_a_sentence(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calsync_cli.cli.settings.show_schema", lambda *words, **more: 1 / 0)
    shell.state.write_text("in the way")
    said = shell("config", "schema")
    assert said.code == 8 and "calsync.log" not in said.err


def test_a_state_folder_that_cannot_be_made_is_told(shell: Shell) -> None:
    shell.state.write_text("in the way")
    said = shell("sync")
    assert said.code == 7 and str(shell.state) in said.err and "nothing was touched" in said.err


# -- signals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "code"), [("\x03", 130), ("\x04", 130), (signal.SIGTERM, 143)])
def test_a_stop_at_a_prompt_ends_with_its_own_code(shell: Shell, sent: str | int, code: int) -> None:
    """`calsync login` asks for a user name, and gets these keys or this signal."""
    shell.config.write_text('[secrets]\nbackend = "file"\n[accounts.c]\nprovider = "caldav"\nurl = "https://c.org/"\n')
    with Terminal(shell, "login", "c", CALSYNC_SECRET_KEY="key") as term:
        term.see("user name:")
        if sent == "\x04":
            term.press(sent)
            assert term.end() == code
        else:
            assert term.interrupt(sent if isinstance(sent, int) else None) == code
        assert code == 143 or term.screen.endswith("\nstopped\n")


# -- pipes and alphabets -----------------------------------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_error_of_ours(shell: Shell) -> None:
    shell.synced(400)
    command = [*PROGRAM, "-c", str(shell.config), "--state-dir", str(shell.state), "events", "list", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()
    assert said == b"" and process.returncode in (0, 1)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_title_that_the_terminal_cannot_show_does_not_stop_a_run(shell: Shell, encoding: str) -> None:
    shell.put("x", "u1", "Zahnärztin 🦷")
    said = _run(shell, "sync", "--yes", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert said.returncode == 0, said.stderr
    assert b"\\U0001f9b7" in said.stdout


def test_json_is_utf8_in_every_locale(shell: Shell) -> None:
    shell.put("x", "u1", "Zahnärztin 🦷")
    shell("sync", "--yes")
    said = _run(shell, "events", "list", "--json", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert json.loads(said.stdout.decode("utf-8"))[0]["title"] == "Zahnärztin 🦷"


def test_no_escape_code_is_written_without_colour(shell: Shell) -> None:
    shell.synced()
    for environ, words in (({"NO_COLOR": "1"}, ()), ({}, ("--no-color",))):
        seen = _on_a_terminal(shell, environ, *words, "events", "list")
        assert "Event 1" in seen and "\x1b" not in seen
    assert "\x1b[" in _on_a_terminal(shell, {}, "events", "list")


def _on_a_terminal(shell: Shell, environ: dict[str, str], *words: str) -> str:
    with Terminal(shell, *words, **environ) as term:
        assert term.end() == 0, term.screen
    return term.screen


# -- start-up ----------------------------------------------------------------------------------------------------------


def test_the_version_loads_next_to_nothing_beyond_typer() -> None:
    """Start-up is part of every cron run (design section 5). Modules are counted, since a busy machine's clock lies."""
    def loaded(code: str) -> set[str]:
        text = f"import sys\nsys.argv = ['calsync', '--version']\ntry:\n    {code}\nexcept SystemExit:\n    pass\n"
        text += "print(*sys.modules, file=sys.stderr)"
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
        return set(done.stderr.split())

    more = loaded("from calsync_cli.cli.app import main; main()") - loaded("import typer; typer.Typer()")
    foreign = {name for name in more if not name.startswith(("calsync_cli", "typer"))}
    ours = {name for name in more if name.startswith("calsync_cli.") and ".cli.commands" not in name}  # declarations
    wanted = ("errors", "ports", "model", "model.plain", "cli", "cli.app", "cli.context", "cli.exits")
    assert ours == {f"calsync_cli.{name}" for name in wanted}
    assert len(foreign) <= 6, foreign


def test_the_end_looks_for_no_garbage() -> None:
    """Among all that was loaded, which takes a sixth of a quiet run."""
    code = "import atexit, gc; atexit.register(lambda: print(gc.get_count()[0] < gc.get_freeze_count()))"
    code += "; from calsync_cli.cli.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == ["True"]
