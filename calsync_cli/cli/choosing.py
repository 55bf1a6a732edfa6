"""The two calendars of a new pair: those of all accounts, one by its name or by a person's choice, or a new one."""

from __future__ import annotations

from dataclasses import field

from calsync_cli.cli import accounts
from calsync_cli.cli.context import Context
from calsync_cli.cli.questions import pick
from calsync_cli.cli.screen import shown
from calsync_cli.errors import CalsyncError, UsageError
from calsync_cli.model.plain import dataclass

TRIAL = "calsync trial"


@dataclass(frozen=True, slots=True)
class There:
    """A calendar that can be chosen."""

    account: str
    name: str
    id: str
    writable: bool = True
    alias: str = ""

    def __str__(self) -> str:
        return f"{self.account}/{self.name}"


@dataclass(slots=True)
class Known:
    """failed: why an account did not answer."""

    calendars: list[There] = field(default_factory=list)
    failed: dict[str, CalsyncError] = field(default_factory=dict)

    def called(self, text: str) -> list[There]:
        """As the engine finds them: by id, then by name."""
        account, _, name = text.partition("/")
        mine = [one for one in self.calendars if one.account == account]
        return [one for one in mine if name in (one.id, one.alias)] or [
            one for one in mine if name in (one.name, one.id.rstrip("/").rpartition("/")[2])
        ]

    def spelled(self, one: There) -> str:
        """As short as can be told apart."""
        short = str(one)
        return f"{one.account}/{one.alias}" if one.alias else short if self.called(short) == [one] else (
            f"{one.account}/{one.id}"
        )


def calendars(ctx: Context) -> Known:
    """Of all accounts; one that does not answer is told, and does not hide the others (I14)."""
    work, known = ctx.workspace(), Known()
    try:
        for account in work.config.accounts:
            try:
                provider = work.connect(account)
                try:
                    known.calendars += [
                        There(account, one.name, one.id, one.access == "write", one.alias)
                        for one in provider.calendars()
                    ]
                finally:
                    provider.close()
            except CalsyncError as err:
                known.failed[account] = err
    finally:
        work.close()
    return known


def side(ctx: Context, known: Known, which: str, said: str | None, other: There | None, *, create: bool) -> There:
    if said is None:
        return _chosen(ctx, known, which, other)
    found = known.called(said)
    account, name = _split(said)
    if account in known.failed:
        raise known.failed[account]
    if not found and create:
        return _created(ctx, known, account, name)
    if not found:
        names = ", ".join(str(one) for one in known.calendars) or "none"
        text = f"there is no calendar {said!r} (calendars: {names}); with --create it is made"
        raise UsageError(text, next="calsync calendars")
    if len(found) > 1:
        raise UsageError(f"several calendars are called {said!r}; use an id", next="calsync calendars")
    if found[0] == other:
        raise UsageError("both sides are the same calendar", next="calsync calendars")
    return found[0]


def _split(said: str) -> tuple[str, str]:
    account, _, name = said.partition("/")
    if not account or not name:
        raise UsageError(f"{said!r} is no calendar; write ACCOUNT/CALENDAR", next="calsync calendars")
    return account, name


def _chosen(ctx: Context, known: Known, which: str, other: There | None) -> There:
    listed = [one for one in known.calendars if one != other]
    options = {str(number): f"{shown(str(one))}{'' if one.writable else '  (read-only)'}"
               for number, one in enumerate(listed, 1)}  # fmt: skip
    options["n"] = f'a new, empty one, to try it out: "{TRIAL}"'
    word = pick(f"Which is the {'first' if which == 'a' else 'second'} calendar?", options, None)
    if word != "n":
        return listed[int(word) - 1]
    able = [name for name, one in ctx.config().accounts.items() if one.provider != "ics"]
    if not able:
        raise UsageError("no account can have a new calendar", next="calsync init")
    account = able[0] if len(able) == 1 else pick("In which account?", dict.fromkeys(able, ""), None)
    number, name = 2, TRIAL
    while known.called(f"{account}/{name}"):
        number, name = number + 1, f"{TRIAL} {number}"
    return _created(ctx, known, account, name)


def _created(ctx: Context, known: Known, account: str, name: str) -> There:
    """Its id is asked for: servers choose their own."""
    accounts.create_calendar(ctx, account, name)
    known.calendars = calendars(ctx).calendars
    made = known.called(f"{account}/{name}")
    if not made:
        raise UsageError(f"{account}/{name} is made, but not shown yet; go on in a minute", next="calsync init")
    return made[-1]
