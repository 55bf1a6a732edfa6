"""A folder in sync with a calendar of a cloud, and beside it a pair of two folders, which must go on whatever happens.

Shape   class Desk(Person, Beside): calls `lay(events)`, makes its account and its pair with `self.home`, and syncs
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.process.events import retitled
from tests.process.program import Program, file_of, fill
from tests.process.test_failures import some
from tests.process.test_thousand import FUTURE


class Beside(Program):
    def lay(self, made: Mapping[str, bytes]) -> None:
        self.home, self.x, self.y = self.vdir("disk"), self.vdir("x"), self.vdir("y")
        fill(self.home, made)
        fill(self.x, some(2))
        self.pair("x/Home", "y/Home", name="other")
        self._to_come = [uid for uid, payload in made.items() if FUTURE in payload]
        self.code, self.words = 0, ""

    def edit(self, number: int, title: str) -> None:
        file = file_of(self.home, self._to_come[number])
        file.write_bytes(retitled(file.read_bytes(), title))

    def told(self) -> int:
        """One run; its code, and what it said in `words`."""
        said = self.run("sync")
        self.code, self.words = said.code, said.out + said.err
        return self.code

    def elsewhere(self) -> bool:
        """An edit on the other pair, and whether the next run carries it over."""
        file = file_of(self.x, "u1")
        file.write_bytes(retitled(file.read_bytes(), "Goes on"))
        self.told()
        return b"Goes on" in file_of(self.y, "u1").read_bytes()
