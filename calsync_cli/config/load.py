"""TOML -> Config, with every problem at once, each with its path (cli.md section 3).

Shape   `load(path, environ)`; relative paths are relative to the file, `~` and `$VAR` are expanded
Errors  ConfigError; nothing is read but the file, nothing is asked of the network
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from calsync_cli.config import crossing, environment, feeds, rings, schema, sections, values, windows
from calsync_cli.config.schema import ACCOUNT, DEFAULTS, SECRETS, Key
from calsync_cli.config.values import BadValue, FromEnvironment, Place, closest, is_own_machine
from calsync_cli.errors import ConfigError
from calsync_cli.model.account import (
    NO_NOTIFY,
    NO_WATCH,
    Account,
    CalendarName,
    Config,
    Hook,
    Pair,
    SecretsConfig,
)

T = TypeVar("T")

READERS = {**values.READERS, **sections.READERS, **crossing.READERS}
NEEDED = {"caldav": "url", "vdir": "path"}


def load(path: Path, environ: Mapping[str, str], *, may_miss: bool = False) -> Config:
    """The checked configuration of a file; with `may_miss` no file is an empty one. Raises ConfigError."""
    data = {} if may_miss and not path.exists() else _read(path)
    sources = environment.overlay(data, environ)
    return _Reader(path, Place(path.parent, environ), data, sources).config()


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a BOM in front
    except FileNotFoundError:
        raise ConfigError([("", f"there is no configuration at {path}")], next="calsync init") from None
    except OSError as err:
        raise ConfigError([("", f"{path} cannot be read: {err.strerror}")], next="calsync config path") from None
    except UnicodeDecodeError:
        raise ConfigError([("", f"{path} is not UTF-8 text")]) from None
    except tomllib.TOMLDecodeError as err:
        raise ConfigError([("", f"{path} is not valid TOML: {err}")]) from None
    except (ValueError, RecursionError):  # numbers of thousands of digits, tables in tables without end
        raise ConfigError([("", f"{path} holds a value that is too large")]) from None


class _Reader:
    """Collects problems; a value that has one is None, a table that has one makes nothing."""

    def __init__(self, file: Path, place: Place, data: dict[str, Any], sources: Mapping[str, str]) -> None:
        self._file = file
        self._place = place
        self._data = data
        self._sources = sources
        self._problems: list[tuple[str, str]] = []
        self._warnings: list[str] = []
        self._said: dict[str, set[str]] = {"window": set(), "direction": set(), "to_a": set(), "to_b": set()}

    def config(self) -> Config:
        self._known("", self._data, schema.SECTIONS)
        tables = dict(self._tables("accounts"))
        accounts = {name: account for name, table in tables.items() if (account := self._account(name, table))}
        short = self._short_names(tables)
        defaults = self._value("defaults", Key("table", "", keys=DEFAULTS), self._data.get("defaults", {})) or {}
        pairs = {name: p for name, t in self._tables("pairs") if (p := self._pair(name, t, defaults, tables, short))}
        secrets = self._secrets(self._data.get("secrets", {}))
        notify = self._section("notify", sections.notify) or NO_NOTIFY
        hooks = tuple(self._hooks())
        watch = self._section("watch", sections.watch) or NO_WATCH
        at_microsoft = {name for name, table in tables.items() if table.get("provider") == "microsoft"}
        at_feeds = {name for name, table in tables.items() if table.get("provider") == "ics"}
        pairs = feeds.one_way(pairs, self._said["direction"], at_feeds)
        crossed = list(crossing.problems(pairs, self._said))
        pairs = windows.bounded(crossing.where_copies_go(pairs), self._said["window"], at_microsoft)
        found = (rings.problems(pairs), windows.problems(pairs, at_microsoft), feeds.problems(pairs, at_feeds))
        for path, text in chain(crossed, *found):
            self._bad(path, text)
        if self._problems:
            raise ConfigError(self._problems)
        return Config(
            self._file, accounts, pairs, short, secrets, notify, hooks, watch, warnings=tuple(self._warnings)
        )

    # -- tables and values ---------------------------------------------------------------------------------------------

    def _bad(self, path: str, text: str) -> None:
        variable = self._sources.get(path)
        problem = (path, f"{text} (from the environment, {variable})" if variable else text)
        if problem not in self._problems:  # [defaults] may be wrong in the same way for many pairs
            self._problems.append(problem)

    def _tables(self, section: str) -> Iterator[tuple[str, dict[str, Any]]]:
        tables = self._data.get(section, {})
        if not isinstance(tables, dict):
            self._bad(section, f"write [{section}.NAME] with its keys below")
            return
        for name, table in tables.items():
            if isinstance(table, dict):
                yield name, table
            else:
                self._bad(f"{section}.{name}", f"write [{section}.{name}] with its keys below")

    def _known(self, path: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
        for name in table:
            if name not in known:
                self._bad(f"{path}.{name}" if path else name, f"unknown key{closest(name, known)}")

    def _table(self, path: str, table: Any, keys: Mapping[str, Key]) -> dict[str, Any]:
        """The values that are right, by key."""
        if not isinstance(table, dict):
            self._bad(path, "must be a table")
            return {}
        self._known(path, table, keys)
        found = {name: self._value(f"{path}.{name}", keys[name], v) for name, v in table.items() if name in keys}
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, path: str, key: Key, value: Any) -> Any:
        """The checked value, or None after a problem."""
        if key.kind == "table":
            before = len(self._problems)
            found = self._table(path, value, key.keys or {})
            return found if len(self._problems) == before else None
        try:
            return READERS[key.kind](self._place, key, value)
        except BadValue as err:
            self._bad(path, str(err))
            return None

    # -- sections ------------------------------------------------------------------------------------------------------

    def _account(self, name: str, table: dict[str, Any]) -> Account | None:
        path = f"accounts.{name}"
        before = len(self._problems)
        if not name or "/" in name:
            self._bad(path, "the name of an account cannot be empty or hold a slash")
        provider = table.get("provider")
        own = schema.OF_PROVIDER.get(provider, {}) if isinstance(provider, str) else {}
        values = self._table(path, table, {**ACCOUNT, **own})
        self._check_provider(path, table)
        if "password" in table and not isinstance(table["password"], FromEnvironment):
            self._warnings.append(f"{path}.password stands in the file for all to read; try: calsync login {name}")
        if provider == "ics" and str(values.get("url")).startswith("http://"):
            self._warn_of_plain(path, values["url"])
        if len(self._problems) > before:
            return None
        timeout = values.pop("timeout", None)
        values |= {"timeout_s": timeout.total_seconds()} if timeout is not None else {}
        values |= {"api_url": values.pop("graph_url")} if "graph_url" in values else {}
        return Account(name, **values)

    def _warn_of_plain(self, path: str, url: str) -> None:
        if not is_own_machine(url):
            text = "is plain http: everyone on the way can read this feed, and change it"
            self._warnings.append(f"{path}.url {text}; https is safe")

    def _check_provider(self, path: str, table: Mapping[str, Any]) -> None:
        """Each key belongs to some providers, and each provider needs some keys."""
        provider = table.get("provider")
        if provider is None:
            self._bad(path, f"says no provider; one of: {', '.join(schema.PROVIDERS)}")
        if provider not in schema.PROVIDERS:
            return
        for name in table:
            only = ACCOUNT[name].only if name in ACCOUNT else ()
            if only and provider not in only:
                self._bad(f"{path}.{name}", f"is for {', '.join(only)} accounts; this one is {provider}")
        needed = NEEDED.get(provider)
        if needed and needed not in table:
            self._bad(path, f"a {provider} account needs {needed}")
        if provider == "ics" and ("url" in table) == ("path" in table):
            self._bad(path, "an ics account needs either the url of a feed or the path of a file")

    def _short_names(self, accounts: Mapping[str, Any]) -> dict[str, CalendarName]:
        table = self._data.get("calendars", {})
        if not isinstance(table, dict):
            self._bad("calendars", 'write short = "account/calendar" lines below [calendars]')
            return {}
        for name in table:
            if "/" in name:
                self._bad(f"calendars.{name}", "a short name cannot hold a slash")
        found = {name: self._calendar(f"calendars.{name}", value, accounts, {}) for name, value in table.items()}
        return {name: calendar for name, calendar in found.items() if calendar is not None}

    def _calendar(
        self, path: str, value: Any, accounts: Mapping[str, Any], short: Mapping[str, CalendarName]
    ) -> CalendarName | None:
        if isinstance(value, str) and value in short:
            return short[value]
        account, _, calendar = str(value).partition("/")
        if not isinstance(value, str) or not account or not calendar:
            text = f'{value!r} is no calendar; write "account/calendar" or a name of [calendars]'
            self._bad(path, text + closest(value, short))
        elif account not in accounts:
            names = f" (accounts: {', '.join(accounts) or 'none'})"
            self._bad(path, f"there is no account {account!r}{closest(account, accounts) or names}")
        else:
            return CalendarName(account, calendar)
        return None

    def _pair(
        self, name: str, table: dict[str, Any], defaults: Mapping[str, Any], accounts: Mapping[str, Any],
        short: Mapping[str, CalendarName],
    ) -> Pair | None:
        path = f"pairs.{name}"
        before = len(self._problems)
        rules = self._table(path, {key: value for key, value in table.items() if key not in ("a", "b")}, DEFAULTS)
        a, b = (self._side(path, table, side, accounts, short) for side in ("a", "b"))
        if a is not None and a == b:
            self._bad(path, "both sides are the same calendar")
        merged = {**defaults, **rules}
        tables = self._crossing(path, defaults, rules)
        if len(self._problems) > before or a is None or b is None:
            return None
        plain = {key: value for key, value in merged.items() if key not in ("delete_limit", "fields")} | tables
        if "delete_limit" in merged:
            plain["delete_count"], plain["delete_percent"] = merged["delete_limit"]
        if "approve" in plain:
            plain |= sections.approve(plain["approve"])
        for key, names in self._said.items():
            if key in (merged if key == "window" else rules):
                names.add(name)
        return Pair(name, a, b, **plain)

    def _side(
        self, path: str, table: Mapping[str, Any], side: str, accounts: Mapping[str, Any],
        short: Mapping[str, CalendarName],
    ) -> CalendarName | None:
        if side not in table:
            self._bad(path, f"says no calendar for side {side}")
            return None
        raw = self._data.get("calendars")
        if isinstance(raw, dict) and table[side] in list(raw) and table[side] not in short:
            return None  # the short name has a problem of its own, which is told already
        return self._calendar(f"{path}.{side}", table[side], accounts, short)

    def _crossing(self, path: str, defaults: Mapping[str, Any], rules: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of Pair for its tables."""
        found: dict[str, Any] = {}
        for key, table in crossing.tables(defaults, rules).items():
            where = f"{path}.{key}" if key in rules else f"defaults.{key}"
            made = self._made(where, crossing.TABLES[key], table) if table else None
            if made is not None:
                found |= made if key == "fields" else {key: made}
        return found

    def _section(self, name: str, make: Callable[[Mapping[str, Any]], T]) -> T | None:
        """None where the section is not there, or is wrong."""
        if name not in self._data:
            return None
        found = self._value(name, schema.MORE_SECTIONS[name], self._data[name])
        return None if found is None else self._made(name, make, found)

    def _hooks(self) -> Iterator[Hook]:
        tables = self._data.get("hooks", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._bad("hooks", "write [[hooks]] with its keys below")
            return
        pairs = self._data.get("pairs", {})
        known = list(pairs) if isinstance(pairs, dict) else []
        for number, table in enumerate(tables, 1):
            path = f"hooks.{number}"
            before = len(self._problems)
            found = self._table(path, table, schema.HOOKS)
            made = self._made(path, lambda v: sections.hook(v, known), found) if len(self._problems) == before else None
            if made is not None:
                yield made

    def _made(self, path: str, make: Callable[[Mapping[str, Any]], T], found: Mapping[str, Any]) -> T | None:
        try:
            return make(found)
        except BadValue as err:
            self._bad(f"{path}.{err.at}" if err.at else path, str(err))
            return None

    def _secrets(self, table: Any) -> SecretsConfig:
        values = self._table("secrets", table, SECRETS)
        if "key_command" in values and values.get("backend") != "file":
            self._bad("secrets.key_command", 'is used only with backend = "file"')
        return SecretsConfig(**values)
