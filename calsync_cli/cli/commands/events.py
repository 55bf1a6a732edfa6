"""The words of `events`."""

from typing import Annotated, Any

import typer

from calsync_cli.cli.commands.shared import Event, Json, bare, begin, completing, examples, group
from calsync_cli.cli.commands.shared import end as end_
from calsync_cli.cli.context import Context
from calsync_cli.errors import UsageError

commands = typer.Typer()
events = group(
    commands, "events", "Every event and its sync status; add, change or remove one.", "calsync events",
    'calsync events add laptop/Home "Dentist" --start "2026-11-24 09:30"',
)

InCalendar = Annotated[
    str | None,
    typer.Option(
        "--calendar", metavar="ACCOUNT/NAME", help="Only this calendar; a short name will do.",
        autocompletion=completing("calendar"),
    ),
]
WithStatus = Annotated[
    str | None,
    typer.Option(
        "--status", metavar="STATUS", help="synced, pending, held, conflict, error, quarantined or dormant."
    ),
]
DryRun = Annotated[bool, typer.Option("-n", "--dry-run", help="Show the write, change nothing.")]
Date = Annotated[
    str | None, typer.Option("--date", metavar="DAY", help="Only this date of a series, such as 2026-11-24.")
]
On = Annotated[
    str | None,
    typer.Option(
        "--calendar", metavar="ACCOUNT/NAME", help="The copy on this calendar; else its own one.",
        autocompletion=completing("calendar"),
    ),
]
Title = Annotated[str | None, typer.Option("--title", metavar="TEXT", help="What it is called.", show_default=False)]
Start = Annotated[
    str | None,
    typer.Option("--start", metavar="WHEN", help='"2026-11-24 09:30", "tomorrow 9:30"; a day alone: all of it.'),
]
End = Annotated[
    str | None, typer.Option("--end", metavar="WHEN", help='"11:00", "2026-11-24 11:00"; of whole days the last one.')
]
Duration = Annotated[
    str | None, typer.Option("--duration", metavar="LEN", help="45m, 1h30m, 2d; else an hour, or a day.")
]
AllDay = Annotated[bool, typer.Option("--all-day", help="Whole days, without hours.")]
Zone = Annotated[str | None, typer.Option("--zone", metavar="NAME", help="Europe/Berlin; else that of this machine.")]
Location = Annotated[str | None, typer.Option("--location", metavar="TEXT", help="Where; \"\" clears it.")]
Notes = Annotated[
    str | None, typer.Option("--description", "--notes", metavar="TEXT", help="Anything else; \"\" clears it.")
]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="A link.")]
Repeat = Annotated[
    str | None,
    typer.Option("--repeat", metavar="HOW", help='daily, weekdays, weekly, monthly, yearly, "every 2 weeks" or none.'),
]
Rule = Annotated[str | None, typer.Option("--rrule", metavar="RULE", help='"FREQ=MONTHLY;BYDAY=2TU" (RFC 5545).')]
Until = Annotated[str | None, typer.Option("--until", metavar="DAY", help="The last day of a repetition.")]
Times = Annotated[int | None, typer.Option("--count", metavar="N", min=1, max=5000, help="How many dates it has.")]
Reminder = Annotated[
    list[str] | None, typer.Option("--reminder", metavar="LEN", help="15m before, 1d before; may be repeated; none.")
]
Category = Annotated[
    list[str] | None, typer.Option("--category", metavar="NAME", help="May be repeated; none takes all away.")
]
Private = Annotated[bool | None, typer.Option("--private/--public", help="Who may see it.", show_default=False)]
Free = Annotated[bool | None, typer.Option("--free/--busy", help="Whether it takes your time.", show_default=False)]
Guest = Annotated[list[str] | None, typer.Option("--guest", "--attendee", "--invite", hidden=True)]


@events.callback(invoke_without_command=True)
def events_default(
    ctx: typer.Context, calendar: InCalendar = None, status: WithStatus = None, json: Json = False
) -> None:
    if bare(ctx, calendar, status, json):
        events_list(ctx, calendar, status, json)


@events.command("list", epilog=examples(
    "calsync events list --status conflict",
    "calsync events list --calendar laptop/Home",
))
def events_list(
    ctx: typer.Context, calendar: InCalendar = None, status: WithStatus = None, json: Json = False
) -> None:
    """Events with their sync status."""
    from calsync_cli.cli import events as command

    end_(command.listing(begin(ctx), calendar=calendar, status=status, as_json=json))


