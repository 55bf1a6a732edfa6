"""The bytes of a feed -> its lines, unfolded and in UTF-8; or why this is no feed (O9). Pure.

Shape   `lines_of(raw, charset)` -> one line each, without its end. Folds and kinds of line ends are gone after this
Repairs BOM, UTF-16, CR and LF mixed; a line that is not UTF-8 is read as the charset that the server named, or else as
        Windows-1252, by itself, since one program's bytes end up in another one's feed
Errors  NotAFeed with words that go behind the name of the account
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from io import BytesIO

HEAD = 1000
"""Within so many bytes a calendar must have begun: programs print warnings before it, web pages talk of one later."""
START = b"BEGIN:VCALENDAR"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNDEFINED = frozenset({0x81, 0x8D, 0x8F, 0x90, 0x9D})


class NotAFeed(ValueError):
    """What was sent is not a whole calendar; nothing follows from it."""


def lines_of(raw: bytes, charset: str = "") -> Iterator[bytes]:
    text = _plain(raw)
    begin = text[:HEAD].upper().find(START)
    if begin < 0:
        raise NotAFeed(_what_it_is(text))
    text = text[begin:].replace(b"\n ", b"").replace(b"\n\t", b"")
    repair = not _is_utf8(text)
    for line in BytesIO(text):
        yield _in_utf8(line[:-1] if line[-1:] == b"\n" else line, charset) if repair else line.removesuffix(b"\n")


def _plain(raw: bytes) -> bytes:
    """Without a BOM, with LF at the end of each line."""
    if raw.startswith(_UTF16):
        raw = raw.decode("utf-16", "replace").encode()
    raw = raw.removeprefix(codecs.BOM_UTF8)
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _in_utf8(line: bytes, charset: str) -> bytes:
    if _is_utf8(line):
        return line
    try:
        return line.decode(charset or "utf-8").encode()
    except (LookupError, ValueError):  # unknown, not a text encoding, or not true
        return line.decode("latin-1" if _UNDEFINED & set(line) else "cp1252").encode()


def _what_it_is(text: bytes) -> str:
    start = text.lstrip()[:HEAD].lower()
    if not start:
        return "the answer is empty"
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start:
        return "it is a web page, not a calendar; perhaps one that wants a sign-in"
    if start.startswith(b"<"):
        return "it is an XML document, not a calendar"
    if start.startswith((b"{", b"[")):
        return "it is JSON, not a calendar"
    return "it is not a calendar: BEGIN:VCALENDAR is missing"
