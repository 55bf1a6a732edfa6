"""Every clause of a loss table has a proof, and every proof its clause."""

from __future__ import annotations

from collections.abc import Callable

from calsync_cli.mapping.losses import Clause, Table

Test = Callable[..., None]


class Proofs:
    """One table, and what its tests have shown of it: `@proves("color", hidden("always"))`."""

    def __init__(self, table: Table) -> None:
        self.clauses = {(field, clause) for field, clauses in table.items() for clause in clauses}
        self.shown: set[tuple[str, Clause]] = set()

    def __call__(self, field: str, clause: Clause) -> Callable[[Test], Test]:
        self.note(field, clause)
        return lambda test: test

    def note(self, field: str, clause: Clause) -> None:
        assert (field, clause) not in self.shown, f"proved twice: {clause}"
        self.shown.add((field, clause))

    def check(self) -> None:
        """Fails for a clause without a proof, and for a proof of what the table does not say."""
        assert self.clauses == self.shown
