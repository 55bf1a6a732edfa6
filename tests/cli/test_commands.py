"""Whole commands on two folders: exit code, words, JSON (cli.md)."""

from __future__ import annotations

from tests.cli.program import Shell
from tests.engine.world import ics


def test_a_first_plan_waits_for_a_yes_and_writes_nothing(shell: Shell) -> None:
    shell.put("x", "u1", "Dentist")
    said = shell("sync")
    assert said.code == 3
    assert "waits for your yes" in said.out and "calsync sync home --yes" in said.out
    assert shell.contents("y") == {}
    assert shell("sync", "--yes").code == 0
    assert shell.titles("y") == ["Dentist"]


def test_a_dry_run_shows_what_the_run_then_does(shell: Shell) -> None:
    """M12."""
    shell.synced()
    shell.edit("x", "u1", title="Moved")
    shell.put("y", "new", "From y")
    before = shell.contents("x"), shell.contents("y")
    planned = shell("sync", "--dry-run", "--json").json
    assert (shell.contents("x"), shell.contents("y")) == before
    done = shell("sync", "--json").json
    shown, executed = (
        [(c["side"], c["action"], c["uid"], tuple(c["fields"])) for c in run["changes"]] for run in (planned, done)
    )
    assert shown == executed != []
    assert planned["dry_run"] is True and planned["exit_code"] == 0
    assert {c["outcome"] for c in done["changes"]} == {"confirmed"}
    assert done["pairs"][0]["b"] == {"calendar": "y/Home", "created": 0, "updated": 1, "deleted": 0, "events": 4}


def test_a_quiet_second_run_says_one_line_and_with_q_none(shell: Shell) -> None:
    shell.synced()
    assert len(shell("sync").out.splitlines()) == 1
    said = shell("sync", "-q")
    assert (said.code, said.out, said.err) == (0, "", "")


def test_a_second_run_writes_nothing_and_asks_once_per_calendar(shell: Shell) -> None:
    """I3."""
    shell.synced()
    said = shell("sync", "--json").json
    assert said["requests"] == {"x": {"read": 1, "write": 0}, "y": {"read": 1, "write": 0}}
    assert said["changes"] == []


def test_a_saved_plan_runs_and_refuses_when_the_world_has_moved(shell: Shell) -> None:
    shell.synced()
    shell.edit("x", "u1", title="Planned")
    plan = shell.folder / "plan.json"
    assert shell("sync", "--plan-file", str(plan)).code == 0
    assert shell.titles("y") == ["Event 0", "Event 1", "Event 2"]
    shell.edit("x", "u2", title="Moved since")
    said = shell("apply", str(plan))
    assert said.code == 3 and "nothing was done" in said.out
    assert shell.titles("y") == ["Event 0", "Event 1", "Event 2"]
    shell("sync", "--plan-file", str(plan))
    assert shell("apply", str(plan)).code == 0
    assert shell.titles("y") == ["Event 0", "Moved since", "Planned"]


def test_a_plan_file_that_is_none_is_refused(shell: Shell) -> None:
    shell.synced()
    bad = shell.folder / "no.json"
    assert shell("apply", str(bad)).code == 2
    bad.write_text("{}")
    assert shell("apply", str(bad)).code == 2


def test_a_mass_deletion_is_stopped_and_goes_through_once_approved(shell: Shell) -> None:
    """G1, I15."""
    shell.synced(10)
    for n in range(8):
        shell.file("y", f"u{n}").unlink()
    said = shell("sync", "--json")
    assert said.code == 4
    guard = said.json["pairs"][0]["guard"]
    assert guard["kind"] == "G1"
    assert len(shell.contents("x")) == 11  # ten events and the marker
    assert (shell.state / "plans" / f"{guard['plan']}.json").exists()
    assert shell("sync", "--approve", "wrong").code == 4
    assert len(shell.titles("x")) == 10, "only this very plan was asked about"
    assert shell("sync", "--approve", guard["plan"], "--dry-run").code == 0
    assert [file.name for file in (shell.state / "plans").iterdir()] == [f"{guard['plan']}.json"]
    assert shell("sync", "--approve", guard["plan"]).code == 0
    assert shell.titles("x") == ["Event 8", "Event 9"]
    assert not any((shell.state / "plans").iterdir()), "titles do not outlive the question they were part of"


def test_a_plan_that_cannot_be_saved_is_stopped_all_the_same(shell: Shell) -> None:
    """G1: the guard does not depend on a disk with room."""
    shell.synced(10)
    (shell.state / "plans").write_text("in the way")
    for n in range(8):
        shell.file("y", f"u{n}").unlink()
    said = shell("sync")
    assert said.code == 4 and "the plan could not be saved" in said.out and len(shell.titles("x")) == 10


