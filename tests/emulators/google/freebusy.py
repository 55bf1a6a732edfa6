"""freebusy.query: the busy times of some calendars."""

from __future__ import annotations

from typing import Any

from tests.emulators.google import errors
from tests.emulators.google.call import Call, Reply
from tests.emulators.google.expand import expanded, touches
from tests.emulators.google.state import Calendar
from tests.emulators.google.times import instant, read_bound, utc_text


def query(call: Call) -> Reply:
    if not call.body.get("timeMin") or not call.body.get("timeMax"):
        raise errors.required("Missing timeMin or timeMax.")
    told: dict[str, Any] = {"kind": "calendar#freeBusy", "timeMin": call.body["timeMin"],
                            "timeMax": call.body["timeMax"], "calendars": {}}
    for item in call.body.get("items", ()):
        name = str(item.get("id", ""))
        try:
            told["calendars"][name] = {"busy": _busy(call, call.calendar(name=name))}
        except errors.ApiError as error:
            told["calendars"][name] = {"errors": [{"domain": error.domain, "reason": error.reason}], "busy": []}
    return Reply(told)


def _busy(call: Call, calendar: Calendar) -> list[dict[str, str]]:
    low, high = read_bound(call.body["timeMin"]), read_bound(call.body["timeMax"])
    spans = []
    for row in list(calendar.rows.values()):
        in_series = row.master_id in calendar.rows
        rows = expanded(calendar, row, calendar.overrides_of(row.id), low, high) if row.is_master else [row]
        for one in [] if in_series or row.dead else rows:
            if not one.dead and one.body.get("transparency") != "transparent" and touches(calendar, one, low, high):
                spans.append((instant(one.body["start"], calendar.time_zone), instant(one.body["end"],
                                                                                      calendar.time_zone)))
    merged: list[list[Any]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    return [{"start": utc_text(start), "end": utc_text(end)} for start, end in merged]
