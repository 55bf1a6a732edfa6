"""The words of the commands that begin: `init` and `import`."""

from pathlib import Path
from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import Json, begin, end, examples

commands = typer.Typer()

File = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", help="Its configuration; else where it looks itself.", show_default=False),
]
Print = Annotated[bool, typer.Option("--print", help="Show what would be added, change nothing.")]


@commands.command(epilog=examples(
    "calsync init",
    "calsync init --account laptop=~/.calendars --a laptop/Home --b laptop/New --create",
))
def init(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="With --from: its configuration.", show_default=False)
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="PROGRAM", help="Take over the set-up of vdirsyncer, calendarsync or khal."),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option("--account", metavar="NAME=WHERE", help="A folder, https://..., google, microsoft, icloud."),
    ] = None,
    a: Annotated[str | None, typer.Option("--a", metavar="ACCOUNT/CALENDAR", help="The first calendar.")] = None,
    b: Annotated[str | None, typer.Option("--b", metavar="ACCOUNT/CALENDAR", help="The second calendar.")] = None,
    create: Annotated[bool, typer.Option("--create", help="Make a calendar that is not there.")] = False,
    direction: Annotated[
        str | None, typer.Option("--direction", metavar="WAY", help="two-way, a-to-b or b-to-a.")
    ] = None,
    conflict: Annotated[
        str | None, typer.Option("--conflict", metavar="WHO", help="merge, ask, newest, a or b.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="PAIR", help="What the pair is called.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sync at once, without asking.")] = False,
) -> None:
    """From nothing to a first sync. Connect, choose two calendars, see the plan."""
    from calsync_cli.cli import init as command
    from calsync_cli.errors import UsageError

    context = begin(ctx)
    if file is not None and source is None:
        raise UsageError("a file is for --from PROGRAM", next="calsync init -h")
    wanted = command.Wanted(tuple(account or ()), a, b, direction, conflict, name, create, yes, source, file)
    end(command.init(context, wanted))


@commands.command("import", epilog=examples("calsync import vdirsyncer --print"))
def import_(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="PROGRAM", help="vdirsyncer, calendarsync or khal.")],
    file: File = None,
    preview: Print = False,
    json: Json = False,
) -> None:
    """Take over the configuration of vdirsyncer, CalendarSync or khal."""
    from calsync_cli.cli import importing as command

    end(command.bring(begin(ctx), source, file, preview=preview, as_json=json))
