"""calendarView/delta: the difference between two moments of a calendar, seen through one window (facts A4, L3).

Shape   Delta(renderer, knobs, secret).start(...) or .resume(...) -> Page of JSON rows with one link
Law     a token names calendar, window and the moment up to which its holder knows; nothing else is stored for it
Errors  GraphError for lost, edited and foreign tokens
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.emulators.graph.errors import GraphError, bad
from tests.emulators.graph.knobs import Knobs
from tests.emulators.graph.prefer import Prefs
from tests.emulators.graph.render import Json, Renderer
from tests.emulators.graph.unit import Unit, first_units, units
from tests.emulators.graph.views import Window
from tests.emulators.graph.world import Mailbox

ROUNDS_KEPT = 400


@dataclass
class Round:
    """The rows of one round, cut into pages when asked for; both links of it stay good for a while (replay)."""

    units: list[Unit]
    token: dict[str, Any]
    pages: dict[int, int] = field(default_factory=dict)  # page number -> first unit


class Delta:
    def __init__(self, renderer: Renderer, knobs: Knobs, secret: bytes) -> None:
        self.renderer, self.knobs, self.secret = renderer, knobs, secret
        self.rounds: OrderedDict[str, Round] = OrderedDict()
        self.issued: dict[tuple[int, int], list[int]] = {}  # calendar -> serial numbers of its tokens, oldest first
        self.number = 0
        self.dice = random.Random(secret)
        self.marks: dict[int, list[int]] = {}  # mailbox -> what each round could have seen
        self.lost_below: dict[tuple[int, int], int] = {}

    # -- rounds --------------------------------------------------------------------------------------------------------

    def start(self, box: Mailbox, calendar: int, window: Window, prefs: Prefs, path: str) -> Json:
        upto = self._visible(box)
        found = first_units(box, calendar, window, upto, self.knobs)
        return self._page(self._begin(box, calendar, window, upto, found), 0, box, prefs, path)

    def resume(self, box: Mailbox, calendar: int, text: str, kind: str, prefs: Prefs, path: str) -> Json:
        token = self._open(box, calendar, text, kind, path)
        if kind == "skip":
            name = token["round"]
            if name not in self.rounds:
                raise self.gone(path)
            return self._page(name, token["page"], box, prefs, path)
        window = Window(datetime.fromisoformat(token["from"]), datetime.fromisoformat(token["to"]))
        upto = max(self._visible(box), token["seq"])
        found = units(box, calendar, window, token["seq"], upto, self.knobs)
        return self._page(self._begin(box, calendar, window, upto, found), 0, box, prefs, path)

    def _visible(self, box: Mailbox) -> int:
        """Up to where changes have reached the delta: some seconds, or some rounds, behind."""
        upto = box.seq_before(self.knobs.delta_lag_s)
        marks = self.marks.setdefault(box.number, [])
        marks.append(upto)
        late = self.knobs.delta_lag_rounds
        return marks[-1 - late] if late and len(marks) > late else 0 if late else upto

    def _begin(self, box: Mailbox, calendar: int, window: Window, upto: int, found: list[Unit]) -> str:
        self.dice.shuffle(found)
        found = [unit.shuffled(self.dice) for unit in found]
        if self.knobs.repeat_rows:
            found = [older for unit in found[::3] if (older := unit.older()) is not None] + found + found[::4]
        self.number += 1
        name = f"r{self.number}"
        token = {"box": box.number, "cal": calendar, "from": window.start.isoformat(), "to": window.end.isoformat(),
                 "seq": upto, "n": self.number, "at": box.clock.now().isoformat()}
        self.issued.setdefault((box.number, calendar), []).append(self.number)
        self.rounds[name] = Round(found, token, {0: 0})
        while len(self.rounds) > ROUNDS_KEPT:
            self.rounds.popitem(last=False)
        return name

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _page(self, name: str, number: int, box: Mailbox, prefs: Prefs, path: str) -> Json:
        this = self.rounds[name]
        first = this.pages[number]
        if self.knobs.first_page_empty and number == 0:
            return self._more(name, number, first, path)
        if self.knobs.middle_page_empty and number == 2:
            return self._more(name, number, first, path)
        size = min(filter(None, (prefs.page or self.knobs.delta_page, self.knobs.page_cap)))
        if number and self.knobs.poison_page and size >= self.knobs.poison_page:
            raise GraphError(500, "ErrorInternalServerError", "An internal server error occurred.")
        rows: list[Json] = []
        while first < len(this.units) and len(rows) < size:  # a series is never split
            rows += this.units[first].rows(self.renderer, prefs)
            first += 1
        if first < len(this.units) or (self.knobs.last_page_empty and rows):
            return self._more(name, number, first, path, rows)
        return {"value": rows, "@odata.deltaLink": f"{path}?$deltatoken={self._seal(this.token)}"}

    def _more(self, name: str, number: int, first: int, path: str, rows: list[Json] | None = None) -> Json:
        this = self.rounds[name]
        this.pages[number + 1] = first
        token = {**this.token, "round": name, "page": number + 1}
        return {"value": rows or [], "@odata.nextLink": f"{path}?$skiptoken={self._seal(token)}"}

    # -- tokens --------------------------------------------------------------------------------------------------------

    def _seal(self, token: dict[str, Any]) -> str:
        raw = json.dumps(token, separators=(",", ":")).encode()
        mark = hmac.new(self.secret, raw, hashlib.sha256).digest()[:12]
        stream = hashlib.shake_256(self.secret + mark).digest(len(raw))
        return (
            base64.urlsafe_b64encode(mark + bytes(a ^ b for a, b in zip(raw, stream, strict=True))).decode().rstrip("=")
        )

    def _open(self, box: Mailbox, calendar: int, text: str, kind: str, path: str) -> dict[str, Any]:
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            stream = hashlib.shake_256(self.secret + raw[:12]).digest(len(raw) - 12)
            plain = bytes(a ^ b for a, b in zip(raw[12:], stream, strict=True))
            if not hmac.compare_digest(hmac.new(self.secret, plain, hashlib.sha256).digest()[:12], raw[:12]):
                raise ValueError(text)
            token: dict[str, Any] = json.loads(plain)
        except ValueError:
            raise bad("Badly formed token.", "BadRequest") from None
        if (token["box"], token["cal"]) != (box.number, calendar) or ("round" in token) != (kind == "skip"):
            raise bad("The token is not valid.", "BadRequest")
        if self._too_old(box, calendar, token):
            raise self.gone(path)
        return token

    def _too_old(self, box: Mailbox, calendar: int, token: dict[str, Any]) -> bool:
        key = (box.number, calendar)
        serials = self.issued.get(key, [])
        age = box.clock.now() - datetime.fromisoformat(token["at"])
        newer = sum(serial > token["n"] for serial in serials[-self.knobs.delta_tokens_kept - 1:])
        return (token["n"] <= self.lost_below.get(key, 0) or newer > self.knobs.delta_tokens_kept
                or age.total_seconds() > self.knobs.delta_token_s)

    def forget(self, box: Mailbox | None = None, calendar: int | None = None) -> None:
        """Every token handed out so far is too old."""
        for key in list(self.issued):
            if (box is None or key[0] == box.number) and calendar in (None, key[1]):
                self.lost_below[key] = self.number

    def gone(self, path: str) -> GraphError:
        text = f"The sync state generation is not found; generation={self.number};[highest={self.number + 8}]."
        form = self.knobs.lost_token
        if form == "410-location":
            return GraphError(410, "syncStateNotFound", text, headers={"Location": f"{path}?$deltatoken="})
        if form == "400-id":
            return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")
        return GraphError(int(form), "SyncStateNotFound", text)
