"""Copies that another program keeps in a calendar (N5), as a person meets them."""

from __future__ import annotations

from tests.cli.program import Shell

COPY = "gcalsync-20260101T090000Z"


def test_a_copy_of_another_program_stays_and_is_told_with_the_way_to_let_it_cross(shell: Shell) -> None:
    shell.put("x", COPY, "Dentist")
    shell.put("x", "u1", "Own")
    said = shell("sync", "--yes")
    assert (said.code, shell.titles("y")) == (0, ["Own"])
    assert 'note: copies of events elsewhere that gcalsync made on x/Home stay there alone: 1; ' in said.out
    assert 'other_tools = "sync" in home' in said.out
    assert shell("sync", "-q").out == ""
    again = shell("sync")
    assert again.code == 0 and "gcalsync made on x/Home" in again.out and shell.titles("y") == ["Own"]
    (row,) = shell("status", "--json").json["pairs"]
    assert (row["dormant"], row["pending"], row["synced"]) == (1, 0, 1)
    assert "gcalsync, another program, made it" in shell("why", "Dentist").out
    assert shell("events", "list", "--status", "dormant", "--json").json[0]["title"] == "Dentist"

    shell.config.write_text(shell.config.read_text() + 'other_tools = "sync"\n')
    assert shell("sync").code == 0
    assert shell.titles("y") == ["Dentist", "Own"]
    assert "note:" not in shell("sync").out


def test_a_mark_that_is_gone_lets_the_event_cross(shell: Shell) -> None:
    shell.put("x", "u1", "O_o Dentist")
    shell("sync", "--yes")
    assert shell.titles("y") == []
    shell.edit("x", "u1", title="Dentist")
    assert shell("sync").code == 0
    assert shell.titles("y") == ["Dentist"]
    shell.edit("x", "u1", title="O_o Dentist")
    shell("sync")
    assert shell.titles("y") == ["O_o Dentist"], "what is linked flows on"
