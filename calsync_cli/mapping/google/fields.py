"""One Events resource -> the fields it shows (facts section 11.1), with what is kept beside it in its place.

Shape   `shown_fields` of a single event, a master or a changed instance; instances are complete at Google, never a
        difference. Members of an unexpected type are read as absent, but for the times
Left    conferences, labels, working locations and the like have no field; they stay in the resource
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from calsync_cli.mapping.carried import canonical, google_place, kept_fields
from calsync_cli.mapping.google import reminders
from calsync_cli.mapping.google.clock import Clock, read_span
from calsync_cli.mapping.google.colors import name_of
from calsync_cli.mapping.google.document import Json, object_of, objects_of, text_of
from calsync_cli.mapping.google.kept import EMPTIED, Kept, pairs, property_of, texts, word
from calsync_cli.mapping.google.markup import shown
from calsync_cli.mapping.inherit import Fields
from calsync_cli.mapping.values import clean, one_line
from calsync_cli.model.times import Span
from calsync_cli.model.views import answer_of

_WEB = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_VISIBILITY = {"": "", "default": "", "public": "", "confidential": "confidential"}
OF_SERIES = "series"
"""What Google shows in the place of an instance's own privacy."""
_VISIBILITIES = ("", "private", "confidential")
_STATUSES = ("", "tentative", "cancelled")
_ANSWERS = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentative": "TENTATIVE"}


def shown_fields(
    resource: Json, kept: Kept, clock: Clock, losses: list[str], *, recurs: bool = False, series: Json | None = None
) -> Fields:
    """All fields but the rule. Raises MappingError for an impossible time.

    series  the master of an exception: its privacy is that of all its instances, for a laxer word on one of them is
            ignored and a stricter one spreads (facts 5.1)
    """
    fields: Fields = {
        "time": model_span(read_span(resource, clock, losses, recurs=recurs), clock),
        "title": clean(text_of(resource, "summary")),
        "location": clean(text_of(resource, "location")),
        "description": _description(resource, kept),
        "url": shown_url(resource),
        "color": name_of(text_of(resource, "colorId")),
        "visibility": shown_visibility(resource) if series is None else instance_visibility(kept, series),
        "busy": "free" if resource.get("transparency") == "transparent" else "",
        "status": shown_status(resource),
        "reminders": reminders.form(reminders.shown(resource), pairs(kept, "reminders")),
    }
    if kept:
        fields |= _kept_words(kept, fields)
    if kept or "attachments" in resource:
        fields["categories"] = frozenset(text for item in texts(kept, "categories") if (text := clean(item).strip()))
        fields["attachments"] = shown_attachments(resource) | _links(texts(kept, "attachments"))
    fields |= _people(resource)
    return {name: value for name, value in fields.items() if value}


def _kept_words(kept: Kept, there: Fields) -> Fields:
    """The kept words that still count, as clean as if another program had written them."""
    words = {name: word(kept, name, str(there[name])) for name in ("url", "color", "status")}
    return {
        "url": one_line(clean(words["url"])),
        "color": clean(words["color"]),
        "status": words["status"] if words["status"] in _STATUSES else there["status"],
    }


def model_span(span: Span, clock: Clock) -> Span:
    return Span(clock.model(span.start), clock.model(span.end)) if clock.floating else span


def _description(resource: Json, kept: Kept) -> str:
    """What Google shows, and behind it the end that was too long for it."""
    text = shown(text_of(resource, "description"))
    rest = kept.get("description")
    return clean(text + rest) if text and isinstance(rest, str) else text


def shown_url(resource: Json) -> str:
    return one_line(clean(text_of(object_of(resource, "source"), "url")))


def is_web(url: str) -> bool:
    return _WEB.fullmatch(url) is not None


def shown_visibility(resource: Json) -> str:
    """Google's `public` shows details to more people than `default`, but both are public here; strange words hide."""
    return _VISIBILITY.get(text_of(resource, "visibility"), "private")


def instance_visibility(kept: Kept, series: Json) -> str:
    """An exception's own, which is only ever kept, else that of its series."""
    own = word(kept, "visibility", OF_SERIES)
    return own if own in _VISIBILITIES else shown_visibility(series)


def shown_status(resource: Json) -> str:
    return "tentative" if resource.get("status") == "tentative" else ""


def shown_attachments(resource: Json) -> frozenset[str]:
    return _links(text_of(item, "fileUrl") for item in objects_of(resource, "attachments"))


def _links(urls: Iterable[str]) -> frozenset[str]:
    found = (one_line(clean(url)) for url in urls)
    return frozenset(url for url in found if url and url[:5].lower() != "data:")


def carried_fields(resource: Json, kept: Kept, names: Iterable[str], series: Fields | None = None) -> Fields:
    """Properties that a pair carries by name: Google's own, or else what is kept with the event.

    series: of an exception, what its series shows of them; it counts where the exception has none of its own, for it
    is not known whether Google gives it its series' properties (facts 5.7)
    """
    names = frozenset(names)
    fields = dict(kept_fields(kept, names))
    for name in names:
        place = google_place(name)
        if place is not None and (own := canonical(name, property_of(resource, *place))):
            fields[name] = own
        elif place is not None and series is not None and name not in fields and kept.get(name) != EMPTIED:
            fields |= {name: series[name]} if name in series else {}
    return fields


# -- people ------------------------------------------------------------------------------------------------------------


def has_people(resource: Json) -> bool:
    return bool(resource.get("attendees") or resource.get("attendeesOmitted"))


def _people(resource: Json) -> Fields:
    """Guests, and the organizer where there are any: alone it would make every own event a meeting (facts 11.1)."""
    if not has_people(resource):
        return {}
    guests = frozenset(guest for item in objects_of(resource, "attendees") if (guest := _guest(item)))
    organizer = _address(text_of(object_of(resource, "organizer"), "email"))
    return {"guests": guests, "organizer": organizer}


def _guest(item: Json) -> str:
    address, answer = _address(text_of(item, "email")), _answer(item)
    role = "OPT-PARTICIPANT" if item.get("optional") is True else "REQ-PARTICIPANT"
    kind = "RESOURCE" if item.get("resource") is True else "INDIVIDUAL"
    return f"{address} {answer} {role} {kind}" if address else ""


def own_answer(resource: Json) -> str:
    """One of views.ANSWERS; "" where the owner of the calendar is no guest."""
    own = next((item for item in objects_of(resource, "attendees") if item.get("self") is True), None)
    return answer_of(_answer(own)) if own is not None else ""


def _answer(item: Json) -> str:
    return _ANSWERS.get(text_of(item, "responseStatus"), "NEEDS-ACTION")


def _address(email: str) -> str:
    address = clean(email).strip().replace(" ", "%20").lower()
    return f"mailto:{address}" if "@" in address else ""
