"""C3 and C4 whole, with the figures of it."""

from __future__ import annotations

import time

from tests.corpus import test_rules
from tests.corpus.laws import Broken
from tests.corpus.zone_times import NAMES, check

RULES = 10_000


def main() -> int:
    began, looked, broken = time.monotonic(), 0, 0
    for name in NAMES:
        try:
            looked += check(name)
        except Broken as err:
            broken += 1
            print(err)
    print(f"C3: {len(NAMES)} zones, {looked} instants, {broken} zones broken, {time.monotonic() - began:.0f} s")
    began = time.monotonic()
    for seed in range(RULES):
        try:
            test_rules._holds(seed)
        except AssertionError as err:
            broken += 1
            print(err)
    print(f"C4: {RULES} rules, {time.monotonic() - began:.0f} s")
    return 1 if broken else 0
