"""The words of `watch`; `sync --watch` says the same."""

from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import begin, completing, end, examples

commands = typer.Typer()


@commands.command(epilog=examples("calsync watch", "calsync watch home --tunnel cloudflared --poll 5m"))
def watch(
    ctx: typer.Context,
    pairs: Annotated[
        list[str] | None,
        typer.Argument(metavar="PAIR", help="Pairs; all when none is named.", autocompletion=completing("pair")),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option("--public-url", metavar="URL", help="An address of your own that leads to `port`.")
    ] = None,
    tunnel: Annotated[
        str | None, typer.Option("--tunnel", metavar="NAME", help="cloudflared, ngrok or none.")
    ] = None,
    poll: Annotated[str | None, typer.Option("--poll", metavar="15m", help="How often to look anyway.")] = None,
) -> None:
    """Sync at once when something changes, until stopped."""
    from calsync_cli.cli import watch as command

    end(command.watch(begin(ctx), pairs or [], public_url=public_url, tunnel=tunnel, poll=poll))
