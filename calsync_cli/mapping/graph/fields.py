"""One event resource -> the fields it shows (facts 4, 8, L14), with what is kept beside it in its place.

Shape   `shown_fields` of a single event, a master or an exception; instances are complete at Outlook, never a
        difference. Members of an unexpected type are read as absent, but for the times
Left    importance, responses, online meetings and the like have no field; they stay in the resource
"""

from __future__ import annotations

from collections.abc import Iterable

from calsync_cli.mapping.graph import body, reminders
from calsync_cli.mapping.graph.clock import Clock, read_span
from calsync_cli.mapping.graph.standing import has_people, is_called_off
from calsync_cli.mapping.graph.zoned import noted_span
from calsync_cli.mapping.inherit import Fields
from calsync_cli.mapping.jsondoc import Json, object_of, objects_of, text_of
from calsync_cli.mapping.kept import Kept, pairs, texts, word
from calsync_cli.mapping.values import clean, one_line
from calsync_cli.model.times import Span
from calsync_cli.model.views import answer_of

_VISIBILITY = {"": "", "normal": "", "confidential": "confidential"}
_VISIBILITIES = ("", "private", "confidential")
_STATUSES = ("", "tentative", "cancelled")
_ANSWERS = {
    "accepted": "ACCEPTED", "organizer": "ACCEPTED", "declined": "DECLINED", "tentativelyAccepted": "TENTATIVE",
}  # fmt: skip
_SERVICE_KINDS = {"oof": "out-of-office", "workingElsewhere": "working-location"}
_ROLES = {"optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}


def shown_fields(resource: Json, kept: Kept, span: Span) -> Fields:
    """All fields but the rule; `span` as `times` read it."""
    fields: Fields = {
        "time": span,
        "title": shown_title(resource),
        "location": shown_location(resource),
        "description": body.shown(resource),
        "url": body.join_url(resource),
        "visibility": shown_visibility(resource),
        "busy": "free" if resource.get("showAs") == "free" else "",
        "status": shown_status(resource),
        "reminders": reminders.form(reminders.shown(resource), pairs(kept, "reminders")),
    }
    if resource.get("categories"):
        fields["categories"] = shown_categories(resource)
    if kept:
        fields |= _kept_words(kept, fields)
    if resource.get("attendees") or resource.get("isOrganizer") is False:
        fields |= _people(resource)
    return {name: value for name, value in fields.items() if value}


def times(resource: Json, kept: Kept, clock: Clock, losses: list[str], *, recurs: bool, series_zone: str = "") -> Span:
    """When the event is, in the form's words. Raises MappingError for an impossible time."""
    span = read_span(resource, clock, losses, recurs=recurs, series_zone=series_zone)
    return clock.model_span(span) if clock.floating else noted_span(span, kept, resource, recurs=recurs)


def _kept_words(kept: Kept, there: Fields) -> Fields:
    """The kept words that still count, as clean as if another program had written them."""
    words = {name: word(kept, name, str(there[name])) for name in ("title", "location", "url", "visibility", "status")}
    description = str(there["description"])
    stands = body.digest(description)
    whole = word(kept, "description", stands)
    return {
        "title": clean(words["title"]),
        "location": clean(words["location"]),
        "description": clean(whole) if whole != stands else description,
        "url": one_line(clean(words["url"])),
        "color": clean(word(kept, "color", "")),
        "visibility": words["visibility"] if words["visibility"] in _VISIBILITIES else there["visibility"],
        "status": words["status"] if words["status"] in _STATUSES else there["status"],
        "attachments": _links(texts(kept, "attachments")),
    }


def shown_title(resource: Json) -> str:
    return clean(text_of(resource, "subject"))


def shown_location(resource: Json) -> str:
    """The text of the place; with several places Graph joins their names (L4.5)."""
    text = clean(text_of(object_of(resource, "location"), "displayName"))
    if text or "locations" not in resource:
        return text
    names = (clean(text_of(one, "displayName")) for one in objects_of(resource, "locations"))
    return "; ".join(name for name in names if name)


def shown_visibility(resource: Json) -> str:
    """`personal` is private too; strange words hide."""
    return _VISIBILITY.get(text_of(resource, "sensitivity"), "private")


def shown_status(resource: Json) -> str:
    if is_called_off(resource):
        return "cancelled"
    return "tentative" if resource.get("showAs") == "tentative" else ""


def shown_categories(resource: Json) -> frozenset[str]:
    found = resource.get("categories")
    names = (clean(one).strip() for one in found if isinstance(one, str)) if isinstance(found, list) else ()
    return frozenset(name for name in names if name)


def _links(urls: Iterable[str]) -> frozenset[str]:
    found = (one_line(clean(url)) for url in urls)
    return frozenset(url for url in found if url and url[:5].lower() != "data:")


# -- people ------------------------------------------------------------------------------------------------------------


def _people(resource: Json) -> Fields:
    """Guests, and the organizer where there are any: alone it would make every own event a meeting."""
    if not has_people(resource):
        return {}
    guests = frozenset(guest for item in objects_of(resource, "attendees") if (guest := _guest(item)))
    return {"guests": guests, "organizer": _address(object_of(resource, "organizer"))}


def _guest(item: Json) -> str:
    address, kind = _address(item), text_of(item, "type")
    answer = _ANSWERS.get(text_of(object_of(item, "status"), "response"), "NEEDS-ACTION")
    role = _ROLES.get(kind, "REQ-PARTICIPANT")
    return f"{address} {answer} {role} {'RESOURCE' if kind == 'resource' else 'INDIVIDUAL'}" if address else ""


def own_answer(resource: Json) -> str:
    """One of views.ANSWERS; "" where nobody asked, as for the organizer."""
    response = text_of(object_of(resource, "responseStatus"), "response")
    return "" if response in ("", "none", "organizer") else answer_of(_ANSWERS.get(response, ""))


def service_kind(resource: Json) -> str:
    """One of views.SERVICE_KINDS, or ""."""
    return _SERVICE_KINDS.get(text_of(resource, "showAs"), "")


def _address(item: Json) -> str:
    address = clean(text_of(object_of(item, "emailAddress"), "address")).strip().replace(" ", "%20").lower()
    return f"mailto:{address}" if "@" in address else ""
