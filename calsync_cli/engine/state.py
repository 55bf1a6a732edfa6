"""One run under way: what was asked for, and what there is to tell so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path

from calsync_cli.engine.report import PairReport, Problem, Report
from calsync_cli.engine.session import Session
from calsync_cli.model.plain import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for.

    confirm   asked for a first or reconfigure plan when neither `yes` nor `first_sync = "auto"` says so
    approved  ids of plans whose guard trips a person has looked at
    expected  apply: the ids that the plans must have, else the world has moved
    """

    dry_run: bool = False
    yes: bool = False
    full: bool = False
    approved: frozenset[str] = frozenset()
    expected: frozenset[str] | None = None
    confirm: Callable[[str, Report], bool] | None = None
    trigger: str = "manual"
    plans_dir: Path | None = None


@dataclass(slots=True)
class State:
    """refused: keys of links whose failure was told already, with the server's words."""

    session: Session
    wish: Wish
    report: Report
    run: int = 0
    pairs: dict[str, PairReport] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def problem(self, problem: Problem) -> None:
        if problem not in self.report.problems:
            self.report.problems.append(problem)
            self.codes.append(problem.exit_code)
