"""Whatever waits for a person can be shown to them, and what each answer would make of it can be said (promise 4)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from calsync_cli.api import Workspace
from calsync_cli.cli.conflict_view import view
from calsync_cli.cli.inbox import SIDES
from calsync_cli.cli.preview import outcome, question_of
from calsync_cli.model.account import Config

if TYPE_CHECKING:
    from tests.engine.world import World


def check_told(world: World) -> int:
    """How many conflicts there were. Anything that cannot be put into words raises."""
    config = Config(Path("config.toml"), {}, {pair.name: pair for pair in world.pairs})
    work = Workspace(config, Path("state"), world.ports, {}, _db=world.db)
    found = work.conflicts()
    for conflict in found:
        seen = view(work, conflict)
        assert seen.heading and conflict["pair"] and (seen.fields or seen.kind == "delete")
        for path in seen.fields:
            texts = seen.texts(path)
            assert all(texts.values()) and seen.label(path), (conflict, path)
        for side in sorted(set(SIDES.values())):
            if side not in ("a", "b") and seen.is_either_or:
                continue
            for answers in ({"": side}, *({question_of(seen, path): side} for path in seen.fields)):
                if seen.kind == "fields" or "" in answers:
                    made = outcome(seen, answers, seen.a)
                    assert made.sentences or made.head, (conflict, answers)
    return len(found)
