"""Opaque ids that carry what they name: the default form changes when an item moves, the immutable one does not.

Shape   Ids(secret).make(Name(...)) -> text; .read(text) -> Name or None when the text is no id of ours
Facts   L2.1, L16.11, A8: 120 characters or more, mixed case, case-sensitive, `-` `_` `=`; the default form
        of containers and items also `/` and `+`, unless `plain`
"""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass
from datetime import date

FORMAT = ">cHIIIi"
ALPHABETS = (bytes.maketrans(b"-_", b"+/"), bytes.maketrans(b"+/", b"-_"))


@dataclass(frozen=True, slots=True)
class Name:
    """kind: c calendar, g group, e event, i event in the immutable form, o occurrence, j the same immutable."""

    kind: str
    mailbox: int
    key: int
    moves: int = 0  # how often the item moved: only in default forms
    pattern: int = 0  # how often the rule was rewritten: only in ids of occurrences
    day: date | None = None

    @property
    def immutable(self) -> bool:
        return self.kind in "ij"


class Ids:
    def __init__(self, secret: bytes, *, plain: bool = False) -> None:
        self.secret, self.plain = secret, plain
        self.short: set[int] = set()  # mailboxes of personal accounts: shorter immutable ids (L2.1)
        self.known: dict[str, Name | None] = {}

    def make(self, name: Name) -> str:
        day = name.day.toordinal() if name.day else 0
        core = struct.pack(FORMAT, name.kind.encode(), name.mailbox, name.key, name.moves, name.pattern, day)
        seal = self._seal(core)
        hidden = bytes(a ^ b for a, b in zip(core, seal[12:], strict=False))
        short = name.immutable and name.mailbox in self.short
        size = 43 if short else 112 if name.kind in "oj" else 91  # one over a multiple of three: the text ends with ==
        text = base64.b64encode(seal[:12] + hidden + self._filler(seal, size - 12 - len(core)))
        soft = name.immutable or self.plain
        return ("AAkALgAA" if name.immutable else "AAMkADAw") + text.translate(
            ALPHABETS[1] if soft else bytes(range(256))
        ).decode()

    def read(self, text: str) -> Name | None:
        if text not in self.known:
            self.known[text] = self._read(text)
        return self.known[text]

    def _read(self, text: str) -> Name | None:
        try:
            raw = base64.b64decode(text[8:].encode("ascii").translate(ALPHABETS[0]), validate=True)
            core = bytes(
                a ^ b for a, b in zip(raw[12 : 12 + struct.calcsize(FORMAT)], self._stream(raw[:12]), strict=False)
            )
            kind, mailbox, key, moves, pattern, day = struct.unpack(FORMAT, core)
            name = Name(kind.decode("ascii"), mailbox, key, moves, pattern, date.fromordinal(day) if day else None)
        except (ValueError, struct.error, OverflowError):
            return None
        return name if self.make(name) == text else None

    def _seal(self, core: bytes) -> bytes:
        mark = hashlib.blake2b(core, key=self.secret, digest_size=12).digest()
        return mark + self._stream(mark)

    def _stream(self, mark: bytes) -> bytes:
        return hashlib.blake2b(mark, key=self.secret, digest_size=64).digest()

    def _filler(self, seal: bytes, size: int) -> bytes:
        return (hashlib.blake2b(seal, digest_size=64).digest() * 2)[:size]
