"""CalendarSync's sync.yaml -> two accounts and a one-way pair. Pure; every key is translated, or named with what to do.

Shape   `translate(parsed)`; its source becomes side a, its sink side b
Copies  it shows a time and what its transformers add; so here a view says what is shown, and `fields` what else stays
        away. It writes over edits of its copies and makes deleted ones again
Not     that it copies each date of a series by itself, and looks at whole months: a series is one event here, and the
        window is so many days around today that they are in it
Source  github.com/inovex/CalendarSync: README, docs/adapters.md, example.sync.yaml, internal/config, filter,
        transformation, adapter
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from calsync_cli.setup.notes import BadSetup, Note, Setup, Table

PAIR = "calendarsync"
TITLE = "CalendarSync Event"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
NAMES = {"google": "google", "outlook_http": "microsoft", "zep": "zep", "apple": "icloud", "ics": "feed"}
KNOWN = frozenset({"sync", "auth", "source", "sink", "transformations", "filters", "updateConcurrency"})


def translate(parsed: Any) -> Setup:
    """Raises BadSetup."""
    if not isinstance(parsed, dict) or not {"source", "sink"} <= parsed.keys():
        raise BadSetup("it has no source and no sink")
    found = Setup(program="CalendarSync")
    kinds = [_adapter(parsed, side) for side in ("source", "sink")]
    names = [NAMES.get(str(one.get("type")), "") for one in kinds]
    names[1] += "-sink" if names[0] == names[1] else ""
    sides = [_Side(found, name, one).take() for name, one in zip(names, kinds, strict=True)]
    if not all(sides):
        return found
    table: Table = {"a": sides[0], "b": sides[1], "direction": "a-to-b", "target_edits": "overwrite",
                    "target_deletes": "restore"}
    table |= _window(found, parsed.get("sync"))
    table |= _shown(found, _steps(parsed, "transformations"))
    table |= _filter(found, _steps(parsed, "filters"))
    found.pairs[PAIR] = table
    for key in sorted(parsed.keys() - KNOWN):
        _note(found, key, "is not known to calsync, and is left out")
    if parsed.get("auth"):
        _note(found, "auth", "the sign-ins cannot be taken along")
    text = f"those that CalendarSync made in {sides[1]} stay there, beside calsync's own"
    _note(found, "copies", text, "calendarsync --config FILE --clean, before the first sync")
    return found


def _note(found: Setup, what: str, words: str, then: str = "") -> None:
    found.notes.append(Note(what, words, then, pair=PAIR))


def _adapter(parsed: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    adapter = parsed[side].get("adapter") if isinstance(parsed[side], dict) else None
    if not isinstance(adapter, dict) or not isinstance(adapter.get("type"), str):
        raise BadSetup(f"its {side} has no adapter with a type")
    return adapter


def _steps(parsed: Mapping[str, Any], what: str) -> dict[str, Mapping[str, Any]]:
    """Transformers or filters by name, with their config."""
    listed = parsed.get(what) or []
    if not isinstance(listed, list) or not all(isinstance(one, dict) and isinstance(one.get("name"), str)
                                               for one in listed):
        raise BadSetup(f"its {what} are no list of names")
    return {one["name"]: one["config"] if isinstance(one.get("config"), dict) else {} for one in listed}


# -- accounts ----------------------------------------------------------------------------------------------------------


class _Side:
    def __init__(self, found: Setup, name: str, adapter: Mapping[str, Any]) -> None:
        self.found, self.name, self.kind = found, name, str(adapter["type"])
        self.calendar = str(adapter.get("calendar") or "")
        both = {key: adapter.get(key) for key in ("oAuth", "config")}
        self.said = {key: value for part in both.values() if isinstance(part, dict) for key, value in part.items()}

    def take(self) -> str:
        """`account/calendar`, "" for an adapter that has no counterpart."""
        take: Callable[[], Table] | None
        take = {"google": self._google, "outlook_http": self._outlook, "zep": self._zep, "apple": self._apple,
                "ics": self._ics}.get(self.kind)
        if take is None:
            text = f"calsync has none of type {self.kind!r}"
            then = "connect that calendar in another way: calsync init"
            if self.kind in ("outlook_token", "outlook_published"):
                then = "sign in to it as Microsoft, or take its published .ics address as a feed: calsync init"
            self.found.notes.append(Note("adapter", text, then))
            return ""
        table = take()
        self.found.accounts[self.name] = table
        return f"{self.name}/{'feed' if self.kind == 'ics' else self.calendar or 'primary'}"

    def _note(self, what: str, words: str, then: str = "") -> None:
        self.found.notes.append(Note(what, words, then, account=self.name))

    def _text(self, key: str) -> str:
        value = self.said.get(key)
        return "" if value is None else str(value)

    def _google(self) -> Table:
        if self._text("clientId") or self._text("clientKey"):
            text = "calsync reads the client of your project from its file; the same one will do"
            self._note("oAuth", text, "calsync login ACCOUNT --client-file FILE")
        return {"provider": "google"}

    def _outlook(self) -> Table:
        table = {"provider": "microsoft"}
        client, tenant = self._text("clientId"), self._text("tenantId")
        if GUID.fullmatch(client):
            table["client_id"] = client
        else:
            self._note("clientId", f"{client!r} is no client id", "calsync login ACCOUNT")
        if GUID.fullmatch(tenant) or tenant in ("common", "organizations", "consumers"):
            table["tenant"] = tenant
        elif tenant:
            self._note("tenantId", f"{tenant!r} is no tenant", 'write tenant = "common" if you are not sure')
        return table

    def _zep(self) -> Table:
        self._note("zep", "calsync reads it as a CalDAV server; whether it finds it", "calsync calendars ACCOUNT")
        self._keep_password("password")
        return {"provider": "caldav", "url": self._text("endpoint"), "username": self._text("username")}

    def _apple(self) -> Table:
        self._keep_password("clientKey")
        return {"provider": "icloud", "username": self._text("clientId")}

    def _ics(self) -> Table:
        return {"provider": "ics", "url": self._text("url")}

    def _keep_password(self, key: str) -> None:
        if self._text(key):
            self.found.passwords[self.name] = self._text(key)


# -- the pair ----------------------------------------------------------------------------------------------------------


def _window(found: Setup, sync: Any) -> Table:
    """Whole months before and after this one, which has up to 31 days itself."""
    days = {}
    for key, name, sign, identifier in (("start", "past", -1, "MonthStart"), ("end", "future", 1, "MonthEnd")):
        said = sync.get(key) if isinstance(sync, dict) else None
        if not isinstance(said, dict) or said.get("identifier") != identifier:
            _note(found, f"sync.{key}", "is not as CalendarSync's manual has it; calsync looks at all there is",
                  'write window = { past = "1y", future = "1y" }')
            return {}
        offset = said.get("offset") or 0
        months = sign * offset + 1 if isinstance(offset, int) else 0
        if not 1 <= months <= 120:
            _note(found, f"sync.{key}", f"calsync cannot look at {said.get('offset')!r} months alone: today is in it")
        days[name] = f"{31 * min(120, max(1, months))}d"
    return {"window": days}


CROSSING = {"KeepLocation": "location", "KeepDescription": "description"}
LEFT = ("categories", "color", "attachments", "url")
TAKEN = frozenset({"KeepTitle", "PrefixTitle", "ReplaceTitle", "KeepReminders", "KeepAttendees", "SetVisibility",
                   *CROSSING})


def _shown(found: Setup, steps: Mapping[str, Mapping[str, Any]]) -> Table:
    own = "{title}" if "KeepTitle" in steps else TITLE
    title = f"{_plain(steps.get('PrefixTitle', {}).get('Prefix'))}{own}"
    if "ReplaceTitle" in steps:
        title = _plain(steps["ReplaceTitle"].get("NewTitle")) or TITLE
    full = bool(steps.keys() & {*CROSSING, "KeepAttendees"})
    view: Table = {"view": "full" if full else "titles" if "{title}" in title else "busy"}
    view |= {} if title == "{title}" else {"title": title}
    visibility = steps.get("SetVisibility", {}).get("Visibility")
    if visibility or not full:
        view["private"] = visibility in ("private", "confidential")
    view |= {} if "KeepReminders" in steps else {"reminders": "none"}
    table: Table = {}
    if full:
        view |= {} if "KeepAttendees" in steps else {"guests": "drop"}
        off = [field for step, field in CROSSING.items() if step not in steps]
        table["fields"] = dict.fromkeys([*off, *LEFT], "off")
    if "KeepAttendees" in steps:
        _note(found, "KeepAttendees", "guests are shown in the text of copies, so that nobody is invited by them")
    for name in steps.keys() - TAKEN:
        words = {
            "KeepMeetingLink": "links of meetings come along where they stand in the text or place of an event",
            "AddOriginalLink": "calsync writes no link to the event into its copy; calsync why EVENT tells both",
        }.get(name, "is not known to calsync, and is left out")
        _note(found, name, words)
    return {"to_b": view, **table}


def _plain(value: Any) -> str:
    """A title of theirs, in which braces are nothing special."""
    return "" if value is None else str(value).replace("{", "(").replace("}", ")")


def _filter(found: Setup, steps: Mapping[str, Mapping[str, Any]]) -> Table:
    table: Table = {}
    never = [word for name, word in (("DeclinedEvents", "declined"), ("AllDayEvents", "all-day")) if name in steps]
    table |= {"never": never} if never else {}
    if "RegexTitle" in steps:
        table |= _titles(found, steps["RegexTitle"])
    if "TimeFrame" in steps:
        said = steps["TimeFrame"]
        text = f"calsync goes by the hours in which an event lies, not by that at which it starts ({_hours(said)})"
        _note(found, "TimeFrame", text, 'write filter = { between = "08:00-18:00", zone = "Europe/Berlin" }')
    for name in ("TimeExclude", "TimeFilter"):
        if name in steps:
            text = f"calsync has no filter that keeps out what lies within hours ({_hours(steps[name])})"
            _note(found, name, text)
    for name in steps.keys() - {"DeclinedEvents", "AllDayEvents", "RegexTitle", "TimeFrame", "TimeExclude",
                                "TimeFilter"}:
        _note(found, name, "is not known to calsync, and is left out")
    return {"filter": table, "on_leave": "retire"} if table else {}


def _hours(said: Mapping[str, Any]) -> str:
    return f"{said.get('HourStart', 0)} to {said.get('HourEnd', 0)}"


def _titles(found: Setup, said: Mapping[str, Any]) -> Table:
    """What is excluded stays out, unless it is included again."""
    out, back = (str(said.get(key) or "") for key in ("ExcludeRegexp", "IncludeRegexp"))
    pattern = f"^(?!.*(?:{back})).*(?:{out})" if back else out
    try:
        re.compile(out), re.compile(back), re.compile(pattern)
    except re.error as err:
        text = f"Go's expressions are not quite Python's, and this is none there: {err}"
        _note(found, "RegexTitle", text, 'write filter = { not_title = "..." }')
        return {}
    return {"not_title": pattern} if out else {}
