"""`status`, `events`, `history`, `why`: looking at the state, offline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from calsync_cli.api import Workspace, event_json, operation_json
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import print_json, table
from calsync_cli.cli.lines import day_words, shown
from calsync_cli.errors import UsageError
from calsync_cli.store import views

STATES = ("synced", "pending", "held", "conflict", "error", "quarantined", "dormant")
ARROWS = {"two-way": "<->", "a-to-b": "-->", "b-to-a": "<--"}


def status(ctx: Context, pair: str | None, *, as_json: bool) -> int:
    """One glance says whether anything needs a person."""
    work = ctx.workspace()
    try:
        rows = work.status([pair] if pair else [])
        accounts = [account_state(work, name) for name in work.config.accounts]
    finally:
        work.close()
    if as_json:
        print_json({"pairs": rows, "accounts": accounts})
        return 0
    now = work.ports.now()
    drawn = [_status_row(row, now) for row in rows]
    used = [s for s in STATES if s == "synced" or any(row[s] for row in rows)]
    columns = ["pair", "calendars", "last good sync", "next due", *(f"{s}>" for s in used)]
    table(columns, [[*row[:4], *(str(rows[i][s]) for s in used)] for i, row in enumerate(drawn)], color=ctx.color)
    for account in accounts:
        if account["problem"]:
            print(f"! account {account['account']}: {account['problem']}")
    for line in _needs(rows, any(account["problem"] for account in accounts)):
        print(line)
    return 0


def _status_row(row: dict[str, Any], now: datetime) -> list[str]:
    calendars = f"{row['a']['calendar']} {ARROWS[row['direction']]} {row['b']['calendar']}"
    return [row["pair"], calendars, ago(row["last_ok"], now), _in(row["next_due"], now)]


def _needs(rows: Sequence[dict[str, Any]], troubled: bool) -> list[str]:
    commands = {
        "conflict": "calsync conflicts resolve", "held": "calsync events list --status held",
        "error": "calsync events list --status error", "quarantined": "calsync events list --status quarantined",
    }
    found = []
    for state, command in commands.items():
        count = sum(row[state] for row in rows)
        if count:
            found.append(f"{count} {state}: {command}")
    if rows and not any(row["last_run"] for row in rows):
        found.append("nothing has been synced yet: calsync sync")
    return found or ([] if troubled else ["nothing needs you"])


def account_state(work: Workspace, name: str) -> dict[str, Any]:
    """Whether a login is there, told without asking any server."""
    account = work.config.accounts[name]
    signed_in, problem, expires, username = True, None, None, account.username
    if account.provider == "google":
        from calsync_cli.auth.google.stored import state
        from calsync_cli.config.secrets import open_store

        found = state(account, open_store(work.config.secrets, work.state_dir, work.environ), work.ports)
        signed_in, problem, expires = found.signed_in, found.problem, found.expires
        username = found.address or username
    elif account.provider == "caldav":
        signed_in, problem = _has_password(work, name)
    elif account.provider == "vdir" and (account.path is None or not account.path.is_dir()):
        signed_in, problem = False, f"the folder {account.path} is not there"
    until = expires.isoformat(timespec="seconds").replace("+00:00", "Z") if expires else None
    return {
        "account": name, "provider": account.provider, "signed_in": signed_in, "username": username, "expires": until,
        "problem": problem,
    }


def _has_password(work: Workspace, name: str) -> tuple[bool, str | None]:
    from calsync_cli.config.secrets import open_store, password_for
    from calsync_cli.errors import CalsyncError

    account = work.config.accounts[name]
    if account.password_command or getattr(account, "password", None):
        return True, None
    try:
        found = password_for(account, lambda: open_store(work.config.secrets, work.state_dir, work.environ))
    except CalsyncError as err:
        return False, str(err)
    return (True, None) if found else (False, f"not signed in; calsync login {name}")


def ago(text: str | None, now: datetime) -> str:
    """`3 min ago`."""
    if text is None:
        return "never"
    seconds = (now - datetime.fromisoformat(text)).total_seconds()
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min"), (129600, 3600, "h")):
        if seconds < limit:
            return f"{max(0, int(seconds // unit))} {name} ago"
    return f"{int(seconds // 86400)} days ago"


def _in(text: str | None, now: datetime) -> str:
    if text is None:
        return "now"
    seconds = (datetime.fromisoformat(text) - now).total_seconds()
    if seconds <= 0:
        return "now"
    return f"in {int(seconds // 60) or 1} min" if seconds < 5400 else f"in {int(seconds // 3600)} h"


def events(ctx: Context, *, calendar: str | None, status: str | None, as_json: bool) -> int:
    """The mirror with sync status per event."""
    if status is not None and status not in STATES:
        raise UsageError(f"{status!r} is not a status; use one of: {', '.join(STATES)}")
    work = ctx.workspace()
    try:
        rows = work.events(calendar, status)
    finally:
        work.close()
    if as_json:
        print_json(rows)
        return 0
    if not rows:
        print("no events" + (f" with status {status}" if status else "") + (f" in {calendar}" if calendar else ""))
        return 0
    detailed = any(row["detail"] for row in rows)
    columns = ["start", "title", "calendar", "status", *(["detail"] if detailed else [])]
    drawn = [
        [day_words(r["start"]), r["title"] + (" (series)" if r["recurring"] else ""), r["calendar"], r["status"],
         *([r["detail"]] if detailed else [])]
        for r in rows
    ]
    table(columns, drawn, color=ctx.color)
    return 0


def event_show(ctx: Context, words: str, *, as_json: bool) -> int:
    """Everything the mirror holds of one event."""
    work = ctx.workspace()
    try:
        found = _found(work, words)
        rows = [{**event_json(e, name), "form": _form(e)} for name, e in found]
    finally:
        work.close()
    if as_json:
        print_json(rows)
        return 0
    for row in rows:
        print(f"{shown(row['title']) or '(no title)'}  [{row['calendar']}]  {row['status']}  {row['detail']}".rstrip())
        for path, value in row["form"].items():
            print(f"  {path:<14} {shown(str(value))}")
    return 0


def _form(event: views.EventRow) -> dict[str, Any]:
    import json

    from calsync_cli.model.codec import form_json

    loaded: dict[str, Any] = json.loads(form_json(event.form)) if event.form is not None else {}
    return loaded


def _found(work: Workspace, words: str) -> list[tuple[str, views.EventRow]]:
    found = work.find(words)
    if not found:
        raise UsageError(f"no event has the UID {words!r} or a title with these words", next="calsync events list")
    return found


def why(ctx: Context, words: str, *, as_json: bool) -> int:
    """What is known of one event on every side, what was done to it and what holds it."""
    work = ctx.workspace()
    try:
        found = _found(work, words)
        names = views.aliases(work.db)
        sides = [{**event_json(e, name), "seen": _seen(work, e)} for name, e in found]
        numbers = sorted({e.link_id for _, e in found if e.link_id is not None})
        history = [operation_json(op, names) for n in numbers for op in views.operations(work.db, link=n)]
    finally:
        work.close()
    if as_json:
        print_json({"sides": sides, "history": history})
        return 0
    for side in sides:
        print(f'"{shown(side["title"])}"  {day_words(side["start"])}  on {side["calendar"]}: {side["status"]}')
        print(f"    id {side['remote_id']}, UID {side['uid']}, last seen {ago(side['seen'], work.ports.now())}")
        if side["detail"]:
            print(f"    {side['detail']}")
    print("what calsync did:" if history else "calsync has not written this event anywhere")
    for op in history:
        print(f"    run {op['run']}: {op['action']} on {op['calendar']}, {op['outcome']}: {op['because']}")
        if op["error"]:
            print(f"        {op['error']}")
    return 0


def _seen(work: Workspace, event: views.EventRow) -> str:
    from calsync_cli.store.db import moment

    us = work.db.value(
        "SELECT seen_at_us FROM mirror_item WHERE calendar_id = ? AND remote_id = ?", event.calendar_id, event.remote_id
    )
    return moment(us).isoformat(timespec="seconds")


def history(ctx: Context, run: int | None, *, as_json: bool) -> int:
    """Runs, or one run with each change."""
    work = ctx.workspace()
    try:
        data: Any = work.history() if run is None else work.run_detail(run)
    finally:
        work.close()
    if as_json:
        print_json(data)
        return 0
    if run is not None:
        _show_run(data)
        return 0
    now = work.ports.now()
    drawn = [
        [str(r["run"]), ago(r["started"], now), "-" if r["seconds"] is None else f"{r['seconds']} s",
         "cut off" if r["exit_code"] is None else str(r["exit_code"]),
         f"+{r['created']} ~{r['updated']} -{r['deleted']}", str(r["conflicts"]), str(r["failed"]),
         _requests(r["requests"])]
        for r in data
    ]
    if not drawn:
        print("no run yet; start with: calsync sync")
        return 0
    columns = ["run>", "started", "took>", "exit>", "changes", "conflicts>", "failed>", "requests"]
    table(columns, drawn, color=ctx.color)
    return 0


def _requests(counted: dict[str, dict[str, int]]) -> str:
    return ", ".join(f"{name} {c.get('read', 0)}r {c.get('write', 0)}w" for name, c in counted.items())


def _show_run(data: dict[str, Any]) -> None:
    print(f"run {data['run']}, {data['started']}, {data['seconds']} s, exit code {data['exit_code']}")
    for change in data["changes"]:
        what = f'{change["action"]} on {change["calendar"]}: "{shown(change["title"])}"'
        print(f"  {what}  {day_words(change['start'])}  {change['outcome']}: {change['because']}")
        if change["error"]:
            print(f"      {change['error']}")
    for error in data["errors"]:
        print(f"  ! {error['message']}")
