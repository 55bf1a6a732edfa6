"""Values of single fields: what is refused, what is cut, what Google rewrites (facts 5.1, 5.5 to 5.8, 11.2)."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from tests.emulators.google import errors
from tests.emulators.google.modes import Modes
from tests.emulators.google.state import Body

DESCRIPTION, TEXT, KEY, VALUE = 8192, 1024, 44, 1024
PROPERTIES, PROPERTY_BYTES, REMINDERS, MINUTES, ATTACHMENTS = 300, 32 * 1024, 5, 40320, 25
ENUMS = {
    "status": ("confirmed", "tentative", "cancelled"), "transparency": ("opaque", "transparent"),
    "visibility": ("default", "public", "private", "confidential"),
    "eventType": ("birthday", "default", "focusTime", "fromGmail", "outOfOffice", "workingLocation"),
}
RESPONSES = ("needsAction", "declined", "tentative", "accepted")
DEFAULTS = {"transparency": "opaque", "visibility": "default", "guestsCanInviteOthers": True, "guestsCanModify": False,
            "guestsCanSeeOtherGuests": True, "anyoneCanAddSelf": False, "attendeesOmitted": False, "privateCopy": False,
            "endTimeUnspecified": False, "summary": "", "description": "", "location": ""}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def check_fields(body: Body, modes: Modes) -> None:
    """Checks and rewrites in place everything that needs no look at the rest of the calendar."""
    for name, allowed in ENUMS.items():
        if name in body and body[name] not in allowed:
            raise errors.invalid(f"Invalid value for: {name}", name)
    for name in ("summary", "location", "description"):
        if name in body:
            body[name] = _text(body[name], name, modes)
    if "colorId" in body and body["colorId"] not in [str(n) for n in range(1, 12)]:
        raise errors.invalid("Invalid color id.", "colorId")
    if len(body.get("attachments", ())) > ATTACHMENTS:
        raise errors.invalid("Too many attachments.", "attachments")
    if "source" in body and not str(body["source"].get("url", "")).startswith(("http://", "https://")):
        raise errors.invalid("Invalid source url.", "source.url")
    if "extendedProperties" in body:
        _properties(body, modes)
    if "attendees" in body:
        body["attendees"] = _attendees(body["attendees"], modes)
    for name, value in DEFAULTS.items():
        if body.get(name) == value:
            del body[name]
    for name in ("attendees", "recurrence", "attachments"):
        if not body.get(name, True):
            del body[name]


def _text(text: str, name: str, modes: Modes) -> str:
    if modes.normalises:
        text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\ufe0f", "")
        text = "\n".join(line.rstrip() for line in text.split("\n")).rstrip()
    if name == "description":
        text = re.sub(r"<br\s*/>", "<br>", text) if modes.normalises else text
        return text[:DESCRIPTION]
    if len(text) > TEXT and modes.long_text == "refused":
        raise errors.invalid(f"Invalid value for: {name}", name)
    return text[:TEXT]


def _properties(body: Body, modes: Modes) -> None:
    kept: dict[str, dict[str, str]] = {}
    for kind in ("private", "shared"):
        given = body["extendedProperties"].get(kind) or {}
        for key, value in given.items():
            if not key or len(key) > KEY:
                raise errors.invalid(f"Invalid extended property key: {key}", "extendedProperties")
            if len(value) > VALUE and modes.long_property == "refused":
                raise errors.invalid("Extended property value too long.", "extendedProperties")
        if given:
            kept[kind] = {key: value[:VALUE] for key, value in given.items()}
    pairs = [pair for group in kept.values() for pair in group.items()]
    if len(pairs) > PROPERTIES or sum(len(k.encode()) + len(v.encode()) for k, v in pairs) > PROPERTY_BYTES:
        raise errors.invalid("Too many extended properties.", "extendedProperties")
    body.pop("extendedProperties")
    if kept:
        body["extendedProperties"] = kept


def _attendees(guests: list[Body], modes: Modes) -> list[Body]:
    kept: dict[str, Body] = {}
    for guest in guests:
        email = guest.get("email", "")
        if not EMAIL.fullmatch(email):
            raise errors.invalid("Invalid attendee email.", "attendees")
        if guest.get("responseStatus", "needsAction") not in RESPONSES:
            raise errors.invalid("Invalid value for: responseStatus", "attendees")
        clean = {name: value for name, value in guest.items()
                 if name not in ("self", "organizer", "id") and value not in (None, "", False)}
        clean.setdefault("responseStatus", "needsAction")
        kept[email.lower()] = {**clean, "email": email.lower()}
    return sorted(kept.values(), key=lambda guest: str(guest["email"])) if modes.normalises else list(kept.values())


def check_reminders(given: Any) -> Body:
    """{"useDefault": false} means none; the shown form has no empty list."""
    overrides = given.get("overrides") or []
    if given.get("useDefault") and overrides:
        text = "Cannot specify both default reminders and overrides at the same time."
        raise errors.ApiError(400, "cannotUseDefaultRemindersAndSpecifyOverride", text, domain="calendar")
    if len(overrides) > REMINDERS:
        raise errors.invalid("Too many reminders.", "reminders")
    for one in overrides:
        if one.get("method") not in ("popup", "email") or one.get("minutes") not in range(MINUTES + 1):
            raise errors.invalid("Invalid reminder.", "reminders")
    if not overrides:
        return {"useDefault": bool(given.get("useDefault"))}
    ordered = sorted(overrides, key=lambda one: (one["minutes"], one["method"]))
    return {"useDefault": False, "overrides": [{"method": one["method"], "minutes": one["minutes"]} for one in ordered]}
