"""Made by us and deleted by a person before the next look: a delta between equal trees names neither (facts 2)."""

from tests.cli.program import Shell
from tests.fakes.servers import xandikos


def test_a_deletion_of_what_was_just_made_is_seen_on_xandikos(shell: Shell) -> None:
    with xandikos() as server:
        calendar = server.make_calendar("work")
        shell.config.write_text(
            '[accounts.x]\nprovider = "vdir"\npath = "x"\n[accounts.dav]\nprovider = "caldav"\n'
            f'url = "{server.url}user/"\nusername = "user"\npassword = "any"\n'
            '[pairs.home]\na = "x/Home"\nb = "dav/work"\nfirst_sync = "auto"\n'
        )
        shell.synced(12)
        rows = shell("events", "list", "--calendar", "dav/work", "--json").json
        gone = next(row for row in rows if row["uid"] == "u3")
        assert gone["remote_id"].startswith(calendar)
        assert server.raw("DELETE", gone["remote_id"]).status_code == 204
        assert shell("sync").code == 0
        assert "Event 3" not in shell.titles("x") and len(shell.titles("x")) == 11
        assert shell("sync", "--json").json["requests"]["dav"] == {"read": 1, "write": 0}
