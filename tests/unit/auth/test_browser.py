"""Waiting for a consent page: what is typed while it waits is its own, what is typed afterwards somebody else's."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import httpx
import pytest

from calsync_cli.auth.answer import Answer
from calsync_cli.auth.browser import ask
from calsync_cli.ports import system_ports


@dataclass
class Keys:
    """A keyboard: what is written to `end` is typed."""

    stdin: IO[str]
    end: int

    def type(self, line: str) -> None:
        os.write(self.end, f"{line}\n".encode())

    def left(self) -> str:
        ready = select.select([self.stdin], [], [], 5.0)[0]
        return os.read(self.stdin.fileno(), 65536).decode() if ready else ""


@pytest.fixture
def keys() -> Iterator[Keys]:
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        yield Keys(stdin, write)
        os.close(write)


def asked(keys: Keys, *, pasted: bool) -> Answer:
    def begin(redirect_uri: str, state: str) -> str:
        answer = f"{redirect_uri}?code=c0de&state={state}"
        if pasted:
            keys.type(answer)
        else:
            threading.Timer(0.2, httpx.get, (answer,), {"trust_env": False}).start()
        return "https://consent.example/"

    return ask(begin, system_ports(), browser=False, say=lambda text: None, stdin=keys.stdin, next="")


@pytest.mark.parametrize("pasted", [False, True])
def test_what_is_typed_after_the_answer_is_left_for_the_next_question(keys: Keys, pasted: bool) -> None:
    threads = threading.active_count()
    assert asked(keys, pasted=pasted) == Answer("c0de")
    keys.type("the next answer")
    assert keys.left() == "the next answer\n"
    assert threading.active_count() <= threads + (not pasted)  # the page's own request may still be on its way


def test_the_end_of_the_input_does_not_end_the_waiting(keys: Keys) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), keys.stdin.fileno())
    assert asked(keys, pasted=False) == Answer("c0de")
