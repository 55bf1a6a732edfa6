"""VALARM <-> a reminder of the form: "display:-PT15M", "email:end:PT0S", "audio:20261124T083000Z".

Shape   lengths are exact and in one spelling, absolute times in UTC (as they stand when floating)
Left    snoozes, Apple's default alarms and "no alarm" alarms are somebody's state, not a reminder: "" for them
Source  RFC 5545 section 3.6.6, RFC 9074; facts section 11
"""

from __future__ import annotations

import re

from calsync_cli.errors import MappingError
from calsync_cli.mapping.contentlines import Component, Line, make_component, make_line
from calsync_cli.mapping.values import duration, exact_text, stamp
from calsync_cli.mapping.when import read_when
from calsync_cli.mapping.zones import Zones
from calsync_cli.model.times import When, Zoned, utc, wall

_NO_ALARM = "19760401T005545Z"  # Apple's way to say "none"


def reminder_of(alarm: Component, start: When | None, zones: Zones, losses: list[str]) -> str:
    action = alarm.first("ACTION")
    kind = action.value.strip().lower() if action is not None else "display"
    trigger = alarm.first("TRIGGER")
    if kind == "none" or _is_state(alarm):
        return ""
    if trigger is None:
        losses.append("a reminder without a time was left alone")
        return ""
    try:
        moment = _moment(trigger, start, zones)
    except (ValueError, OverflowError, MappingError):
        losses.append(f"a reminder's time cannot be understood: {trigger.value[:60]!r}")
        return ""
    return f"{kind}:{moment}" if moment != _NO_ALARM else ""


def _is_state(alarm: Component) -> bool:
    default = alarm.first("X-APPLE-DEFAULT-ALARM")
    if default is not None and default.value.strip().upper() == "TRUE":
        return True
    return any(line.param("RELTYPE").upper() == "SNOOZE" for line in alarm.all("RELATED-TO"))


def _moment(trigger: Line, start: When | None, zones: Zones) -> str:
    value = trigger.value.strip()
    if value[:1].isdigit():
        when = read_when(trigger, zones)
        if not isinstance(when, Zoned) and isinstance(start, Zoned):
            when = Zoned(wall(when), start.tzid)
        return stamp(utc(when)) + "Z" if isinstance(when, Zoned) else stamp(wall(when))
    length = exact_text(duration(value).exact)
    return f"end:{length}" if trigger.param("RELATED").upper() == "END" else length


_REMINDER = re.compile(r"([^:]+):(?:(end):)?([+-]?P[^:]*|\d{8}T\d{6}Z?)", re.ASCII)


def alarm_of(reminder: str, newline: bytes) -> Component:
    """A VALARM for a reminder. Its text is always the same, so that a copy's alarms tell nothing about the event."""
    found = _REMINDER.fullmatch(reminder)
    if found is None:
        raise MappingError(f"the reminder {reminder!r} cannot be written to a calendar file")
    kind, end, moment = found.groups()
    params = (("VALUE", "DATE-TIME"),) if moment[0].isdigit() else (("RELATED", "END"),) if end else ()
    children = [make_line("ACTION", kind.upper(), (), newline)]
    if kind != "audio":
        children.append(make_line("DESCRIPTION", "Reminder", (), newline))
    if kind == "email":
        children.append(make_line("SUMMARY", "Reminder", (), newline))
    return make_component("VALARM", [*children, make_line("TRIGGER", moment, params, newline)], newline)
