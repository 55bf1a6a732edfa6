"""What goes wrong on purpose: once, n times, or with a probability, and for requests that match a pattern.

    {"name": "drop-after", "match": "POST .*/events", "times": 1}       the next insert is carried out, its answer lost
    {"name": "503", "probability": 0.02, "times": null}                  one request in fifty, for ever
    {"name": "403-user-rate", "times": null, "seconds": 30}              a quota storm of half a minute

`match` is searched in "VERB /path?query method-name", e.g. "PATCH /calendar/v3/calendars/x/events/y events.patch"; the
outer request of a batch is named "batch", requests for tokens "oauth" (hit only by patterns that say so). `skip` lets
the first n matching requests pass. Every name and its arguments:

    drop-before     the connection closes, nothing is done         drop-after      done, then the connection closes
    cut             done, half of the answer                       garbled         done, answered with an HTML page
    late            the connection closes; done after `calls` more requests and `seconds_late`
    slow            answered after `seconds_slow`                  500 502 503 504 answered so, nothing is done
    500-after 503-after   done, then answered so                   401             the access token has expired
    429             with Retry-After `retry_after_s`               403-rate 403-user-rate 403-quota (writes only) 403
    404             this calendar or event is "not found"          409             conflict
    412             somebody was faster                            410             on a list: the sync token is dead
    page            pages of at most `n`                           empty           `n` empty pages first
    stale           the list as it was `n` changes ago             partial-batch   only some parts `done` and `answered`
    do do-after     `action`, a callable, or over the control URL `step`, one of its steps: e.g. an edit in between
    error           any row of facts 8.2: `status`, `reason`, and maybe `message`, `domain`, `location`, `retry_after_s`
    empty-answer    done, answered with its status but without a body
    role            `role` of this user on this calendar from now on: an access role, or "none"
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.emulators.clock import Clock
from tests.emulators.google import errors
from tests.emulators.google.errors import ApiError
from tests.emulators.web import Response, html_response, json_response

NAMES = frozenset({
    "drop-before", "drop-after", "cut", "garbled", "late", "slow", "500", "502", "503", "504", "500-after", "503-after",
    "401", "429", "403-rate", "403-user-rate", "403-quota", "403", "404", "409", "412", "410", "page", "empty", "stale",
    "partial-batch", "role", "do", "do-after", "error", "empty-answer",
})
ON_LISTS = frozenset({"410", "page", "empty", "stale"})
BROKEN_PAGE = "<html><title>Error 502 (Server Error)!!1</title><p>The server encountered a temporary error.</html>"
LISTS = re.compile(r" (events\.(list|instances)|calendarList\.list)$")


@dataclass
class Fault:
    name: str
    match: str = ""
    times: int | None = 1
    probability: float = 1.0
    skip: int = 0
    until_s: float | None = None
    args: dict[str, Any] = field(default_factory=dict)
    used: int = 0


@dataclass
class Faults:
    clock: Clock
    dice: Random
    armed: list[Fault] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)

    def arm(self, name: str, match: str = "", *, times: int | None = 1, probability: float = 1.0, skip: int = 0,
            seconds: float | None = None, **args: Any) -> Fault:
        if name not in NAMES:
            raise ValueError(f"unknown fault {name!r}; there are {sorted(NAMES)}")
        until = None if seconds is None else self.clock.now_s() + seconds
        fault = Fault(name, match, times, probability, skip, until, args)
        self.armed.append(fault)
        return fault

    def disarm(self) -> None:
        self.armed.clear()

    def take(self, what: str, writes: bool) -> dict[str, Fault]:
        """The faults that hit this request, by name; each is used up by it."""
        hit: dict[str, Fault] = {}
        for fault in list(self.armed):
            if fault.until_s is not None and self.clock.now_s() > fault.until_s:
                self.armed.remove(fault)
            elif fault.name not in hit and self._applies(fault, what, writes):
                hit[fault.name] = fault
                fault.used += 1
                self.used[fault.name] = self.used.get(fault.name, 0) + 1
                if fault.times is not None and fault.used >= fault.times:
                    self.armed.remove(fault)
        return hit

    def _applies(self, fault: Fault, what: str, writes: bool) -> bool:
        if (fault.name in ON_LISTS and not LISTS.search(what)) or (fault.name == "403-quota" and not writes):
            return False
        if fault.name == "410" and "syncToken=" not in what:
            return False
        if what.endswith(" oauth") and "oauth" not in fault.match:
            return False
        if (fault.name == "partial-batch") != what.endswith(" batch") and fault.name == "partial-batch":
            return False
        if not re.search(fault.match, what) or self.dice.random() >= fault.probability:
            return False
        fault.skip -= 1
        return fault.skip < 0


def refusal(hit: dict[str, Fault]) -> ApiError | None:
    """The error that is answered instead of doing anything."""
    made = {
        "500": errors.backend_error(), "502": errors.backend_error(502), "503": errors.backend_error(503),
        "504": errors.backend_error(504), "403-rate": errors.rate_limit(), "403-user-rate": errors.user_rate_limit(),
        "403-quota": errors.quota_exceeded(), "403": errors.forbidden(), "404": errors.not_found(),
        "409": errors.conflict(), "412": errors.condition_not_met(), "429": errors.too_many_requests(),
    }
    if "error" in hit:
        return ApiError(**{"message": "An error", **hit["error"].args})
    for name, error in made.items():
        if name in hit:
            error.retry_after_s = hit[name].args.get("retry_after_s", error.retry_after_s)
            return error
    return None


def hints(hit: dict[str, Fault]) -> dict[str, Any]:
    """What the listing code has to know."""
    told = {name: int(hit[name].args.get("n", 1)) for name in ("page", "empty", "stale") if name in hit}
    return told | ({"expired": True} if "410" in hit else {})


def spoiled(response: Response, hit: dict[str, Fault]) -> Response:
    """What becomes of an answer on its way back."""
    if "slow" in hit:
        response.delay_s = float(hit["slow"].args.get("seconds_slow", 0.5))
    if "500-after" in hit or "503-after" in hit:
        error = errors.backend_error(500 if "500-after" in hit else 503)
        response = json_response(error.status, error.body())
    if "garbled" in hit:
        response = html_response(200, "<html><title>Sign in</title></html>")
    if "empty-answer" in hit:
        response.body = b""
    if "cut" in hit:
        response.fate = "cut"
    if "drop-after" in hit:
        response.fate = "dropped"
    return response
