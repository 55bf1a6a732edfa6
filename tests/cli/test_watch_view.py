"""What `watch` shows: a picture that fits its window, lines elsewhere, and its own refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from calsync_cli.cli.watch_view import picture, until
from calsync_cli.watch.state import AccountState, WatchState
from tests.cli.program import Shell
from tests.cli.terminal import Terminal

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)


def account(name: str, problem: str = "") -> AccountState:
    notice, run, renewal, look = (NOW + timedelta(minutes=n) for n in (-80, -1, 5000, 14))
    return AccountState(name, "looking", problem, notice, run, renewal, look)


@pytest.mark.parametrize("width", [50, 80, 120])
def test_the_picture_fits_the_window(width: int) -> None:
    waits = tuple(f"trouble {n} with a sentence long enough to be broken between its words " * 2 for n in range(9))
    accounts = (account("work"), account("a-name-of-thirty-letters-or-more"), account("dav", "no\x1b[31m luck"))
    way = "tunnel: cloudflared https://long-and-random-words-here.trycloudflare.com"
    state = WatchState(NOW, way, accounts, False, waits)
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as got:
        console.print(picture(state, width))
    lines = got.get().splitlines()
    assert max(map(len, lines)) <= width and "\x1b" not in got.get()
    assert sum("account" in line and "next look" in line for line in lines) == 1
    row = next(line for line in lines if line.startswith("work"))
    assert row.split("  ")[-1].strip() == "in 14 min" and "just now" in row
    assert width < 80 or ("80 min ago" in row and "in 3 days" in row)
    assert "4 more: calsync status" in got.get()


@pytest.mark.parametrize(("seconds", "words"), [
    (-5, "now"), (30, "in a minute"), (90, "in 1 min"), (7200, "in 2 h"), (400_000, "in 4 days"),
])  # fmt: skip
def test_times_to_come(seconds: int, words: str) -> None:
    assert until(NOW + timedelta(seconds=seconds), NOW) == words and until(None, NOW) == "-"


def test_on_a_terminal_the_picture_stands_and_changes_go_up_above_it(shell: Shell) -> None:
    shell.synced(2)
    with Terminal(shell, "watch", "--poll", "1h", columns=80, lines=24) as term:
        term.see("next look")
        term.see("waiting (Ctrl-C stops); no tunnel")
        shell.put("x", "new", "Dentist")
        term.see('+b  "Dentist"')
        assert term.interrupt() == 130
    assert shell.titles("y") == ["Dentist", "Event 0", "Event 1"]


@pytest.mark.parametrize(("words", "said"), [
    (("watch", "--tunnel", "cloudflare"), "did you mean 'cloudflared'"),
    (("watch", "--public-url", "http://c.example.org"), "https"),
    (("watch", "--public-url", "https://c.example.org"), "port = 8787"),
    (("watch", "--poll", "soon"), "not a duration"),
    (("watch", "nothing"), "there is no pair 'nothing'"),
    (("sync", "--watch", "--dry-run"), "--watch goes with the names of pairs only"),
])  # fmt: skip
def test_what_cannot_be_watched_is_said_first(shell: Shell, words: tuple[str, ...], said: str) -> None:
    answer = shell(*words)
    assert answer.code == 2 and said in answer.err and "next: " in answer.err


def test_no_pairs_is_nothing_to_watch(shell: Shell) -> None:
    shell.config.write_text("")
    assert shell("watch").code == 2
