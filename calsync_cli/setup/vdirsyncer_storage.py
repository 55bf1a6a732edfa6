"""One storage of vdirsyncer -> one account, each of its keys translated or named. Pure.

Shape   `account(name, storage, home, whole=...)` -> Made; whole: the storage is itself one calendar, as it is with
        collections = null
Keys    of the storage types of vdirsyncer 0.14 to 0.21; READ belong to the pair (vdirsyncer.py); what nobody knows is
        named too
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import unquote, urlsplit

from calsync_cli.model.plain import dataclass
from calsync_cli.setup.notes import Note, Table

READ = frozenset({"type", "path", "url", "read_only", "no_delete", "start_date", "end_date"})
ALL_ITEMS = "calsync syncs events alone; tasks and journal entries stay where they are"
LEFT_OUT: Mapping[str, str] = {
    "useragent": "calsync says its own name to servers",
    "post_hook": "calsync runs programs after a run, with the changes as JSON: see [[hooks]]",
    "pre_deletion_hook": "calsync runs programs after a run, with the changes as JSON: see [[hooks]]",
    "filter_hook": "calsync reads a feed as it is",
    "token_file": "the sign-in itself cannot be taken along",
}
PINNED = "calsync trusts certificate authorities; save the server's certificate as a file and give it as ca_file"


@dataclass(slots=True)
class Made:
    """table: the account. calendar: its one calendar, where the storage is one itself; else ""."""

    table: Table
    calendar: str = ""
    password: str = ""
    notes: list[Note] = field(default_factory=list)


def account(name: str, storage: Table, home: str, *, whole: bool) -> Made:
    """Raises KeyError for a storage without its path or url."""
    made = KINDS[storage["type"]](storage, whole)
    if not made.table.get("path", "~").startswith(("/", "~", "$")):
        text = f"{made.table['path']} was meant from where vdirsyncer was started"
        made.notes.append(Note(f"path of storage {name}", text, "write it in full", account=name))
    for key in sorted(storage.keys() - READ):
        take = TAKEN.get(key)
        words = take(made, storage[key]) if take else LEFT_OUT.get(key, "is not known to calsync, and is left out")
        if words:
            text, _, then = words.partition("; ")
            made.notes.append(Note(f"{key} of storage {name}", text, then, account=name))
    if "password_command" in made.table:
        words = made.table["password_command"]
        made.table["password_command"] = [re.sub("^~(?=/|$)", home.replace("\\", "/"), word) for word in words]
    return made


# -- kinds -------------------------------------------------------------------------------------------------------------


def _folder(storage: Table, whole: bool) -> Made:
    path = str(storage["path"]).rstrip("/") or "/"
    if not whole:
        return Made({"provider": "vdir", "path": path})
    return Made({"provider": "vdir", "path": posixpath.dirname(path) or "."}, posixpath.basename(path))


def _dav(storage: Table, whole: bool) -> Made:
    url = str(storage["url"])
    if (urlsplit(url).hostname or "").endswith("icloud.com"):
        return Made({"provider": "icloud"}, _last(url) if whole else "")
    return Made({"provider": "caldav", "url": url}, _last(url) if whole else "")


def _google(storage: Table, whole: bool) -> Made:
    text = "calsync asks Google's own Calendar API"
    then = "turn that API on in the same project, get its client file (docs/google.md)"
    return Made({"provider": "google"}, notes=[Note("google_calendar", text, then)])


def _feed(storage: Table, whole: bool) -> Made:
    return Made({"provider": "ics", "url": str(storage["url"])}, "feed")


def _file(storage: Table, whole: bool) -> Made:
    return Made({"provider": "ics", "path": str(storage["path"])}, "feed")


KINDS: Mapping[str, Callable[[Table, bool], Made]] = {
    "filesystem": _folder, "caldav": _dav, "google_calendar": _google, "http": _feed, "singlefile": _file,
}


def _last(url: str) -> str:
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])


# -- keys: each takes what it can, and says what it cannot -------------------------------------------------------------


def _username(made: Made, value: Any) -> str:
    if made.table["provider"] == "ics":
        return "calsync asks for feeds without a password" if value else ""
    made.table |= {"username": str(value)} if value else {}
    return ""


def _fetched_username(made: Made, value: Any) -> str:
    return f"calsync runs no program for a user name; write what {_words(value)} says as username"


def _password(made: Made, value: Any) -> str:
    if made.table["provider"] == "ics":
        return "calsync asks for feeds without a password" if value else ""
    made.password = str(value or "")
    return ""


def _fetched_password(made: Made, value: Any) -> str:
    how, *rest = value if isinstance(value, list) and value else [None]
    if made.table["provider"] == "ics":
        return "calsync asks for feeds without a password"
    if how == "command" and rest:
        made.table["password_command"] = [str(word) for word in rest]
    elif how == "shell" and rest:
        made.table["password_command"] = ["sh", "-c", " ".join(map(str, rest))]
    elif how == "keyring" and len(rest) == 2:
        made.table["password_command"] = ["keyring", "get", *map(str, rest)]
    elif how == "prompt":
        return "calsync asks once and keeps it in the keyring; calsync login ACCOUNT"
    else:
        return f"{value!r} is no way to fetch a password that calsync knows; calsync login ACCOUNT"
    return ""


def _verify(made: Made, value: Any) -> str:
    if isinstance(value, str):
        made.table["ca_file"] = value
        return ""
    return "" if value in (None, True) else f"calsync never talks to a server it cannot verify; {PINNED}"


def _auth(made: Made, value: Any) -> str:
    if value in ("basic", "digest", "guess"):
        made.table["auth"] = "auto" if value == "guess" else value
        return ""
    return "" if value is None else f"calsync cannot sign in by {value!r}; it finds out by itself"


def _certificate(made: Made, value: Any) -> str:
    if isinstance(value, str):
        made.table["client_cert"] = value
        return ""
    return "" if value is None else f"calsync reads one PEM file; join {_words(value)} and give it as client_cert"


def _client(made: Made, value: Any) -> str:
    return "the client file of the same project says it; calsync login ACCOUNT --client-file FILE"


def _extension(made: Made, value: Any) -> str:
    return "" if value == ".ics" else f"calsync reads files called *.ics, not *{value}; rename them"


def _encoding(made: Made, value: Any) -> str:
    return "" if str(value).lower() in ("utf-8", "utf8") else "calsync reads and writes UTF-8, as iCalendar has it"


def _ignored(made: Made, value: Any) -> str:
    return "" if value == ".tmp" else "calsync reads nothing but *.ics, so it is not needed"


def _types(made: Made, value: Any) -> str:
    return ALL_ITEMS if isinstance(value, list) and any(word != "VEVENT" for word in value) else ""


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


TAKEN: Mapping[str, Callable[[Made, Any], str]] = {
    "username": _username, "username.fetch": _fetched_username, "password": _password,
    "password.fetch": _fetched_password, "verify": _verify, "auth": _auth, "auth_cert": _certificate,
    "verify_fingerprint": lambda made, value: PINNED if value else "",
    "client_id": _client, "client_secret": lambda made, value: "", "client_id.fetch": _client,
    "client_secret.fetch": lambda made, value: "", "fileext": _extension, "encoding": _encoding,
    "fileignoreext": _ignored, "item_types": _types,
    "post_hook": lambda made, value: LEFT_OUT["post_hook"] if value else "",
    "pre_deletion_hook": lambda made, value: LEFT_OUT["pre_deletion_hook"] if value else "",
    "filter_hook": lambda made, value: LEFT_OUT["filter_hook"] if value else "",
}
