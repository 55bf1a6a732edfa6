"""The words of `approvals`."""

from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import Json, bare, begin, completing, end, examples, group, number_of

commands = typer.Typer()
approvals = group(commands, "approvals", "Writes that wait for your yes.", "calsync approvals")

Ids = Annotated[
    list[int] | None,
    typer.Argument(
        metavar="ID", parser=number_of("write that waits", "calsync approvals list"), show_default=False,
        autocompletion=completing("approval"),
    ),
]
All = Annotated[bool, typer.Option("--all", help="Everything that waits.")]


@approvals.callback(invoke_without_command=True)
def approvals_default(ctx: typer.Context, json: Json = False) -> None:
    if bare(ctx, json):
        approvals_list(ctx, json)


@approvals.command("list", epilog=examples("calsync approvals list"))
def approvals_list(ctx: typer.Context, json: Json = False) -> None:
    """What waits, and why."""
    from calsync_cli.cli import approvals as command

    end(command.listing(begin(ctx), as_json=json))


@approvals.command("approve", epilog=examples("calsync approvals approve 4 5"))
def approvals_approve(ctx: typer.Context, ids: Ids = None, all: All = False, json: Json = False) -> None:
    """Let what waits be written, and sync."""
    from calsync_cli.cli import approvals as command

    end(command.answer(begin(ctx), ids or [], "approve", all=all, as_json=json))


@approvals.command("reject", epilog=examples("calsync approvals reject --all"))
def approvals_reject(ctx: typer.Context, ids: Ids = None, all: All = False, json: Json = False) -> None:
    """Leave the calendars as different as they are. Until the event is edited again."""
    from calsync_cli.cli import approvals as command

    end(command.answer(begin(ctx), ids or [], "reject", all=all, as_json=json))
