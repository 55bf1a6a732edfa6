"""What a calendar had said before it deleted the set, once an edit made elsewhere brings that back (D4). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calsync_cli.engine.case import Case
from calsync_cli.engine.folded import Folded, changes_of
from calsync_cli.engine.shift import keys_moved
from calsync_cli.engine.world import Entry, Hub, Spoke
from calsync_cli.model.series import Form, Path, Value


def without_lapsed(case: Case, gone: Sequence[Spoke], there: Sequence[Spoke]) -> Hub:
    """The hub in which values of a calendar that deleted the set, seen on no other, do not argue against an edit made
    elsewhere. A move of the series is such a value, and its dates go back with it (R3)."""
    deleted = {spoke.calendar for spoke in gone}
    hub = dict(case.link.hub)
    for spoke in there:
        form: Form = spoke.replica.form or {} if spoke.replica else {}
        for path in changes_of(spoke, form, case.snap.rules.local):
            entry = hub.get(path)
            if entry is None or entry.source not in deleted or any(_shows(s, path, entry.value) for s in there):
                continue
            if path == "time":
                hub = _moved_back(case, hub, (spoke.base or {}).get("time"))
            hub[path] = replace(entry, rev=0)
    return hub


def _moved_back(case: Case, hub: Hub, to: Value | None) -> dict[Path, Entry]:
    back = Folded(dict(hub), case.link.rev)
    back.rekey(keys_moved(back.value("time"), to, back.hub_form()))
    new = case.link.rev + 1  # nobody was told of them under these keys
    return {p: replace(entry, rev=new) if p in back.rekeyed else entry for p, entry in back.hub.items()}


def _shows(spoke: Spoke, path: Path, value: Value | None) -> bool:
    form: Form = spoke.replica.form or {} if spoke.replica else {}
    return form.get(path) == value
