"""The words of `conflicts`."""

from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import Json, bare, begin, completing, end, examples, group, number_of

commands = typer.Typer()
conflicts = group(commands, "conflicts", "What both sides changed differently: see it and decide.",
                  "calsync conflicts", "calsync conflicts resolve")

ID = typer.Argument(
    metavar="ID", parser=number_of("conflict", "calsync conflicts list"), autocompletion=completing("conflict")
)


@conflicts.callback(invoke_without_command=True)
def conflicts_default(ctx: typer.Context, json: Json = False) -> None:
    if bare(ctx, json):
        conflicts_list(ctx, json)


@conflicts.command("list", epilog=examples("calsync conflicts list"))
def conflicts_list(ctx: typer.Context, json: Json = False) -> None:
    """What waits for a decision."""
    from calsync_cli.cli import conflicts as command

    end(command.listing(begin(ctx), as_json=json))


@conflicts.command("show", epilog=examples("calsync conflicts show 3"))
def conflicts_show(ctx: typer.Context, id: Annotated[int, ID], json: Json = False) -> None:
    """Both versions and the one before them, field by field."""
    from calsync_cli.cli import conflicts as command

    end(command.show(begin(ctx), id, as_json=json))


@conflicts.command("resolve", epilog=examples(
    "calsync conflicts resolve",
    "calsync conflicts resolve 3 --take newest",
    "calsync conflicts resolve 3 --field start=b --field title=a",
))
def conflicts_resolve(
    ctx: typer.Context,
    id: Annotated[int | None, ID] = None,
    take: Annotated[
        str | None,
        typer.Option(
            "--take", metavar="a|b|newest|base|both",
            help="Decide the whole event; both keeps two events. Of a third calendar its name.",
        ),
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", metavar="NAME=SIDE", help="Decide one field; may be repeated.")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="Decide all conflicts the same way.")] = False,
    json: Json = False,
) -> None:
    """Decide, and sync what was decided. Asks one after the other when no option says what to take."""
    from calsync_cli.cli import conflicts as command

    end(command.resolve(begin(ctx), id, take=take, fields=field or [], all=all, as_json=json))
