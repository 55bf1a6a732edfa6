"""What a copy shows of an event, and what of the copy is heard (W3, W6): a view is a mask on one side of a pair. Pure.

Shape   `shown(view, form)` is the whole of what a copy made under a view holds; `hears(view, path)` whether a change of
        that path there means anything to the others. What a view works out by itself (a fixed title, privacy) is shown
        and not heard
Masked  copies that calsync made; where both sides had an event of their own, a view still keeps the text of one out of
        the other, and nothing is worked out there. The event itself is never masked
Source  semantics W3, W6, I8, I18
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

from calsync_cli.engine.keys import digest
from calsync_cli.engine.world import CalendarState, Link, Spoke
from calsync_cli.model import recur
from calsync_cli.model.codec import dumps
from calsync_cli.model.series import (
    ANSWER,
    CANCELLED,
    LOCAL_FIELDS,
    Changes,
    Form,
    Path,
    Recurrence,
    Value,
    instance_keys,
    join,
    split,
)
from calsync_cli.model.times import Span, by_time, key_start
from calsync_cli.model.views import BUSY, PLAIN, UNANSWERED, View

BLOCK = frozenset({"", "time", "recurrence"})
"""When: what every view shows and hears. "" is a cancelled instance."""
_SHOWS: Mapping[str, frozenset[str]] = {
    "busy": BLOCK | {"busy"}, "titles": BLOCK | {"busy", "title", "status"},
}
_ALONE = LOCAL_FIELDS | {"", "reminders"}
"""What makes no exception that others see."""
_ADDRESS = re.compile(r"https?://|webcals?://|www\.", re.IGNORECASE)
_LINKS, _WITH_LINKS, _PEOPLE = ("url", "attachments"), ("description", "location"), ("guests", "organizer")


def shows(view: View, name: str) -> bool:
    """Whether a copy holds this field as the event has it, or something made of it."""
    names = _SHOWS.get(view.view)
    if names is not None:
        return name in names
    return not (view.links == "drop" and name in _LINKS) and not (view.guests == "drop" and name in _PEOPLE)


def worked_out(view: View) -> frozenset[str]:
    """Fields that a copy shows otherwise than its event, so that nothing they say is heard."""
    names = {"busy"} if view.view == "busy" else set()
    names |= {"title"} if view.title or view.view == "busy" else set()
    names |= {"visibility"} if is_private(view) else set()
    names |= set(_WITH_LINKS) if view.links == "drop" else set()
    names |= {"color"} if view.colors else set()
    names |= {"categories"} if view.categories else set()
    return frozenset(names)


def hears(view: View, path: Path) -> bool:
    name = split(path)[1]
    return shows(view, name) and name not in worked_out(view)


def is_private(view: View) -> bool:
    return view.private if view.private is not None else view.view == "busy"


def shown(view: View, form: Form) -> dict[Path, Value]:
    """All that a copy of `form` holds under this view. A copy invites nobody, so it has no place for an answer."""
    if view == PLAIN:
        return {path: value for path, value in form.items() if path != ANSWER}
    made: dict[Path, Value] = {}
    for path, value in form.items():
        name = split(path)[1]
        if shows(view, name) and name not in ("reminders", "color", "categories", ANSWER):
            made[path] = _made(view, name, value)
    _add_title(view, made)
    if is_private(view):
        made = {path: value for path, value in made.items() if split(path)[1] != "visibility"}
        made |= dict.fromkeys(_places(made, "visibility"), "private")
    made |= _mapped(view, form, "color") | _mapped(view, form, "categories") | _reminders(view, form)
    made |= _with_dates_apart(form, made)
    return {path: value for path, value in made.items() if value or path.startswith("@")}


def _with_dates_apart(form: Form, made: Form) -> dict[Path, Value]:
    """A date that its event has besides those of its rule, as an exception none of whose words are shown: the copy has
    nothing to tell it by, so its own rule has that date (I16)."""
    span, rule = form.get("time"), form.get("recurrence")
    if not (isinstance(span, Span) and isinstance(rule, Recurrence)):
        return {}
    told = {split(path)[0] for path in made}
    keys = {key for path in form for key, name in [split(path)] if key and name not in _ALONE} - told
    apart = {key_start(key, span.start) for key in keys if not recur.has_instance(span, rule, key)}
    dates = sorted({*rule.dates, *apart}, key=by_time)
    return {"recurrence": replace(rule, dates=tuple(dates))} if apart else {}


def bare(view: View, form: Form) -> Form:
    """What a copy showed, without what its view puts around titles: whoever makes it again puts that there."""
    front, named, back = (view.title or "").partition("{title}")
    if not named:
        return form
    around = {path: value for path, value in form.items()
              if split(path)[1] == "title" and isinstance(value, str) and len(value) >= len(front) + len(back)
              and value.startswith(front) and value.endswith(back)}
    return {**form, **{path: str(title)[len(front) : len(str(title)) - len(back)] for path, title in around.items()}}


def _made(view: View, name: str, value: Value) -> Value:
    if name == "title" and view.title and isinstance(value, str):
        return view.title.replace("{title}", value).strip()
    if name in _WITH_LINKS and view.links == "drop" and isinstance(value, str):
        return "\n".join(line for line in value.split("\n") if not _ADDRESS.search(line))
    return value


def _add_title(view: View, made: dict[Path, Value]) -> None:
    """A busy copy has one title for all; a copy of what has none shows what stands around it."""
    if view.view == "busy":
        made |= dict.fromkeys(_places(made, "title"), view.title or BUSY)
    elif view.title and "title" not in made and "time" in made:
        made["title"] = view.title.replace("{title}", "").strip()


def _places(form: Form, name: str) -> list[Path]:
    """Where a value for the whole set stands: at its master, or at each instance of a set without one (R9)."""
    if "time" in form:
        return [name]
    return [join(key, name) for key in instance_keys(form) if form.get(f"@{key}") != CANCELLED]


def _mapped(view: View, form: Form, field: str) -> dict[Path, Value]:
    """Colours and categories by the view's table; a view that shows neither may give every copy the one of "*"."""
    table: Mapping[str, str] = getattr(view, "colors" if field == "color" else field)
    names = {name.casefold(): to for name, to in table.items()}
    if not shows(view, field):
        fixed = names.get("*")
        value: Value = fixed or "" if field == "color" else frozenset({fixed} if fixed else ())
        return dict.fromkeys(_places(form, field), value) if fixed else {}
    found: dict[Path, Value] = {}
    for path, value in form.items():
        if split(path)[1] == field:
            found[path] = _named(names, value)
    return found


