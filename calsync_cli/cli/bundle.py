"""`doctor --bundle`: a report to send along with a question. What is in it was let in; all else is left out.

Shape   text in sections: versions, configuration, findings, runs, state, the end of the log
Rules   accounts, calendars and pairs have numbers for names; of the configuration only words of the format, numbers and
        lengths of time are shown; of sentences only the program's own words (cli.unnamed). No event is in it
"""

from __future__ import annotations

import json
import platform
import re
import sqlite3
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from calsync_cli import __version__, files
from calsync_cli.cli.context import Context
from calsync_cli.cli.doctor import Finding
from calsync_cli.cli.log import FILE_NAME as LOG
from calsync_cli.cli.screen import say
from calsync_cli.cli.unnamed import Unnamed, texts_of
from calsync_cli.config.schema import ACCOUNT, MORE_SECTIONS, PAIR, SECRETS, Key
from calsync_cli.errors import CalsyncError, StoreError, UsageError

LINES, RUNS = 200, 10
LIBRARIES = (
    "typer", "httpx", "lxml", "icalendar", "python-dateutil", "tzdata", "keyring", "msal", "google-auth-oauthlib",
)
SHOWN = frozenset({"choice", "duration", "flag", "number", "limit", "window", "classes", "port"})
"""Kinds of keys whose values are words of the format."""
COUNTS = {
    "calendars": "SELECT count(*) FROM calendar", "events seen": "SELECT count(*) FROM mirror_item WHERE gone < 2",
    "events that cannot be read": "SELECT count(*) FROM mirror_item WHERE gone < 2 AND form IS NULL",
    "linked events": "SELECT count(*) FROM link WHERE alive = 1",
    "tombstones": "SELECT count(*) FROM link WHERE alive = 0",
    "open": "SELECT count(*) FROM link WHERE open = 1 AND alive = 1",
    "quarantined": "SELECT count(*) FROM link WHERE quarantine IS NOT NULL", "runs": "SELECT count(*) FROM run",
}
BY_KIND = {
    "waits": "SELECT kind, count(*) FROM hold GROUP BY 1 ORDER BY 1",
    "writes": "SELECT kind || ' ' || state, count(*) FROM operation GROUP BY 1 ORDER BY 1",
    "kept": "SELECT kind, count(*) FROM kept GROUP BY 1 ORDER BY 1",
    "events in each calendar": "SELECT 'number ' || calendar_id, count(*) FROM mirror_item WHERE gone < 2 "
    "GROUP BY calendar_id ORDER BY calendar_id",
}


def bundle(ctx: Context, file: Path, findings: Sequence[Finding], code: int) -> int:
    """Write the report. Raises UsageError where a file is in the way."""
    path = file.expanduser()
    if path.exists():
        raise UsageError(f"{path} is there already; nothing was written", next="calsync doctor --bundle ANOTHER-FILE")
    data = _config(ctx)
    unnamed = Unnamed(data, _of_events(ctx))
    parts = {
        "versions": _versions(), "configuration": _settings(data, unnamed), "findings": _findings(findings, unnamed),
        "last runs": _runs(ctx, unnamed), "state": _state(ctx), f"last {LINES} lines of the log": _log(ctx, unnamed),
    }
    text = "\n".join(line for name, lines in parts.items() for line in (f"== {name}", *lines, ""))
    try:
        files.write(path, text)
    except OSError as err:
        raise UsageError(f"the report cannot be written to {path} ({err.strerror})", next="calsync doctor -h") from err
    say(f"a report without names, titles, addresses and secrets is in {path}; look through it before you send it")
    return code


def _versions() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version

    yield f"calsync {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    yield f"{platform.platform()}, {sys.getfilesystemencoding()}"
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} is not there"


# -- configuration -----------------------------------------------------------------------------------------------------


def _config(ctx: Context) -> dict[str, Any]:
    try:
        return tomllib.loads(ctx.config_file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}  # a finding says why