def test_an_emptied_folder_stops_the_run(shell: Shell) -> None:
    """G2."""
    shell.synced(3)
    for file in shell.home("y").glob("*.ics"):
        file.unlink()
    said = shell("sync", "--json")
    assert said.code == 4
    assert len(list(shell.home("x").glob("*.ics"))) == 3


def test_an_unmounted_folder_changes_nothing(shell: Shell) -> None:
    """O2."""
    shell.synced(3)
    shell.home("y").rename(shell.folder / "away")
    said = shell("sync")
    assert said.code == 1 and "mounted" in said.out
    assert len(list(shell.home("x").glob("*.ics"))) == 3
    shell.home("y").mkdir()  # the empty mount point
    said = shell("sync")
    assert said.code == 1 and "marker" in said.out
    assert len(list(shell.home("x").glob("*.ics"))) == 3


def test_a_file_taken_away_before_the_first_yes_is_no_obstacle(shell: Shell) -> None:
    """O2 asks for a proof of what was agreed upon; the marker that such a proof needs is only written at pairing."""
    for n in range(3):
        shell.put("x", f"u{n}", f"Event {n}")
    assert shell("sync").code == 3
    shell.file("x", "u1").unlink()
    assert shell("sync", "--dry-run").code == 0
    assert shell("sync", "--yes").code == 0
    assert shell.titles("y") == ["Event 0", "Event 2"]


def test_a_marker_that_was_lost_is_found_by_doctor_and_put_back_by_a_person(shell: Shell) -> None:
    """O2: no deletion is believed without it, and there is a way out."""
    shell.synced(6)
    (shell.home("x") / ".calsync").unlink()
    shell.file("x", "u1").unlink()
    said = shell("sync")
    assert said.code == 1 and len(shell.titles("y")) == 6
    cure = f"touch {shell.home('x') / '.calsync'}"
    assert cure in said.out
    found = shell("doctor")
    assert found.code == 1 and f"next: {cure}" in found.out
    (shell.home("x") / ".calsync").touch()
    assert shell("doctor").code == 0
    assert shell("sync").code == 0
    assert len(shell.titles("y")) == 5
    assert shell("sync", "--json").json["changes"] == []


def test_approving_a_folder_without_its_marker_marks_it_anew(shell: Shell) -> None:
    """G6 asks once, not in every run."""
    shell.synced(3)
    (shell.home("x") / ".calsync").unlink()
    said = shell("sync", "--json").json
    assert said["exit_code"] == 4 and said["pairs"][0]["guard"]["kind"] == "G6"
    assert shell("sync", "--approve", said["pairs"][0]["guard"]["plan"]).code == 0
    assert shell("sync").code == 0


def test_bad_files_are_left_alone_and_listed_with_a_reason(shell: Shell) -> None:
    """I14, O8."""
    shell.synced(5)
    (shell.home("x") / "cut.ics").write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:q")
    (shell.home("x") / "twin.ics").write_bytes(shell.file("x", "u1").read_bytes())
    mars = shell.file("x", "u2").read_bytes().replace(b"UID:u2", b"UID:mars").replace(b"Europe/Berlin", b"Mars/Base")
    (shell.home("x") / "mars.ics").write_bytes(mars)
    shell.put("x", "big", "Big", "DESCRIPTION:" + "long " * 200_000)
    said = shell("sync")
    assert said.code == 1
    assert "Big" in shell.titles("y") and len(shell.titles("y")) == 6
    listed = {row["remote_id"]: row for row in shell("events", "list", "--status", "quarantined", "--json").json}
    assert listed.keys() == {"cut.ics", "mars.ics", "twin.ics"} or listed.keys() == {"cut.ics", "mars.ics", "u1.ics"}
    assert all(row["detail"] for row in listed.values())
    assert "Mars/Base" in listed["mars.ics"]["detail"]
    before = shell.contents("y")
    assert shell("sync").code == 1
    assert shell.contents("y") == before


# -- conflicts ---------------------------------------------------------------------------------------------------------


def _conflict(shell: Shell) -> dict[str, object]:
    shell.synced()
    shell.edit("x", "u1", title="From x", location="Room")
    shell.edit("y", "u1", title="From y")
    shell.edit("y", "u2", title="Other")
    assert shell("sync").code == 3
    (found,) = shell("conflicts", "list", "--json").json
    return dict(found)