def _named(names: Mapping[str, str], value: Value) -> Value:
    def to(name: str) -> str:
        return names.get(name.casefold(), names.get("*", name))

    if isinstance(value, frozenset):
        return frozenset(one for one in map(to, value) if one)
    return to(value) if isinstance(value, str) else value


def _reminders(view: View, form: Form) -> dict[Path, Value]:
    if view.reminders != "keep":
        return dict.fromkeys(_places(form, "reminders"), view.reminders) if view.reminders else {}
    return {p: v for p, v in form.items() if split(p)[1] == "reminders"} if shows(view, "reminders") else {}


def leaks(view: View, changes: Changes) -> list[Path]:
    """Paths of a write to a copy that its view does not allow (I18)."""
    fixed = {"title", "visibility"} if view.view == "busy" else {"visibility"} if view.view == "titles" else set()
    fixed |= {"color"} if view.colors else set()
    fixed |= {"categories"} if view.categories else set()
    fixed |= {"reminders"} if view.reminders != "keep" else set()
    return sorted(
        path for path, value in changes.items()
        if value and not shows(view, split(path)[1]) and split(path)[1] not in fixed
    )


# -- how a copy came to look as it does --------------------------------------------------------------------------------


def as_text(view: View) -> str:
    """What the store keeps with a copy: the view it was made under; "" for all of it."""
    if view == PLAIN:
        return ""
    kept = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(view).items()}
    plain = asdict(PLAIN)
    return dumps({name: value for name, value in kept.items() if value != plain[name]})


