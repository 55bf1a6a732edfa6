"""Copies of a feed that vdirsyncer made, for a one-way pair from the same feed to take over on its first sync. Pure.

Source  vdirsyncer 0.21, storage/http.py: the UID of each event is replaced by a hash of what the event says
"""

from __future__ import annotations

import re

from calsync_cli.engine.world import Replica, Snapshot

UID = re.compile(r"[0-9a-f]{64}", re.ASCII)


def may_be_adopted(snap: Snapshot, item: Replica) -> bool:
    """If just one event of the source has its title, time and rule (K2); else it stays invisible (W2)."""
    target = next(calendar for calendar in snap.calendars if calendar.id == item.calendar).role == "target"
    known = snap.first or (item.calendar, item.remote_id) in snap.waiting
    return target and known and UID.fullmatch(item.uid) is not None
