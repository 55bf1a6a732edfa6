"""The whole program between a folder and an odd CalDAV server: what a quirk must never cost (I3, I5, I6)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from calsync_cli.mapping.registry import mapping
from tests.cli.program import Shell
from tests.engine.world import ics
from tests.fakes.caldav_server import FakeCalDav

PEOPLE = ("ORGANIZER:mailto:me@example.org", "ATTENDEE:mailto:you@example.org")


def _pair(shell: Shell, server: FakeCalDav) -> str:
    path = server.calendar("Work")
    shell.config.write_text(
        f'[accounts.x]\nprovider = "vdir"\npath = "x"\n[accounts.dav]\nprovider = "caldav"\nurl = "{server.url}dav/"\n'
        'username = "me"\npassword = "secret"\n[pairs.home]\na = "x/Home"\nb = "dav/Work"\nfirst_sync = "auto"\n'
    )
    return path


@pytest.mark.parametrize(
    "switches",
    [
        (), ("rewrites",), ("no-etag-on-put",), ("weak-etag",), ("no-getetag",), ("no-sync-collection",),
        ("no-sync-collection", "no-ctag"), ("507-pages",), ("418-removed",), ("multiget-404-for-live",),
        ("multiget-omits-missing",), ("collection-lists-itself",), ("etag-quotes-percent-encoded",), ("propstat-404",),
        ("etags-restart", "delete-ignores-if-match", "if-none-match-ignored", "hrefs-not-encoded"),
    ],
)
def test_edits_both_ways_arrive_and_then_all_rests(shell: Shell, switches: tuple[str, ...]) -> None:
    with FakeCalDav(*switches) as server:
        path = _pair(shell, server)
        for n in range(5):
            shell.put("x", f"u{n}", f"Event {n}", "CATEGORIES:one,two")
        assert shell("sync").code == 0
        assert len(server.contents(path)) == 5
        shell.edit("x", "u0", title="From the folder")
        remote = next(p for p, payload in server.contents(path).items() if b"UID:u1\r\n" in payload)
        server.user_put(remote, server.contents(path)[remote].replace(b"Event 1", b"From the server"))
        shell.file("x", "u2").unlink()
        gone = next(p for p, payload in server.contents(path).items() if b"UID:u3\r\n" in payload)
        server.user_delete(gone)
        assert shell("sync").code == 0
        assert shell.titles("x") == ["Event 4", "From the folder", "From the server"]
        assert len(server.contents(path)) == 3
        assert b"From the folder" in b"".join(server.contents(path).values())
        writes = server.requests("PUT") + server.requests("DELETE")
        again = shell("sync", "--json").json
        assert again["changes"] == [] and again["exit_code"] == 0
        assert server.requests("PUT") + server.requests("DELETE") == writes


@pytest.mark.parametrize("fault", ["drop-after", "drop-before", "500", "503"])
def test_a_lost_answer_makes_no_second_event_and_loses_none(shell: Shell, fault: str) -> None:
    """I5, J4, J6."""
    with FakeCalDav() as server:
        path = _pair(shell, server)
        for n in range(4):
            shell.put("x", f"u{n}", f"Event {n}")
        server.faults += [("PUT", fault)] * 2
        shell("sync")
        assert shell("sync").code == 0
        uids = sorted(payload.partition(b"UID:")[2][:2] for payload in server.contents(path).values())
        assert uids == [b"u0", b"u1", b"u2", b"u3"]
        assert shell("sync", "--json").json["changes"] == []


def test_a_lost_token_deletes_nothing_and_doubles_nothing(shell: Shell) -> None:
    """T4, G4."""
    with FakeCalDav("token-207") as server:
        path = _pair(shell, server)
        for n in range(15):
            shell.put("x", f"u{n:02}", f"Event {n}")
        assert shell("sync").code == 0
        server.forget_tokens()
        server.user_delete(next(iter(server.contents(path))))
        assert shell("sync", "--json").code == 0
        assert len(server.contents(path)) == len(shell.titles("x")) == 14


def test_a_lost_token_that_is_answered_with_everything_hides_no_deletion(shell: Shell) -> None:
    """Facts 0.7: no removal is named then, so what the answer leaves out has to be looked for."""
    with FakeCalDav("token-207") as server:
        path = _pair(shell, server)
        for n in range(15):
            server.user_put(f"{path}{n:02}.ics", ics(f"u{n:02}", f"Event {n}"))
        assert shell("sync").code == 0
        server.forget_tokens()
        server.user_delete(f"{path}03.ics")
        shell("sync")
        assert len(shell.titles("x")) == 14


def test_nobody_is_mailed_by_copies_and_meetings_are_held(shell: Shell) -> None:
    """I6, semantics 15."""
    with FakeCalDav("mail-on-attendee") as server:
        path = _pair(shell, server)
        shell.put("x", "meeting", "Meeting", *PEOPLE)
        server.user_put(f"{path}native.ics", ics("native", "Native meeting", *PEOPLE))
        assert shell("sync").code == 0
        shell.edit("x", "native", title="Changed in the folder")
        said = shell("sync")
        assert said.code == 3 and "would mail the guests" in said.out
        shell.file("x", "native").unlink()
        assert shell("sync").code == 3
        assert server.mails == []
        assert b"Native meeting" in server.contents(path)[f"{path}native.ics"]


def test_a_read_only_calendar_is_read_and_its_debts_are_told(shell: Shell, tmp_path: Path) -> None:
    with FakeCalDav("read-only") as server:
        path = _pair(shell, server)
        server.user_put(f"{path}e.ics", ics("there", "From the server"))
        assert shell("sync").code == 0
        assert shell.titles("x") == ["From the server"]
        shell.put("x", "mine", "Mine")
        said = shell("sync")
        assert said.code == 5 and "read-only" in said.out
        assert server.requests("PUT") == 0


def test_one_forbidden_event_does_not_stop_the_others_and_is_not_sent_again(shell: Shell) -> None:
    """I14, I3: a 403 to one write says nothing about the calendar; the server is asked what this account may do."""
    with FakeCalDav() as server:
        _edited_once(shell, server, "403")
        said = shell("sync")
        assert said.code == 5 and "may not be written" in said.out
        shell.edit("x", "u2", title="Later")
        assert "may not be written" in shell("sync").out
        assert _titles(server) == {"u0": "Event 0", "u1": "Edited 1", "u2": "Later"}
        puts = server.requests("PUT")
        shell("sync")
        assert server.requests("PUT") == puts
        assert shell("sync", "--full").code == 0 and _titles(server)["u0"] == "Edited 0"


def test_rights_that_came_back_are_noticed_by_the_next_run(shell: Shell) -> None:
    with FakeCalDav() as server:
        _edited_once(shell, server, "")
        server.switches.add("read-only")
        assert shell("sync").code == 5
        status = shell("status").out
        assert "nothing needs you" not in status and "calsync events list --status error" in status
        for _ in range(2):
            said = shell("sync")
            assert said.code == 5 and "read-only" in said.out
        server.switches.remove("read-only")
        assert shell("sync").code == 0
        assert _titles(server) == {"u0": "Edited 0", "u1": "Edited 1", "u2": "Event 2"}
        assert shell("sync", "--json").json["changes"] == []


def test_a_server_without_room_takes_the_event_once_there_is_some(shell: Shell) -> None:
    with FakeCalDav() as server:
        _edited_once(shell, server, "507")
        assert shell("sync").code == 1
        said = shell("sync")
        assert said.code == 1 and said.out.count("no room") == 1 and "next: calsync retry" in said.out
        assert "Edited 0" in shell("sync", "--full", "--dry-run").out
        assert shell("sync", "--full").code == 0
        assert _titles(server)["u0"] == "Edited 0"


def test_a_hundred_troubles_of_one_kind_do_not_fill_the_screen_of_status(shell: Shell) -> None:
    with FakeCalDav() as server:
        _pair(shell, server)
        for n in range(8):
            shell.put("x", f"u{n}", f"Event {n}")
        server.faults = [("PUT", "500")] * 8
        assert shell("sync").code == 1
        said = shell("status").out
        assert said.count("may or may not") == 3 and "... and 5 more like this: calsync history 1" in said
        assert said.count("next: calsync sync") == 1


def test_a_refused_new_event_is_an_error_at_once(shell: Shell) -> None:
    with FakeCalDav() as server:
        _pair(shell, server)
        shell.put("x", "u0", "Event")
        server.faults = [("PUT", "400")]
        assert shell("sync").code == 1
        assert [row["status"] for row in shell("events", "list", "--json").json] == ["error"]


@pytest.mark.parametrize(("method", "kind"), [("PUT", "412"), ("DELETE", "412")])
def test_what_is_always_changed_under_our_hands_is_no_success(shell: Shell, method: str, kind: str) -> None:
    """Exit 0 means done (cli.md section 4)."""
    with FakeCalDav() as server:
        path = _edited_once(shell, server, "")
        if method == "DELETE":
            assert shell("sync").code == 0
            shell.file("x", "u0").unlink()
        server.faults = [(method, kind)] * 20
        said = shell("sync", "--json")
        assert said.code == 1
        assert len(said.json["changes"]) == (2 if method == "PUT" else 1), "one line for each change, not one per try"
        assert {change["outcome"] for change in said.json["changes"]} == {"stale"}
        assert said.json["errors"][0]["next"].startswith("calsync sync")
        (pair,) = shell("status", "--json").json["pairs"]
        assert shell("history", "--json").json[0]["exit_code"] == 1 and pair["pending"] >= 1
        server.faults = []
        assert shell("sync").code == 0
        assert len(server.contents(path)) == (3 if method == "PUT" else 2)


def _edited_once(shell: Shell, server: FakeCalDav, fault: str) -> str:
    """Three events on both sides, two of them edited in the folder, and a fault for the next write."""
    path = _pair(shell, server)
    for n in range(3):
        shell.put("x", f"u{n}", f"Event {n}")
    assert shell("sync").code == 0
    for n in range(2):
        shell.edit("x", f"u{n}", title=f"Edited {n}")
    here = next(p for p, payload in server.contents(path).items() if b"UID:u0\r\n" in payload)
    server.faults = [("PUT", fault)] if fault else []
    server.fault_path = here if fault else ""
    return path


def _titles(server: FakeCalDav) -> dict[str, str]:
    found = {}
    for payload in server.contents(next(iter(server.shelves))).values():
        read = mapping("ical").read(payload)
        found[read.uid] = read.title
    return found


def test_the_log_and_the_json_never_hold_the_password(shell: Shell) -> None:
    with FakeCalDav("basic-auth") as server:
        _pair(shell, server)
        shell.put("x", "u1", "Event")
        said = shell("-vv", "sync", "--json")
        assert said.code == 0
        written = b"".join(file.read_bytes() for file in shell.state.iterdir() if file.is_file())
        written = re.sub(rb"\n    secret +TEXT", b"", written)  # a column of that name
        assert b"secret" not in written and "secret" not in json.dumps(said.out) + said.err