def test_a_conflict_shows_both_versions_and_the_one_before(shell: Shell) -> None:
    found = _conflict(shell)
    assert found["kind"] == "fields" and found["pair"] == "home" and found["uid"] == "u1"
    assert found["fields"] == {"title": {"base": "Event 1", "a": "From x", "b": "From y"}}
    assert "Other" in shell.titles("x")
    shown = shell("conflicts", "show", str(found["id"])).out
    assert "From x" in shown and "From y" in shown and "Event 1" in shown


def _titles_after(shell: Shell, *words: str) -> tuple[int, list[str], list[str]]:
    code = shell("conflicts", "resolve", str(_conflict(shell)["id"]), *words).code
    assert shell("sync").code == 0
    return code, shell.titles("x"), shell.titles("y")


def test_taking_a_settles_it(shell: Shell) -> None:
    assert _titles_after(shell, "--take", "a") == (0, *[["Event 0", "From x", "Other"]] * 2)


def test_taking_b_settles_it(shell: Shell) -> None:
    assert _titles_after(shell, "--take", "b") == (0, *[["Event 0", "From y", "Other"]] * 2)


def test_taking_the_old_value_settles_it(shell: Shell) -> None:
    assert _titles_after(shell, "--take", "base") == (0, *[["Event 0", "Event 1", "Other"]] * 2)


def test_deciding_a_field_settles_it(shell: Shell) -> None:
    assert _titles_after(shell, "--field", "title=b") == (0, *[["Event 0", "From y", "Other"]] * 2)


def test_keeping_both_makes_an_event_of_the_loser_on_its_own_side(shell: Shell) -> None:
    """D1."""
    code, left, right = _titles_after(shell, "--take", "both")
    assert code == 0
    assert left == ["Event 0", "From x", "Other"]
    assert right == ["Event 0", "From x", "From y", "Other"]


def test_newest_cannot_decide_between_folders_and_says_so(shell: Shell) -> None:
    """D2: file times never count."""
    said = shell("conflicts", "resolve", str(_conflict(shell)["id"]), "--take", "newest")
    assert said.code == 3 and "newest cannot decide" in said.err
    assert "From x" in shell.titles("x") and "From y" in shell.titles("y")


def test_deciding_without_a_terminal_names_the_flags(shell: Shell) -> None:
    _conflict(shell)
    said = shell("conflicts", "resolve")
    assert said.code == 3 and "--take" in said.err


def test_wrong_words_about_conflicts_are_refused(shell: Shell) -> None:
    number = str(_conflict(shell)["id"])
    assert shell("conflicts", "resolve", "99", "--take", "a").code == 2
    assert shell("conflicts", "resolve", number, "--take", "c").code == 2
    assert shell("conflicts", "resolve", number, "--field", "location=a").code == 2
    assert "From y" in shell.titles("y")


# -- looking -----------------------------------------------------------------------------------------------------------


def test_status_json_has_the_documented_members(shell: Shell) -> None:
    shell.synced()
    said = shell("status", "--json").json
    assert {"pairs", "accounts"} <= set(said)
    wanted = {"pair", "direction", "last_run", "last_ok", "next_due", "a", "b", "synced", "pending", "conflict", "held"}
    assert wanted | {"error", "quarantined", "dormant"} <= set(said["pairs"][0])
    assert said["pairs"][0]["synced"] == 3
    assert {"account", "provider", "signed_in", "expires", "problem"} <= set(said["accounts"][0])


def test_events_history_and_why_tell_the_same_story(shell: Shell) -> None:
    shell.synced()
    shell.edit("x", "u1", title="Dentist")
    shell("sync")
    rows = shell("events", "list", "--json").json
    members = {"calendar", "uid", "title", "start", "end", "recurring", "status", "detail"}
    assert len(rows) == 6 and members <= set(rows[0])
    assert {row["status"] for row in rows} == {"synced"}
    runs = shell("history", "--json").json
    assert [(r["created"], r["updated"], r["deleted"]) for r in runs] == [(0, 1, 0), (3, 0, 0)]
    detail = shell("history", str(runs[0]["run"]), "--json").json
    assert [c["because"] for c in detail["changes"]] == ["title changed on x/Home"]
    told = shell("why", "Dentist").out
    assert "new on x/Home" in told and "title changed on x/Home" in told
    assert shell("events", "show", "u1", "--json").json[0]["form"]["title"] == "Dentist"


def test_unknown_names_are_usage_errors_with_a_hint(shell: Shell) -> None:
    shell.synced()
    said = shell("sync", "hom")
    assert said.code == 2 and "did you mean 'home'?" in said.err
    assert shell("why", "nothing like it").code == 2
    assert shell("events", "list", "--status", "odd").code == 2
    assert shell("events", "list", "--calendar", "x/None").code == 2
    assert shell("sync", "--all", "home").code == 2


