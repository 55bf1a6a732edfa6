"""One value of the configuration -> its Python form, one reader per kind of `schema.Key`.

Errors  BadValue, whose text goes behind the path of the key: "accounts.cloud.url: plain http would ..."
Rule    a reader refuses what a later step would choke on: addresses, sizes and folders are tried here
"""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from calsync_cli.config.schema import LATER, Key
from calsync_cli.model.account import EVERYTHING, Window
from calsync_cli.model.plain import dataclass
from calsync_cli.model.secret import Secret
from calsync_cli.model.words import closest as closest

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
LONGEST = timedelta(days=200 * 365)  # today plus or minus this is still a date
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class BadValue(ValueError):
    """The value cannot be used; the text says why and what to write. at: the key of the table that is meant."""

    def __init__(self, text: str, at: str = "") -> None:
        super().__init__(text)
        self.at = at


class FromEnvironment(str):
    """A value that was typed in the environment: words and tables come as text there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is read: relative paths start at `folder`, `$VAR` and `~` come from `environ`."""

    folder: Path
    environ: Mapping[str, str]


def duration(text: str) -> timedelta:
    """`90s 15m 2h 7d 2y`. Raises BadValue."""
    match = re.fullmatch(r"([0-9]{1,10})([smhdwy])", text.strip()) if isinstance(text, str) else None
    if match is None:
        raise BadValue(f"{text!r} is no duration; write 90s, 15m, 2h, 7d or 2y")
    seconds = int(match[1]) * UNITS[match[2]]
    if not seconds:
        raise BadValue("must be longer than nothing")
    if seconds > LONGEST.total_seconds():
        raise BadValue(f"{text!r} is longer than {LONGEST.days // 365} years")
    return timedelta(seconds=seconds)


def address(text: str) -> str:
    """A server's https address; plain http for this machine only. Raises BadValue."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets or a port that make no sense
        valid = False
    if not valid or not text.isprintable() or " " in text:
        raise BadValue(f"{text!r} is no address; write https://...")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise BadValue("plain http would send the password readable; write https://...")
    if parts.username or parts.password:
        raise BadValue("leave user name and password out of the address; use username and calsync login")
    return text


def is_own_machine(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


def feed(text: str) -> str:
    """Where a feed is; webcal is another word for https. Raises BadValue without the address, which may be a secret."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("webcal", "webcals", "http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not text.isprintable() or " " in text:
        raise BadValue("is no address of a feed; write https://... or webcal://..., or give a file as path")
    return text if parts.scheme.startswith("http") else f"https{text[len(parts.scheme):]}"


# -- readers -----------------------------------------------------------------------------------------------------------


