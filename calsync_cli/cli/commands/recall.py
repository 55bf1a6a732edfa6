"""The words of `undo`, `trash`, `restore`, `purge` and `retry`."""

from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import Json, begin, completing, end, examples, number_of

commands = typer.Typer()

Run = Annotated[
    int | None, typer.Argument(
        metavar="RUN", parser=number_of("run", "calsync history"), show_default=False, autocompletion=completing("run")
    ),
]
DryRun = Annotated[bool, typer.Option("-n", "--dry-run", help="Show the plan, change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


@commands.command(epilog=examples("calsync undo --dry-run", "calsync undo 17"))
def undo(ctx: typer.Context, run: Run = None, dry_run: DryRun = False, yes: Yes = False, json: Json = False) -> None:
    """Take back what a run wrote. The last one that wrote something, or the one named."""
    from calsync_cli.cli import recall as command

    end(command.undo(begin(ctx), run, dry_run=dry_run, yes=yes, as_json=json))


@commands.command(epilog=examples("calsync trash"))
def trash(ctx: typer.Context, json: Json = False) -> None:
    """What was deleted and can be brought back."""
    from calsync_cli.cli import recall as command

    end(command.trash(begin(ctx), as_json=json))


@commands.command(epilog=examples(
    'calsync restore "Dentist" --on laptop/Home',
    "calsync restore --pair home --dry-run",
))
def restore(
    ctx: typer.Context,
    event: Annotated[
        str | None,
        typer.Argument(metavar="[EVENT]", help="A UID, or words of the title.", show_default=False),
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(
            "--pair", metavar="PAIR", help="Everything deleted on one calendar of it and still on the other.",
            autocompletion=completing("pair"),
        ),
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on", metavar="ACCOUNT/NAME", help="Only on this calendar; may be repeated.",
            autocompletion=completing("calendar"),
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Make deleted events again. One on every calendar of its pairs, or all of a pair; nobody is invited again."""
    from calsync_cli.cli import recall as command
    from calsync_cli.errors import UsageError

    if (event is None) == (pair is None) or (pair is not None and on):
        raise UsageError("restore takes an event, or --pair with the name of a pair alone", next="calsync restore -h")
    if pair is not None:
        end(command.restore_pair(begin(ctx), pair, dry_run=dry_run, yes=yes, as_json=json))
    else:
        end(command.restore(begin(ctx), event or "", on or [], dry_run=dry_run, yes=yes, as_json=json))


@commands.command(epilog=examples("calsync purge home --dry-run"))
def purge(
    ctx: typer.Context,
    pair: Annotated[str, typer.Argument(metavar="PAIR", show_default=False, autocompletion=completing("pair"))],
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take away every copy that a pair made and nobody edited. Then take the pair out of the configuration."""
    from calsync_cli.cli import recall as command

    end(command.purge(begin(ctx), pair, dry_run=dry_run, yes=yes, as_json=json))


@commands.command(epilog=examples("calsync retry", 'calsync retry "Dentist"'))
def retry(
    ctx: typer.Context,
    items: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="EVENT", help="UIDs or words of titles; all that failed when none is named.",
            autocompletion=completing("event"),
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Try again what a server refused or what could not be read."""
    from calsync_cli.cli import recall as command

    end(command.retry(begin(ctx), items or [], as_json=json))
