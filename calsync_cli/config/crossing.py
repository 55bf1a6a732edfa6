"""What crosses a pair and how: `to_a`, `to_b`, `filter` and `fields` of a pair, from checked values to plain data.

Shape   `READERS`: the kinds that only these tables have; `view`, `rule` and `fields` make the checked values of a table
        into View, Filter and arguments of Pair; `problems` and `where_copies_go` look at pairs with their directions
Errors  BadValue with the text behind the path of the table; `at` names the key in it
Source  cli.md section 3; semantics W3, W6, V5 to V7
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from calsync_cli.config.patterns import can_hang
from calsync_cli.config.schema import POLICIES, Key
from calsync_cli.config.values import READERS as PLAIN_READERS
from calsync_cli.config.values import BadValue, FromEnvironment, Place, closest, duration, structure
from calsync_cli.mapping.google.colors import nearest
from calsync_cli.mapping.outlook_names import OUR_SPACE, graph_name, graph_place
from calsync_cli.mapping.values import exact_text
from calsync_cli.model.account import Pair
from calsync_cli.model.series import ANSWER, CARRIED
from calsync_cli.model.times import zone
from calsync_cli.model.views import ANSWERS, DAYS, KINDS, PLAIN, SERVICE_KINDS, Filter, View

PATTERNS = ("title", "place", "text", "organizer")
ONE_OF = (
    ("busy", "free"), ("confirmed", "tentative", "cancelled"), ("all-day", "timed"), ("series", "single"),
    ("public", "private"), ANSWERS,
)
"""Of each of these an event is exactly one."""
AT_MOST_ONE_OF = (*ONE_OF, SERVICE_KINDS)
CALSYNC = "calsync"
"""How the names begin that calsync itself keeps beside events; they are no one's to carry."""
LONGEST_NAME = 254
"""Of a named property of Outlook's, in characters (MS-OXCPRPT 2.2.12)."""

_text: Callable[[Place, Key, Any], str] = PLAIN_READERS["text"]
_list: Callable[[Place, Key, Any], list[str]] = PLAIN_READERS["list"]

# -- readers -----------------------------------------------------------------------------------------------------------


def _kinds(place: Place, key: Key, value: Any) -> frozenset[str]:
    words = _list(place, key, value)
    for word in words:
        if word not in KINDS:
            raise BadValue(f"{word!r} is no kind of event{closest(word, KINDS)}; any of: {', '.join(KINDS)}")
    return frozenset(words)


def regex(place: Place, key: Key, value: Any) -> str:
    text = _text(place, key, value)
    try:
        with warnings.catch_warnings(action="ignore"):  # of what may mean something else one day
            re.compile(text)
    except (re.error, RecursionError, OverflowError) as err:
        hint = "before signs that stand for themselves, like ( [ * + ?, write a backslash, in 'single quotes'"
        raise BadValue(f"{text!r} is no regular expression ({err}); {hint}") from None
    if can_hang(text):
        words = "would take for ever on some texts: a repeat stands inside of a repeat"
        raise BadValue(f"{text!r} {words}; write it without, or make the inner one possessive, like (a++)*")
    return text


def _weekdays(place: Place, key: Key, value: Any) -> frozenset[int]:
    """ "mon", and from one to another, over the end of a week too: "fri-mon"."""
    found: set[int] = set()
    for word in _list(place, key, value):
        first, dash, last = word.lower().partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            hint = closest(first[:3], DAYS)
            raise BadValue(f'{word!r} is no day of the week{hint}; write ["mon-fri"] or ["sat", "sun"]')
        low, high = DAYS.index(first), DAYS.index(last if dash else first)
        found |= {day % 7 for day in range(low, high + 1 if high >= low else high + 8)}
    if not found:
        raise BadValue('names no day; write ["mon-fri"], or leave the line out')
    return frozenset(found)


def _between(place: Place, key: Key, value: Any) -> tuple[time, time]:
    """The end 24:00 is midnight, as is 00:00."""
    words = re.fullmatch(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})", value) if isinstance(value, str) else None
    try:
        from_h, from_m, to_h, to_m = map(int, words.groups() if words else ())
        low, high = time(from_h, from_m), time(0 if (to_h, to_m) == (24, 0) else to_h, to_m)
    except ValueError:
        raise BadValue(f'{value!r} are no times of day; write "08:00-18:00"') from None
    if low == high:
        raise BadValue(f"{value!r} leaves no time, or all of it; write two times, or leave the line out")
    return low, high


