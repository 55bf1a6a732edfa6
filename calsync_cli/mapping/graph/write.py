"""Writing fields into an event resource: the smallest change of its members that shows them (I7).

Shape   a `Sheet` is one resource on its way; `write_fields` brings it from the fields it shows to those it shall show.
        What a member cannot say goes to `sheet.kept`; the caller stores that (kept.put_kept) when all is done
Left    guests, organizer, online meetings, importance: never written (facts 0.12, L4.6)
Errors  MappingError for what Outlook cannot hold: an instance in another kind of time than its series, a text that is
        bound up with an online meeting's join block
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from calsync_cli.errors import MappingError
from calsync_cli.mapping.carried import canonical
from calsync_cli.mapping.graph import body, reminders
from calsync_cli.mapping.graph.clock import Clock
from calsync_cli.mapping.graph.fields import (
    shown_categories,
    shown_location,
    shown_status,
    shown_title,
    shown_visibility,
)
from calsync_cli.mapping.graph.zoned import Life, put_span
from calsync_cli.mapping.jsondoc import Json
from calsync_cli.mapping.kept import Kept, keep
from calsync_cli.model.plain import dataclass
from calsync_cli.model.series import CARRIED, FIELDS, LOCAL_FIELDS, Value
from calsync_cli.model.times import AllDay, Floating, Span

LONGEST_TITLE = 255
"""In UTF-16 units, as MAPI counts (L4.1)."""
_OPAQUE = frozenset({"busy", "oof", "workingElsewhere"})


@dataclass(slots=True)
class Sheet:
    """`clock` says how times are meant afterwards; `life` is that of a series, for its master only."""

    resource: Json
    kept: Kept
    clock: Clock
    life: Life | None = None


def write_fields(sheet: Sheet, now: Mapping[str, Value], then: Mapping[str, Value]) -> None:
    """The rule is not among them: it belongs to the series as a whole (series_rule)."""
    span = then.get("time")
    if not isinstance(span, Span):
        raise MappingError("an event cannot lose its time")
    if now.get("time") != span:
        write_span(sheet, span)
    if any(now.get(name) != then.get(name) for name in ("busy", "status")):
        _write_standing(sheet, _text(then.get("busy")), _text(then.get("status")))
    for name in FIELDS:
        if name not in ("time", "recurrence", "reminders", "busy", "status") and now.get(name) != then.get(name):
            _write_field(sheet, name, then.get(name))
    if now.get("reminders") != then.get("reminders") or (now.get("time") != span and "reminders" in sheet.kept):
        _write_reminders(sheet, _texts(then.get("reminders")), span)
    for name in sorted(now.keys() | then.keys()):
        if name.startswith(CARRIED) and now.get(name) != then.get(name):
            keep(sheet.kept, name, canonical(name, then.get(name)))


def _write_field(sheet: Sheet, name: str, value: Value | None) -> None:
    if name in LOCAL_FIELDS:
        raise MappingError("guests and organizer of an event are never changed by a sync")
    if name == "categories":
        _write_categories(sheet.resource, _texts(value))
    elif name == "attachments":
        keep(sheet.kept, name, sorted(_texts(value)))
    else:
        _WRITERS[name](sheet, _text(value))


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Value | None) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()


def _keep_word(sheet: Sheet, name: str, value: str, shown: str) -> None:
    """Beside the event what Outlook shows only roughly, or not at all."""
    keep(sheet.kept, name, [value, shown] if value != shown else None)


# -- words -------------------------------------------------------------------------------------------------------------


def _write_title(sheet: Sheet, value: str) -> None:
    """Line breaks and all after 255 characters are lost at Outlook (L4.1)."""
    sheet.resource["subject"] = fitting(" ".join(value.split("\n")))
    _keep_word(sheet, "title", value, shown_title(sheet.resource))


def fitting(title: str) -> str:
    units = title.encode("utf-16-le", "replace")
    if len(units) <= 2 * LONGEST_TITLE:
        return title
    return units[: 2 * LONGEST_TITLE].decode("utf-16-le", "ignore").rstrip()


def _write_location(sheet: Sheet, value: str) -> None:
    """Only the text: its address and coordinates belonged to the place before (L4.5)."""
    sheet.resource["location"] = {"displayName": value}
    if "locations" in sheet.resource:
        sheet.resource["locations"] = [{"displayName": value}] if value else []
    _keep_word(sheet, "location", value, shown_location(sheet.resource))


def _write_description(sheet: Sheet, value: str) -> None:
    body.write(sheet.resource, value)
    shown = body.shown(sheet.resource)
    keep(sheet.kept, "description", [value, body.digest(shown)] if value != shown else None)


def _write_url(sheet: Sheet, value: str) -> None:
    """Outlook has no such member; an online meeting shows its link there."""
    _keep_word(sheet, "url", value, body.join_url(sheet.resource))


def _write_color(sheet: Sheet, value: str) -> None:
    _keep_word(sheet, "color", value, "")


def _write_visibility(sheet: Sheet, value: str) -> None:
    if value not in ("", "private", "confidential"):
        raise MappingError(f"{value!r} is no visibility that Outlook can say")
    if shown_visibility(sheet.resource) != value:
        sheet.resource["sensitivity"] = value or "normal"
    _keep_word(sheet, "visibility", value, shown_visibility(sheet.resource))


_WRITERS: Mapping[str, Callable[[Sheet, str], None]] = {
    "title": _write_title, "location": _write_location, "description": _write_description, "url": _write_url,
    "color": _write_color, "visibility": _write_visibility,
}  # fmt: skip


def _write_standing(sheet: Sheet, busy: str, status: str) -> None:
    """One word at Outlook for two of ours (L14): free, else tentative, else busy as it is. What it cannot say is kept:
    `cancelled`, which only an organizer can make so, and a free event that is tentative too."""
    if busy not in ("", "free") or status not in ("", "tentative", "cancelled"):
        raise MappingError(f"{busy or status!r} is nothing that Outlook can say")
    there = sheet.resource.get("showAs")
    opaque = "tentative" if status else there if there in _OPAQUE else "busy"
    sheet.resource["showAs"] = "free" if busy else opaque
    _keep_word(sheet, "status", status, shown_status(sheet.resource))


def _write_categories(resource: Json, wanted: frozenset[str]) -> None:
    """Names that stay keep their order and their spelling."""
    found = resource.get("categories")
    there = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    stay = [one for one in there if shown_categories({"categories": [one]}) <= wanted]
    have = shown_categories({"categories": stay})
    resource["categories"] = [*stay, *sorted(wanted - have)]


def _write_reminders(sheet: Sheet, wanted: frozenset[str], span: Span) -> None:
    there, kept = reminders.placed(wanted, span)
    reminders.write(sheet.resource, there)
    keep(sheet.kept, "reminders", kept)


# -- time --------------------------------------------------------------------------------------------------------------


def write_span(sheet: Sheet, span: Span) -> None:
    floating = sheet.clock.floating is not None
    if not floating and isinstance(span.start, Floating):
        raise MappingError("one instance has no time zone while its series has one; Outlook cannot hold that")
    if floating and not isinstance(span.start, Floating | AllDay):
        raise MappingError("one instance has a time zone while its series has none; Outlook cannot hold that")
    put_span(
        sheet.resource, sheet.clock.wire_span(span), sheet.kept, sheet.clock.zone, life=sheet.life,
        floating=isinstance(span.start, Floating),
    )
