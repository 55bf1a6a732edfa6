"""Mail that Exchange would have sent: one entry per message, whatever the client wanted (facts L7.3, A9.34).

Shape   after_write(before, after, named, ...) appends to the mailbox's log; answer(...) for accept, decline and friends
Facts   no header or parameter stops it; a change of the list of people mails only those added and removed
"""

from __future__ import annotations

from typing import Any

from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.views import Seen
from tests.emulators.graph.world import Mailbox

PERSONAL = frozenset(
    {"isReminderOn", "reminderMinutesBeforeStart", "showAs", "categories", "sensitivity", "importance"}
)
SILENT = frozenset({"singleValueExtendedProperties", "multiValueExtendedProperties", "extensions", "id"})


def people(seen: Seen | None) -> dict[str, str]:
    """Addresses of the guests, by their lower-case form."""
    if seen is None:
        return {}
    found = (one["emailAddress"]["address"] for one in seen.members["attendees"])
    return {address.lower(): address for address in found}


def after_write(before: Seen | None, after: Seen | None, named: frozenset[str], knobs: Knobs) -> None:
    """What a create, a patch (`named`: the members in its body) or a delete of a meeting sends."""
    seen = after or before
    assert seen is not None
    if not seen.members["isOrganizer"] or seen.members["isDraft"]:
        return
    old, new = people(before), people(after)
    if after is None:
        _send(seen, "cancellation", old.values())
    elif before is None:
        _send(seen, "invitation", new.values())
    else:
        _send(seen, "invitation", (new[key] for key in new.keys() - old.keys()))
        _send(seen, "cancellation", (old[key] for key in old.keys() - new.keys()))
        quiet = SILENT | {"attendees"} | (frozenset() if knobs.personal_writes_mail else PERSONAL)
        if named - quiet:
            _send(seen, "update", (new[key] for key in new.keys() & old.keys()))


def _send(seen: Seen, kind: str, to: Any) -> None:
    addresses = sorted(to)
    if addresses:
        log(seen.box, kind, addresses, seen)


def log(box: Mailbox, kind: str, to: list[str], seen: Seen, comment: str = "") -> None:
    entry: dict[str, Any] = {
        "kind": kind, "from": box.user.address, "to": to, "subject": seen.members["subject"], "type": seen.kind,
        "day": seen.day.isoformat() if seen.day else None, "at": box.clock.now().isoformat(),
    }
    box.mails.append(entry | ({"comment": comment} if comment else {}))
