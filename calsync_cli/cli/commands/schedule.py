"""The words of `schedule`."""

from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import Json, bare, begin, end, examples, group

commands = typer.Typer()
schedule = group(commands, "schedule", "Run `sync --due` regularly.", "calsync schedule install")

Using = Annotated[
    str | None, typer.Option("--using", metavar="NAME", help="systemd, cron, launchd, schtasks; else what works.")
]
Every = Annotated[
    str | None, typer.Option("--every", metavar="15m", help="How often; else as often as some pair is due.")
]
Print = Annotated[bool, typer.Option("--print", help="Show what would be written, change nothing.")]


@schedule.callback(invoke_without_command=True)
def schedule_default(ctx: typer.Context, using: Using = None, json: Json = False) -> None:
    if bare(ctx, using, json):
        schedule_show(ctx, using=using, json=json)


@schedule.command("show", epilog=examples("calsync schedule show"))
def schedule_show(ctx: typer.Context, using: Using = None, every: Every = None, json: Json = False) -> None:
    """What is scheduled."""
    from calsync_cli.cli import schedule as command

    end(command.show(begin(ctx), using, every, as_json=json))


@schedule.command("install", epilog=examples(
    "calsync schedule install --every 30m",
    "calsync schedule install --using cron --print",
))
def schedule_install(
    ctx: typer.Context, using: Using = None, every: Every = None, preview: Print = False
) -> None:
    """Put the entry there, or bring it up to date."""
    from calsync_cli.cli import schedule as command

    end(command.install(begin(ctx), using, every, preview=preview))


@schedule.command("remove", epilog=examples("calsync schedule remove"))
def schedule_remove(ctx: typer.Context, using: Using = None, preview: Print = False) -> None:
    """Take the entry away, and nothing else."""
    from calsync_cli.cli import schedule as command

    end(command.remove(begin(ctx), using, preview=preview))
