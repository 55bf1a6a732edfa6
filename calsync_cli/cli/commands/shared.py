"""What the declarations of commands have in common."""

from collections.abc import Callable
from typing import Annotated

import typer

from calsync_cli import __version__
from calsync_cli.cli.context import Context
from calsync_cli.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def completing(kind: str) -> Callable[[typer.Context, str], list[str]]:
    """What the shell's Tab offers in this place: words of this kind (cli.completing)."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        from calsync_cli.cli.completing import candidates

        return candidates(kind, ctx.find_root().params, incomplete)

    return complete


Event = Annotated[
    str,
    typer.Argument(
        metavar="EVENT", help="A UID, or words of the title.", show_default=False, autocompletion=completing("event")
    ),
]


def examples(*lines: str) -> str:
    """The end of a help text: lines that can be typed as they stand."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def number_of(what: str, listing: str) -> Callable[[str], int]:
    """A parser for the numbers that a listing shows. Raises UsageError: the option parser's own words name a type."""

    def parse(text: str | int) -> int:
        if not str(text).isdecimal() or len(str(text)) > 15:
            raise UsageError(f"{text!r} is not the number of a {what}", next=listing)
        return int(text)

    return parse


def group(parent: typer.Typer, name: str, text: str, *lines: str, alone: bool = True) -> typer.Typer:
    """A command with commands of its own. lines: examples; alone: its name by itself does something, else it prints
    help."""
    made = typer.Typer(no_args_is_help=not alone, help=text, epilog=examples(*lines))
    parent.add_typer(made, name=name)
    return made


def bare(ctx: typer.Context, *options: object) -> bool:
    """Whether the group's name stands by itself. Raises UsageError for options that stand before a command of it."""
    name = ctx.invoked_subcommand
    if name is not None:
        ctx.obj.command = f"{ctx.command_path} {name}"
    if name is not None and any(options):
        path = f"{ctx.command_path} {name}"
        raise UsageError(f"options belong behind the whole command: {path} ...", next=f"{path} -h")
    return name is None


def begin(ctx: typer.Context) -> Context:
    """The options of this call, with the log of the state folder open."""
    import logging

    context: Context = ctx.obj
    context.command = ctx.command_path
    if context.start_log():
        words = ctx.command_path.partition(" ")[2]  # without what was typed behind it: titles are nobody's business
        logging.getLogger(__name__).info("%s begins (calsync %s)", words, __version__)
    return context


def end(code: int) -> None:
    if code:
        raise typer.Exit(code)
