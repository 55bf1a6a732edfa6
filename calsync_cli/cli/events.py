"""`events list`, `events show` and `why`: the mirror, one event at a time or all of them, offline."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from calsync_cli.api import Workspace, event_json, operation_json
from calsync_cli.cli import words as in_words
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lacks import Lacks, lacks
from calsync_cli.cli.lines import ago, counted, day_words, operation_lines
from calsync_cli.cli.screen import say, shown
from calsync_cli.errors import UsageError
from calsync_cli.model.codec import form_json
from calsync_cli.model.series import FIELDS, form_span, split
from calsync_cli.model.times import Zoned
from calsync_cli.model.words import closest
from calsync_cli.store import views

STATES = ("synced", "pending", "held", "conflict", "error", "quarantined", "dormant")
LONGEST = 2000
ORDER = ("title", "time", "recurrence", *FIELDS)

Found = Sequence[tuple[str, views.EventRow]]
"""Calendars' names and their copies of one event or of several."""


def listing(ctx: Context, *, calendar: str | None, status: str | None, as_json: bool) -> int:
    """The mirror with sync status: one object per calendar as JSON, one row per event on the screen."""
    if status is not None and status not in STATES:
        text = f"{status!r} is not a status{closest(status, STATES)}; use one of: {', '.join(STATES)}"
        raise UsageError(text, next="calsync events list -h")
    work = ctx.workspace()
    try:
        rows = work.events(calendar, status)
        fresh = not views.aliases(work.db)
    finally:
        work.close()
    if as_json:
        print_json(rows)
    elif not rows:
        which = (f" with status {status}" if status else "") + (f" in {calendar}" if calendar else "")
        print(f"no events{which}" + ("; nothing has been synced yet: calsync sync" if fresh else ""))
    else:
        _draw(ctx, rows)
    return 0


def _draw(ctx: Context, rows: Sequence[Mapping[str, Any]]) -> None:
    """Copies that look the same share a row."""
    merged: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        title = (shown(row["title"]) or "(no title)") + (" (series)" if row["recurring"] else "")
        key = (row["uid"] or row["remote_id"], day_words(row["start"]), title, row["status"], row["detail"])
        merged.setdefault(key, []).append(row["calendar"])
    detailed = any(row["detail"] for row in rows)
    columns = ["start", "title", "calendars", "status", *(["detail"] if detailed else [])]
    drawn = [
        [when, title, _each(calendars), status, *([detail] if detailed else [])]
        for (_, when, title, status, detail), calendars in merged.items()
    ]
    table(columns, drawn, color=ctx.color)


def _each(calendars: Sequence[str]) -> str | tuple[str, ...]:
    together = ", ".join(calendars)
    return together if len(together) < 25 else (*(f"{c}," for c in calendars[:-1]), calendars[-1])


# -- one event ---------------------------------------------------------------------------------------------------------


def show(ctx: Context, words: str, *, as_json: bool) -> int:
    """Everything the mirror holds of one event, once for all calendars that show it alike."""
    work = ctx.workspace()
    try:
        found = _found(work, words)
        if as_json:
            print_json([{**event_json(e, name), "form": _form(e)} for name, e in found])
            return 0
        _only_one(ctx, found, words, "calsync events show")
        alike: dict[str, list[tuple[str, views.EventRow]]] = {}
        for name, event in found:
            look = json.dumps([_form(event), event.status, event.detail], sort_keys=True)
            alike.setdefault(look, []).append((name, event))
        for group in alike.values():
            _show(group)
            for name, event in group:
                lacking = _lacks(work, name, event, found)
                told = (*lacking.losses, *lacking.remarks)
                say(*(f"  on {name}: {shown(words)}" for words in told if words != event.detail))
    finally:
        work.close()
    return 0


def _show(copies: Found) -> None:
    name, event = copies[0]
    say(_heading(event_json(event, name), " and ".join(n for n, _ in copies)))
    if event.detail:
        say(f"  {shown(event.detail)}")
    tzid = zone_of(event)
    form = _form(event)
    for path in sorted(form, key=_place):
        value = shown(in_words.value_words(path, form[path]))
        label = in_words.field_words(path, tzid)
        say(f"  {'time' if path == 'time' else label:<14} {in_words.excerpts([value], LONGEST)[0]}")
    say(f"  {'UID':<14} {shown(event.uid) or '(none)'}")


def _heading(row: Mapping[str, Any], calendars: str) -> str:
    when = f"  {day_words(row['start'])}" if row["start"] else ""
    return f'"{shown(row["title"]) or "(no title)"}"{when}  on {calendars}: {row["status"]}'


def _place(path: str) -> tuple[str, int, str]:
    key, name = split(path)
    return key, ORDER.index(name) if name in ORDER else len(ORDER), name


def zone_of(event: views.EventRow) -> str:
    """The zone in which the event's instances are told."""
    span = form_span(event.form) if event.form is not None else None
    return span.start.tzid if span and isinstance(span.start, Zoned) else "UTC"


def _form(event: views.EventRow) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(form_json(event.form)) if event.form is not None else {}
    return loaded


