"""`status` and `history`: how the pairs are, and what the runs did, offline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli.context import Context
from calsync_cli.cli.draw import Cell, print_json, table
from calsync_cli.cli.lines import ago, counted, operation_lines, problem_words
from calsync_cli.cli.screen import say, shown
from calsync_cli.errors import CalsyncError
from calsync_cli.model.account import WITH_PASSWORD
from calsync_cli.store import views
from calsync_cli.store.db import moment

STATES = ("synced", "pending", "held", "conflict", "error", "quarantined", "dormant")
RUNS_LOOKED_AT = 50
SHOWN_ALIKE = 3
ARROWS = {"two-way": "<->", "a-to-b": "-->", "b-to-a": "<--"}


def status(ctx: Context, pair: str | None, *, as_json: bool) -> int:
    """One glance says whether anything needs a person."""
    work = ctx.workspace()
    try:
        rows = work.status([pair] if pair else [])
        together = work.status_together([pair] if pair else [])
        accounts = [account_state(work, name) for name in work.config.accounts]
        problems = _last_problems(work, [row["pair"] for row in rows])
    finally:
        work.close()
    if as_json:
        print_json({"pairs": rows, "accounts": accounts, "problems": problems})
        return 0
    now = work.ports.now()
    if not ctx.quiet:
        columns = ["pair", "calendars", "events>", "last good sync", "next due", "state"]
        table(columns, [_status_row(row, now) for row in rows], color=ctx.color)
        if rows:
            print()
    for account in accounts:
        if account["problem"]:
            say(f"! account {account['account']}: {shown(account['problem'])}")
    told = {account["account"]: account["problem"] or "" for account in accounts}
    for alike in _by_kind(problems, told):
        for problem in alike[:SHOWN_ALIKE]:
            words = problem_words(problem["code"], problem["message"], problem["account"])
            say(f"! run {problem['run']}, {ago(problem['started'], now)}: {words}")
        if len(alike) > SHOWN_ALIKE:
            say(f"! ... and {len(alike) - SHOWN_ALIKE:,} more like this: calsync history {alike[0]['run']}")
        say(*(f"  next: {command}" for command in list(dict.fromkeys(p["next"] for p in alike if p["next"]))[:3]))
    needs = _needs(rows, together)
    troubled = needs or problems or any(account["problem"] for account in accounts)
    if troubled or not ctx.quiet:
        say(*(needs or ([] if troubled else ["nothing needs you"])))
    return 0


SEEN_ELSEWHERE = frozenset({"fields", "delete", "orphan", "ambiguous", "notify", "read-only", "refused", "quarantine",
                            "quarantined", "approval", "undo"})
"""Problems of single events, which the counts of the table tell better: what holds now, not what held then."""


def _last_problems(work: Workspace, pairs: Sequence[str]) -> list[dict[str, Any]]:
    """What stopped the newest run of each of the pairs: guards, questions, accounts and calendars."""
    todo, found = set(pairs), []
    for run in views.runs(work.db, RUNS_LOOKED_AT):
        summary = json.loads(run["summary"])
        there = {pair["pair"] for pair in summary.get("pairs", [])} & todo
        todo -= there
        started = moment(run["started_us"]).isoformat(timespec="seconds").replace("+00:00", "Z")
        for problem in summary.get("errors", []) if there else ():
            if problem["code"] not in SEEN_ELSEWHERE:
                found.append({"run": run["id"], "started": started, **problem})
    return found


def _by_kind(problems: Sequence[dict[str, Any]], told: Mapping[str, str]) -> list[list[dict[str, Any]]]:
    """Problems of one run and kind together, without what was said of their account and is still so."""
    found: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for problem in problems:
        if not told.get(problem["account"], "").startswith(problem["message"]):
            found.setdefault((problem["run"], problem["code"]), []).append(problem)
    return list(found.values())


def _status_row(row: Mapping[str, Any], now: datetime) -> list[Cell]:
    """A line for each side, and one for each state that some event is in."""
    a, b = row["a"], row["b"]
    calendars = (a["calendar"], f"{ARROWS[row['direction']]} {b['calendar']}")
    counts = (f"{a['events']:,}", f"{b['events']:,}")
    states = tuple(f"{row[state]:,} {state}" for state in STATES if row[state]) or ("-",)
    return [row["pair"], calendars, counts, ago(row["last_ok"], now), _in(row["next_due"], now), states]


WAITS = {
    "conflict": ("waits for a decision", "wait for a decision", "calsync conflicts resolve"),
    "held": ("is held", "are held", "calsync events list --status held"),
    "error": ("could not be written", "could not be written", "calsync events list --status error"),
    "quarantined": ("cannot be read", "cannot be read", "calsync events list --status quarantined"),
}


def _needs(rows: Sequence[Mapping[str, Any]], together: Mapping[str, int]) -> list[str]:
    if not rows:
        return ["no pairs yet; make one: calsync init"]
    found = []
    for state, (one, more, command) in WAITS.items():
        if count := together[state]:
            found.append(f"{counted(count, 'event')} {one if count == 1 else more}: {command}")
    if not any(row["last_run"] for row in rows):
        found.append("nothing has been synced yet: calsync sync")
    return found


# -- accounts ----------------------------------------------------------------------------------------------------------


def account_state(work: Workspace, name: str) -> dict[str, Any]:
    """Whether a login is there, told without asking any server."""
    account = work.config.accounts[name]
    signed_in, problem, expires, username = True, None, None, account.username
    if account.provider in ("google", "microsoft"):
        from calsync_cli.auth.signer import state
        from calsync_cli.config.secrets import open_store

        try:
            found = state(account, open_store(work.config.secrets, work.state_dir, work.environ), work.ports)
        except CalsyncError as err:
            signed_in, problem = False, str(err)
        else:
            signed_in, problem, expires = found.signed_in, found.problem, found.expires
            username = found.address or username
    elif account.provider in WITH_PASSWORD:
        signed_in, problem = _has_password(work, name)
    elif account.provider == "vdir" and (account.path is None or not account.path.is_dir()):
        signed_in, problem = False, f"the folder {account.path} is not there"
    elif account.provider == "ics" and account.path is not None and not account.path.is_file():
        signed_in, problem = False, f"the file {account.path} is not there"
    until = expires.isoformat(timespec="seconds").replace("+00:00", "Z") if expires else None
    return {
        "account": name, "provider": account.provider, "signed_in": signed_in, "username": username, "expires": until,
        "problem": problem,
    }


def _has_password(work: Workspace, name: str) -> tuple[bool, str | None]:
    from calsync_cli.config.secrets import open_store, password_for

    account = work.config.accounts[name]
    if account.password_command or getattr(account, "password", None):
        return True, None
    try:
        found = password_for(account, lambda: open_store(work.config.secrets, work.state_dir, work.environ))
    except CalsyncError as err:
        return False, str(err)
    return (True, None) if found else (False, f"not signed in; calsync login {name}")


def _in(text: str | None, now: datetime) -> str:
    if text is None:
        return "now"
    seconds = (datetime.fromisoformat(text) - now).total_seconds()
    if seconds <= 0:
        return "now"
    return f"in {int(seconds // 60) or 1} min" if seconds < 5400 else f"in {int(seconds // 3600)} h"


# -- history -----------------------------------------------------------------------------------------------------------


def history(ctx: Context, run: int | None, *, as_json: bool) -> int:
    """Runs, or one run with each change."""
    work = ctx.workspace()
    try:
        data: Any = work.history() if run is None else work.run_detail(run)
        now = work.ports.now()
    finally:
        work.close()
    if as_json:
        print_json(data)
    elif run is not None:
        _show_run(data)
    elif not data:
        print("no run yet; start with: calsync sync")
    else:
        _draw_runs(ctx, data, now)
    return 0


def _draw_runs(ctx: Context, runs: Sequence[Mapping[str, Any]], now: datetime) -> None:
    rows = [
        [str(r["run"]), ago(r["started"], now), "-" if r["seconds"] is None else f"{r['seconds']} s",
         _no_exit(r) if r["exit_code"] is None else str(r["exit_code"]), _changes(r), str(r["conflicts"] or "-"),
         str(r["failed"] or "-"), _requests(r["requests"])]
        for r in runs
    ]
    columns = ["run>", "started", "took>", "exit>", "changes", "conflicts>", "failed>", "requests (read/write)"]
    table(columns, rows, color=ctx.color)


def _no_exit(run: Mapping[str, Any]) -> str:
    return "-" if run["trigger"] == "restored" else "not yet"


def _changes(run: Mapping[str, Any]) -> str:
    if run["trigger"] == "restored":
        return "the database was put back"
    numbers = [(run["created"], "+"), (run["updated"], "~"), (run["deleted"], "-")]
    return " ".join(f"{sign}{number:,}" for number, sign in numbers if number) or "none"


def _requests(made: Mapping[str, Mapping[str, int]]) -> Cell:
    parts = [f"{name} {c.get('read', 0):,}/{c.get('write', 0):,}" for name, c in made.items()]
    return tuple(parts) if len(", ".join(parts)) > 24 else ", ".join(parts)


def _show_run(data: Mapping[str, Any]) -> None:
    ended = f"{data['seconds']} s, exit {data['exit_code']}"
    if data["exit_code"] is None:
        ended = "still running, or cut off"
    say(f"run {data['run']} ({data['trigger']}), {data['started']}, {ended}")
    for change in data["changes"]:
        for line in operation_lines(change, titled=True):
            say(f"  {line}")
    if not data["changes"]:
        say("  nothing was written")
    for error in data["errors"]:
        say(f"  ! {problem_words(error['code'], error['message'], error['account'])}")
        if error["next"]:
            say(f"    next: {error['next']}")
