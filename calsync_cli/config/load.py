"""TOML -> Config, with every problem at once, each with its path (cli.md section 3).

Shape   `load(path, environ)`; relative paths are relative to the file, `~` and `$VAR` are expanded
Errors  ConfigError; nothing is read but the file, nothing is asked of the network
"""

from __future__ import annotations

import difflib
import os
import re
import string
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from calsync_cli.config import schema
from calsync_cli.config.schema import ACCOUNT, PAIR, SECRETS, Key
from calsync_cli.errors import ConfigError
from calsync_cli.model.account import EVERYTHING, Account, CalendarName, Config, Pair, SecretsConfig, Window
from calsync_cli.model.secret import Secret

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
ENV_PREFIX = "CALSYNC_"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The checked configuration of a file. Raises ConfigError."""
    return _Reader(path, environ).config(_read(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([("", f"there is no configuration at {path}")], next="calsync config path") from None
    except OSError as err:
        raise ConfigError([("", f"{path} cannot be read: {err.strerror}")], next="calsync config path") from None
    except UnicodeDecodeError:
        raise ConfigError([("", f"{path} is not UTF-8 text")]) from None
    except tomllib.TOMLDecodeError as err:
        raise ConfigError([("", f"{path} is not valid TOML: {err}")]) from None


class _Bad(Exception):
    """One value is wrong; the text says why."""


class _Reader:
    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path = path
        self.environ = environ
        self.problems: list[tuple[str, str]] = []
        self.warnings: list[str] = []

    def config(self, data: dict[str, Any]) -> Config:
        _from_environment(data, self.environ)
        self._known_keys("", data, schema.SECTIONS)
        for name in schema.LATER_SECTIONS:
            if name in data:
                self._bad(name, f"[{name}] {schema.LATER}")
        accounts = {n: a for n, t in self._tables(data, "accounts") if (a := self._account(n, t)) is not None}
        short = self._short_names(data, accounts)
        defaults = data.get("defaults", {})
        self._check_keys("defaults", defaults, {k: v for k, v in PAIR.items() if k not in ("a", "b")})
        pairs = {n: p for n, t in self._tables(data, "pairs") if (p := self._pair(n, defaults, t, accounts, short))}
        secrets = self._secrets(data.get("secrets", {}))
        self._check_groups(pairs)
        if self.problems:
            raise ConfigError(self.problems)
        return Config(self.path, accounts, pairs, short, secrets, tuple(self.warnings))

    def _bad(self, path: str, text: str) -> None:
        self.problems.append((path, text))

    def _tables(self, data: Mapping[str, Any], name: str) -> Iterable[tuple[str, dict[str, Any]]]:
        tables = data.get(name, {})
        if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
            self._bad(name, f"write [{name}.NAME] with its keys below")
            return []
        return tables.items()

    def _known_keys(self, path: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        for name in table:
            if name not in known:
                close = difflib.get_close_matches(name, list(known), 1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                self._bad(f"{path}.{name}" if path else name, f"unknown key{hint}")

    def _check_keys(self, path: str, table: Any, keys: Mapping[str, Key]) -> None:
        if not isinstance(table, dict):
            self._bad(path, "is not a table")
            return
        self._known_keys(path, table, keys)
        for name in table:
            if name in keys and keys[name].later:
                self._bad(f"{path}.{name}", schema.LATER)

    def _value(self, path: str, key: Key, value: Any) -> Any:
        """The checked value, or None after a problem."""
        try:
            return READERS[key.kind](self, key, value)
        except _Bad as err:
            self._bad(path, str(err))
            return None

    # -- sections ------------------------------------------------------------------------------------------------------

    def _account(self, name: str, table: dict[str, Any]) -> Account | None:
        path = f"accounts.{name}"
        before = len(self.problems)
        self._check_keys(path, table, ACCOUNT)
        values = {k: self._value(f"{path}.{k}", ACCOUNT[k], v) for k, v in table.items() if k in ACCOUNT}
        provider = values.get("provider")
        if "provider" not in table:
            self._bad(path, f"says no provider; one of: {', '.join(schema.PROVIDERS)}")
        elif provider and provider not in schema.READY:
            self._bad(f"{path}.provider", f"{provider!r} {schema.LATER}; there are: {', '.join(schema.READY)}")
        needed = {"caldav": "url", "vdir": "path"}.get(str(provider))
        if needed and needed not in table:
            self._bad(path, f"a {provider} account needs {needed}")
        if table.get("password") is not None:
            self.warnings.append(f"{path}.password stands in the file for all to read; try: calsync login {name}")
        if len(self.problems) > before:
            return None
        return Account(
            name, values["provider"], url=values.get("url"), username=values.get("username"),
            password_command=values.get("password_command"), auth=values.get("auth") or "auto", path=values.get("path"),
            ca_file=values.get("ca_file"), client_cert=values.get("client_cert"), proxy=values.get("proxy"),
            timeout_s=values["timeout"].total_seconds() if "timeout" in values else 30.0,
            concurrency=values.get("concurrency", 8), password=values.get("password"),
        )

    def _short_names(self, data: Mapping[str, Any], accounts: Mapping[str, Account]) -> dict[str, CalendarName]:
        table = data.get("calendars", {})
        if not isinstance(table, dict):
            self._bad("calendars", 'write short = "account/calendar" lines below [calendars]')
            return {}
        found = {n: self._calendar(f"calendars.{n}", v, data, {}) for n, v in table.items()}
        return {name: calendar for name, calendar in found.items() if calendar is not None}

    def _calendar(
        self, path: str, value: Any, data: Mapping[str, Any], short: Mapping[str, CalendarName]
    ) -> CalendarName | None:
        if isinstance(value, str) and value in short:
            return short[value]
        account, slash, calendar = str(value).partition("/")
        known = data.get("accounts", {})
        if not isinstance(value, str) or not slash or not calendar:
            close = difflib.get_close_matches(str(value), list(short), 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            self._bad(path, f'{value!r} is no calendar; write "account/calendar" or a name of [calendars]{hint}')
        elif account not in known:
            close = difflib.get_close_matches(account, list(known), 1)
            hint = f"; did you mean {close[0]!r}?" if close else f" (accounts: {', '.join(known) or 'none'})"
            self._bad(path, f"there is no account {account!r}{hint}")
        else:
            return CalendarName(account, calendar)
        return None

    def _pair(
        self, name: str, defaults: Any, table: dict[str, Any], accounts: Mapping[str, Account],
        short: Mapping[str, CalendarName],
    ) -> Pair | None:
        path = f"pairs.{name}"
        before = len(self.problems)
        self._check_keys(path, table, PAIR)
        merged = {**(defaults if isinstance(defaults, dict) else {}), **table}
        sides = {}
        for side in ("a", "b"):
            if side not in table:
                self._bad(path, f"says no calendar for side {side}")
            else:
                every = {"accounts": {**dict.fromkeys(accounts), **self._names_of_bad_accounts(table, side)}}
                sides[side] = self._calendar(f"{path}.{side}", table[side], every, short)
        values = {
            k: self._value(f"{path if k in table else 'defaults'}.{k}", PAIR[k], v)
            for k, v in merged.items() if k in PAIR and k not in ("a", "b") and not PAIR[k].later
        }
        if sides.get("a") is not None and sides.get("a") == sides.get("b"):
            self._bad(path, "both sides are the same calendar")
        a, b = sides.get("a"), sides.get("b")
        if len(self.problems) > before or a is None or b is None:
            return None
        rename = {"delete_limit": None, "fields": None}
        plain = {k: v for k, v in values.items() if k not in rename and v is not None}
        count, percent = values.get("delete_limit") or (20, 10.0)
        fields = values.get("fields") or {}
        return Pair(name, a, b, delete_count=count, delete_percent=percent, **plain, **fields)

    def _names_of_bad_accounts(self, table: Mapping[str, Any], side: str) -> dict[str, None]:
        """An account that has problems of its own is not reported again as missing."""
        broken = {p.split(".")[1] for p, _ in self.problems if p.startswith("accounts.")}
        account = str(table[side]).partition("/")[0]
        return {account: None} if account in broken else {}

    def _secrets(self, table: Any) -> SecretsConfig:
        self._check_keys("secrets", table, SECRETS)
        if not isinstance(table, dict):
            return SecretsConfig()
        values = {k: self._value(f"secrets.{k}", SECRETS[k], v) for k, v in table.items() if k in SECRETS}
        return SecretsConfig(values.get("backend") or "keyring", values.get("key_command"))

    def _check_groups(self, pairs: Mapping[str, Pair]) -> None:
        """N1: pairs joined into one group share one policy; no cycle may hold a one-way pair."""
        seen: dict[frozenset[CalendarName], str] = {}
        joined: dict[CalendarName, set[CalendarName]] = {}
        first: dict[CalendarName, Pair] = {}
        for pair in pairs.values():
            ends = frozenset((pair.a, pair.b))
            if ends in seen:
                self._bad(f"pairs.{pair.name}", f"joins the same calendars as {seen[ends]!r}")
            seen[ends] = pair.name
            if pair.direction != "two-way":
                continue
            group = joined.get(pair.a, {pair.a}) | joined.get(pair.b, {pair.b})
            for other in [first[c] for c in group if c in first]:
                if _policy(other) != _policy(pair):
                    text = f"shares a calendar with {other.name!r}, so both need the same conflict, tie and window"
                    self._bad(f"pairs.{pair.name}", text)
                    break
            for calendar in group:
                joined[calendar] = group
                first.setdefault(calendar, pair)
        self._check_bridges(pairs, joined)

    def _check_bridges(self, pairs: Mapping[str, Pair], joined: Mapping[CalendarName, set[CalendarName]]) -> None:
        edges: dict[frozenset[CalendarName], set[frozenset[CalendarName]]] = {}
        for pair in pairs.values():
            if pair.direction == "two-way":
                continue
            ends = [frozenset(joined.get(c, {c})) for c in (pair.a, pair.b)]
            source, target = ends if pair.direction == "a-to-b" else ends[::-1]
            if source == target or _reaches(edges, target, source):
                self._bad(f"pairs.{pair.name}", "closes a ring with a one-way pair; events would travel in circles")
            edges.setdefault(source, set()).add(target)


def _policy(pair: Pair) -> tuple[object, ...]:
    return pair.conflict, pair.tie, pair.window


def _reaches(edges: Mapping[Any, set[Any]], start: Any, goal: Any) -> bool:
    todo, seen = [start], set()
    while todo:
        node = todo.pop()
        if node == goal:
            return True
        if node not in seen:
            seen.add(node)
            todo += edges.get(node, ())
    return False


def _from_environment(data: dict[str, Any], environ: Mapping[str, str]) -> None:
    """CALSYNC_ACCOUNTS__WORK__CLIENT_FILE=... sets accounts.work.client_file (cli.md section 3)."""
    for name, value in environ.items():
        if not name.startswith(ENV_PREFIX) or "__" not in name:
            continue
        table: Any = data
        *folders, key = name.removeprefix(ENV_PREFIX).split("__")
        for folder in folders:
            table = table.setdefault(_same(table, folder), {}) if isinstance(table, dict) else {}
        if isinstance(table, dict):
            table[_same(table, key)] = [*value.split()] if key.lower().endswith("_command") else value


def _same(table: Mapping[str, Any], word: str) -> str:
    """The key that the environment's upper-case word stands for; hyphens may be written as underscores."""
    wanted = word.lower().replace("-", "_")
    return next((key for key in table if key.lower().replace("-", "_") == wanted), word.lower())


