"""Many stories, one after another; a story that breaks a law is told in one line that plays it again."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.simulation.story import Counts, Story
from tests.simulation.topology import Topology, some, viewed


def seed_of(seed: int, number: int) -> int:
    """The seed of the n-th story of a run."""
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:8])


@dataclass(frozen=True)
class Failure:
    seed: int
    words: str
    trace: str
    option: str = ""

    def __str__(self) -> str:
        return f"python -m tests.simulation{self.option} --story {self.seed}   # {self.words}"


Choose = Callable[[Random], Topology]


def one(
    seed: int, counts: Counts, tell: Callable[[str], None] = lambda words: None, choose: Choose = some
) -> Failure | None:
    """Play one story."""
    story = Story(seed, tell, choose)
    try:
        story.play()
    except Exception as err:
        views = choose is viewed
        return Failure(seed, f"{type(err).__name__}: {err}", traceback.format_exc(), " --views" if views else "")
    finally:
        counts.add(story.counts())
    return None


def many(
    seed: int, ops: float, minutes: float, *, first: int = 0, step: int = 1,
    found: Callable[[Failure], None] = lambda failure: None, every: Callable[[Counts], None] = lambda counts: None,
    choose: Choose = some,
) -> tuple[Counts, list[Failure]]:
    """Stories number `first`, `first + step`, ... until so many operations or minutes."""
    counts, failures, began, number = Counts(), list[Failure](), time.monotonic(), first
    while counts.operations < ops and time.monotonic() - began < 60 * minutes:
        failure = one(seed_of(seed, number), counts, choose=choose)
        if failure is not None:
            failures.append(failure)
            found(failure)
        every(counts)
        number += step
    return counts, failures
