"""Every key of the configuration as data: what it may hold, what it means. Checks and reference page come from here.

Shape   one table per section: key -> Key. What is part of the format but not of this version is refused, never ignored
Source  cli.md section 3
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calsync_cli.model.plain import dataclass
from calsync_cli.model.views import KINDS

TIES = ("ask", "a", "b", "newest", "keep-both")
POLICIES = ("a", "b", "newest", "merge", "ask")
PROVIDERS = ("google", "microsoft", "icloud", "caldav", "vdir", "ics")
LATER = "is not available in this version"


@dataclass(frozen=True, slots=True)
class Key:
    """kind: one of the READERS of values, crossing and sections, or `table` (one table, its keys in `keys`) or `tables`
    (a list of them).

    later_choices: words that are allowed by the format and refused for now. only: the providers that know the key.
    """

    kind: str
    help: str
    choices: tuple[str, ...] = ()
    default: str = ""
    later_choices: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    keys: Mapping[str, Key] | None = None


_RULES = (*POLICIES, "off")


def _rule(what: str) -> Key:
    return Key("choice", what, _RULES)


FIELDS: Mapping[str, Key] = {
    "title": _rule("the title"),
    "location": _rule("the place"),
    "url": _rule("the web address"),
    "color": _rule("the colour"),
    "visibility": _rule("public or private"),
    "busy": _rule("whether the time counts as busy"),
    "status": _rule("confirmed, tentative or cancelled"),
    "time": Key("choice", "start and end, always together", POLICIES),
    "start": Key("choice", "the same as time", POLICIES),
    "end": Key("choice", "the same as time", POLICIES),
    "recurrence": Key("choice", "the rule of a series", POLICIES),
    "description": _rule("the text"),
    "categories": _rule("the categories"),
    "attachments": _rule("links to files"),
    "reminders": Key("choice", "keep: each side has its own after the copy", ("keep", "merge", "off"), "keep"),
    "guests": Key("choice", "show: in a form that invites nobody; drop (or off): not at all; rsvp: as show, and your "
                  "answer to an invitation that both sides have crosses", ("show", "drop", "off", "rsvp", "merge"),
                  "show", later_choices=("merge",)),
    "carry": Key("carry", "more properties to take along: X-NAME, google:extended.private.NAME, "
                 "google:extended.shared.NAME, graph:extended.NAME, graph:extended.{GUID}.NAME"),
}

VIEW: Mapping[str, Key] = {
    "view": Key("choice", "what copies there show: all; time, title and state; or the time alone",
                ("full", "titles", "busy"), "full"),
    "title": Key("template", "the title of copies; {title} stands for the event's own", default="{title}; busy: Busy"),
    "private": Key("flag", "whether copies are private", default="those of a busy view"),
    "reminders": Key("reminders", 'keep: a copy starts with those of its event; none; or how long before: ["10m"]',
                     default="keep"),
    "guests": Key("choice", "show: in a form that invites nobody; drop: not at all", ("show", "drop"), "show"),
    "links": Key("choice", "drop: no web address, and no line with one", ("keep", "drop"), "keep"),
    "colors": Key("colors", 'colour of the event = of the copy; "*" is every other, "" none'),
    "categories": Key("names", 'category of the event = of the copy; "*" is every other, "" none'),
}


def _pattern(what: str) -> Mapping[str, Key]:
    return {
        what: Key("regex", f"its {what} must fit this regular expression; (?i) in front: whatever the case"),
        f"not_{what}": Key("regex", f"events whose {what} fits stay out"),
    }


FILTER: Mapping[str, Key] = {
    "only": Key("kinds", "an event must be all of these; the words are below"),
    "never": Key("kinds", "and none of these"),
    **_pattern("title"), **_pattern("place"), **_pattern("text"), **_pattern("organizer"),
    "categories": Key("words", "it must have one of these"),
    "not_categories": Key("words", "and none of these"),
    "min_duration": Key("duration", "shorter events stay out"),
    "max_duration": Key("duration", "longer events stay out"),
    "weekdays": Key("weekdays", 'days on which it begins: ["mon-fri", "sun"]'),
    "between": Key("between", 'times of day within which it lies, "08:00-18:00"; all-day events have none'),
    "zone": Key("zone", 'the zone of `between` and `weekdays`, like "Europe/Berlin"'),
    "invited": Key("flag", "false: not if you are among its guests on the other side already", default="true"),
}

PAIR: Mapping[str, Key] = {
    "a": Key("text", "account/calendar, or a short name of [calendars]"),
    "b": Key("text", "account/calendar, or a short name of [calendars]"),
    "direction": Key("choice", "which way changes flow", ("two-way", "a-to-b", "b-to-a"), "two-way"),
    "conflict": Key("choice", "what happens when both sides changed one event", POLICIES, "merge"),
    "tie": Key("choice", "what merge does when both changed one field", TIES, "ask"),
    "first_sync": Key("choice", "whether the first plan asks for a yes", ("ask", "auto"), "ask"),
    "every": Key("duration", "how often `sync --due` runs the pair", default="15m"),
    "window": Key("window", 'how far to look: "all", or { past = "1y", future = "2y" }, which a pair with a Microsoft '
                  "calendar has if it says nothing", default="all"),
    "delete_limit": Key("limit", "most deletions of one run: { count = 20, percent = 10 }"),
    "notify": Key("choice", "may servers mail guests because of a write", ("never", "allow"), "never"),
    "orphan": Key("choice", "an edited instance whose series lost its date", ("ask", "detach"), "ask"),
    "unexpressible": Key("choice", "a rule that a side cannot say", ("skip", "expand"), "skip",
                         later_choices=("expand",)),
    "past_deletes": Key("choice", "deleting what ended over a day ago", ("keep", "propagate"), "keep"),
    "target_edits": Key("choice", "edits of one-way copies", ("keep", "overwrite", "ask"), "keep",
                        later_choices=("ask",)),
    "target_deletes": Key("choice", "deleted one-way copies", ("respect", "restore"), "respect"),
    "other_tools": Key("choice", "copies that another program made, and that no other calendar of the pair has",
                       ("skip", "sync"), "skip"),
    "fields": Key("table", "per field: how a conflict ends, or off when the field does not cross", keys=FIELDS),
    "approve": Key("classes", "what waits for your yes: delete, restore, series-edit, create>20, past, notify, all"),
    "filter": Key("table", "which events take part", keys=FILTER),
    "to_a": Key("table", "what copies on side a show", keys=VIEW),
    "to_b": Key("table", "what copies on side b show", keys=VIEW),
    "on_leave": Key("choice", "copies of events that the filter lets through no more: they stay as they are, or go",
                    ("keep", "retire"), "keep"),
    "chain": Key("flag", "whether copies are copied on by other pairs", default="false"),
}
DEFAULTS: Mapping[str, Key] = {name: key for name, key in PAIR.items() if name not in ("a", "b")}

_DAV = ("caldav",)
_GOOGLE = ("google",)
_MICROSOFT = ("microsoft",)
_WEB = ("caldav", "icloud", "google", "microsoft", "ics")

ACCOUNT: Mapping[str, Key] = {
    "provider": Key("choice", "what kind of account it is", PROVIDERS),
    "url": Key("url", "the server, your principal or one calendar; ics: the feed; icloud: another server, for tests",
               only=("caldav", "icloud", "ics")),
    "username": Key("text", "user name; google, microsoft: the address that must sign in; icloud: the Apple Account",
                    only=("caldav", "icloud", "google", "microsoft")),
    "password": Key("secret", "the password itself; a keyring is better", only=("caldav", "icloud")),
    "password_command": Key("command", "program that prints the password, as a list", only=("caldav", "icloud")),
    "auth": Key("choice", "how to sign in", ("auto", "basic", "digest", "bearer"), "auto", only=_DAV),
    "path": Key("path", "folder whose sub-folders are calendars; ics: a file", only=("vdir", "ics")),
    "ca_file": Key("path", "certificate authority to trust for this account", only=_WEB),
    "client_cert": Key("path", "client certificate, PEM", only=_WEB),
    "proxy": Key("proxy", "proxy for this account, http://host:port", only=_WEB),
    "timeout": Key("duration", "how long to wait for an answer", default="30s", only=_WEB),
    "concurrency": Key("number", "requests side by side, 1 to 16; icloud: 4 at most", default="8", only=_WEB),
    "client_file": Key("path", "the client file of your own Google Cloud project, JSON", only=_GOOGLE),
    "access": Key("choice", "what to ask for: read, write events, or also create calendars",
                  ("read", "write", "create"), "write", only=(*_GOOGLE, *_MICROSOFT)),
    "client_id": Key("guid", "the application (client) id of your own registration", only=_MICROSOFT),
    "tenant": Key("tenant", "who may sign in: common, organizations, consumers, or an organisation's id or domain",
                  default="common", only=_MICROSOFT),
    "api_url": Key("url", "another Calendar server, for tests", only=(*_GOOGLE, *_MICROSOFT)),
    "auth_url": Key("url", "another consent page, for tests", only=_GOOGLE),
    "token_url": Key("url", "another token server, for tests; revoke lies beside it", only=_GOOGLE),
    "graph_url": Key("url", "Graph of a national cloud, with /v1.0; the same as api_url", only=_MICROSOFT),
    "authority": Key("authority", "the sign-in server of a national cloud", only=_MICROSOFT),
}

OF_PROVIDER: Mapping[str, Mapping[str, Key]] = {
    "ics": {"url": Key("feed", ACCOUNT["url"].help, only=ACCOUNT["url"].only)},
}
"""Keys that are read in another way for accounts of one kind."""

SECRETS: Mapping[str, Key] = {
    "backend": Key("choice", "where passwords are kept", ("keyring", "file"), "keyring"),
    "key_command": Key("command", "file: program that prints the passphrase, as a list"),
}

NOTIFY: Mapping[str, Key] = {
    "on": Key("list", "what is told", ("failure", "conflict", "guard", "sign-in"), "all of them"),
    "command": Key("command", "program that tells it: the text is its last argument, and JSON comes on stdin"),
    "desktop": Key("flag", "tell it on the desktop"),
}
HOOKS: Mapping[str, Key] = {
    "on": Key("list", "after which changes", ("created", "updated", "deleted"), "all of them"),
    "pairs": Key("list", "of which pairs", default="all of them"),
    "command": Key("command", "program that gets the changes of a run as JSON on stdin, as a list"),
    "timeout": Key("duration", "how long it may take", default="10s"),
}
WATCH: Mapping[str, Key] = {
    "tunnel": Key("tunnel", "what leads notices to this machine: cloudflared, ngrok, none, or a program of your own, "
                  '{ command = [..., "{port}"], url_regex = "https://..." }', default="none"),
    "public_url": Key("url", "instead of a tunnel: an address that you have led to `port` of this machine"),
    "port": Key("port", "the port on 127.0.0.1 that takes notices", default="any free one"),
    "poll": Key("duration", "how often at least everything is looked at; what sends no notices also each `every` of "
                "its pair", default="15m"),
}

MORE_SECTIONS: Mapping[str, Key] = {
    "notify": Key("table", "tell somebody about trouble", keys=NOTIFY),
    "hooks": Key("tables", "run programs after changes", keys=HOOKS),
    "watch": Key("table", "sync at once when something changes", keys=WATCH),
}
SECTIONS = ("defaults", "secrets", "accounts", "calendars", "pairs", *MORE_SECTIONS)


def _pages() -> Iterator[tuple[str, str, Mapping[str, Key]]]:
    """(word in JSON, title in text, keys) of every table a user may write."""
    yield "accounts", "[accounts.NAME]", ACCOUNT
    yield "pairs", "[pairs.NAME], and but for a and b also [defaults]", PAIR
    yield "fields", "[pairs.NAME.fields]", FIELDS
    yield "view", "[pairs.NAME.to_a] and [pairs.NAME.to_b]", VIEW
    yield "filter", "[pairs.NAME.filter]", FILTER
    yield "secrets", "[secrets]", SECRETS
    for name, key in MORE_SECTIONS.items():
        yield name, f"[{name}]" if key.kind == "table" else f"[[{name}]]", key.keys or {}


def reference() -> str:
    """All keys as a text page (`calsync config schema`)."""
    parts = []
    for _, title, keys in _pages():
        parts += [title]
        parts += [_line(key_name, key) for key_name, key in keys.items()]
        parts += [""]
    parts += ["words of only and never in a filter"]
    parts += [*(f"  {word:<17} {meaning}" for word, meaning in KINDS.items()), ""]
    parts += ["[calendars]", "  NAME              a short name: account/calendar"]
    return "\n".join(parts)


def _line(name: str, key: Key) -> str:
    ready = [word for word in key.choices if word not in key.later_choices]
    words = f"  {name:<17} {key.help}"
    words += f" ({' | '.join(ready)})" if ready else ""
    words += f" [{key.default}]" if key.default else ""
    return words + (f"; for {', '.join(key.only)}" if key.only else "")


def json_schema() -> dict[str, object]:
    """The same as data (`calsync config schema --json`)."""
    pages: dict[str, object] = {name: {k: _row(key) for k, key in keys.items()} for name, _, keys in _pages()}
    return {**pages, "kinds": dict(KINDS)}


def _row(key: Key) -> dict[str, object]:
    return {
        "type": key.kind, "help": key.help, "choices": list(key.choices), "default": key.default or None,
        "not_yet": list(key.later_choices), "providers": list(key.only),
    }
