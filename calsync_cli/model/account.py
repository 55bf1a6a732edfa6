"""Accounts and pairs as plain data: what the configuration says after checking, with defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from calsync_cli.model.plain import dataclass
from calsync_cli.model.secret import Secret
from calsync_cli.model.views import ALL, PLAIN, Filter, View

ProviderKind = Literal["google", "microsoft", "icloud", "caldav", "vdir", "ics", "memory"]
Side = Literal["a", "b"]
WITH_PASSWORD: tuple[ProviderKind, ...] = ("caldav", "icloud")
"""Kinds of account that are signed in to with user name and password."""
WITH_LOGIN: tuple[ProviderKind, ...] = (*WITH_PASSWORD, "google", "microsoft")


@dataclass(frozen=True, slots=True)
class Account:
    """One login at one provider, or one folder of calendars. Paths are absolute, `~` and `$VAR` expanded."""

    name: str
    provider: ProviderKind
    url: str | None = None
    username: str | None = None
    password_command: tuple[str, ...] | None = None
    auth: Literal["auto", "basic", "digest", "bearer"] = "auto"
    path: Path | None = None
    ca_file: Path | None = None
    client_cert: Path | None = None
    proxy: str | None = None
    timeout_s: float = 30.0
    concurrency: int = 8
    password: Secret | None = None
    client_file: Path | None = None
    access: Literal["read", "write", "create"] = "write"
    api_url: str | None = None
    auth_url: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    tenant: str | None = None
    authority: str | None = None

    @property
    def me(self) -> frozenset[str]:
        """Under which mail addresses its owner is invited, lower-case, as far as the sign-in tells."""
        return frozenset({self.username.lower()} if self.username and "@" in self.username else ())


@dataclass(frozen=True, slots=True)
class CalendarName:
    """`account/calendar` as the user wrote it; the calendar part is an id or a display name."""

    account: str
    calendar: str

    def __str__(self) -> str:
        return f"{self.account}/{self.calendar}"


@dataclass(frozen=True, slots=True)
class Window:
    """How far around today a pair looks (V1); None = without end on that side."""

    past: timedelta | None = None
    future: timedelta | None = None

    @property
    def all(self) -> bool:
        return self.past is None and self.future is None

    def bounds(self, now: datetime, slack: timedelta = timedelta(0)) -> tuple[datetime | None, datetime | None]:
        low = None if self.past is None else now - self.past - slack
        return low, None if self.future is None else now + self.future + slack

    def with_all_of(self, other: Window) -> Window:
        """The smallest window that holds both."""
        past = None if self.past is None or other.past is None else max(self.past, other.past)
        future = None if self.future is None or other.future is None else max(self.future, other.future)
        return Window(past, future)


EVERYTHING = Window()
IN_WINDOWS = Window(timedelta(days=365), timedelta(days=730))
"""How far is looked where a server shows no more than a window and nothing else is said (V1)."""

Conflict = Literal["a", "b", "newest", "merge", "ask"]
Tie = Literal["ask", "a", "b", "newest", "keep-both"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two calendars and the rules between them (cli.md section 3)."""

    name: str
    a: CalendarName
    b: CalendarName
    direction: Literal["two-way", "a-to-b", "b-to-a"] = "two-way"
    conflict: Conflict = "merge"
    tie: Tie = "ask"
    first_sync: Literal["ask", "auto"] = "ask"
    every: timedelta = timedelta(minutes=15)
    window: Window = EVERYTHING
    delete_count: int = 20
    delete_percent: float = 10.0
    notify: Literal["never", "allow"] = "never"
    orphan: Literal["ask", "detach"] = "ask"
    unexpressible: Literal["skip", "expand"] = "skip"
    past_deletes: Literal["keep", "propagate"] = "keep"
    target_edits: Literal["keep", "overwrite", "ask"] = "keep"
    target_deletes: Literal["respect", "restore"] = "respect"
    other_tools: Literal["skip", "sync"] = "skip"
    reminders: Literal["keep", "merge"] = "keep"
    approve: frozenset[str] = frozenset()
    approve_creates: int | None = None
    field_policy: Mapping[str, Conflict] = field(default_factory=dict)
    field_off: frozenset[str] = frozenset()
    carry: tuple[str, ...] = ()
    to_a: View = PLAIN
    to_b: View = PLAIN
    filter: Filter = ALL
    on_leave: Literal["keep", "retire"] = "keep"
    chain: bool = False

    @property
    def plain(self) -> bool:
        """Both sides may hold everything, so it can be part of a group (N1)."""
        return self.direction == "two-way" and self.to_a == self.to_b == PLAIN and self.filter == ALL


@dataclass(frozen=True, slots=True)
class SecretsConfig:
    backend: Literal["keyring", "file"] = "keyring"
    key_command: tuple[str, ...] | None = None


NO_SECRETS = SecretsConfig()

Trouble = Literal["failure", "conflict", "guard", "sign-in"]
Wrote = Literal["created", "updated", "deleted"]


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told of trouble, and of which; only of what was not told before."""

    on: tuple[Trouble, ...] = ("failure", "conflict", "guard", "sign-in")
    command: tuple[str, ...] | None = None
    desktop: bool = False


@dataclass(frozen=True, slots=True)
class Hook:
    """A program that hears of each run's changes. pairs: empty for all."""

    command: tuple[str, ...]
    on: tuple[Wrote, ...] = ("created", "updated", "deleted")
    pairs: tuple[str, ...] = ()
    timeout: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Tunnel:
    """How notices from the internet reach this machine: a program, known by its name or given with what its output
    says of the address. `{port}` in its words is the receiver's."""

    name: Literal["none", "cloudflared", "ngrok", "command"] = "none"
    command: tuple[str, ...] = ()
    url_regex: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """tunnel, or public_url: an address that leads to the port of `port` by other means."""

    tunnel: Tunnel = Tunnel()
    public_url: str | None = None
    port: int = 0
    poll: timedelta = timedelta(minutes=15)


NO_NOTIFY, NO_WATCH = Notify(), Watch()


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration. `file` is where it came from."""

    file: Path
    accounts: Mapping[str, Account]
    pairs: Mapping[str, Pair]
    short_names: Mapping[str, CalendarName] = field(default_factory=dict)
    secrets: SecretsConfig = NO_SECRETS
    notify: Notify = NO_NOTIFY
    hooks: tuple[Hook, ...] = ()
    watch: Watch = NO_WATCH
    warnings: tuple[str, ...] = ()
