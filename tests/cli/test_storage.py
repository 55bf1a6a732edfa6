"""What `doctor` says of the disk."""

from __future__ import annotations

from tests.cli.program import Shell


def test_doctor_tells_what_lies_on_the_disk_and_how_long(shell: Shell) -> None:
    assert "storage" not in [row["check"] for row in shell("doctor", "--json").json], "there is nothing yet"
    for number in range(12):
        shell.put("x", f"u{number:02}", f"Event {number}", f"DESCRIPTION:{'x' * 5000}")
    shell("sync", "--yes")
    shell.file("x", "u00").unlink()
    shell.edit("x", "u01", title="Renamed")
    shell("sync")
    (row,) = [row for row in shell("doctor", "--json").json if row["check"] == "storage"]
    found = row["detail"]
    assert row["ok"] and found["events"] == 22 and found["event_bytes"] > 2 * 11 * 5000
    assert found["writes"] == 14 and found["write_bytes"] > 14 * 5000 and found["trash"] == 1
    assert found["database"] > found["event_bytes"] + found["write_bytes"] and found["daily_copy"] > 100_000
    assert found["aside"] == 0 and 0 < found["logs"] < 100_000
    out = shell("doctor").out
    for words in ("4.0 MB at most", "for 90 days: back to", "for 400 days: back to", "(14 writes)", "(22)"):
        assert words in out, out
    (shell.state / "calsync.db").write_bytes(b"broken")
    shell("doctor", "--rebuild")
    assert "old databases put aside in" in shell("doctor").out
