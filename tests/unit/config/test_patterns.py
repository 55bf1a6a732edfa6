"""A pattern of the configuration that a title could hang is refused; all others are not."""

from __future__ import annotations

import re
import time

import pytest

from calsync_cli.config.patterns import can_hang

HANG = [
    r"(a+)+$", r"(a|a)*$", r"(a|aa)+$", r"^(\w+\s?)*$", r"(x+x+)+y", r"(?:(?:ab)*c*)*d", r"((a{0,9})*)b",
    r"(?=(a+)+b)c", r"(\w{1,8})*x", r"(a?a?)*b",
]
FINE = [
    r"(?i)lunch|standup", r"^\[.*\]", r"^(busy|free)$", r"(?:ab)+", r"\d{4}-\d\d", r"(very )*busy", r"[a-z]+ [a-z]+",
    r"(\d\d{2}-)*x", r"(?>a+)+$", r"(a++)*b", r"(lunch|tea)+", r"(\w+ ){2}", r"O'Neil", r"",
]


@pytest.mark.parametrize("pattern", HANG)
def test_it_can_hang(pattern: str) -> None:
    assert can_hang(pattern)


@pytest.mark.parametrize("pattern", FINE)
def test_it_cannot(pattern: str) -> None:
    assert not can_hang(pattern)
    begin = time.process_time()
    for evil in ("a" * 200 + "!", "ab" * 100, "x" * 200, "very " * 100, "lunch" * 50 + "!"):
        re.search(pattern, evil)
    assert time.process_time() - begin < 2
