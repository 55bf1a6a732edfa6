"""`demo`: two calendars in a temporary folder, the real engine, no network, no keyring; under five seconds."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from calsync_cli.api import Workspace
from calsync_cli.cli import conflicts as conflicts_command
from calsync_cli.cli import inspect, lines
from calsync_cli.cli.context import Context
from calsync_cli.cli.screen import say
from calsync_cli.engine.report import Report
from calsync_cli.engine.state import Wish
from calsync_cli.errors import UsageError
from calsync_cli.mapping.registry import mapping
from calsync_cli.model.account import Account, CalendarName, Config, Pair
from calsync_cli.model.series import Form, Recurrence
from calsync_cli.model.times import AllDay, Span, Zoned

EVENTS = 30
SHOWN = 4


def demo(ctx: Context, *, source: Path | None, keep: bool) -> int:
    """Every step is a real run; what is printed is what the program prints of it."""
    folder = Path(tempfile.mkdtemp(prefix="calsync-demo-"))
    try:
        _play(ctx, folder, source)
    finally:
        if keep:
            say("", f"the two calendars and the state are kept in {folder}")
        else:
            shutil.rmtree(folder)
    return 0


def _play(ctx: Context, folder: Path, source: Path | None) -> None:
    show = _Stage(ctx, folder, source)
    show.say("Two calendars, laptop/Home and phone/Home. The first has events, the second is empty.")
    show.sync()
    show.say('On the laptop "Dentist" gets a new title, on the phone it moves by an hour. Both arrive:')
    show.edit("laptop", "dentist", title="Dentist, Dr. Adams")
    show.edit("phone", "dentist", time=show.at(1, 10))
    show.sync()
    show.say('Now both sides rename "Standup". calsync does not guess:')
    show.edit("laptop", "standup", title="Daily standup")
    show.edit("phone", "standup", title="Standup (short)")
    show.sync()
    show.conflict("a")
    show.say("A script goes wild on the phone and deletes nearly everything. A guard stops the run before it spreads:")
    show.delete_most("phone")
    show.sync()
    show.say("The files come back from the phone's bin, and all is calm again:")
    show.undelete("phone")
    show.sync()
    show.say("A last run, to show that it rests when nothing changed: no write at all.")
    show.sync()
    say("", "$ calsync status")
    inspect.status(show.context(), None, as_json=False)


class _Stage:
    """The set of the demo: a workspace on two folders, and people who edit files."""

    def __init__(self, ctx: Context, folder: Path, source: Path | None) -> None:
        self.ctx = ctx
        self.folder = folder
        self.now = ctx.ports.now().replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        self.bin: dict[Path, bytes] = {}
        accounts = {name: Account(name, "vdir", path=folder / name) for name in ("laptop", "phone")}
        for name in accounts:
            (folder / name / "Home").mkdir(parents=True)
        pair = Pair("demo", CalendarName("laptop", "Home"), CalendarName("phone", "Home"), first_sync="auto")
        self.config = Config(folder / "config.toml", accounts, {"demo": pair})
        self.state = folder / "state"
        self.state.mkdir(mode=0o700)
        self._fill(source)

    def context(self) -> Context:
        return self.ctx.on_stage(self.workspace, self.state)

    def workspace(self) -> Workspace:
        return Workspace(self.config, self.state, self.ctx.ports, {})

    def say(self, text: str) -> None:
        say("", f"\N{BLACK RIGHT-POINTING TRIANGLE} {text}")

    def at(self, days: int, hour: int) -> Span:
        start = self.now + timedelta(days=days, hours=hour)
        return Span(Zoned(start, "Europe/Berlin"), Zoned(start + timedelta(hours=1), "Europe/Berlin"))

    # -- people --------------------------------------------------------------------------------------------------------

    def _fill(self, source: Path | None) -> None:
        home = self.folder / "laptop" / "Home"
        if source is not None:
            self._fill_from(home, source)
        forms: dict[str, Form] = {
            "dentist": {"title": "Dentist", "time": self.at(1, 9), "location": "Main St 5"},
            "standup": {"title": "Standup", "time": self.at(2, 10), "recurrence": Recurrence(("FREQ=DAILY",))},
            "holiday": {"title": "Holiday", "time": self._days(20, 7), "busy": "free"},
        }
        forms |= {f"event{n}": {"title": f"Event {n}", "time": self.at(3 + n, 14)} for n in range(EVENTS - len(forms))}
        for uid, form in forms.items():
            (home / f"{uid}.ics").write_bytes(mapping("ical").make(uid, form, ""))

    def _fill_from(self, home: Path, source: Path) -> None:
        from calsync_cli.cli.split import split_calendar

        try:
            parts = split_calendar(source.read_bytes())
        except OSError as err:
            raise UsageError(f"{source} cannot be read: {err.strerror}", next="calsync demo") from err
        if not parts:
            raise UsageError(f"{source} has no event with a UID", next="calsync demo")
        for number, part in enumerate(parts):
            (home / f"own{number}.ics").write_bytes(part)

    def _days(self, after: int, days: int) -> Span:
        first: datetime = self.now + timedelta(days=after)
        return Span(AllDay(first.date()), AllDay((first + timedelta(days=days)).date()))

    def _file(self, side: str, uid: str) -> Path:
        wanted = f"UID:{uid}\r\n".encode()
        return next(f for f in sorted((self.folder / side / "Home").glob("*.ics")) if wanted in f.read_bytes())

    def edit(self, side: str, uid: str, **changes: object) -> None:
        file = self._file(side, uid)
        file.write_bytes(mapping("ical").edit(file.read_bytes(), changes))  # type: ignore[arg-type]

    def delete_most(self, side: str) -> None:
        files = sorted((self.folder / side / "Home").glob("*.ics"))
        self.bin = {file: file.read_bytes() for file in files[:-3]}
        for file in self.bin:
            file.unlink()

    def undelete(self, side: str) -> None:
        for file, content in self.bin.items():
            file.write_bytes(content)

    # -- calsync -------------------------------------------------------------------------------------------------------

    def sync(self) -> Report:
        print("$ calsync sync demo")
        work = self.workspace()
        try:
            report = work.sync([], Wish(plans_dir=self.state / "plans"))
        finally:
            work.close()
        said = [lines.change_line(change, 4) for change in report.changes[:SHOWN]]
        if len(report.changes) > SHOWN:
            said.append(f"... and {len(report.changes) - SHOWN} more")
        if report.changes or report.problems:
            said += [lines.pair_line(pair, 4, dry_run=False) for pair in report.pairs]
        said += lines.problem_lines(report.problems, untouched=not lines.wrote(report))
        say(*(f"  {line}" for line in said or [lines.quiet_line(report)]), f"  (exit code {report.exit_code})")
        return report

    def conflict(self, side: str) -> None:
        found = self._conflicts()
        for conflict in found:
            print(f"$ calsync conflicts show {conflict['id']}")
            conflicts_command.show(self.context(), conflict["id"], as_json=False)
            print(f"$ calsync conflicts resolve {conflict['id']} --take {side}")
            conflicts_command.resolve(
                self.context(), conflict["id"], take=side, fields=(), all=False, as_json=False
            )

    def _conflicts(self) -> list[dict[str, Any]]:
        work = self.workspace()
        try:
            return work.conflicts()
        finally:
            work.close()
