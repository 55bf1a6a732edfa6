"""Every key of the configuration as data: what it may hold, what it means. Checks and reference page come from here.

Shape   one table per section: key -> Key. `since` names a key that is part of the format but not of this version
Source  cli.md section 3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TIES = ("ask", "a", "b", "newest", "keep-both")
POLICIES = ("a", "b", "newest", "merge", "ask")
PROVIDERS = ("google", "microsoft", "icloud", "caldav", "vdir", "ics")
READY = ("caldav", "vdir")
LATER = "is not available in this version"


@dataclass(frozen=True, slots=True)
class Key:
    """kind: text, path, url, command, duration, choice, number, table, list, calendar. later: refused for now."""

    kind: str
    help: str
    choices: tuple[str, ...] = ()
    default: str = ""
    later: bool = False


PAIR: Mapping[str, Key] = {
    "a": Key("calendar", "account/calendar, or a short name of [calendars]"),
    "b": Key("calendar", "account/calendar, or a short name of [calendars]"),
    "direction": Key("choice", "which way changes flow", ("two-way", "a-to-b", "b-to-a"), "two-way"),
    "conflict": Key("choice", "what happens when both sides changed one event", POLICIES, "merge"),
    "tie": Key("choice", "what merge does when both changed one field", TIES, "ask"),
    "first_sync": Key("choice", "whether the first plan asks for a yes", ("ask", "auto"), "ask"),
    "every": Key("duration", "how often `sync --due` runs the pair", default="15m"),
    "window": Key("window", 'how far to look: "all", or { past = "1y", future = "2y" }', default="all"),
    "delete_limit": Key("limit", "most deletions of one run: { count = 20, percent = 10 }"),
    "notify": Key("choice", "may servers mail guests because of a write", ("never", "allow"), "never"),
    "orphan": Key("choice", "an edited instance whose series lost its date", ("ask", "detach"), "ask"),
    "unexpressible": Key("choice", "a rule that a side cannot say", ("skip", "expand"), "skip"),
    "past_deletes": Key("choice", "deleting what ended over a day ago", ("keep", "propagate"), "keep"),
    "target_edits": Key("choice", "edits of one-way copies", ("keep", "overwrite", "ask"), "keep"),
    "target_deletes": Key("choice", "deleted one-way copies", ("respect", "restore"), "respect"),
    "fields": Key("fields", "per field: a, b, newest, merge, ask, or off; reminders: keep or merge"),
    "approve": Key("list", "kinds of change that wait for an approval", later=True),
    "filter": Key("table", "which events take part", later=True),
    "to_a": Key("table", "what is shown on side a", later=True),
    "to_b": Key("table", "what is shown on side b", later=True),
    "on_leave": Key("choice", "copies of events that leave a filter", ("keep", "retire"), "keep", later=True),
    "chain": Key("flag", "whether copies are copied on", later=True),
}

ACCOUNT: Mapping[str, Key] = {
    "provider": Key("choice", "what kind of account it is", PROVIDERS),
    "url": Key("url", "caldav: the server, its principal or one calendar"),
    "username": Key("text", "caldav: user name"),
    "password": Key("secret", "caldav: the password itself; a keyring is better"),
    "password_command": Key("command", "caldav: program that prints the password, as a list"),
    "auth": Key("choice", "caldav: how to sign in", ("auto", "basic", "digest", "bearer"), "auto"),
    "path": Key("path", "vdir: folder whose sub-folders are calendars"),
    "ca_file": Key("path", "certificate authority to trust for this account"),
    "client_cert": Key("path", "client certificate, PEM"),
    "proxy": Key("text", "proxy for this account"),
    "timeout": Key("duration", "how long to wait for an answer", default="30s"),
    "concurrency": Key("number", "requests side by side, 1 to 16", default="8"),
    "client_file": Key("path", "google: client secret file"),
    "client_id": Key("text", "microsoft: application id"),
    "tenant": Key("text", "microsoft: tenant"),
    "api_url": Key("url", "google: other server"),
    "auth_url": Key("url", "google: other server"),
    "token_url": Key("url", "google: other server"),
    "graph_url": Key("url", "microsoft: other server"),
    "authority": Key("url", "microsoft: other server"),
}

SECRETS: Mapping[str, Key] = {
    "backend": Key("choice", "where passwords are kept", ("keyring", "file"), "keyring"),
    "key_command": Key("command", "file: program that prints the passphrase, as a list"),
}

FIELD_NAMES = (
    "title", "location", "url", "color", "visibility", "busy", "status", "time", "start", "end", "recurrence",
    "description", "categories", "attachments", "reminders", "guests", "carry",
)

SECTIONS = ("defaults", "secrets", "accounts", "calendars", "pairs", "notify", "hooks", "watch")
LATER_SECTIONS = ("notify", "hooks", "watch")


def reference() -> str:
    """All keys as a text page (`calsync config schema`)."""
    parts = []
    for title, keys in (("[pairs.NAME] and [defaults]", PAIR), ("[accounts.NAME]", ACCOUNT), ("[secrets]", SECRETS)):
        parts.append(title)
        for name, key in keys.items():
            allowed = f" ({' | '.join(key.choices)})" if key.choices else ""
            default = f" [{key.default}]" if key.default else ""
            later = "  - " + LATER if key.later else ""
            parts.append(f"  {name:<17} {key.help}{allowed}{default}{later}")
    return "\n".join(parts)


def json_schema() -> dict[str, object]:
    """The same as data (`calsync config schema --json`)."""
    def rows(keys: Mapping[str, Key]) -> dict[str, object]:
        return {
            name: {
                "type": key.kind, "help": key.help, "choices": list(key.choices), "default": key.default,
                "available": not key.later,
            }
            for name, key in keys.items()
        }

    return {"pairs": rows(PAIR), "accounts": rows(ACCOUNT), "secrets": rows(SECRETS)}
