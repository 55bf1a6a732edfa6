"""Writing fields into an Events resource: the smallest change of its members that shows them (I7).

Shape   a `Sheet` is one resource on its way; `write_fields` brings it from the fields it shows to those it shall show.
        What a member cannot say goes to `sheet.kept`; the caller stores that (kept.put_kept) when all is done
Left    guests, organizer, conferences, attachments of Google: never written (facts 5.5, 5.9)
Errors  MappingError for what Google refuses and calsync therefore holds: no length, an instance in another kind of time
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from calsync_cli.errors import MappingError
from calsync_cli.mapping.carried import canonical, google_place
from calsync_cli.mapping.google import reminders
from calsync_cli.mapping.google.clock import Clock, has_length, read_time, write_time
from calsync_cli.mapping.google.colors import name_of, nearest
from calsync_cli.mapping.google.document import Json, object_of, text_of
from calsync_cli.mapping.google.fields import (
    OF_SERIES,
    carried_fields,
    is_web,
    shown_attachments,
    shown_status,
    shown_url,
    shown_visibility,
)
from calsync_cli.mapping.google.kept import EMPTIED, Kept, keep, kept_of, property_of, put_properties
from calsync_cli.mapping.google.markup import edited, spelled
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import CARRIED, FIELDS, LOCAL_FIELDS, Value
from calsync_cli.model.times import AllDay, Floating, Span, When

LONGEST_DESCRIPTION = 8192
"""In UTF-16 units, as the clients count that met the limit (facts 5.1)."""
LONGEST_PROPERTY = 1000
"""Of 1,024, where it is not known whether more is refused or cut (facts 5.7)."""


@dataclass(slots=True)
class Sheet:
    """`clock` says how times are meant afterwards; `series` is the master of an exception, as it is afterwards."""

    resource: Json
    kept: Kept
    clock: Clock
    series: Json | None = None


def write_fields(sheet: Sheet, now: Mapping[str, Value], then: Mapping[str, Value]) -> None:
    """The rule is not among them: its lines belong to the series as a whole (edit)."""
    span = then.get("time")
    if not isinstance(span, Span):
        raise MappingError("an event cannot lose its time")
    if now.get("time") != span:
        write_span(sheet, span)
    for name in FIELDS:
        if name not in ("time", "recurrence", "reminders") and now.get(name) != then.get(name):
            _write_field(sheet, name, then.get(name))
    if now.get("reminders") != then.get("reminders") or (now.get("time") != span and "reminders" in sheet.kept):
        _write_reminders(sheet, _texts(then.get("reminders")), span)
    for name in sorted(now.keys() | then.keys()):
        if name.startswith(CARRIED) and now.get(name) != then.get(name):
            _write_carried(sheet, name, canonical(name, then.get(name)))


def _write_carried(sheet: Sheet, name: str, value: str) -> None:
    """As a property of Google's own where it is one and fits, else kept. An exception that shall have what its series
    has by then is left without; one that shall have nothing says so."""
    place = google_place(name)
    if place is None:
        keep(sheet.kept, name, value)
        return
    series = sheet.series
    inherited = carried_fields(series, kept_of(series), [name]).get(name, "") if series is not None else ""
    if series is not None and value == inherited and not property_of(sheet.resource, *place):
        if sheet.kept.get(name) != value:
            keep(sheet.kept, name, None)
        return
    fits = 0 < _units(value) <= LONGEST_PROPERTY
    put_properties(sheet.resource, place[0], {place[1]: value if fits else None})
    keep(sheet.kept, name, None if fits else value or (EMPTIED if inherited else None))


def _write_field(sheet: Sheet, name: str, value: Value | None) -> None:
    if name in LOCAL_FIELDS:
        raise MappingError("guests and organizer of an event are never changed by a sync")
    if name == "categories":
        keep(sheet.kept, name, sorted(_texts(value)))
    elif name == "attachments":
        keep(sheet.kept, name, sorted(_texts(value) - shown_attachments(sheet.resource)))
    else:
        _WRITERS[name](sheet, _text(value))


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Value | None) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()


def _put(resource: Json, name: str, value: str) -> None:
    if value:
        resource[name] = value
    else:
        resource.pop(name, None)


def _keep_word(sheet: Sheet, name: str, value: str, shown: str) -> None:
    """Beside the event what Google shows only roughly, or not at all."""
    keep(sheet.kept, name, [value, shown] if value != shown else None)


# -- words -------------------------------------------------------------------------------------------------------------


def _write_title(sheet: Sheet, value: str) -> None:
    _put(sheet.resource, "summary", value)


def _write_location(sheet: Sheet, value: str) -> None:
    _put(sheet.resource, "location", value)


def _write_description(sheet: Sheet, value: str) -> None:
    head, rest = fitting(value)
    raw = edited(text_of(sheet.resource, "description"), head)
    _put(sheet.resource, "description", raw if _units(raw) <= LONGEST_DESCRIPTION else spelled(head))
    keep(sheet.kept, "description", rest)


def fitting(text: str) -> tuple[str, str]:
    """As much of a text as a description at Google holds, and the rest."""
    if _units(spelled(text)) <= LONGEST_DESCRIPTION:
        return text, ""
    low, high = 0, LONGEST_DESCRIPTION
    while low < high:
        middle = (low + high + 1) // 2
        fits = _units(spelled(text[:middle].rstrip())) <= LONGEST_DESCRIPTION
        low, high = (middle, high) if fits else (low, middle - 1)
    head = text[:low].rstrip()
    return head, text[len(head) :]


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def _write_url(sheet: Sheet, value: str) -> None:
    """`source` wants a title and a web address, and only the creator of the event sees or changes it (facts 5.1)."""
    resource, creator = sheet.resource, object_of(sheet.resource, "creator")
    if not creator or creator.get("self") is True:
        old, title = object_of(resource, "source"), text_of(object_of(resource, "source"), "title")
        if is_web(value):
            title = title if title and title != text_of(old, "url") else value
            resource["source"] = {**old, "title": title, "url": value}
        else:
            resource.pop("source", None)
    _keep_word(sheet, "url", value, shown_url(resource))


def _write_color(sheet: Sheet, value: str) -> None:
    _put(sheet.resource, "colorId", nearest(value) if value else "")
    _keep_word(sheet, "color", value, name_of(text_of(sheet.resource, "colorId")))


def _write_visibility(sheet: Sheet, value: str) -> None:
    """A stricter word on one instance would spread to its series (facts 5.1), so an exception says what its series
    does, and its own is kept."""
    resource = sheet.resource
    if value not in ("", "private", "confidential"):
        raise MappingError(f"{value!r} is no visibility that Google Calendar can say")
    if sheet.series is not None:
        shown = shown_visibility(sheet.series)
        _put(resource, "visibility", text_of(sheet.series, "visibility"))
        keep(sheet.kept, "visibility", [value, OF_SERIES] if value != shown else None)
    else:
        _put(resource, "visibility", value or ("default" if "visibility" in resource else ""))
        _keep_word(sheet, "visibility", value, shown_visibility(resource))


def _write_busy(sheet: Sheet, value: str) -> None:
    if value not in ("", "free"):
        raise MappingError(f"{value!r} is no busy state that Google Calendar can say")
    cleared = "opaque" if "transparency" in sheet.resource else ""
    _put(sheet.resource, "transparency", "transparent" if value else cleared)


def _write_status(sheet: Sheet, value: str) -> None:
    """`cancelled` would delete the event at Google, so it is tentative there, and noted (facts 11.1)."""
    if value not in ("", "tentative", "cancelled"):
        raise MappingError(f"{value!r} is no status that Google Calendar can say")
    _put(sheet.resource, "status", "tentative" if value else "confirmed" if "status" in sheet.resource else "")
    _keep_word(sheet, "status", value, shown_status(sheet.resource))


_WRITERS: Mapping[str, Callable[[Sheet, str], None]] = {
    "title": _write_title, "location": _write_location, "description": _write_description, "url": _write_url,
    "color": _write_color, "visibility": _write_visibility, "busy": _write_busy, "status": _write_status,
}  # fmt: skip


def _write_reminders(sheet: Sheet, wanted: frozenset[str], span: Span) -> None:
    there, kept = reminders.placed(wanted, span)
    sheet.resource["reminders"] = reminders.written(sheet.resource, there)
    keep(sheet.kept, "reminders", kept)


# -- time --------------------------------------------------------------------------------------------------------------


def write_span(sheet: Sheet, span: Span, *, recurs: bool = False) -> None:
    """Both ends; a node that says its end already keeps its spelling, unless a series needs the zone it lacks."""
    if not has_length(span):
        raise MappingError("it has no length, and Google Calendar refuses events that do not end after they start")
    if sheet.clock.floating is None and isinstance(span.start, Floating):
        raise MappingError("one instance has no time zone while its series has one; Google Calendar cannot hold that")
    if sheet.clock.floating is not None and not isinstance(span.start, Floating | AllDay):
        raise MappingError("one instance has a time zone while its series has none; Google Calendar cannot hold that")
    for name, when in (("start", sheet.clock.wire(span.start)), ("end", sheet.clock.wire(span.end))):
        if not _says(object_of(sheet.resource, name), when, sheet.clock, recurs=recurs):
            sheet.resource[name] = write_time(when)


def _says(node: Json, when: When, clock: Clock, *, recurs: bool) -> bool:
    if not node or (recurs and "dateTime" in node and not text_of(node, "timeZone")):
        return False
    try:
        return read_time(node, clock, "time", []) == when
    except MappingError:
        return False
