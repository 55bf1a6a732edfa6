"""The words of `journal`."""

from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import Json, bare, begin, completing, end, examples, group, number_of

commands = typer.Typer()
journal = group(commands, "journal", "Writes of which nobody knows whether they were made.", "calsync journal")

Ids = Annotated[
    list[int] | None,
    typer.Argument(
        metavar="ID", parser=number_of("write with an open end", "calsync journal"), show_default=False,
        autocompletion=completing("open write"),
    ),
]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


@journal.callback(invoke_without_command=True)
def journal_default(ctx: typer.Context, json: Json = False) -> None:
    if bare(ctx, json):
        journal_list(ctx, json)


@journal.command("list", epilog=examples("calsync journal list"))
def journal_list(ctx: typer.Context, json: Json = False) -> None:
    """What was sent and never answered, and why that cannot be looked up. Each run tries it again."""
    from calsync_cli.cli import journal as command

    end(command.listing(begin(ctx), as_json=json))


@journal.command("abandon", epilog=examples("calsync journal abandon 12", "calsync journal abandon --all --yes"))
def journal_abandon(
    ctx: typer.Context, ids: Ids = None, all: All = False, yes: Yes = False, json: Json = False
) -> None:
    """Ask no longer what became of a write. For a calendar that never comes back; its event is planned anew."""
    from calsync_cli.cli import journal as command

    end(command.abandon(begin(ctx), ids or [], all=all, yes=yes, as_json=json))
