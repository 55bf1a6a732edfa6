"""Small iCalendar value types <-> Python: TEXT, lists of TEXT, DURATION.

Shape   text() gives the canonical text of the form: unescaped, NFC, no control characters, no trailing blanks
Errors  ValueError from duration(); texts never fail
Source  RFC 5545 sections 3.3.6, 3.3.11
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from calsync_cli.model.plain import dataclass

_ESCAPE = re.compile(r'\\([nN\\;,":])')
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_COMMA = re.compile(r"(?:[^\\,]|\\.?)*", re.DOTALL)
_DURATION = re.compile(
    r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE | re.ASCII
)
_DAY_S = 86400
MAX_DAYS = 366 * 1000


def clean(text: str) -> str:
    """The canonical spelling of a text: what stays when servers rewrite it (F2)."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return _CONTROL.sub("", text).rstrip()


def text(raw: str) -> str:
    if "\\" in raw:
        raw = _ESCAPE.sub(lambda m: "\n" if m.group(1) in "nN" else m.group(1), raw)
    return clean(raw)


def escaped(value: str) -> str:
    value = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return value.replace("\r\n", "\n").replace("\n", "\\n")


def one_line(value: str) -> str:
    """A URI or another unescaped value, safe to write: no line breaks, no control characters."""
    return _CONTROL.sub("", value.replace("\n", "").replace("\r", "")).strip()


def split_list(raw: str) -> list[str]:
    """The raw parts between unescaped commas; never empty ones."""
    parts = raw.split(",") if "\\" not in raw else _split_escaped(raw)
    return [part for part in parts if part.strip()]


def _split_escaped(raw: str) -> list[str]:
    parts, at = [], 0
    while found := _COMMA.match(raw, at):
        parts.append(found.group())
        at = found.end() + 1
        if at > len(raw):
            break
    return parts


@dataclass(frozen=True, slots=True)
class Duration:
    """Days are nominal (wall clock), seconds exact (RFC 5545 section 3.3.6); both carry the sign."""

    days: int
    seconds: int

    @property
    def exact(self) -> timedelta:
        return timedelta(days=self.days, seconds=self.seconds)


def duration(raw: str) -> Duration:
    found = _DURATION.fullmatch(raw.strip())
    if found is None:
        raise ValueError(raw)
    sign = -1 if found.group(1) == "-" else 1
    weeks, days, hours, minutes, seconds = (int(found.group(i) or 0) for i in range(2, 7))
    if weeks * 7 + days > MAX_DAYS or hours > MAX_DAYS * 24 or seconds > MAX_DAYS * _DAY_S or minutes > MAX_DAYS * 1440:
        raise ValueError(raw)
    return Duration(sign * (weeks * 7 + days), sign * (hours * 3600 + minutes * 60 + seconds))


def duration_text(days: int, seconds: int) -> str:
    """`P1D`, `-PT15M`, `P1DT2H`, `PT0S`; days and seconds have the same sign."""
    sign = "-" if days < 0 or seconds < 0 else ""
    hours, rest = divmod(abs(seconds), 3600)
    minutes, secs = divmod(rest, 60)
    date = f"{abs(days)}D" if days else ""
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (secs, "S")) if n)
    if not date and not clock:
        return "PT0S"
    return f"{sign}P{date}{'T' if clock else ''}{clock}"


def exact_text(length: timedelta) -> str:
    """The canonical text of an exact length: PT900S and PT15M are one, so are P1D and PT24H."""
    total = length.days * _DAY_S + length.seconds
    days, seconds = divmod(abs(total), _DAY_S)
    return duration_text(-days, -seconds) if total < 0 else duration_text(days, seconds)


def stamp(local: datetime) -> str:
    return f"{local.year:04}{local.month:02}{local.day:02}T{local.hour:02}{local.minute:02}{local.second:02}"
