"""`python -m tests.mutants`: every deliberate fault, one at a time, and whether it is caught. Exit code 1 when not."""

from __future__ import annotations

import sys
import time

from tests.mutants.listed import FAULTS, mutants


def main() -> int:
    began, missed, count = time.monotonic(), [], 0
    for mutant in mutants():
        count += 1
        caught = mutant.is_caught()
        missed += [] if caught else [mutant.name]
        print(f"{'caught' if caught else 'MISSED'}  {mutant.module:8} {mutant.name}: {mutant.caught_by}", flush=True)
    listed = {name for _, name in FAULTS.values()}
    of_the_list = f"{len(listed - set(missed))} of the {len(FAULTS)} of the test plan"
    print(f"{count - len(missed)} of {count} caught, {of_the_list} among them; {time.monotonic() - began:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
