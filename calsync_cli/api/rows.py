"""The plain data that `--json` prints, and which of its rows some words mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from calsync_cli.store import views
from calsync_cli.store.db import moment


def iso(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="seconds").replace("+00:00", "Z")


def start_iso(text: str) -> str:
    from calsync_cli.engine.report import iso

    return iso(text)


def field_rows(path: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    """A time block shows as start and (where it differs) end; everything else as it stands, also what a calendar has in
    place of a time: that the date is cancelled there."""
    if path.rpartition("/")[2] != "time":
        return {path: dict(shown)}
    prefix = path.removesuffix("time")
    ends = {name: {k: start_iso(v[part]) if isinstance(v, dict) else v for k, v in shown.items()}
            for name, part in (("start", "s"), ("end", "e"))}
    rows = {prefix + name: values for name, values in ends.items() if len(set(values.values())) > 1}
    return rows or {prefix + "start": ends["start"]}


def event_json(event: views.EventRow, calendar: str) -> dict[str, Any]:
    """One event of the mirror, as `events --json` prints it."""
    from calsync_cli.engine.report import iso
    from calsync_cli.model.codec import time_text
    from calsync_cli.model.series import form_span

    span = form_span(event.form) if event.form is not None else None
    return {
        "calendar": calendar, "uid": event.uid, "title": event.title or (event.remote_id if event.form is None else ""),
        "start": iso(time_text(span.start)) if span else "", "end": iso(time_text(span.end)) if span else "",
        "recurring": event.form is not None and "recurrence" in event.form, "status": event.status,
        "detail": event.detail, "remote_id": event.remote_id,
    }


def operation_json(op: Any, names: Mapping[int, str]) -> dict[str, Any]:
    """One journal row, readable."""
    return {
        "operation": op["id"], "run": op["run_id"], "calendar": names.get(op["calendar_id"], "?"), "action": op["kind"],
        "title": op["title"], "start": start_iso(op["start"] or ""), "zone": (op["start"] or "").partition(" ")[2],
        "because": op["because"], "outcome": op["state"],
        "remote_id": op["remote_id"], "precondition": op["etag"], "changes": json.loads(op["changes"]),
        "sent": iso(moment(op["sent_us"])) if op["sent_us"] else None,
        "done": iso(moment(op["done_us"])) if op["done_us"] else None, "error": op["error"],
    }


def fitting(rows: Sequence[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """Those of this UID, else of this title, else with these words in the title."""
    meant = words.casefold()
    tests: tuple[Callable[[dict[str, Any]], bool], ...] = (
        lambda row: row["uid"] == words,
        lambda row: row["title"].casefold() == meant,
        lambda row: bool(meant) and meant in row["title"].casefold(),
    )
    return next((hits for test in tests if (hits := [row for row in rows if test(row)])), [])


def titled(events: Sequence[views.EventRow], words: str) -> list[views.EventRow]:
    """Those of this title, else of this file name, else with these words in the title."""
    meant = words.casefold()
    tests: tuple[Callable[[views.EventRow], bool], ...] = (
        lambda e: e.title.casefold() == meant,
        lambda e: e.remote_id == words,
        lambda e: bool(meant) and meant in e.title.casefold(),
    )
    return next((hits for test in tests if (hits := [e for e in events if test(e)])), [])
