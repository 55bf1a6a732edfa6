"""The situations with a cloud as a side in which every step is made to fail (test-plan 5; issues 3 and 4).

Shape   a CloudScenario is what was agreed before and what people did then, on sides "a" (Google, Microsoft) and "b" (a
        folder, a CalDAV server, or a cloud too); PAIRS x SCENARIOS are played. `world.known`: UIDs by names
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from calsync_cli.store import links
from tests.engine.cloud_world import CloudWorld

Deed = Callable[[CloudWorld], object]
PAIRS = {"google": ("vdir", "dav", "google"), "graph": ("vdir", "dav", "google", "graph")}
"""What stands on side a, and what on side b."""
WEEKLY = "FREQ=WEEKLY;COUNT=6"
TEXT, LINK = "Agenda:  \n\n\n\told and new\n", "https://example.org/agenda"
"""What a cloud shows in another way than it is and keeps beside the event."""


@dataclass(frozen=True)
class CloudScenario:
    """`writes`: whether the run without a fault must write at all, so that no scenario is empty. `only`: the clouds
    that can be asked for it; at Microsoft a deleted date never comes back.
    """

    name: str
    then: Deed
    before: Deed | None = None
    writes: bool = True
    rules: dict[str, Any] = field(default_factory=dict)
    modes: dict[str, Any] = field(default_factory=dict)
    approve: bool = False
    errand: Deed | None = None
    only: tuple[str, ...] = ("google", "graph")
    one_question: bool = True
    in_one_run: bool = True

    def world(self, cloud: str, other: str, knobs: dict[str, Any] | None = None) -> CloudWorld:
        return CloudWorld(cloud, other, modes=self.modes, knobs=knobs, **self.rules)


# -- small deeds -------------------------------------------------------------------------------------------------------


def both(*deeds: Deed) -> Deed:
    def all_of_them(world: CloudWorld) -> None:
        for deed in deeds:
            deed(world)

    return all_of_them


def on(side: str, verb: str, what: str, *args: Any, **more: Any) -> Deed:
    """world[side].verb(the UID known as `what`, ...), as a person."""
    return lambda world: world.person(lambda: getattr(world[side], verb)(world.known[what], *args, **more))


def add(side: str, name: str, start: str = "2027-03-01T09:00", **more: Any) -> Deed:
    def deed(world: CloudWorld) -> None:
        title = more.pop("title", name)
        world.known[name] = world.person(lambda: world[side].add(title, start, **more))

    return deed


def single(side: str, name: str = "one", **more: Any) -> Deed:
    return lambda world: add(side, name, location="Here", text="first\nsecond\nthird", **more)(world)


def two(side: str) -> Deed:
    return both(single(side), single(side, "two", start="2027-03-02T09:00"))


def plain_series(side: str, name: str = "s") -> Deed:
    return lambda world: add(side, name, rule=WEEKLY, location="Room", text=TEXT, link=LINK)(world)


def series(side: str, name: str = "s") -> Deed:
    """With a moved, a renamed and a cancelled date."""
    return both(
        plain_series(side, name),
        on(side, "change", name, "2027-03-08T09:00", title="moved", to="2027-03-09T11:00"),
        on(side, "change", name, "2027-03-15T09:00", title="renamed"),
        on(side, "cancel", name, "2027-03-22T09:00"),
    )


def changed_series(side: str) -> Deed:
    """With a moved and a renamed date, and none that would have to come back when Outlook takes another rule."""
    return both(
        plain_series(side),
        on(side, "change", "s", "2027-03-08T09:00", title="moved", to="2027-03-09T11:00"),
        on(side, "change", "s", "2027-03-15T09:00", title="renamed"),
    )


def changed_dates(side: str) -> Deed:
    return both(
        on(side, "change", "s", "2027-03-15T09:00", title="another"),
        on(side, "change", "s", "2027-03-29T09:00", to="2027-03-30T15:00"),
        on(side, "cancel", "s", "2027-04-05T09:00"),
    )


def split(side: str, at: str = "2027-03-29T09:00") -> Deed:
    def deed(world: CloudWorld) -> None:
        world.known["later"] = world.person(lambda: world[side].split(world.known["s"], at, "later"))

    return deed


def twelve(world: CloudWorld) -> None:
    for n in range(12):
        add("ab"[n % 2], f"m{n}", f"2027-05-{n + 1:02}T09:00")(world)


def mixed(world: CloudWorld) -> None:
    """Creates, updates and deletes on both sides at once."""
    for n in range(12):
        side = "ab"[n % 2]
        match n % 6:
            case 0 | 1:
                add(side, f"new{n}", f"2027-06-{n + 1:02}T09:00")(world)
            case 2 | 3:
                on(side, "edit", f"m{n}", title=f"edited {n}")(world)
            case _:
                on(side, "delete", f"m{n}")(world)


def expire(world: CloudWorld) -> None:
    for cloud in world.clouds.values():
        cloud.expire_tokens()


def lose(world: CloudWorld) -> None:
    world.lose_database()


def decide(word: str) -> Deed:
    """A person answers everything that is asked."""

    def answer(world: CloudWorld) -> None:
        for row in world.db.all("SELECT id FROM hold WHERE kind IN ('fields', 'delete', 'orphan')"):
            with world.db.transaction():
                links.set_choice(world.db, row["id"], {"": word})

    return answer


def run(world: CloudWorld) -> None:
    world.run()


SECOND, THIRD, FOURTH = "2027-03-08T09:00", "2027-03-15T09:00", "2027-03-22T09:00"

SCENARIOS = [
    CloudScenario("first push to a", both(series("b"), single("b"))),
    CloudScenario("first push from a", both(series("a"), single("a"))),
    CloudScenario("series changed on b", changed_dates("b"), series("a")),
    CloudScenario("series changed on a", changed_dates("a"), series("b")),
    CloudScenario("series renamed on b, a date on a", both(
        on("b", "edit", "s", location="Elsewhere"), on("a", "change", "s", "2027-03-29T09:00", title="mine")),
                   series("a")),
    CloudScenario("series moved on b", on("b", "shift", "s", "2027-03-01T14:00"), series("b")),
    CloudScenario("series moved on a", on("a", "shift", "s", "2027-03-01T14:00"), plain_series("b")),
    CloudScenario("rule changed on b", on("b", "set_rule", "s", "FREQ=WEEKLY;COUNT=8"), changed_series("a")),
    CloudScenario("date restored on b", on("b", "restore", "s", FOURTH), series("b"), only=("google",)),
    CloudScenario("date restored on a", on("a", "restore", "s", FOURTH), series("a"), only=("google",)),
    CloudScenario("date cancelled here, edited there", both(
        on("a", "cancel", "s", SECOND), on("b", "change", "s", SECOND, title="kept")), plain_series("b"),
                   only=("google",)),
    CloudScenario("split on a", split("a"), series("b")),
    CloudScenario("split on b", split("b"), series("a")),
    CloudScenario("deleted on a", both(on("a", "delete", "s"), on("a", "delete", "one")),
                   both(series("b"), two("b"))),
    CloudScenario("deleted on b", both(on("b", "delete", "s"), on("b", "delete", "one")), both(series("a"), two("a"))),
    CloudScenario("deleted on both", both(on("a", "delete", "s"), on("b", "delete", "s")), both(series("a"), two("b")),
                   writes=False),
    CloudScenario("deleted on a, edited on b", both(
        on("a", "delete", "s"), on("b", "change", "s", THIRD, title="kept")), both(series("a"), two("a"))),
    CloudScenario("deleted on b, edited on a", both(
        on("b", "delete", "s"), on("a", "change", "s", THIRD, title="kept")), both(series("b"), two("b"))),
    CloudScenario("conflict held, the rest flows", both(
        on("a", "edit", "one", title="A", location="There"), on("b", "edit", "one", title="B")), single("b")),
    CloudScenario("conflict decided", decide("b"), both(
        single("b"), run, on("a", "edit", "one", title="A"), on("b", "edit", "one", title="B"))),
    CloudScenario("conflict, the newest wins", both(
        on("a", "edit", "one", title="A"), lambda world: world.wait(30), on("b", "edit", "one", title="B")),
        single("a"), rules={"conflict": "newest", "tie": "b"}),
    CloudScenario("other fields", both(
        on("a", "edit", "one", title="A"), on("b", "edit", "one", location="L")), single("b")),
    CloudScenario("many at once", mixed, twelve, rules={"delete_percent": 100.0}),
    CloudScenario("tokens expired", both(on("a", "edit", "one", title="A"), changed_dates("a"), expire),
                   both(series("b"), single("b"))),
    CloudScenario("database lost", both(lose, on("a", "edit", "one", location="L2"), single("b", "two")),
                   both(series("b"), series("a", "t"), single("b"))),
]
assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