def _zone(place: Place, key: Key, value: Any) -> str:
    name = _text(place, key, value)
    try:
        zone(name)
    except (KeyError, ValueError, OSError):
        from zoneinfo import available_timezones

        hint = closest(name, available_timezones())
        raise BadValue(f'{name!r} is no time zone{hint}; write one like "Europe/Berlin"') from None
    return name


def _reminders(place: Place, key: Key, value: Any) -> str | frozenset[str]:
    if value in ("keep", "none"):
        return "keep" if value == "keep" else frozenset()
    words = structure(value) if isinstance(value, FromEnvironment) and value.startswith("[") else value
    if not isinstance(words, list):
        raise BadValue(f'{value!r} is not allowed; write "keep", "none", or how long before: ["10m", "1d"]')
    return frozenset(f"display:{exact_text(-_before(word))}" for word in words)


def _before(word: Any) -> timedelta:
    return timedelta(0) if word == "0m" else duration(word)


def _template(place: Place, key: Key, value: Any) -> str:
    """The title of copies, in one line, with {title} or without."""
    text = _text(place, key, value)
    if not text.isprintable() or not text.strip():
        raise BadValue("must be one line of text")
    for word in re.findall(r"\{[^{}]*\}?|\}", text):
        if word != "{title}":
            raise BadValue(f"{word} stands for nothing; the only one is {{title}}, the event's own title")
    return text


def _names(place: Place, key: Key, value: Any) -> dict[str, str]:
    table = structure(value) if isinstance(value, FromEnvironment) else value
    if not isinstance(table, dict) or not all(isinstance(name, str) for name in table.values()):
        raise BadValue('must be a table of names, like { "Office" = "Work", "*" = "" }')
    if "*" in table.values():
        raise BadValue('"*" stands for every other on the left only; leave it out, and they stay as they are')
    return dict(table)


def _colors(place: Place, key: Key, value: Any) -> dict[str, str]:
    table = {name.lower(): color.lower() for name, color in _names(place, key, value).items()}
    for name in (*table, *table.values()):
        if name not in ("", "*") and not nearest(name):
            raise BadValue(f"{name!r} is no colour; write a CSS name like tomato, or #ff6347")
    return table


def _words(place: Place, key: Key, value: Any) -> frozenset[str]:
    words = _list(place, key, value)
    if not words or "" in words:
        raise BadValue('must name something, like ["Work"]; or leave the line out')
    return frozenset(words)


_GOOGLE = re.compile(r"google:extended\.(?:private|shared)\.(.+)")


def _carry(place: Place, key: Key, value: Any) -> tuple[str, ...]:
    """Names of properties as paths of a form."""
    return tuple(dict.fromkeys(CARRIED + _carried(word) for word in _list(place, key, value)))


def _carried(word: str) -> str:
    google, upper = _GOOGLE.fullmatch(word), word.upper()
    if upper.startswith(f"X-{CALSYNC.upper()}") or (google and google[1].lower().startswith(CALSYNC)):
        raise BadValue(f"{word!r} is calsync's own and never crosses; take it out")
    if google:
        if len(google[1]) > 44 or not google[1].isprintable():  # facts 5.6
            raise BadValue(f"{word!r} is no name of Google's: they have 44 letters at most")
        return word
    if re.fullmatch(r"X-[A-Z0-9-]+", upper):
        return upper
    if graph := graph_place(CARRIED + word):
        if OUR_SPACE in graph[0]:
            raise BadValue(f"{word!r} is calsync's own and never crosses; take it out")
        if not graph[1].isprintable() or len(graph[1]) > LONGEST_NAME:
            raise BadValue(f"{word!r} is no name of Microsoft's: they are of {LONGEST_NAME} letters at most")
        return graph_name(*graph).removeprefix(CARRIED)
    if word.startswith("graph:category"):
        raise BadValue(f"{word!r} needs no line here: categories cross anyway")
    if re.fullmatch(r"[A-Z0-9-]+", upper):
        raise BadValue(f"{word!r} is no property that can be carried; those of your own begin with X-, like X-{upper}")
    raise BadValue(f'{word!r} is no property; write "X-NAME", "google:extended.private.NAME", '
                   '"google:extended.shared.NAME" or "graph:extended.NAME"')


READERS: Mapping[str, Callable[[Place, Key, Any], Any]] = {
    "kinds": _kinds, "regex": regex, "weekdays": _weekdays, "between": _between, "zone": _zone, "reminders": _reminders,
    "template": _template, "names": _names, "colors": _colors, "words": _words, "carry": _carry,
}

# -- tables ------------------------------------------------------------------------------------------------------------


