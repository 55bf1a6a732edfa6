"""The recurrence blob of a master as Exchange keeps it, readable as a private property (L6.1c, MS-OXOCAL 2.2.1.44)."""

from __future__ import annotations

import base64
import struct
from datetime import date, datetime

from tests.emulators.graph import recurrence
from tests.emulators.graph.world import State

NAME = "Binary {00062002-0000-0000-c000-000000000046} Id 0x8216"
FREQUENCY = {"daily": 0x200A, "weekly": 0x200B, "Monthly": 0x200C, "Yearly": 0x200D}
END = {"endDate": 0x2021, "numbered": 0x2022, "noEnd": 0x2023}
OUTLOOK_DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
NEVER_ENDS = 0x5AE980DF


def is_blob(name: str) -> bool:
    return name == NAME


def blob(state: State) -> str:
    """Base64, little endian; dates are minutes since 1601 in the local time of the series."""
    assert state.rule is not None
    pattern, extent = state.rule["pattern"], state.rule["range"]
    kind = pattern["type"]
    frequency = FREQUENCY.get(kind) or FREQUENCY["Monthly" if kind.endswith("Monthly") else "Yearly"]
    mask = sum(1 << OUTLOOK_DAYS.index(day) for day in pattern.get("daysOfWeek", ()))
    specific = {
        "daily": (),
        "weekly": (mask,),
        "absoluteMonthly": (pattern["dayOfMonth"],),
        "absoluteYearly": (pattern["dayOfMonth"],),
    }.get(kind, (mask, {"last": 5}.get(pattern["index"], recurrence.INDEX[pattern["index"]])))
    form = 0 if kind == "daily" else 1 if kind == "weekly" else 2 if kind.startswith("absolute") else 3
    period = pattern["interval"] * {"daily": 1440, "weekly": 1}.get(kind, 12 if kind.endswith("Yearly") else 1)
    deleted = sorted(state.cancelled | state.overrides.keys())
    modified = sorted(override.start.wall.date() for override in state.overrides.values())
    days = recurrence.dates(state.rule, recurrence.LATEST, limit=1000)
    last = _minutes(days[-1]) if extent["type"] != "noEnd" else NEVER_ENDS
    numbers = (
        0, period, 0, *specific, END[extent["type"]], extent["numberOfOccurrences"] or 10,
        OUTLOOK_DAYS.index(pattern["firstDayOfWeek"]), len(deleted), *map(_minutes, deleted), len(modified),
        *map(_minutes, modified), _minutes(days[0]), last,
    )
    head = struct.pack("<HHHHH", 0x3004, 0x3004, frequency, form, 0)
    return base64.b64encode(head + struct.pack(f"<{len(numbers)}I", *numbers)).decode()


def _minutes(day: date) -> int:
    return int((datetime.combine(day, datetime.min.time()) - datetime(1601, 1, 1)).total_seconds() // 60)
