"""`python -m tests.simulation --ops 1e7 --seed 1 [--procs 2] [--minutes 60]`, or `--story SEED [-v]` for one again;
`--views`: those where one side shows less of the other."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.play import Choose, Failure, many, one
from tests.simulation.story import Counts
from tests.simulation.topology import some, viewed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--ops", type=float, default=1e5, help="operations: edits by people and provider calls")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--procs", type=int, default=1)
    parser.add_argument("--story", type=int, help="play the one story with this seed")
    parser.add_argument("--views", action="store_true", help="stories of pairs with views")
    parser.add_argument("-v", action="store_true", help="tell it step by step")
    said = parser.parse_args()
    if said.story is not None:
        return _story(said.story, loud=said.v, choose=viewed if said.views else some)
    began = time.monotonic()
    with ProcessPoolExecutor(said.procs) as pool:
        parts = [pool.submit(_part, said.seed, said.ops / said.procs, said.minutes, n, said.procs, said.views)
                 for n in range(said.procs)]
        counts, failures = Counts(), list[Failure]()
        for part in parts:
            more, failed = part.result()
            counts.add(more)
            failures += failed
    _summary(counts, failures, time.monotonic() - began, said.procs, said.seed)
    return 1 if failures else 0


def _part(seed: int, ops: float, minutes: float, first: int, step: int, views: bool) -> tuple[Counts, list[Failure]]:
    began, told = time.monotonic(), [time.monotonic()]

    def every(counts: Counts) -> None:
        if time.monotonic() - told[0] > 60:
            told[0] = time.monotonic()
            done = f"{counts.operations:,} operations, {counts.stories:,} stories"
            print(f"# process {first}: {done}, {told[0] - began:.0f} s", flush=True)

    def found(failure: Failure) -> None:
        print(failure, flush=True)

    return many(seed, ops, minutes, first=first, step=step, found=found, every=every, choose=viewed if views else some)


def _story(seed: int, *, loud: bool, choose: Choose) -> int:
    failure = one(seed, counts := Counts(), print if loud else lambda words: None, choose)
    if failure is not None and loud:
        print(failure.trace)
    print(failure or f"holds: {counts.operations:,} operations")
    return 1 if failure else 0


def _summary(counts: Counts, failures: list[Failure], seconds: float, procs: int, seed: int) -> None:
    speed = f"{counts.operations / counts.cpu_s:,.0f} operations per second of a core"
    print(f"seed {seed}: {counts.operations:,} operations ({counts.edits:,} edits, {counts.calls:,} calls), "
          f"{counts.writes:,} writes, {counts.stories:,} stories, {counts.runs:,} runs, {counts.kills:,} kills, "
          f"{seconds:.0f} s in {procs} processes, {speed}")
    print("faults:", ", ".join(f"{kind} {number:,}" for kind, number in sorted(counts.faults.items())))
    print("oracles:", ", ".join(f"{name} {number:,}" for name, number in sorted(counts.oracles.items())))
    print(f"{len(failures)} stories broke a law")


if __name__ == "__main__":
    sys.exit(main())