def _text(place: Place, key: Key, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadValue("must be a text in quotes")
    return str(value)


def guid(text: str) -> str:
    """The id of an application. Raises BadValue."""
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        raise BadValue(f"{text!r} is no application id, like 00000000-0000-0000-0000-000000000000")
    return text.lower()


def tenant(text: str) -> str:
    """A word of Microsoft's, or the id or domain of an organisation: part of an address. Raises BadValue."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", text):
        raise BadValue(f"{text!r} is no tenant; write common, organizations, consumers, or an id or domain")
    return text


def _guid(place: Place, key: Key, value: Any) -> str:
    return guid(_text(place, key, value))


def _tenant(place: Place, key: Key, value: Any) -> str:
    return tenant(_text(place, key, value))


def _authority(place: Place, key: Key, value: Any) -> str:
    """MSAL speaks https only, also to this machine. The tenant may stand behind the host."""
    text = address(_text(place, key, value))
    parts = urlsplit(text)
    if parts.scheme != "https" or parts.query or parts.fragment or len(parts.path.strip("/").split("/")) > 1:
        raise BadValue(f"{text!r} is no sign-in server; write https://HOST")
    if parts.path.strip("/"):
        tenant(parts.path.strip("/"))
    return text


def _path(place: Place, key: Key, value: Any) -> Path:
    text = re.sub(r"\$(\w+)|\$\{(\w+)\}", lambda found: _variable(place, found), _text(place, key, value))
    home = place.environ.get("HOME")
    try:
        path = Path(home + text[1:]) if home and re.match(r"~(/|$)", text) else Path(text).expanduser()
        return Path(os.path.normpath(place.folder.absolute() / path))
    except (RuntimeError, ValueError):
        raise BadValue(f"{text!r} is no path: its home folder is not known") from None


def _variable(place: Place, found: re.Match[str]) -> str:
    name = found[1] or found[2]
    if name not in place.environ:
        raise BadValue(f"the variable ${name} is not set")
    return place.environ[name]


def _url(place: Place, key: Key, value: Any) -> str:
    return address(_text(place, key, value))


def _feed(place: Place, key: Key, value: Any) -> str:
    return feed(_text(place, key, value))


def _proxy(place: Place, key: Key, value: Any) -> str:
    text = _text(place, key, value)
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not text.isprintable():
        raise BadValue("must be the address of a proxy, like http://proxy.example.org:3128")
    return text


def _command(place: Place, key: Key, value: Any) -> tuple[str, ...]:
    words = _shell_words(value) if isinstance(value, FromEnvironment) else value
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        raise BadValue('must be a list of words, like ["pass", "show", "cloud"]')
    return tuple(words)


def _shell_words(text: str) -> Any:
    if text.lstrip().startswith("["):
        return structure(text)
    try:
        return shlex.split(text)
    except ValueError:
        raise BadValue("has a quote that is not closed") from None


def structure(text: str) -> Any:
    """A list or a table from the environment, written as in the file."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise BadValue("is not written as in the file, like { count = 20 } or [\"a\", \"b\"]") from None


def _duration(place: Place, key: Key, value: Any) -> timedelta:
    return duration(value)


def _choice(place: Place, key: Key, value: Any) -> str:
    if value not in key.choices:
        known = [word for word in key.choices if word not in key.later_choices]
        hint = closest(value, known).lstrip("; ")
        raise BadValue(f"{value!r} is not allowed; {hint}{' ' if hint else ''}one of: {', '.join(known)}")
    if value in key.later_choices:
        there = ", ".join(word for word in key.choices if word not in key.later_choices)
        raise BadValue(f"{value!r} {LATER}; there is: {there}")
    return str(value)


def _number(place: Place, key: Key, value: Any) -> int:
    number = plain_number(value)
    if not isinstance(number, int) or not 1 <= number <= 16:
        raise BadValue("must be a whole number from 1 to 16")
    return number


def plain_number(value: Any) -> Any:
    """An int or float as it is, digits of the environment as a number, else None."""
    if isinstance(value, FromEnvironment):
        return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _window(place: Place, key: Key, value: Any) -> Window:
    if value == "all":
        return EVERYTHING
    table = structure(value) if isinstance(value, FromEnvironment) else value
    if not isinstance(table, dict) or not table or set(table) - {"past", "future"}:
        raise BadValue('must be "all" or { past = "1y", future = "2y" }')
    return Window(**{name: duration(text) for name, text in table.items()})


def _limit(place: Place, key: Key, value: Any) -> tuple[int, float]:
    table = structure(value) if isinstance(value, FromEnvironment) else value
    if not isinstance(table, dict) or set(table) - {"count", "percent"}:
        raise BadValue("must be { count = 20, percent = 10 }")
    count, percent = plain_number(table.get("count", 20)), plain_number(table.get("percent", 10))
    if not isinstance(count, int) or count < 0 or percent is None or not 0 <= percent <= 100:
        raise BadValue("count is a whole number, percent a number from 0 to 100")
    return count, float(percent)


def _list(place: Place, key: Key, value: Any) -> list[str]:
    words = structure(value) if isinstance(value, FromEnvironment) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise BadValue('must be a list of words, like ["one", "two"]')
    for word in words:
        if key.choices and word not in key.choices:
            raise BadValue(f"{word!r} is not allowed; any of: {', '.join(key.choices)}")
    return words


APPROVABLE = ("delete", "restore", "series-edit", "past", "notify", "all")


def _classes(place: Place, key: Key, value: Any) -> list[str]:
    """Classes of writes that wait for a yes (A1); `create>20` names creates where there are more than 20."""
    words = _list(place, key, value)
    for word in words:
        if word not in APPROVABLE and not re.fullmatch(r"create>[0-9]{1,6}", word):
            known = f"{', '.join(APPROVABLE)}, create>20"
            raise BadValue(f"{word!r} is not allowed{closest(word, APPROVABLE)}; any of: {known}")
    return words


def _flag(place: Place, key: Key, value: Any) -> bool:
    if isinstance(value, FromEnvironment):
        value = {"true": True, "false": False}.get(value.lower(), value)
    if not isinstance(value, bool):
        raise BadValue("must be true or false")
    return value


def _secret(place: Place, key: Key, value: Any) -> Secret:
    return Secret(_text(place, key, value))


READERS: Mapping[str, Callable[[Place, Key, Any], Any]] = {
    "text": _text, "path": _path, "url": _url, "proxy": _proxy, "command": _command, "duration": _duration,
    "choice": _choice, "number": _number, "window": _window, "limit": _limit, "list": _list, "flag": _flag,
    "classes": _classes, "secret": _secret, "feed": _feed, "guid": _guid, "tenant": _tenant, "authority": _authority,
}
