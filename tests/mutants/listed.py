"""The mutation gate of the test plan (section 6): each of its faults, and the mutant that puts it into the program.

    python -m tests.mutants            every mutant of every module: which are caught, and by what
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from calsync_cli.errors import CalsyncError
from tests.fakes.memory_faults import SimulatedCrash
from tests.mutants import (
    test_engine_mutants as engine,
)
from tests.mutants import (
    test_found_mutants as found,
)
from tests.mutants import (
    test_further_mutants as further,
)
from tests.mutants import (
    test_google_mutants as google,
)
from tests.mutants import (
    test_graph_mutants as graph,
)
from tests.mutants import (
    test_hand_mutants as by_hand,
)
from tests.mutants import (
    test_planner_mutants as planner,
)
from tests.mutants import (
    test_view_mutants as views,
)

FAULTS: dict[str, tuple[str, str]] = {
    # fault of the list: (module, mutant there)
    "absence taken as deletion": ("engine", "absence taken as deletion"),
    "tombstone taken as proof": ("engine", "tombstone taken as proof"),
    "older version accepted": ("further", "older version accepted"),
    "ghost adopted": ("engine", "ghost adopted"),
    "reappearance after proof accepted without point read": (
        "further", "reappearance after proof accepted without point read",
    ),
    "new key per attempt": ("engine", "new key per attempt"),
    "`sent` row dropped without look": ("engine", "sent row dropped without look"),
    "row committed after the request": ("engine", "row committed after the request"),
    "token saved before the mirror": ("engine", "token saved before the mirror"),
    "token saved after a partial round": ("engine", "token saved after a partial round"),
    "no precondition on update": ("engine", "no precondition on update"),
    "none on delete": ("engine", "no precondition on delete"),
    "source base advanced without hub counter": ("planner", "source base advanced without hub counter"),
    "loser not stored": ("planner", "loser not stored"),
    "delete beats edit": ("planner", "delete beats edit"),
    "delete on a stale spoke as row 11": ("planner", "delete on a stale spoke as row 11"),
    "frozen link planned": ("planner", "frozen link planned"),
    "series read without cancelled instances": ("graph", "deleted dates are left out"),
    "start merged apart from end": ("planner", "start merged apart from end"),
    "missing field taken as cleared": ("planner", "missing field taken as cleared"),
    "redacted title taken as edit": ("further", "redacted title taken as edit"),
    "out-of-window taken as gone": ("further", "out-of-window taken as gone"),
    "guard after the first write": ("engine", "guard after the first write"),
    "lock released early": ("further", "lock released early"),
    "ring planned pair by pair": ("planner", "ring planned pair by pair"),
    "derived copy used as source": ("further", "derived copy used as source"),
    "batch answer matched by position": ("further", "batch answer matched by position"),
    "retry without key": ("engine", "retry without key"),
    "undo without precondition": ("further", "undo without precondition"),
    "guests copied": ("further", "guests copied"),
    "`sendUpdates` left at default": ("google", "sendUpdates is left out"),
}
TABLES = {"engine": engine.MUTANTS, "google": google.MUTANTS, "graph": graph.MUTANTS, "further": further.MUTANTS,
          "found": found.MUTANTS, "views": views.MUTANTS, "by hand": by_hand.MUTANTS}
PLANNER = {mutant.fault: mutant for mutant in planner.MUTANTS}


@dataclass(frozen=True)
class Listed:
    module: str
    name: str
    caught_by: str
    is_caught: Callable[[], bool]


def mutants() -> Iterator[Listed]:
    """All there are, the planner's last: they take longest."""
    for module, table in TABLES.items():
        for name, (patch, check) in table.items():
            words = getattr(check, "func", check).__name__.replace("_", " ")
            yield Listed(module, name, words, partial(_is_caught, patch, check))
    for mutant in planner.MUTANTS:
        yield Listed("planner", mutant.fault, "rows, laws and rules of the planner", partial(_planner_catches, mutant))


def has(module: str, name: str) -> bool:
    return name in (PLANNER if module == "planner" else TABLES[module])


def _is_caught(patch: Callable[[pytest.MonkeyPatch], None], check: Callable[[], None]) -> bool:
    with pytest.MonkeyPatch.context() as patched:
        patch(patched)
        try:
            check()
        except (AssertionError, CalsyncError, SimulatedCrash):
            return True
    return False


def _planner_catches(mutant: planner.Mutant) -> bool:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mutant.place, mutant.name, mutant.make(getattr(mutant.place, mutant.name)))
        return planner.is_caught()
