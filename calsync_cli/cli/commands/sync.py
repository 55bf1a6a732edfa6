"""The words of `sync` and `apply`."""

from pathlib import Path
from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import Json, begin, completing, end, examples
from calsync_cli.errors import UsageError

commands = typer.Typer()

Pairs = Annotated[
    list[str] | None,
    typer.Argument(metavar="PAIR", help="Pairs; all of them when none is named.", autocompletion=completing("pair")),
]


@commands.command(epilog=examples(
    "calsync sync", "calsync sync home --dry-run", "calsync sync --due -q", "calsync sync --retire --dry-run",
))
def sync(
    ctx: typer.Context,
    pairs: Pairs = None,
    all: Annotated[bool, typer.Option("--all", help="Every pair; the same as naming none.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Only pairs whose `every` has passed.")] = False,
    dry_run: Annotated[bool, typer.Option("-n", "--dry-run", help="Show the plan, change nothing.")] = False,
    plan_file: Annotated[
        Path | None, typer.Option("--plan-file", metavar="FILE", help="Save the plan for `calsync apply`.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm a first plan, or one after changed rules.")] = False,
    approve: Annotated[
        list[str] | None, typer.Option("--approve", metavar="PLAN-ID", help="Run a plan that a guard stopped.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="List everything anew, ignoring sync tokens.")] = False,
    retire: Annotated[
        bool, typer.Option("--retire", help="First take away the copies of pairs that are not configured any more.")
    ] = False,
    budget: Annotated[str | None, typer.Option("--budget", metavar="5m", help="Stop cleanly after this time.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on whenever something changes: `calsync watch`.")] = False,
    json: Json = False,
) -> None:
    """Bring pairs up to date: all of them, or those named."""
    if watch:
        others = (due, dry_run, plan_file, yes, approve, full, retire, budget, json, all and pairs)
        if any(others):
            raise UsageError("--watch goes with the names of pairs only", next="calsync watch -h")
        from calsync_cli.cli import watch as watching

        end(watching.watch(begin(ctx), pairs or [], public_url=None, tunnel=None, poll=None))
        return
    from calsync_cli.cli import sync as command

    end(command.sync(
        begin(ctx), pairs or [], all=all, due=due, dry_run=dry_run, plan_file=plan_file, yes=yes,
        approve=approve or [], full=full, retire=retire, budget=budget, as_json=json,
    ))


@commands.command(epilog=examples("calsync sync --plan-file plan.json", "calsync apply plan.json"))
def apply(ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")], json: Json = False) -> None:
    """Run a saved plan if nothing has moved since, else say so."""
    from calsync_cli.cli import sync as command

    end(command.apply(begin(ctx), file, as_json=json))
