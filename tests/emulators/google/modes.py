"""Where real servers were seen to differ, or nobody knows: one named choice each (facts 13, 14).

The defaults are what was observed most, or the less comfortable answer. A test sets another choice by name:
`google_emulator(modes={"flood": "after"})`, or {"modes": {"flood": "after"}} at the control URL.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints


@dataclass
class Modes:
    # listing
    order: Literal["stable", "shuffled"] = "shuffled"            # by the seed; the order is unspecified (4.2)
    live_pages: bool = False                                      # what changed meanwhile comes on the last page (4.2)
    bare_instance_tombstones: bool = False                        # without recurringEventId and originalStartTime (4.3)
    full_tombstones: bool = False                                 # cancelled items keep all details (4.3)
    listed_cancelled_masters: bool = False                        # May 2025: in plain listings, fields missing (12.14)
    flood: Literal["none", "before", "after"] = "none"           # tombstones of overrides when a series goes (item 16)
    rekey: Literal["tombstones", "silent"] = "tombstones"        # overrides that a new rule no longer has (item 31)
    window_delta: Literal["all", "inside"] = "all"               # what a token with timeMin names later (4.2)
    tombstone_life_days: float = 30                               # how long full reads with showDeleted list them
    # writing
    id_with_uid: Literal["refused", "allowed"] = "refused"       # id and iCalUID together on insert (6.3)
    known_uid: Literal["duplicate row", "conflict"] = "duplicate row"    # insert with an iCalUID that exists (6.3)
    import_again: Literal["conflict", "replace"] = "conflict"    # 2024 and later, and 2021 (6.3)
    revive: Literal["forbidden", "allowed"] = "forbidden"        # status confirmed on a deleted event (6.2)
    restore_instance: Literal["allowed", "forbidden"] = "allowed"        # the same on a cancelled instance (5.4)
    exception_inherits_private: bool = True                       # private properties of a new exception (5.7)
    move_answer: Literal["cancelled", "alive"] = "cancelled"     # what a move shows (6.1)
    guest_private_write: Literal["allowed", "forbidden"] = "allowed"     # private properties as a guest (5.5)
    long_text: Literal["cut", "refused"] = "cut"                 # summary and location over 1024 (5.1)
    long_property: Literal["refused", "cut"] = "refused"         # a property value over 1024 (5.7)
    zone_filled: bool = False                                     # start.timeZone added when the client gave none
    normalises: bool = True                                       # the round trip of 11.2
    unknown_zones: frozenset[str] = field(default_factory=frozenset)     # too new for the server (12.33)
    # the rest
    strict: bool = True                                           # mistakes of the client are refused, not ignored
    error_form: Literal["classic", "new"] = "classic"            # with status and details (2)
    unsafe_hooks: bool = True                                     # push to plain http on loopback, for tests
    sync_message: Literal["before", "after", "never"] = "after"  # relative to the answer of watch (9)
    push_delivery: Literal["once", "lost", "doubled"] = "once"
    channel_life_s: int = 604_800                                 # the longest; a shorter wish is honoured (9)
    batch_limit: int = 50                                         # 1000 by the newer guide (7)
    calendars_allowed: int = 38                                   # new ones before the quota is gone (8.1)

    def change(self, changes: dict[str, Any]) -> None:
        known = get_type_hints(Modes)
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown mode {name!r}; there are {sorted(f.name for f in fields(Modes))}")
            choices = get_args(known[name])
            if choices and isinstance(choices[0], str) and name != "unknown_zones" and value not in choices:
                raise ValueError(f"mode {name!r} is one of {choices}")
            setattr(self, name, frozenset(value) if name == "unknown_zones" else value)
