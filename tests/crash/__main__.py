"""Every scenario, every step, every fault; with --double also every step of each recovery (test-plan 5).

    python -m tests.crash                                   all scenarios in memory, single faults
    python -m tests.crash --double                          the run breaks, and then its recovery, at every step of it
    python -m tests.crash --double --sample 6               of the first faults every sixth
    python -m tests.crash --clouds                          the scenarios with Google, Microsoft, a folder, CalDAV
    python -m tests.crash --only "row 6" --at "commit 3 after" --then "call 2 garbled"     one point again

First faults of --double are one for each state that a death can leave behind, and each answer to a write that can be
lost (`different_points`): a read that fails leaves nothing behind. --every takes them all.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from tests.crash import cloud_scenarios, scenarios
from tests.crash.cloud_trial import CloudTrial
from tests.crash.enumerate import Point, Trial
from tests.crash.further import FURTHER
from tests.crash.viewed import VIEWED

FORGETFUL = {"transaction_memory_s": 0.0}


@dataclass
class Count:
    scenarios: int = 0
    single: int = 0
    double: int = 0
    violations: int = 0


def trials(*, clouds: bool, only: str) -> Iterator[tuple[str, partial[Trial]]]:
    """(name, how to make its trial): a trial is large, and only one is at work at a time."""
    if not clouds:
        for scenario in (*scenarios.SCENARIOS, *FURTHER, *VIEWED):
            if only in scenario.name:
                yield scenario.name, partial(Trial, scenario)
        return
    for cloud, others in cloud_scenarios.PAIRS.items():
        for one in cloud_scenarios.SCENARIOS:
            for other in others if cloud in one.only else ():
                name = f"{one.name}, {cloud} with {other}"
                if only in name:
                    yield name, partial(CloudTrial, one, cloud, other, FORGETFUL)


def enumerated(name: str, trial: Trial, count: Count, *, double: bool, every: bool, sample: int) -> None:
    """Counts, and prints each violation with the line that plays it again."""
    count.scenarios += 1
    points = list(trial.points() if every or not double else trial.different_points())
    for point in points[count.scenarios % sample :: sample]:
        if not double:
            count.single += 1
            try:
                trial.play(point)
            except AssertionError as err:
                tell(name, point, None, err, count)
            continue
        for then, err in trial.play_twice(point):
            count.double += 1
            if err is not None:
                tell(name, point, then, err, count)


def tell(name: str, point: Point, then: Point | None, err: AssertionError, count: Count) -> None:
    count.violations += 1
    cloud = " --clouds" if ", google with " in name or ", graph with " in name else ""
    again = f"python -m tests.crash{cloud} --only {shlex.quote(name)} --at {shlex.quote(str(point))}"
    again += f" --then {shlex.quote(str(then))}" if then else ""
    print(f"{name}: {point}{f', then {then}' if then else ''}: {err}\n    {again}", flush=True)


def point_of(words: str) -> Point:
    where, number, fault = words.split(" ", 2)
    return Point(where, int(number), fault)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--double", action="store_true", help="break the recovery too, at every step of it")
    parser.add_argument("--every", action="store_true", help="with --double: every first fault")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="only every N-th of the (first) faults")
    parser.add_argument("--clouds", action="store_true", help="the scenarios with a cloud on one side")
    parser.add_argument("--only", default="", metavar="WORDS", help="scenarios with these words in their name")
    parser.add_argument("--part", default="1/1", metavar="I/N", help="the I-th of N parts of the scenarios")
    parser.add_argument("--at", type=point_of, metavar="POINT", help="one point, like: commit 3 after")
    parser.add_argument("--then", type=point_of, metavar="POINT", help="and this one in the recovery")
    given = parser.parse_args()
    count, began = Count(), time.monotonic()
    part, parts = map(int, given.part.split("/"))
    for number, (name, make) in enumerate(trials(clouds=given.clouds, only=given.only)):
        if number % parts != part - 1:
            continue
        trial = make()
        try:
            if given.at is None:
                enumerated(name, trial, count, double=given.double, every=given.every, sample=given.sample)
            else:
                count.scenarios, count.single = count.scenarios + 1, count.single + 1
                try:
                    trial.play(given.at, given.then)
                except AssertionError as err:
                    tell(name, given.at, given.then, err, count)
        finally:
            trial.world.close()
    figures = f"{count.scenarios} scenarios, {count.single:,} points with one fault, {count.double:,} with two"
    print(f"{figures}, {count.violations} violations, {time.monotonic() - began:.0f} s")
    return 1 if count.violations or not count.scenarios else 0


if __name__ == "__main__":
    sys.exit(main())
