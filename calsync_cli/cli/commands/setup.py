"""The words of the commands around accounts and configuration, `doctor` and `demo`."""

from pathlib import Path
from typing import Annotated

import typer

from calsync_cli.cli.commands.shared import Json, begin, completing, end, examples, group

commands = typer.Typer()
config = group(commands, "config", "The configuration file.", "calsync config check", alone=False)

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", autocompletion=completing("account"))]


@commands.command("calendars", epilog=examples("calsync calendars", "calsync calendars create laptop Trial"))
def calendars(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ACCOUNT | create ACCOUNT NAME", help="An account; all without one.",
            autocompletion=completing("account"),
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Calendars and what this login may do; or make a new one."""
    from calsync_cli.cli import accounts as command
    from calsync_cli.errors import UsageError

    context = begin(ctx)
    match words or []:
        case ["create", account, name]:
            end(command.create_calendar(context, account, name))
        case [] | [_] as one if one != ["create"]:
            end(command.calendars(context, one[0] if one else None, as_json=json))
        case _:
            text = "write: calsync calendars [ACCOUNT], or calsync calendars create ACCOUNT NAME"
            raise UsageError(text, next="calsync calendars -h")


@commands.command("accounts", epilog=examples("calsync accounts"))
def accounts(ctx: typer.Context, json: Json = False) -> None:
    """Accounts, and whether they are signed in."""
    from calsync_cli.cli import accounts as command

    end(command.accounts(begin(ctx), as_json=json))


@commands.command(epilog=examples(
    "calsync login google --client-file client_secret.json",
    "calsync login cloud --username me",
    "calsync login microsoft --no-browser",
))
def login(
    ctx: typer.Context,
    account: Annotated[
        str,
        typer.Argument(
            metavar="ACCOUNT", help="An account; `caldav`, `google`, `icloud`, `microsoft` for a new one.",
            autocompletion=completing("account"),
        ),
    ],
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Address of a new CalDAV account.")] = None,
    username: Annotated[str | None, typer.Option("--username", metavar="NAME", help="The user name there.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Google: an address to open elsewhere; Microsoft: with a code.")
    ] = False,
    client_file: Annotated[
        Path | None, typer.Option("--client-file", metavar="FILE", help="Google: the client file of your project.")
    ] = None,
    client_id: Annotated[
        str | None, typer.Option("--client-id", metavar="ID", help="Microsoft: the id of your registration.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="WHO", help="Microsoft: common, consumers, an organisation's id.")
    ] = None,
) -> None:
    """Sign in: try it, and keep it when it works."""
    from calsync_cli.cli import accounts as command

    end(command.login(
        begin(ctx), account, url=url, username=username, password_stdin=password_stdin, no_browser=no_browser,
        client_file=client_file, client_id=client_id, tenant=tenant,
    ))


@commands.command(epilog=examples("calsync logout cloud"))
def logout(ctx: typer.Context, account: Account) -> None:
    """Remove the stored sign-in of an account."""
    from calsync_cli.cli import accounts as command

    end(command.logout(begin(ctx), account))


@commands.command(epilog=examples("calsync doctor", "calsync doctor --bundle report.txt"))
def doctor(
    ctx: typer.Context,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Put a damaged or lost state right; calendars are not touched.")
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FILE", help="Write a report to send: no names, titles, addresses, secrets."),
    ] = None,
    json: Json = False,
) -> None:
    """Check everything a sync needs; each finding names a command."""
    from calsync_cli.cli import doctor as command
    from calsync_cli.errors import UsageError

    context = begin(ctx)
    if bundle is not None and (rebuild or json):
        raise UsageError("--bundle goes with no other option; nothing was written", next="calsync doctor -h")
    end(command.rebuild(context, as_json=json) if rebuild else command.doctor(context, bundle=bundle, as_json=json))


@commands.command(epilog=examples("calsync demo", "calsync demo --from my.ics --keep"))
def demo(
    ctx: typer.Context,
    source: Annotated[Path | None, typer.Option("--from", metavar="FILE.ics", help="Use your own events.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the two calendars.")] = False,
) -> None:
    """See it work on two throw-away calendars, without network."""
    from calsync_cli.cli import demo as command

    end(command.demo(ctx.obj, source=source, keep=keep))


@config.command("check", epilog=examples("calsync config check"))
def config_check(ctx: typer.Context, json: Json = False) -> None:
    """Every problem at once, each with its path."""
    from calsync_cli.cli import settings as command

    end(command.check(ctx.obj, as_json=json))


@config.command("path", epilog=examples("calsync config path"))
def config_path(ctx: typer.Context, json: Json = False) -> None:
    """Where the configuration file is."""
    from calsync_cli.cli import settings as command

    end(command.path(ctx.obj, as_json=json))


@config.command("edit", epilog=examples("calsync config edit"))
def config_edit(ctx: typer.Context) -> None:
    """Open the file in your editor and check it afterwards."""
    from calsync_cli.cli import settings as command

    end(command.edit(ctx.obj))


@config.command("schema", epilog=examples("calsync config schema"))
def config_schema(ctx: typer.Context, json: Json = False) -> None:
    """Every key, what it may hold and what it means."""
    from calsync_cli.cli import settings as command

    end(command.show_schema(ctx.obj, as_json=json))
