"""The control URL: what happened, edits as people make them, faults, time.

GET     {"mails": [...], "requests": {"read": n, "write": n}, "events": {calendar id: [...]}, and "problems", "remarks",
        "faults" (times hit), "tokens" (token requests), "calendars" (id: summary),
        "channels" (not expired)}; ?deleted=1 lists tombstones too
POST    one JSON object, or a list of them done in order; answers {"done": [result, ...]}, or 400 {"error": text}
        (what came before the failing one stays done)

As a person in the calendar (people.py; every one takes "calendar"):
    {"do": "insert", "event": {...}}                      {"do": "patch", "id": ..., "changes": {...}}
    {"do": "delete", "id": ...}                           an instance id deletes that instance
    {"do": "delete_following", "master_id": ..., "at": instance id}
    {"do": "split", "master_id": ..., "at": instance id, "changes": {...}}         "this and following"
    {"do": "move", "id": ..., "to": calendar}             {"do": "duplicate", "id": ...}
    {"do": "respond", "id": ..., "response": "accepted"}  {"do": "instances", "master_id": ...}
    {"do": "invite", "organizer": ..., "event": {...}}    {"do": "put", "id": ..., "event": {...}}    any shape
Accounts and calendars:
    {"do": "add_account", "email": ...}                   {"do": "add_calendar", "owner": ..., "summary": ...}
    {"do": "share", "calendar": ..., "user": ..., "role": "reader"}
    {"do": "hide", "calendar": ..., "user": ..., "hidden": true}
    {"do": "remove_calendar", "calendar": ...}
Behaviour (faults.py, modes.py):
    {"do": "fault", "name": "drop-after", "match": ..., "times": 1}                {"do": "disarm"}
    {"do": "settle"}                                      no more faults or lag; what was late is done now
    {"do": "modes", "modes": {...}}                       {"do": "lag", "seconds": 2, "calls": 0}
    {"do": "page", "size": 2}                             {"do": "advance", "seconds": 3600}
    {"do": "quota", "per_minute": 600}                    {"do": "block_writes", "seconds": 3600}
    {"do": "hold_push"}                                   {"do": "release_push"}            messages come late
    {"do": "expire_sync_tokens", "calendar": ...}         {"do": "expire_page_tokens"}      {"do": "clear_logs"}
Sign-in:
    {"do": "expire_access_tokens"}                        {"do": "revoke", "user": ...}
    {"do": "expire_refresh_tokens", "why": "expired", "subtype": "invalid_rapt"}
    {"do": "token_fault", "error": "temporarily_unavailable", "status": 503}       for the next token request
    {"do": "consent", "auto": true, "user": ..., "scopes": [...], "denies": false}
    {"do": "token", "user": ..., "scopes": [...]}         an access token, without any sign-in
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.emulators.google.errors import ApiError
from tests.emulators.google.state import Body
from tests.emulators.oauth_tokens import Refused
from tests.emulators.web import Request, Response, json_response

if TYPE_CHECKING:
    from tests.emulators.google.emulator import GoogleEmulator

PEOPLE = ("insert", "patch", "delete", "delete_following", "split", "move", "duplicate", "respond", "instances",
          "invite", "put")


class Control:
    def __init__(self, emulator: GoogleEmulator) -> None:
        self.emulator = emulator

    def answer(self, request: Request) -> Response:
        if request.method == "GET":
            return json_response(200, self.report(deleted="deleted=1" in request.query))
        try:
            asked = json.loads(request.body)
            steps = asked if isinstance(asked, list) else [asked]
            return json_response(200, {"done": [self.do(dict(step)) for step in steps]})
        except (ApiError, ValueError, TypeError, KeyError, AttributeError) as error:
            return json_response(400, {"error": f"{type(error).__name__}: {error}"})

    def report(self, deleted: bool = False) -> Body:
        emulator = self.emulator
        return {
            "mails": emulator.mails, "requests": emulator.requests,
            "events": {name: emulator.events(name, deleted=deleted) for name in emulator.world.calendars},
            "problems": emulator.problems, "remarks": emulator.api.remarks, "faults": emulator.faults.used,
            "tokens": emulator.oauth.token_requests,
            "calendars": {name: calendar.summary for name, calendar in emulator.world.calendars.items()},
            "channels": [{"id": one.id, "calendar": one.calendar, "address": one.address, "token": one.token}
                         for one in emulator.channels.living()],
        }

    def do(self, step: Body) -> Any:
        name = step.pop("do")
        if name in PEOPLE:
            if "id" in step:
                step["event_id"] = step.pop("id")
            return getattr(self.emulator.people, name)(**step)
        actions: dict[str, Callable[..., Any]] = {
            one.removeprefix("on_"): getattr(self, one) for one in dir(self) if one.startswith("on_")
        }
        if name not in actions:
            raise ValueError(f"unknown action {name!r}; there are {sorted([*PEOPLE, *actions])}")
        return actions[name](**step)

    # -- the world -----------------------------------------------------------------------------------------------------

    def on_add_account(self, email: str, name: str = "") -> str:
        return self.emulator.world.add_account(email, name).email

    def on_add_calendar(self, owner: str, summary: str, **more: Any) -> str:
        return self.emulator.world.add_calendar(owner, summary, **more).id

    def on_share(self, calendar: str, user: str, role: str) -> None:
        self.emulator.world.share(calendar, user, role)

    def on_hide(self, calendar: str, user: str, hidden: bool = True) -> None:
        self.emulator.world.accounts[user].entries[calendar]["hidden"] = hidden

    def on_remove_calendar(self, calendar: str) -> None:
        self.emulator.world.remove_calendar(calendar)

    # -- how it behaves ------------------------------------------------------------------------------------------------

    def on_fault(self, name: str, **more: Any) -> None:
        if "step" in more:
            step = more.pop("step")
            more["action"] = lambda: self.do(dict(step))
        self.emulator.faults.arm(name, **more)

    def on_disarm(self) -> None:
        self.emulator.faults.disarm()

    def on_settle(self) -> None:
        self.emulator.settle()

    def on_modes(self, modes: Body) -> None:
        self.emulator.modes.change(modes)

    def on_lag(self, seconds: float = 0.0, calls: int = 0) -> None:
        self.emulator.world.lag.seconds, self.emulator.world.lag.calls = seconds, calls

    def on_page(self, size: int | None = None) -> None:
        self.emulator.world.page_limit = size

    def on_advance(self, seconds: float) -> None:
        self.emulator.clock.advance(seconds)

    def on_hold_push(self) -> None:
        self.emulator.channels.hold()

    def on_release_push(self) -> None:
        self.emulator.channels.release()

    def on_quota(self, per_minute: int | None = None) -> None:
        self.emulator.quota.per_minute = per_minute

    def on_block_writes(self, seconds: float) -> None:
        self.emulator.quota.writes_blocked_until_s = self.emulator.clock.now_s() + seconds

    def on_expire_sync_tokens(self, calendar: str = "") -> None:
        self.emulator.expire_sync_tokens(calendar)

    def on_expire_page_tokens(self) -> None:
        self.emulator.world.listings.expire()

    def on_clear_logs(self) -> None:
        self.emulator.clear_logs()

    # -- sign-in -------------------------------------------------------------------------------------------------------

    def on_expire_access_tokens(self) -> None:
        self.emulator.oauth.tokens.expire_access()

    def on_expire_refresh_tokens(self, why: str = "expired", subtype: str = "", user: str = "") -> None:
        tokens = self.emulator.oauth.tokens
        for token in list(tokens.refresh.values()):
            if user in ("", token.grant.user):
                tokens.kill(token, why, subtype)

    def on_revoke(self, user: str = "") -> None:
        self.on_expire_refresh_tokens("revoked", user=user)

    def on_token_fault(self, error: str, description: str = "", status: int = 400, subtype: str = "") -> None:
        self.emulator.oauth.token_faults.append(Refused(error, description or error, status, subtype))

    def on_consent(
        self, auto: bool = True, user: str = "", scopes: list[str] | None = None, denies: bool = False
    ) -> None:
        oauth = self.emulator.oauth
        oauth.auto_consent, oauth.auto_user, oauth.auto_denies = auto, user, denies
        oauth.auto_scopes = None if scopes is None else frozenset(scopes)

    def on_token(self, user: str = "", scopes: list[str] | None = None) -> str:
        return self.emulator.token(user, scopes) if scopes else self.emulator.token(user)