def of_text(text: str) -> View:
    if not text:
        return PLAIN
    kept = json.loads(text)
    if isinstance(kept.get("reminders"), list):
        kept["reminders"] = frozenset(kept["reminders"])
    return View(**kept)


def less(old: View, new: View) -> bool:
    """Whether a copy made under the old view may hold something that the new one does not show."""
    levels = ("full", "titles", "busy")
    return (
        levels.index(new.view) > levels.index(old.view)
        or (new.guests == "drop" and old.guests == "show" and new.view == "full")
        or (new.links == "drop" and old.links == "keep" and new.view == "full")
        or ("{title}" in (old.title or "{title}") and "{title}" not in (new.title or "{title}") and old.view != "busy")
    )


# -- in a link ---------------------------------------------------------------------------------------------------------


def origin(link: Link) -> int | None:
    """The calendar that holds the event itself: where it is native, if only there; of several copies, as after one was
    restored, the first that was made to show everything."""
    live = [s for s in link.spokes if s.state in ("live", "dormant")]
    found = [s for s in live if not s.owned] or [s for s in live if not s.view][:1]
    return found[0].calendar if len(found) == 1 else None


def home(link: Link, calendars: Mapping[int, CalendarState]) -> int | None:
    """Where what is made of an event has to be whole, though copies there show less: nowhere else would it be."""
    return None if any(calendar.view == PLAIN for calendar in calendars.values()) else origin(link)


def unmade(link: Link, calendars: Mapping[int, CalendarState]) -> int | None:
    """Where an event that lives in the hub alone will be whole, though copies there show less: where it comes from."""
    if any(calendar.view == PLAIN for calendar in calendars.values()) or origin(link) is not None:
        return None
    sources = {entry.source for path, entry in link.hub.items() if path not in ("time", "recurrence")}
    return sources.pop() if len(sources) == 1 else None


def is_copy(link: Link, spoke: Spoke) -> bool:
    """Made by calsync, and not what is left of the event itself."""
    return spoke.owned and origin(link) != spoke.calendar


def with_masks(link: Link, calendars: Mapping[int, CalendarState]) -> Link:
    """The link whose spokes know by which view they are heard (`Spoke.mask`)."""
    if all(calendars[spoke.calendar].view == PLAIN and not spoke.view for spoke in link.spokes):
        return link
    whole = origin(link)
    spokes = tuple(
        s if s.calendar == whole else replace(s, mask=_mask(s, calendars[s.calendar].view)) for s in link.spokes
    )
    return replace(link, spokes=spokes)


def _mask(spoke: Spoke, view: View) -> View:
    """What a copy was not made to show it cannot tell, until it is made to."""
    made = of_text(spoke.view) if spoke.owned else view
    return made if less(view, made) else view


def heard(spoke: Spoke, form: Form) -> Form:
    """What of a replica is heard. That somebody has not answered yet is no answer."""
    if form.get(ANSWER) == UNANSWERED:
        form = {path: value for path, value in form.items() if path != ANSWER}
    if spoke.mask == PLAIN:
        return form
    return {path: value for path, value in form.items() if hears(spoke.mask, path)}


# -- what a busy copy says of itself -----------------------------------------------------------------------------------


def veil(installation: str, word: str = "") -> str:
    """A word that nobody can turn back who does not know this installation's id."""
    return digest("veil", installation, word)


def veiled_uid(installation: str, uid: str) -> str:
    return f"{veil(installation, f'uid {uid}')}@calsync"


def unveiled(installation: str, uid: str, uids: Iterable[str]) -> str | None:
    """Which of these UIDs a busy copy of this UID was made for."""
    own = uid.partition("-calsync-")[0]  # less what a derived one has (K5)
    return next((one for one in uids if veiled_uid(installation, one) == own), None)