@events.command("show", epilog=examples('calsync events show "Dentist"'))
def events_show(ctx: typer.Context, event: Event, json: Json = False) -> None:
    """All fields of one event, on every calendar."""
    from calsync_cli.cli import events as command

    end_(command.show(begin(ctx), event, as_json=json))


@events.command("add", epilog=examples(
    'calsync events add laptop/Home "Dentist" --start "2026-11-24 09:30"',
    'calsync events add laptop/Home "Holiday" --start 2026-12-24 --end 2027-01-01',
    'calsync events add family "Run" --start "tomorrow 7:00" --repeat weekdays',
))
def events_add(
    ctx: typer.Context,
    calendar: Annotated[
        str,
        typer.Argument(
            metavar="CALENDAR", help="ACCOUNT/NAME of a pair, or its short name.",
            autocompletion=completing("calendar"),
        ),
    ],
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What it is called.")],
    start: Start = None, end: End = None, duration: Duration = None, all_day: AllDay = False, zone: Zone = None,
    location: Location = None, description: Notes = None, url: Url = None, repeat: Repeat = None, rrule: Rule = None,
    until: Until = None, count: Times = None, reminder: Reminder = None, category: Category = None,
    private: Private = None, free: Free = None, guest: Guest = None,
    again: Annotated[bool, typer.Option("--again", help="Also when the same event is there already.")] = False,
    dry_run: DryRun = False, json: Json = False,
) -> None:
    """Put a new event into a calendar, and sync. Nobody is invited."""
    from calsync_cli.cli import by_hand as command

    context = begin(ctx)
    said = _said(
        context, guest, title=title, start=start, end=end, duration=duration, all_day=all_day, zone=zone,
        location=location, description=description, url=url, repeat=repeat, rrule=rrule, until=until, count=count,
        reminders=tuple(reminder or ()), categories=tuple(category or ()), private=private, free=free,
    )
    end_(command.add(context, calendar, said, again=again, dry_run=dry_run, as_json=json))


@events.command("edit", epilog=examples(
    'calsync events edit "Dentist" --start 14:00 --location "Main Street 5"',
    'calsync events edit "Standup" --date 2026-11-24 --start 10:00',
))
def events_edit(
    ctx: typer.Context,
    event: Event,
    title: Title = None, start: Start = None, end: End = None, duration: Duration = None, all_day: AllDay = False,
    zone: Zone = None, location: Location = None, description: Notes = None, url: Url = None, repeat: Repeat = None,
    rrule: Rule = None, until: Until = None, count: Times = None, reminder: Reminder = None,
    category: Category = None, private: Private = None, free: Free = None, guest: Guest = None,
    date: Date = None, calendar: On = None, dry_run: DryRun = False, json: Json = False,
) -> None:
    """Change an event, or one date of a series, and sync. What is not named stays as it is."""
    from calsync_cli.cli import by_hand as command

    context = begin(ctx)
    said = _said(
        context, guest, title=title, start=start, end=end, duration=duration, all_day=all_day, zone=zone,
        location=location, description=description, url=url, repeat=repeat, rrule=rrule, until=until, count=count,
        reminders=tuple(reminder or ()), categories=tuple(category or ()), private=private, free=free,
    )
    end_(command.edit(context, event, said, calendar=calendar, day=date, dry_run=dry_run, as_json=json))


@events.command("rm", epilog=examples('calsync events rm "Dentist"', 'calsync events rm "Standup" --date 2026-12-24'))
def events_rm(
    ctx: typer.Context,
    event: Event,
    date: Date = None,
    calendar: On = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Delete an event, or one date of a series, from all its calendars. It can be brought back."""
    from calsync_cli.cli import by_hand as command

    context = begin(ctx)
    end_(command.remove(context, event, calendar=calendar, day=date, yes=yes, dry_run=dry_run, as_json=json))


def _said(context: Context, guests: list[str] | None, **words: Any) -> Any:
    from calsync_cli.cli.said import Said

    if guests:
        text = "calsync invites nobody, so guests are added where the calendar is at home; nothing was written"
        raise UsageError(text, next=f"{context.command} -h")
    return Said(now=context.ports.now(), command=context.command, **words)
