"""What the loop tells: each change of state once, each trouble when it comes, and how it all is.

Rule    a problem that a run of the same pairs no longer meets is over; runs of others say nothing about it
"""

from __future__ import annotations

from collections.abc import Mapping

from calsync_cli.engine.report import Problem, Report, problem_of
from calsync_cli.errors import CalsyncError
from calsync_cli.watch.state import AccountState, How, Screen, WatchState
from calsync_cli.watch.systemd import Systemd

HOWS: Mapping[How, str] = {
    "notices": "its server tells what changes", "folder": "its folder is watched",
    "looking": "is looked at from time to time",
}


class Teller:
    def __init__(self, screen: Screen, systemd: Systemd) -> None:
        self._screen, self._systemd = screen, systemd
        self._problems: dict[str, tuple[frozenset[str], Problem]] = {}
        self._told: Mapping[str, str] = {}
        self._sentence = ""

    @property
    def waits(self) -> tuple[str, ...]:
        """Each problem that stands, with what to type."""
        return tuple(dict.fromkeys(_waiting(problem) for _, problem in self._problems.values()))

    def tell(self, line: str, *, wrong: bool = False) -> None:
        self._screen.tell(line, wrong=wrong)

    def report(self, report: Report) -> None:
        ran = frozenset(pair.pair for pair in report.pairs)
        met = {_key(problem): problem for problem in report.problems}
        new = [problem for key, problem in met.items() if key not in self._problems]
        before = {key: (pairs, p) for key, (pairs, p) in self._problems.items() if key not in met and not pairs <= ran}
        self._problems = before | {key: (ran, problem) for key, problem in met.items()}
        self._screen.report(report, new)

    def failed(self, err: CalsyncError) -> None:
        """What ended a whole run; the next one that does not end so takes it back."""
        self.report(Report(None, False, "", exit_code=err.exit_code, problems=[problem_of(err)]))

    def changes(self, state: WatchState) -> None:
        """Each part of the state in a line of its own, when it is another than before."""
        now = {"": state.way} | {one.name: f"{one.name}: {_how(one)}" for one in state.accounts}
        for key, words in now.items():
            if self._told.get(key) != words:
                self._screen.tell(words)
        self._told = now

    def draw(self, state: WatchState) -> None:
        self._screen.draw(state)
        if state.sentence != self._sentence:
            self._sentence = state.sentence
            self._systemd.status(state.sentence)


def _key(problem: Problem) -> str:
    """Of an account's trouble the words may change, and it is the same."""
    return f"{problem.code}\n{problem.account}\n{problem.event}\n{'' if problem.account else problem.message}"


def _waiting(problem: Problem) -> str:
    named = problem.account is None or problem.event is not None or problem.account in problem.message
    words = problem.message if named else f"account {problem.account}: {problem.message}"
    return f"{words.rstrip('.')}; next: {problem.next}" if problem.next else words


def _how(one: AccountState) -> str:
    return HOWS[one.how] + (f" ({one.problem})" if one.problem else "")