def test_due_runs_only_pairs_whose_time_has_come(shell: Shell) -> None:
    shell.synced()
    assert shell("sync", "--due", "--json").json["pairs"] == []
    shell.config.write_text(shell.config.read_text() + 'every = "1s"\n')
    import time

    time.sleep(1.1)
    assert [p["pair"] for p in shell("sync", "--due", "--json").json["pairs"]] == ["home"]


# -- errors ------------------------------------------------------------------------------------------------------------


def test_a_second_run_at_the_same_time_is_told_who_holds_the_lock(shell: Shell) -> None:
    """L1."""
    from calsync_cli.ports import system_ports
    from calsync_cli.store.lock import Lock

    shell.synced()
    lock = Lock(shell.state, system_ports())
    try:
        shell.edit("x", "u1", title="Later")
        said = shell("sync")
    finally:
        lock.release()
    assert said.code == 6 and "another calsync run" in said.err
    assert "Later" not in shell.titles("y")


def test_a_database_from_a_newer_version_is_refused(shell: Shell) -> None:
    import sqlite3

    shell.synced()
    with sqlite3.connect(shell.state / "calsync.db") as db:
        db.execute("INSERT INTO migration VALUES (9999, 0)")
    before = shell.contents("x"), shell.contents("y")
    said = shell("sync")
    assert said.code == 7 and "newer calsync" in said.err
    assert (shell.contents("x"), shell.contents("y")) == before


def test_a_damaged_database_is_refused_and_the_calendars_stay(shell: Shell) -> None:
    shell.synced()
    for file in shell.state.glob("calsync.db*"):
        file.write_bytes(b"no database at all " * 500)
    assert shell("sync").code == 7


def test_a_lost_database_finds_every_event_again(shell: Shell) -> None:
    """K8, I5."""
    shell.synced(5)
    for file in shell.state.glob("calsync.db*"):
        file.unlink()
    before = shell.contents("x"), shell.contents("y")
    said = shell("sync", "--yes", "--json")
    assert said.code == 0 and said.json["pairs"][0]["linked"] == 5
    assert (shell.contents("x"), shell.contents("y")) == before


def test_errors_are_one_json_document_when_asked_for(shell: Shell) -> None:
    shell.config.write_text("[accounts.x]\nprovider = 'vdr'\npath = 'x'\n")
    said = shell("sync", "--json")
    assert said.code == 2 and said.json["exit_code"] == 2
    assert "did you mean 'vdir'" in said.json["errors"][0]["message"]


def test_the_state_folder_is_for_its_owner_alone(shell: Shell) -> None:
    shell.synced()
    assert shell.state.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in shell.state.iterdir())


def test_the_demo_shows_a_merge_a_conflict_and_a_guard(shell: Shell) -> None:
    said = shell("demo")
    assert said.code == 0
    parts = ["Dentist, Dr. Adams", "Standup (short)", "--take a", "would be deleted", "exit code 4", "needs you"]
    assert [part for part in parts if part not in said.out] == []


def test_a_title_cannot_write_to_the_terminal(shell: Shell) -> None:
    shell.put("x", "u1", "Evil \x1b[31m\\n title")
    out = shell("sync", "--yes").out + shell("events", "list").out + shell("why", "u1").out
    assert "Evil" in out and "\x1b" not in out and "\n title" not in out


def test_what_was_never_in_the_window_sleeps_and_waits_for_nothing(shell: Shell) -> None:
    """V1: it has no link, and is not pending either."""
    shell.config.write_text(shell.config.read_text() + 'window = { past = "30d", future = "1y" }\n')
    (shell.home("x") / "far.ics").write_bytes(ics("far", "Far away", start="20990107T090000"))
    (shell.home("x") / "old.ics").write_bytes(ics("old", "Long ago", start="20010107T090000"))
    (shell.home("x") / "all.ics").write_bytes(ics("all", "Always", "RRULE:FREQ=DAILY", start="20010107T090000"))
    assert shell("sync", "--yes").code == 0
    assert shell.titles("y") == ["Always"]
    assert "on x/Home: dormant\n" in shell("why", "Far away").out
    assert "outside the window of its pair" in shell("events", "show", "Long ago").out
    (row,) = shell("status", "--json").json["pairs"]
    assert (row["dormant"], row["pending"], row["synced"]) == (2, 0, 1)
    assert "nothing needs you" in shell("status").out
