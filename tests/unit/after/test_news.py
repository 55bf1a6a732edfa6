"""What of a run's trouble is new, and what is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from calsync_cli.after.news import Known, compare, kind_of, sentence
from calsync_cli.after.notices import desktop


def trouble(code: str = "transient", message: str = "dav cannot be reached", account: str | None = "dav",
            event: str | None = None) -> dict[str, Any]:
    kind = kind_of(code, {"guard": 4, "auth": 5, "fields": 3}.get(code, 1))
    return {"kind": kind, "code": code, "message": message, "account": account, "event": event, "next": "calsync sync"}


def test_a_trouble_is_told_once_and_again_when_it_comes_back() -> None:
    known: Known = {}
    told = []
    for problems in ([trouble()], [trouble()], [], [], [trouble()]):
        new, known = compare(problems, ["home"], known)
        told.append(len(new))
    assert told == [1, 0, 0, 0, 1]


def test_an_account_in_trouble_is_one_trouble_whatever_the_words() -> None:
    _, known = compare([trouble(message="503")], ["home"], {})
    assert compare([trouble(message="timed out")], ["home"], known)[0] == []
    assert len(compare([trouble("auth", "refused")], ["home"], known)[0]) == 1


def test_each_event_is_told_by_itself() -> None:
    one = trouble("fields", '"A": both changed the title', None, "A")
    _, known = compare([one], ["home"], {})
    new, _ = compare([one, trouble("fields", '"B": both changed the title', None, "B")], ["home"], known)
    assert [problem["event"] for problem in new] == ["B"]


def test_a_run_of_other_pairs_forgets_nothing() -> None:
    _, known = compare([trouble()], ["home"], {})
    _, known = compare([], ["other"], known)
    assert compare([trouble()], ["home"], known)[0] == []


def test_what_several_pairs_met_is_forgotten_when_the_pair_it_belongs_to_is_well() -> None:
    """Met by a run of all pairs first, then by one of `home` alone: it belongs to `home`."""
    _, known = compare([trouble()], ["home", "other"], {})
    _, known = compare([], ["other"], known)
    assert known, "it may be of home"
    _, known = compare([trouble()], ["home"], known)
    _, known = compare([], ["home"], known)
    assert not known


@pytest.mark.parametrize(("code", "exit_code", "kind"), [
    ("auth", 5, "sign-in"), ("read-only", 5, "sign-in"), ("guard", 4, "guard"), ("fields", 3, "conflict"),
    ("first-plan", 3, "conflict"), ("approval", 3, "conflict"), ("transient", 1, "failure"), ("state", 7, "failure"),
    ("quarantined", 1, "failure"), ("internal-check", 8, "failure"),
])  # fmt: skip
def test_every_problem_is_of_one_kind(code: str, exit_code: int, kind: str) -> None:
    assert kind_of(code, exit_code) == kind


def test_a_notice_is_a_few_lines_each_with_the_next_command() -> None:
    events = [trouble("fields", f"e{n}", None, "e") for n in range(5)]
    text = sentence([trouble(message="it cannot be reached"), *events])
    assert text.splitlines()[0] == "dav: it cannot be reached (next: calsync sync)"
    assert text.splitlines()[-1] == "and 3 more: calsync status" and len(text.splitlines()) == 4


def test_what_others_worded_makes_no_lines_and_steers_nothing() -> None:
    text = sentence([trouble(message='"Tea\n2026-11-21 all is well\x1b[2J\u202e" was refused')])
    assert len(text.splitlines()) == 1 and all(letter.isprintable() for letter in text)


def test_the_text_of_a_notice_is_never_part_of_a_script() -> None:
    for platform in ("linux", "darwin", "win32"):
        command = desktop('"; rm -rf / #', platform)
        assert all(word == '"; rm -rf / #' or "rm -rf" not in word for word in command)