def _settings(data: Mapping[str, Any], unnamed: Unnamed) -> Iterator[str]:
    tables: dict[str, Mapping[str, Key]] = {"defaults": PAIR, "secrets": SECRETS}
    for name, table in data.items():
        if name in ("accounts", "pairs") and isinstance(table, dict):
            for own, keys in table.items():
                shown = unnamed.pair(own) if name == "pairs" else unnamed.account(own)
                yield from _table(f"{name}.{shown}", keys, PAIR if name == "pairs" else ACCOUNT, unnamed)
        elif name == "calendars":
            yield f"calendars: {len(table) if isinstance(table, dict) else 'no table'}"
        elif name in MORE_SECTIONS:
            for one in table if isinstance(table, list) else [table]:
                yield from _table(name, one, MORE_SECTIONS[name].keys or {}, unnamed)
        else:
            yield from _table(name if name in tables else "(unknown section)", table, tables.get(name, {}), unnamed)


def _table(path: str, table: object, keys: Mapping[str, Key], unnamed: Unnamed) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"{path}: no table"
        return
    yield f"[{path}]"
    for name, value in table.items():
        key = keys.get(name)
        if key is None:
            yield "  (unknown key)"
        elif key.keys is not None and isinstance(value, dict):
            yield from (f"  {line}" for line in _table(name, value, key.keys, unnamed))
        else:
            side = keys is PAIR and name in ("a", "b")
            yield f"  {name} = {unnamed.text(str(value)) if side else _value(key, value)}"


def _value(key: Key, value: object) -> str:
    plain = isinstance(value, bool | int | float) or (isinstance(value, str) and _is_of_the_format(key, value))
    if key.kind in SHOWN and plain:
        return json.dumps(value)
    if key.kind in SHOWN and isinstance(value, dict):
        return json.dumps({name: one for name, one in value.items() if name in ("past", "future", "count", "percent")
                           and (isinstance(one, int | float) or _is_length(str(one)))})
    if isinstance(value, list):
        return f"({len(value)} entries)"
    return "(text)" if isinstance(value, str) else "(a value)"


def _is_of_the_format(key: Key, value: str) -> bool:
    return value in key.choices or value in key.later_choices or _is_length(value) or value == "all"


def _is_length(value: str) -> bool:
    return re.fullmatch(r"[0-9]{1,6}[smhdwy]", value) is not None


# -- findings, runs, state, log ----------------------------------------------------------------------------------------


def _findings(findings: Iterable[Finding], unnamed: Unnamed) -> Iterator[str]:
    for one in findings:
        state = "ok" if one.ok else f"failed ({one.code})"
        text = unnamed.text(" / ".join(one.message.splitlines()))
        yield f"{unnamed.text(one.check)}: {state}: {text}" + (f"; next: {unnamed.text(one.next)}" if one.next else "")


def _runs(ctx: Context, unnamed: Unnamed) -> Iterator[str]:
    try:
        work = ctx.workspace()
    except CalsyncError:
        yield "the configuration cannot be used"
        return
    try:
        runs = work.history(RUNS)
        for run in runs:
            told = {name: value for name, value in run.items() if name not in ("trigger", "requests")}
            told["trigger"] = unnamed.text(str(run["trigger"]).split(" ")[0])
            told["requests"] = {unnamed.account(name): count for name, count in run["requests"].items()}
            told["errors"] = sorted({str(one["code"]) for one in work.run_detail(run["run"])["errors"]})
            yield json.dumps(told)
    except CalsyncError:
        yield "the state cannot be read"
    finally:
        work.close()


def _of_events(ctx: Context) -> list[str]:
    """Texts of the calendars that a sentence of the program may hold: to be struck out of it."""
    try:
        work = ctx.workspace()
    except CalsyncError:
        return []
    try:
        return texts_of(work.db)
    except (CalsyncError, sqlite3.Error):
        return []
    finally:
        work.close()


def _state(ctx: Context) -> Iterator[str]:
    from calsync_cli.store.db import FILE_NAME, open_database

    try:
        if not (ctx.state_dir / FILE_NAME).exists():
            yield "none yet"
            return
        database = open_database(ctx.state_dir, ctx.ports)
    except StoreError:
        yield "it cannot be read"
        return
    try:
        for what, sql in COUNTS.items():
            yield f"{what}: {database.value(sql)}"
        for what, sql in BY_KIND.items():
            yield f"{what}: " + (", ".join(f"{row[0]}: {row[1]}" for row in database.all(sql)) or "none")
    finally:
        database.close()


def _log(ctx: Context, unnamed: Unnamed) -> Iterator[str]:
    try:
        lines = (ctx.state_dir / LOG).read_text(encoding="utf-8", errors="replace").splitlines()[-LINES:]
    except (OSError, StoreError):
        lines = []
    yield from map(unnamed.log_line, lines)
