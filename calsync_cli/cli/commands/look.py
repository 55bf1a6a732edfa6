"""The words of the commands that only look: `status`, `history`, `why`, `agenda`, `export`."""

from pathlib import Path
from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import Event, Json, begin, completing, end, examples, number_of

commands = typer.Typer()

From = Annotated[str, typer.Option("--from", metavar="D", help="today, tomorrow or a date such as 2026-11-24.")]
Count = Annotated[int, typer.Option("--days", metavar="N", min=1, max=3660, help="How many days.")]
Overlaps = Annotated[bool, typer.Option("--overlaps", help="Only what is booked twice.")]
Run = Annotated[
    int | None,
    typer.Argument(metavar="RUN", parser=number_of("run", "calsync history"), autocompletion=completing("run")),
]
Pair = Annotated[str | None, typer.Argument(metavar="PAIR", autocompletion=completing("pair"))]


@commands.command(epilog=examples("calsync status", "calsync status home --json"))
def status(
    ctx: typer.Context, pair: Pair = None, json: Json = False
) -> None:
    """Every pair at a glance, and whether anything needs you."""
    from calsync_cli.cli import inspect as command

    end(command.status(begin(ctx), pair, as_json=json))


@commands.command(epilog=examples("calsync history", "calsync history 17"))
def history(ctx: typer.Context, run: Run = None, json: Json = False) -> None:
    """What the runs did; with a number, one run with each change."""
    from calsync_cli.cli import inspect as command

    end(command.history(begin(ctx), run, as_json=json))


@commands.command(epilog=examples('calsync why "Dentist"'))
def why(ctx: typer.Context, event: Event, json: Json = False) -> None:
    """All that is known of one event, and what holds it."""
    from calsync_cli.cli import events as command

    end(command.why(begin(ctx), event, as_json=json))


@commands.command(epilog=examples("calsync agenda --days 3", "calsync agenda --from tomorrow --overlaps"))
def agenda(
    ctx: typer.Context, first: From = "today", days: Count = 7, overlaps: Overlaps = False, json: Json = False
) -> None:
    """The coming days over all calendars, each event once; offline."""
    from calsync_cli.cli import agenda as command

    end(command.agenda(begin(ctx), first, days, overlaps=overlaps, as_json=json))


@commands.command(epilog=examples("calsync export laptop/Home home.ics"))
def export(
    ctx: typer.Context,
    calendar: Annotated[
        str,
        typer.Argument(
            metavar="CALENDAR", help="ACCOUNT/NAME, or a short name.", autocompletion=completing("calendar")
        ),
    ],
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Standard output if left out.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """One calendar as an .ics file, as the last sync saw it; offline."""
    from calsync_cli.cli import export as command

    end(command.export(begin(ctx), calendar, file, force=force))
