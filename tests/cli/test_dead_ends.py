"""Every error names a next command, and that command leads on (cli.md section 5, promise 4)."""

from __future__ import annotations

import pytest

from calsync_cli.api import Workspace, open_workspace
from calsync_cli.errors import UsageError
from calsync_cli.ports import system_ports
from tests.cli.program import Shell
from tests.engine.world import ics

NOT_SIGNED_IN = """
[secrets]
backend = "file"
[accounts.cloud]
provider = "caldav"
url = "https://127.0.0.1:1/"
username = "me"
"""


@pytest.mark.parametrize(
    "words",
    [
        "login caldav", "login caldav --url ftp://x", "login caldav --url http://example.org --username me",
        "login x", "logout x", "logout own", "calendars create x ../y", "calendars create", "sync --budget",
        "sync --plan-file", "conflicts resolve 7 --take", "conflicts resolve 7 --take a", "history 9", "apply nowhere",
        "events show nothing", "why nothing", "events list --calendar x/None", "demo --from nowhere", "login icloud",
        "init", "init --a x/Home --b y/Nope", "init --a x/Home --b x/Home", "init --a x/Home --b y/Home --direction up",
        "init --from outlook", "init --account x", "import outlook", "import vdirsyncer nowhere", "import",
    ],
)
def test_no_error_without_a_next_command(shell: Shell, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALSYNC_SECRET_KEY", "k")
    own = NOT_SIGNED_IN.replace("accounts.cloud", "accounts.own") + 'password_command = ["true"]\n'
    shell.config.write_text(shell.config.read_text() + own)
    said = shell(*words.split())
    assert said.code == 2 and "\n  next: " in said.err, said.err


def test_what_an_option_lacks_is_looked_up_in_its_own_command(shell: Shell) -> None:
    assert "next: calsync sync -h" in shell("sync", "--budget").err


def test_a_password_from_elsewhere_is_not_asked_for_by_login(shell: Shell) -> None:
    """`login` refuses such an account, so the way out is another one."""
    from calsync_cli.model.account import Account
    from calsync_cli.providers.caldav.client import refused

    own = Account("own", "caldav", url="https://x/", username="me", password_command=("true",))
    told = refused(own, "https://x/")
    assert "password_command" in str(told) and told.next == "calsync config edit"
    stored = Account("own", "caldav", url="https://x/", username="me")
    assert refused(stored, "https://x/").next == "calsync login own"


def test_a_database_that_is_none_gets_the_way_out_from_doctor(shell: Shell) -> None:
    shell.synced(1)
    for file in shell.state.glob("calsync.db*"):
        file.unlink()
    (shell.state / "calsync.db").write_bytes(b"junk" * 3000)
    assert "next: calsync doctor" in shell("sync").err
    said = shell("doctor")
    assert said.code == 7 and "next: calsync doctor --rebuild" in said.out
    assert shell("doctor", "--rebuild").code == 0
    assert shell("sync", "--yes").code == 0 and shell.titles("y") == ["Event 0"]


def test_two_events_with_one_uid_are_told_apart_by_their_files(shell: Shell) -> None:
    shell.synced(1)
    (shell.home("x") / "twin.ics").write_bytes(shell.file("x", "u0").read_bytes())
    shell("sync")
    said = shell("why", "u0")
    assert said.code == 2 and "twin.ics" in said.out and said.err.rstrip().endswith("calsync why FILE")
    assert "same UID" in shell("why", "twin.ics").out


def test_doctor_says_which_direction_a_read_only_side_allows(shell: Shell) -> None:
    from calsync_cli.cli.doctor import only_reading
    from calsync_cli.model.account import CalendarName, Pair

    pair = Pair("p", CalendarName("x", "Home"), CalendarName("y", "Home"))
    assert only_reading(pair, pair.a) == "a-to-b" and only_reading(pair, pair.b) == "b-to-a"


def test_conflicts_are_told_by_date_and_their_numbers_are_never_used_again(shell: Shell) -> None:
    for n, day in enumerate(("05", "03", "04")):
        shell.put("x", f"u{n}", f"Day {day}")
        file = shell.file("x", f"u{n}")
        file.write_bytes(file.read_bytes().replace(b"20261124", b"202612" + day.encode()))
    assert shell("sync", "--yes").code == 0
    for n in range(3):
        for side in "xy":
            shell.edit(side, f"u{n}", location=f"{side}{n}")
    assert shell("sync").code == 3
    found = shell("conflicts", "list", "--json").json
    assert [(c["id"], c["title"]) for c in found] == [(1, "Day 03"), (2, "Day 04"), (3, "Day 05")]
    assert shell("conflicts", "resolve", "--all", "--take", "a").code == 0
    for side in "xy":
        shell.edit(side, "u0", location=f"{side} again")
    shell("sync")
    assert [c["id"] for c in shell("conflicts", "list", "--json").json] == [4]
    assert shell("conflicts", "resolve", "1", "--take", "b").code == 2


def test_one_conflict_is_one(shell: Shell) -> None:
    shell.synced(1)
    for side in "xy":
        shell.edit(side, "u0", title=f"On {side}")
    shell("sync")
    assert "1 conflict waits" in shell("conflicts", "resolve").err


def test_the_old_value_taken_is_told_as_such(shell: Shell) -> None:
    shell.synced(1)
    for side in "xy":
        shell.edit(side, "u0", title=f"On {side}")
    shell("sync")
    said = shell("conflicts", "resolve", "1", "--take", "base")
    assert shell.titles("x") == shell.titles("y") == ["Event 0"]
    assert said.out.count("the value before was chosen") == 2 and "changed on" not in said.out


def test_a_file_without_a_uid_is_shown_as_such(shell: Shell) -> None:
    shell.synced(1)
    (shell.home("x") / "bad.ics").write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:q")
    shell("sync")
    assert "UID            (none)" in shell("events", "show", "bad.ics").out


def test_a_machine_without_a_keyring_gets_a_command_from_doctor(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring
    import keyring.backends.fail

    monkeypatch.setattr(keyring, "get_keyring", keyring.backends.fail.Keyring)
    shell.config.write_text(NOT_SIGNED_IN.replace('[secrets]\nbackend = "file"\n', ""))
    said = shell("doctor", "--json")
    assert said.code == 5
    assert {row["next"] for row in said.json if not row["ok"]} == {"calsync config edit"}
    assert "next: calsync config edit" in shell("login", "cloud").err


def test_problems_of_a_configuration_stand_apart_in_doctor(shell: Shell) -> None:
    shell.config.write_text("[nonsense]\n[more]\n")
    (found,) = [row for row in shell("doctor", "--json").json if row["check"] == "config"]
    assert found["message"].count("\n") == 1


# -- the same from a program -------------------------------------------------------------------------------------------


def _workspace(shell: Shell) -> Workspace:
    from calsync_cli.config.load import load

    return open_workspace(load(shell.config, {}), shell.state, system_ports(), {})


def test_a_program_finds_both_copies_by_the_uid_of_either(shell: Shell) -> None:
    """A copy may carry a derived UID (K5); it is the same event."""
    shell.synced(2)
    work = _workspace(shell)
    with work.db.transaction():
        work.db.run("UPDATE mirror_item SET uid = 'u0-calsync-1' WHERE uid = 'u0' AND id = 1")
    found = {words: sorted(name for name, _ in work.find(words)) for words in ("u0", "u0-calsync-1", "EVENT 0", "no")}
    work.close()
    assert found == {words: ["x/Home", "y/Home"] for words in ("u0", "u0-calsync-1", "EVENT 0")} | {"no": []}


def test_a_program_decides_the_fields_of_an_instance_by_the_names_it_was_shown(shell: Shell) -> None:
    shell.put("x", "u1", "Standup", "RRULE:FREQ=WEEKLY;COUNT=5")
    assert shell("sync", "--yes").code == 0
    for side, hour in (("x", "11"), ("y", "12")):
        file = shell.file(side, "u1")
        more = ics("u1", "Standup", "RECURRENCE-ID;TZID=Europe/Berlin:20261208T090000", start=f"20261208T{hour}0000")
        event = more[more.index(b"BEGIN:VEVENT") :]
        file.write_bytes(file.read_bytes().replace(b"END:VCALENDAR\r\n", event))
    assert shell("sync").code == 3
    work = _workspace(shell)
    (conflict,) = work.conflicts()
    (start, _) = sorted(conflict["fields"], reverse=True)
    assert start.startswith("@") and start.endswith("/start")
    assert work.decide(conflict["id"], {start: "b"}) == "home"
    with pytest.raises(UsageError) as caught:
        work.decide(conflict["id"], {"colour": "b"})
    assert caught.value.next == f"calsync conflicts show {conflict['id']}"
    work.close()
    assert shell("sync").code == 0
    assert b"20261208T120000" in shell.file("x", "u1").read_bytes()