def why(ctx: Context, words: str, *, as_json: bool) -> int:
    """What is known of one event on every side, what was done to it and what holds it."""
    work = ctx.workspace()
    try:
        found = _found(work, words)
        names = views.aliases(work.db)
        sides = [_side(work, name, event, found) for name, event in found]
        numbers = sorted({e.link_id for _, e in found if e.link_id is not None})
        history = [operation_json(op, names) for n in numbers for op in views.operations(work.db, link=n)]
        lost = [_lost(row, names) for n in numbers for row in views.lost_values(work.db, n)]
        waiting = [c for c in work.conflicts() if c["uid"] in {e.uid for _, e in found}]
        if as_json:
            print_json({"sides": sides, "history": history, "kept": lost})
            return 0
        _only_one(ctx, found, words, "calsync why")
        now = work.ports.now()
    finally:
        work.close()
    for side in sides:
        say(_heading(side, side["calendar"]))
        say(f"    id {side['remote_id']}, UID {shown(side['uid']) or '(none)'}, last seen {ago(side['seen'], now)}")
        for words in dict.fromkeys([side["detail"], *side["losses"], *side["remarks"]]):
            if words:
                say(f"    {shown(words)}")
    for conflict in waiting:
        say(f"  next: calsync conflicts resolve {conflict['id']}")
    say("what calsync did:" if history else "calsync has not written this event anywhere")
    for op in history:
        first, *more = operation_lines(op, titled=False)
        say(f"  run {op['run']}: {first}", *(f"    {line}" for line in more))
    if lost:
        say("values that gave way, kept for 90 days:", *map(_lost_line, lost))
        say("  to take one up again: calsync events edit")
    return 0


def _lost(row: sqlite3.Row, names: Mapping[int, str]) -> dict[str, Any]:
    from calsync_cli.store.db import moment

    return {
        "run": row["run_id"], "calendar": names[row["calendar_id"]], "kind": row["kind"], "field": row["path"],
        "value": json.loads(row["value"])[row["path"]], "at": moment(row["at_us"]).isoformat(timespec="seconds"),
    }


def _lost_line(one: Mapping[str, Any]) -> str:
    value = in_words.excerpts([shown(in_words.value_words(one["field"], one["value"]))])[0]
    how = "lost a conflict" if one["kind"] == "conflict" else "was overwritten"
    return f"  run {one['run']}: {in_words.field_words(one['field'])} {value} on {one['calendar']} {how}"


def _side(work: Workspace, name: str, event: views.EventRow, found: Found) -> dict[str, Any]:
    lacking = _lacks(work, name, event, found)
    told = {"losses": list(lacking.losses), "remarks": [*_by_view(work, name, event), *lacking.remarks]}
    return {**event_json(event, name), "seen": _seen(work, event), **told}


def _by_view(work: Workspace, name: str, event: views.EventRow) -> list[str]:
    """W6: the rule for which a copy shows no more."""
    from calsync_cli.cli.explain import view_words
    from calsync_cli.engine.views import of_text

    view = of_text(views.view_of(work.db, event.link_id, event.calendar_id))
    rules = [
        f"pairs.{pair.name}.{key}" for pair in work.config.pairs.values()
        for key, side, own in (("to_a", pair.a, pair.to_a), ("to_b", pair.b, pair.to_b))
        if str(side) == name and own == view
    ]
    words = view_words(view)
    return [f"a copy that shows {words} ({', '.join(rules) or 'by rules of before'})"] if words else []


def _seen(work: Workspace, event: views.EventRow) -> str:
    from calsync_cli.store.db import moment

    us = work.db.value(
        "SELECT seen_at_us FROM mirror_item WHERE calendar_id = ? AND remote_id = ?", event.calendar_id, event.remote_id
    )
    return moment(us).isoformat(timespec="seconds")


def _lacks(work: Workspace, name: str, event: views.EventRow, found: Found) -> Lacks:
    copies = [e for _, e in found if (e.link_id or e.uid) == (event.link_id or event.uid)]
    return lacks(work, name, event, copies, zone_of(event))


# -- which one ---------------------------------------------------------------------------------------------------------


def _found(work: Workspace, words: str) -> Found:
    """Raises UsageError when there is no such event."""
    found = work.find(words)
    if not found:
        raise work.unknown_event(words)
    return found


def _only_one(ctx: Context, found: Found, words: str, command: str) -> None:
    """Raises UsageError, behind a table of the candidates, when the words fit several events."""
    events: dict[object, tuple[str, views.EventRow]] = {}
    for name, event in found:
        events.setdefault(event.link_id or event.uid or event.remote_id, (name, event))
    if len(events) == 1:
        return
    rows = [event_json(e, name) for name, e in events.values()]
    rows.sort(key=lambda row: (row["start"], row["title"]))
    key, name = ("uid", "UID") if len({row["uid"] for row in rows}) == len(rows) else ("remote_id", "FILE")
    table(["start", "title", name], [[day_words(r["start"]), r["title"], r[key]] for r in rows], color=ctx.color)
    raise UsageError(f"{counted(len(events), 'event')} fit {words!r}; name one by its {name}", next=f"{command} {name}")
