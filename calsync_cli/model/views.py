"""What crosses a pair and how, as plain data: a view for each side, a filter for both (cli.md section 3).

Shape   View: what copies on one side show; Filter: which events take part at all
Source  semantics W3, W6 (views are masks), V5 to V7 (filters)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import time, timedelta
from typing import Literal

from calsync_cli.model.plain import dataclass

BUSY = "Busy"
"""The title of a busy copy if nothing else is said."""


@dataclass(frozen=True, slots=True)
class View:
    """What the copies on one side show. Everything else neither goes there nor comes back from them.

    view        full; titles: time, repetition, title, busy state and status; busy: time and repetition alone
    title       of a copy; `{title}` stands for the event's own, which a busy view has not; "": its own, or "Busy"
    private     copies are private; None: those of a busy view are
    reminders   keep: a copy starts with those of its event; else these and no others ("display:-PT15M")
    guests      show: in a form that invites nobody; drop: not at all
    links       drop: no web address, and no line with one in place and text
    colors      colour of the event -> of the copy; "*" stands for every other, "" for none
    categories  the same for categories
    """

    view: Literal["full", "titles", "busy"] = "full"
    title: str = ""
    private: bool | None = None
    reminders: Literal["keep"] | frozenset[str] = "keep"
    guests: Literal["show", "drop"] = "show"
    links: Literal["keep", "drop"] = "keep"
    colors: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)


PLAIN = View()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events take part. Every rule that is given must let an event through; a series goes by its first date.

    only, never     words of KINDS: it must be all of `only` and none of `never`
    title, place, text, organizer   regular expressions, found anywhere; their not_ twins keep out what they find
    categories      it must have one of them; not_categories: none of them. Case does not count
    min_duration, max_duration      its length
    weekdays        on which it begins, 0 is Monday; between: it lies wholly within; both in `zone`, else in its own
    invited         False: not if somebody of the other side is among its guests already
    """

    only: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    patterns: Mapping[str, str] = field(default_factory=dict)
    not_patterns: Mapping[str, str] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    not_categories: frozenset[str] = frozenset()
    min_duration: timedelta | None = None
    max_duration: timedelta | None = None
    weekdays: frozenset[int] = frozenset()
    between: tuple[time, time] | None = None
    zone: str | None = None
    invited: bool = True


ALL = Filter()
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNANSWERED = "unanswered"
ANSWERS = ("accepted", "maybe", "declined", UNANSWERED)
_ANSWER_OF = {"ACCEPTED": "accepted", "TENTATIVE": "maybe", "DECLINED": "declined"}
SERVICE_KINDS = ("out-of-office", "focus-time", "working-location", "birthday")


def answer_of(partstat: str) -> str:
    """What a guest's PARTSTAT says, in a word of ANSWERS."""
    return _ANSWER_OF.get(partstat, UNANSWERED)


KINDS: Mapping[str, str] = {
    "busy": "its time counts as busy",
    "free": "its time counts as free",
    "confirmed": "it is confirmed",
    "tentative": "it is tentative",
    "cancelled": "it is called off",
    "all-day": "it lasts whole days",
    "timed": "it has times of day",
    "series": "it repeats",
    "single": "it does not repeat",
    "public": "it is neither private nor confidential",
    "private": "it is private or confidential",
    "meeting": "it has guests",
    "accepted": "you said yes to it, or nobody asked you",
    "maybe": "you said perhaps",
    "declined": "you said no to it",
    "unanswered": "you have not answered it",
    "out-of-office": "an absence, as Google and Microsoft know it",
    "focus-time": "time to work, as Google knows it",
    "working-location": "where you work from",
    "birthday": "a birthday, as Google makes them",
}


def days_text(days: frozenset[int]) -> str:
    """Days of the week as the configuration says them: "mon-fri, sun"."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(DAYS[run[0]] + (f"-{DAYS[run[-1]]}" if len(run) > 1 else "") for run in runs)


def hours_text(hours: tuple[time, time]) -> str:
    return f"{hours[0]:%H:%M}-{hours[1]:%H:%M}"


def length_text(length: timedelta) -> str:
    """As the configuration says it, in the largest unit that fits: "90m", "7d"."""
    seconds = round(length.total_seconds())
    unit, name = next(one for one in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")) if not seconds % one[0])
    return f"{seconds // unit}{name}"