def view(found: Mapping[str, Any]) -> View:
    made = View(**found)
    if made.view == "busy" and "{title}" in made.title:
        raise BadValue("would show each event's title in a busy view; write a title without {title}, "
                       'or view = "titles"', at="title")
    for name, shows in (("guests", "show"), ("links", "keep")):
        if made.view != "full" and found.get(name) == shows:
            raise BadValue(f"a {made.view} view shows no {name}; leave the line out", at=name)
    for name in ("colors", "categories"):
        if made.view != "full" and found.get(name):
            raise BadValue(f"a {made.view} view shows no {name}; leave the line out", at=name)
    return made


def rule(found: Mapping[str, Any]) -> Filter:
    patterns = {name: found[name] for name in PATTERNS if name in found}
    against = {name: found[f"not_{name}"] for name in PATTERNS if f"not_{name}" in found}
    said = {*PATTERNS, *(f"not_{name}" for name in PATTERNS)}
    rest = {name: value for name, value in found.items() if name not in said}
    made = Filter(patterns=patterns, not_patterns=against, **rest)
    _check_kinds(made)
    if made.min_duration and made.max_duration and made.min_duration > made.max_duration:
        raise BadValue("is longer than max_duration, so no event is left; swap them", at="min_duration")
    if made.between and ("all-day" in made.only or "timed" in made.never):
        text = "says hours, and all-day events have none; leave it out, or let timed ones take part"
        raise BadValue(text, at="between")
    if made.between and made.zone is None:
        raise BadValue('says hours and not where; write zone = "Europe/Berlin" beside it', at="between")
    return made


def _check_kinds(made: Filter) -> None:
    for kinds in AT_MOST_ONE_OF:
        both = [kind for kind in kinds if kind in made.only]
        if len(both) > 1:
            words = f"{' and '.join(both)}, and no event is all of that"
            raise BadValue(f"names {words}; leave one, or say in never what stays out", at="only")
    if made.only & made.never:
        words = ", ".join(sorted(made.only & made.never))
        raise BadValue(f"names {words}, which `only` asks for; leave it out", at="never")
    for kinds in ONE_OF:
        if made.never.issuperset(kinds):
            raise BadValue(f"names {' and '.join(kinds)}, so no event is left; leave one out", at="never")


def fields(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of Pair that [pairs.NAME.fields] stands for. Start and end are one block (I16)."""
    if len({rules[name] for name in ("time", "start", "end") if name in rules}) > 1:
        raise BadValue("start and end move together; give both the same rule")
    policy = {name: word for name, word in rules.items() if word in POLICIES and name != "reminders"}
    for name in ("start", "end"):
        if name in policy:
            policy["time"] = policy.pop(name)
    off = frozenset(name for name, word in rules.items() if word == "off" and name != "guests")
    found: dict[str, Any] = {"field_policy": policy, "field_off": off}
    found |= {"reminders": rules["reminders"]} if rules.get("reminders") in ("keep", "merge") else {}
    carry = (*rules.get("carry", ()), *((ANSWER,) if rules.get("guests") == "rsvp" else ()))
    return found | ({"carry": carry} if carry or "carry" in rules else {})


TABLES: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "fields": fields, "to_a": view, "to_b": view, "filter": rule,
}


def tables(defaults: Mapping[str, Any], rules: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a pair says in each of them, added to what [defaults] say there. Guests that `fields` drops are dropped by
    both views, unless one of them says so otherwise."""
    found = {key: {**defaults.get(key, {}), **rules.get(key, {})} for key in TABLES}
    if found["fields"].get("guests") in ("drop", "off"):
        found |= {key: {"guests": "drop", **found[key]} for key in ("to_a", "to_b")}
    return found


# -- pairs that know their direction -----------------------------------------------------------------------------------


def problems(pairs: Mapping[str, Pair], said: Mapping[str, Container[str]]) -> Iterator[tuple[str, str]]:
    """said: by key, the names of the pairs that say it themselves."""
    for name, pair in pairs.items():
        bare = _without_copies(pair)
        if bare and name in said[bare]:
            text = f"nothing is copied to side {bare[-1]}, for the pair goes {pair.direction}"
            yield f"pairs.{name}.{bare}", f"{text}; write it as to_{'b' if bare == 'to_a' else 'a'}, or take it out"


def where_copies_go(pairs: Mapping[str, Pair]) -> dict[str, Pair]:
    """Views of [defaults] count for the sides that get copies."""
    found = dict(pairs)
    for name, pair in pairs.items():
        if (bare := _without_copies(pair)) == "to_a":
            found[name] = replace(pair, to_a=PLAIN)
        elif bare == "to_b":
            found[name] = replace(pair, to_b=PLAIN)
    return found


def _without_copies(pair: Pair) -> str:
    return {"a-to-b": "to_a", "b-to-a": "to_b"}.get(pair.direction, "")