# -- one reader per kind of value --------------------------------------------------------------------------------------


def duration(text: str) -> timedelta:
    """`90s 15m 2h 7d 2y`. Raises ValueError."""
    match = re.fullmatch(r"(\d+)([smhdwy])", text.strip())
    if match is None:
        raise ValueError(text)
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])


def _text(reader: _Reader, key: Key, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _Bad("must be a text in quotes")
    return value


def _path(reader: _Reader, key: Key, value: Any) -> Path:
    text = string.Template(_text(reader, key, value)).safe_substitute(reader.environ)
    home = reader.environ.get("HOME")
    path = Path(home + text[1:]) if home and (text == "~" or text.startswith("~/")) else Path(text).expanduser()
    return Path(os.path.normpath(reader.path.parent.absolute() / path))


def _url(reader: _Reader, key: Key, value: Any) -> str:
    text = _text(reader, key, value)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _Bad(f"{text!r} is no address; write https://...")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise _Bad("plain http would send the password readable; write https://...")
    if parts.username or parts.password:
        raise _Bad("leave user name and password out of the address; use username and calsync login")
    return text


def _command(reader: _Reader, key: Key, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        raise _Bad('must be a list of words, like ["pass", "show", "cloud"]')
    return tuple(value)


def _duration(reader: _Reader, key: Key, value: Any) -> timedelta:
    try:
        found = duration(value)
    except (ValueError, AttributeError):
        raise _Bad(f"{value!r} is no duration; write 90s, 15m, 2h, 7d or 2y") from None
    if not found:
        raise _Bad("must be longer than nothing")
    return found


def _choice(reader: _Reader, key: Key, value: Any) -> str:
    if value not in key.choices:
        close = difflib.get_close_matches(str(value), key.choices, 1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise _Bad(f"{value!r} is not allowed; {hint}one of: {', '.join(key.choices)}")
    return str(value)


def _number(reader: _Reader, key: Key, value: Any) -> int:
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 16:
        raise _Bad("must be a whole number from 1 to 16")
    return value


def _window(reader: _Reader, key: Key, value: Any) -> Window:
    if value == "all":
        return EVERYTHING
    if not isinstance(value, dict) or not value or set(value) - {"past", "future"}:
        raise _Bad('must be "all" or { past = "1y", future = "2y" }')
    return Window(**{name: _duration(reader, key, text) for name, text in value.items()})


def _limit(reader: _Reader, key: Key, value: Any) -> tuple[int, float]:
    if not isinstance(value, dict) or set(value) - {"count", "percent"}:
        raise _Bad("must be { count = 20, percent = 10 }")
    count, percent = value.get("count", 20), value.get("percent", 10)
    if not isinstance(count, int) or count < 0 or not isinstance(percent, int | float) or not 0 <= percent <= 100:
        raise _Bad("count is a whole number, percent a number from 0 to 100")
    return count, float(percent)


def _fields(reader: _Reader, key: Key, value: Any) -> dict[str, Any]:
    """The keyword arguments of Pair that the table stands for."""
    if not isinstance(value, dict):
        raise _Bad("must be a table of fields")
    policy, off, more = {}, set(), {}
    for name, rule in value.items():
        if name not in schema.FIELD_NAMES:
            close = difflib.get_close_matches(name, schema.FIELD_NAMES, 1)
            raise _Bad(f"unknown field {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
        if name == "carry" or (name == "guests" and rule != "show"):
            raise _Bad(f"{name} = {rule!r} {schema.LATER}")
        field = "time" if name in ("start", "end") else name
        if name == "reminders" and rule in ("keep", "merge"):
            more["reminders"] = rule
        elif rule == "off":
            off.add(field)
        elif rule in schema.POLICIES:
            policy[field] = rule
        elif name != "guests":
            raise _Bad(f"{name} = {rule!r} is not allowed; one of: {', '.join(schema.POLICIES)}, off")
    if off & {"time", "recurrence"}:
        raise _Bad("an event cannot cross without its time")
    return {"field_policy": policy, "field_off": frozenset(off), **more}


def _secret(reader: _Reader, key: Key, value: Any) -> Secret:
    return Secret(_text(reader, key, value))


READERS: Mapping[str, Callable[[_Reader, Key, Any], Any]] = {
    "text": _text, "path": _path, "url": _url, "command": _command, "duration": _duration, "choice": _choice,
    "number": _number, "window": _window, "limit": _limit, "fields": _fields, "secret": _secret,
    "list": lambda reader, key, value: value, "table": lambda reader, key, value: value,
    "flag": lambda reader, key, value: value, "calendar": _text,
}
