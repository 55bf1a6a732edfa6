"""`python -m tests.fuzz [TARGET...] --minutes 10 --seed 1`: what breaks is printed with the line that repeats it.

`--only N` runs the one case with that number again, with its traceback; `--save FOLDER` keeps what broke.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from random import Random

from tests.fuzz.run import broken
from tests.fuzz.targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="default: all")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="one case again")
    parser.add_argument("--save", type=Path)
    said = parser.parse_args()
    names = said.targets or list(TARGETS)
    if said.only is not None:
        for name in names:
            raw, check = TARGETS[name](Random(f"{name} {said.seed} {said.only}"))
            print(raw.decode("utf-8", "backslashreplace"))
            check()
        return 0
    end, number = time.monotonic() + said.minutes * 60, 0
    found: dict[str, int] = {}
    while time.monotonic() < end:
        for name in names:
            why = broken(name, said.seed, number, save=said.save)
            if why and f"{name} {why}" not in found:
                print(f"{why}\n  again: python -m tests.fuzz {name} --seed {said.seed} --only {number}", flush=True)
            if why:
                found[f"{name} {why}"] = found.get(f"{name} {why}", 0) + 1
        number += 1
    print(f"{number:,} cases of each of {', '.join(names)} in {said.minutes:g} minutes with seed {said.seed}: "
          f"{sum(found.values()):,} broke a law, in {len(found)} ways")
    return 1 if found else 0


sys.exit(main())
