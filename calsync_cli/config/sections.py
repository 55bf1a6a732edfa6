"""[notify], [[hooks]], [watch] and `approve`: what their values may be, and what must stand together.

Shape   `READERS`: the kinds that only these sections have; then `notify`, `hook` and `watch` make the checked values of
        a table into their dataclass
Errors  BadValue with the text behind the path of the section
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from calsync_cli.config import values
from calsync_cli.config.crossing import regex
from calsync_cli.config.schema import Key
from calsync_cli.config.values import BadValue, FromEnvironment, Place, closest, structure
from calsync_cli.model.account import Hook, Notify, Tunnel, Watch

TUNNELS = ("cloudflared", "ngrok", "none")


def _port(place: Place, key: Key, value: Any) -> int:
    number = values.plain_number(value)
    if not isinstance(number, int) or not 1024 <= number <= 65535:
        raise BadValue("must be a whole number from 1024 to 65535")
    return number


def _tunnel(place: Place, key: Key, value: Any) -> Tunnel:
    if isinstance(value, FromEnvironment) and value.lstrip().startswith("{"):
        value = structure(value)
    if value in TUNNELS:
        return Tunnel(value)
    if not isinstance(value, dict):
        words = f"one of: {', '.join(TUNNELS)}, or {{ command = [...], url_regex = \"https://...\" }}"
        hint = closest(value, TUNNELS).lstrip("; ")
        raise BadValue(f"{value!r} is no tunnel; {hint}{' ' if hint else ''}{words}")
    if set(value) != {"command", "url_regex"}:
        raise BadValue('a tunnel of your own is { command = ["program", "{port}"], url_regex = "https://..." }')
    command = values.READERS["command"](place, key, value["command"])
    return Tunnel("command", command, regex(place, key, value["url_regex"]))


READERS: Mapping[str, Callable[[Place, Key, Any], Any]] = {"port": _port, "tunnel": _tunnel}


def named_tunnel(name: str) -> Tunnel:
    """`--tunnel NAME`. Raises BadValue."""
    return _tunnel(Place(Path(), {}), Key("tunnel", ""), name)


def notify(found: Mapping[str, Any]) -> Notify:
    if "command" not in found and not found.get("desktop"):
        raise BadValue('says nobody to tell; write desktop = true, or command = ["program"]')
    return Notify(**_tuples(found))


def hook(found: Mapping[str, Any], pairs: Iterable[str]) -> Hook:
    if "command" not in found:
        raise BadValue('says no program; write command = ["./on-change"]')
    known = list(pairs)
    for name in found.get("pairs", ()):
        if name not in known:
            raise BadValue(f"there is no pair {name!r}{closest(name, known)} (pairs: {', '.join(known) or 'none'})")
    return Hook(**_tuples(found))


def watch(found: Mapping[str, Any]) -> Watch:
    made = Watch(**found)
    if made.public_url is not None and made.tunnel.name != "none":
        raise BadValue("has a tunnel and a public_url; one of them is enough")
    if made.public_url is not None and not made.port:
        raise BadValue("with a public_url needs the port of this machine that it leads to: port = 8787")
    return made


def _tuples(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def approve(words: Sequence[str]) -> dict[str, Any]:
    """`create>20` is a class with a number."""
    limits = [int(word.partition(">")[2]) for word in words if word.startswith("create>")]
    classes = {word.partition(">")[0] for word in words}
    return {"approve": frozenset(classes), "approve_creates": min(limits, default=None)}
