"""What a consent page sends back, and what a person pastes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_cli.auth.answer import Answer, NotOurs, pasted, read_answer

STATE = "0123456789abcdef" * 2


CODE = "4/0AbCdEfGhIjKlMn"
QUOTED = "4%2F0AbCdEfGhIjKlMn"


@pytest.mark.parametrize(
    "text",
    [
        f"http://127.0.0.1:8080/?state={STATE}&code={QUOTED}&scope=x",
        f"  http://localhost:1/?code={CODE}&state={STATE}\n", f"'http://127.0.0.1:8080/?state={STATE}&code={QUOTED}'",
        f"127.0.0.1:8080/?state={STATE}&code={CODE}", f"?state={STATE}&code={CODE}", f"state={STATE}&code={QUOTED}",
        f"<http://127.0.0.1:8080/?state={STATE}&iss=https://accounts.google.com&code={CODE}>", CODE, f" {QUOTED}\r\n",
        f"http://127.0.0.1:8080/?state={STATE}&code={CODE}#",
    ],
)
def test_a_pasted_address_or_code_is_understood(text: str) -> None:
    assert pasted(text, STATE) == Answer(CODE)


def test_a_pasted_refusal_is_one() -> None:
    assert pasted(f"http://127.0.0.1/?error=access_denied&state={STATE}", STATE) == Answer(error="access_denied")


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "http://127.0.0.1:1/", f"http://127.0.0.1:1/?state={'f' * 32}&code=x", "http://127.0.0.1/?code=x",
        "what shall I do", "x" * 5000, "what?", "yes", "a\x1b[2Jb",
    ],
)
def test_what_cannot_be_the_answer_is_told(text: str) -> None:
    with pytest.raises(NotOurs) as err:
        pasted(text, STATE)
    assert str(err.value).isprintable() and STATE not in str(err.value)


@given(st.text(max_size=300) | st.builds(lambda t: f"state={STATE}&error={t}", st.text(max_size=30)))
def test_no_text_whatever_breaks_it(text: str) -> None:
    for read in (read_answer, pasted):
        try:
            answer = read(text, STATE)
        except NotOurs:
            continue
        assert answer.error.isprintable() and bool(answer.code) != bool(answer.error)
