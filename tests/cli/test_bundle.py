"""`doctor --bundle`: a report with what helps, and nothing of the person: a word of its own is put into every place."""

from __future__ import annotations

import itertools
import stat
import sys
from collections.abc import Callable

import pytest

from calsync_cli.cli.unnamed import Unnamed
from tests.cli.program import Shell
from tests.engine.world import ics

ALPHABET = "bcdfghjklmnpqrstvwxz"


class Taints:
    """Words that no program knows, each said where it is put."""

    def __init__(self) -> None:
        self._fresh = itertools.count()
        self.words: dict[str, str] = {}

    def __call__(self, place: str) -> str:
        number = next(self._fresh)
        word = f"Qy{ALPHABET[number // 20 % 20]}{ALPHABET[number % 20]}zzu"
        self.words[word] = place
        return word

    def found_in(self, text: str) -> list[str]:
        lower = text.casefold()
        return [f"{word} ({place})" for word, place in self.words.items() if word.casefold() in lower]


@pytest.fixture
def tainted(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> tuple[Shell, Taints]:
    """Accounts, pairs, calendars, addresses, secrets, commands, filters and events with a word of their own each."""
    t = Taints()
    folders = {side: t("folder") for side in "xy"}
    calendars = {side: t("calendar") for side in "xy"}
    for side in "xy":
        (shell.folder / folders[side] / calendars[side]).mkdir(parents=True)
    names = {side: t("account") for side in "xy"}
    cloud, pair, short = t("account"), t("pair"), t("short name")
    monkeypatch.setenv(f"CALSYNC_ACCOUNTS__{cloud.upper()}__USERNAME", f"{t('username')}@{t('mail host')}.example")
    monkeypatch.setenv("CALSYNC_SECRET_KEY", t("passphrase"))
    shell.config.write_text(f"""
[secrets]
backend = "file"
[accounts.{names['x']}]
provider = "vdir"
path = "{folders['x']}"
[accounts.{names['y']}]
provider = "vdir"
path = "{folders['y']}"
[accounts.{cloud}]
provider = "caldav"
url = "https://{t('host')}.invalid:1/{t('address')}/"
password = "{t('password')}"
[accounts.{t('account')}]
provider = "caldav"
url = "https://127.0.0.1:1/{t('address')}"
username = "{t('username')}"
password_command = ["echo", "{t('password command')}"]
[calendars]
{short} = "{names['y']}/{calendars['y']}"
[pairs.{pair}]
a = "{names['x']}/{calendars['x']}"
b = "{short}"
first_sync = "auto"
filter = {{ not_title = "{t('filter')}" }}
[notify]
command = ["{t('notify command')}"]
[[hooks]]
on = ["created"]
command = ["./{t('hook')}"]
""")
    home = shell.folder / folders["x"] / calendars["x"]
    for number in range(2):
        (home / f"{t('file name')}.ics").write_bytes(ics(
            t("uid"), f"{t('title')} doctor {t('title')}", f"LOCATION:{t('location')}",
            f"DESCRIPTION:{t('description')}", f"CATEGORIES:{t('category')}",
            f"URL:https://{t('link')}.example/", f"COMMENT:{t('unknown property')}",
            f"ATTENDEE:mailto:{t('guest')}@example.org", start=f"2026120{number + 1}T090000",
        ))
    (home / f"{t('file name')} of a doctor.ics").write_bytes(b"BEGIN:VCALENDAR\r\nX-" + t("broken").encode())
    shell("sync", "-vv")
    shell("sync", t("mistyped pair"))
    shell("why", t("typed title"))
    shell("events", "edit", "doctor", "--title", t("new title"))
    shell("login", t("mistyped account"))
    return shell, t


def report(shell: Shell, *words: str) -> str:
    file = shell.folder / "report.txt"
    file.unlink(missing_ok=True)
    said = shell("doctor", "--bundle", str(file), *words)
    assert str(file) in said.out and "look through it before you send it" in said.out
    return file.read_text()


def test_nothing_of_the_person_is_in_it(tainted: tuple[Shell, Taints]) -> None:
    shell, taints = tainted
    log = (shell.state / "calsync.log").read_text()
    assert len(taints.words) > 35 and len(taints.found_in(log)) > 5, "else there would be nothing to find"
    text = report(shell)
    assert taints.found_in(text) == []
    assert str(shell.folder) not in text and "2026120" not in text


def test_what_helps_is_in_it(tainted: tuple[Shell, Taints]) -> None:
    text = report(tainted[0])
    for words in (
        "calsync 0.", "SQLite", "httpx ", "[accounts.account1]", 'provider = "caldav"', "password = (text)", "pair1",
        "a = calendar1", "account account3: failed", '"exit_code"', "linked events: 2",
        "create confirmed: 2", "sync begins", "doctor begins", "on b create",
    ):
        assert words in text, words


@pytest.mark.skipif(sys.platform == "win32", reason="files there have no mode")
def test_it_is_for_its_owner_alone_and_never_over_another_file(shell: Shell) -> None:
    shell.synced(1)
    file = shell.folder / "report.txt"
    report(shell)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    said = shell("doctor", "--bundle", str(file))
    assert said.code == 2 and "is there already; nothing was written" in said.err
    assert shell("doctor", "--bundle", str(shell.folder / "none" / "r.txt")).code == 2
    assert "goes with no other option" in shell("doctor", "--rebuild", "--bundle", "r.txt").err


def _broken_config(shell: Shell, taints: Taints) -> None:
    key, value = taints("key"), taints("value")
    shell.config.write_text(f'[pairs.{taints("pair")}]\n{key} = "{value}"\nconflict = "{taints("choice")}"\n')


def _no_toml(shell: Shell, taints: Taints) -> None:
    shell.config.write_text(f"[pairs.{taints('pair')}\n")


def _no_config(shell: Shell, taints: Taints) -> None:
    shell.config.unlink()


def _damaged(shell: Shell, taints: Taints) -> None:
    (shell.state / "calsync.db").write_bytes(taints("junk").encode() * 3000)


@pytest.mark.parametrize("harm", [_broken_config, _no_toml, _no_config, _damaged])
def test_what_is_broken_is_told_and_stops_no_report(shell: Shell, harm: Callable[[Shell, Taints], None]) -> None:
    shell.synced(1)
    taints = Taints()
    harm(shell, taints)
    text = report(shell)
    assert "failed (" in text and taints.found_in(text) == []


@pytest.mark.parametrize(("sentence", "left"), [
    ('"Doctor" (Tue 24 Nov 2026 09:30): title changed on x/Home', "… (…): title changed on calendar1"),
    ("no event has the UID 'my doctor', or a title so", "no event has the UID …, or a title so"),
    ("run 3 took 0.12 s, exit code 0", "run 3 took 0.12 s, exit code 0"),
    ("/home/somebody/x is at https://u:p@h.example/ and 10.1.2.3 says a@b.example", "… is at … and … says …"),
    ("next: calsync sync home --dry-run", "next: calsync sync pair1 --dry-run"),
    ("the report was changed", "the … was changed"),
])
def test_sentences_keep_what_the_program_says(sentence: str, left: str) -> None:
    config = {"accounts": {"x": {}}, "pairs": {"home": {"a": "x/Home", "b": "x/Other"}}}
    unnamed = Unnamed(config, ["report"])
    assert unnamed.text(sentence) == left
