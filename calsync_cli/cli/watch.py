"""`watch`: wires the loop to the configuration, the screen and the signals."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from calsync_cli.cli.context import Context
from calsync_cli.cli.running import parse_duration
from calsync_cli.cli.watch_view import screen
from calsync_cli.config import sections
from calsync_cli.config.lockfile import Busy, held
from calsync_cli.config.values import BadValue, address
from calsync_cli.errors import AlreadyRunning, UsageError
from calsync_cli.model.account import Tunnel
from calsync_cli.model.account import Watch as Settings
from calsync_cli.watch.inbox import Inbox
from calsync_cli.watch.loop import Watch
from calsync_cli.watch.reach import Knocker, Reach
from calsync_cli.watch.receiver import Receiver
from calsync_cli.watch.systemd import Systemd
from calsync_cli.watch.tunnel import way


def watch(
    ctx: Context, pairs: Sequence[str], *, public_url: str | None, tunnel: str | None, poll: str | None
) -> int:
    """Until a signal comes. Returns its exit code."""
    config = ctx.config()
    settings = _settings(config.watch, public_url, tunnel, poll)
    if not config.pairs:
        raise UsageError(f"no pairs yet in {ctx.config_file}; there is nothing to watch", next="calsync config edit")
    ctx.look(lambda work: work.groups(pairs))
    try:
        with held(ctx.state_dir / "watch.lock", ctx.ports, 0.0):
            return _watch(ctx, settings, pairs)
    except Busy:
        text = "another calsync watch is at work on this state; nothing was touched"
        raise AlreadyRunning(text, next="calsync status") from None


def _watch(ctx: Context, settings: Settings, pairs: Sequence[str]) -> int:
    inbox = Inbox()
    receiver = Receiver(ctx.ports, inbox, settings.port)
    if settings.public_url is not None or settings.tunnel.name != "none":
        receiver.start()

    def let_in(doors: Any) -> None:
        receiver.doors = doors

    try:
        with screen(ctx) as shown:
            leading = way(settings.tunnel, settings.public_url, receiver.port, ctx.ports, inbox)
            loop = Watch(
                ctx.workspace, ctx.ports, inbox, leading, Reach(Knocker(receiver.knock)), shown, Systemd(ctx.environ),
                poll=settings.poll, pairs=pairs, let_in=let_in,
            )
            with _signals(loop) as caught:
                loop.run()
            return 128 + caught[0]
    finally:
        receiver.close()


def _settings(found: Settings, public_url: str | None, tunnel: str | None, poll: str | None) -> Settings:
    """What was typed counts before the configuration."""
    try:
        if public_url is not None:
            found = replace(found, public_url=address(public_url), tunnel=Tunnel())
        if tunnel is not None:
            found = replace(found, tunnel=sections.named_tunnel(tunnel), public_url=None)
    except BadValue as err:
        raise UsageError(str(err), next="calsync watch -h") from None
    if public_url is not None and tunnel not in (None, "none"):
        raise UsageError("--tunnel and --public-url do not go together", next="calsync watch -h")
    if public_url is not None and not found.port:
        text = "an address of your own leads to a port of this machine; write `port = 8787` below [watch]"
        raise UsageError(text, next="calsync config edit")
    return replace(found, poll=parse_duration(poll)) if poll is not None else found


@contextmanager
def _signals(loop: Watch) -> Iterator[list[int]]:
    """The first ends it cleanly, the second at once."""
    caught: list[int] = []

    def stop(number: int, frame: Any) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)
        loop.stop()

    old = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
