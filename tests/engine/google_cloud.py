"""Google as one of the services of a CloudWorld: its emulator, on the world's clock, saved and put back."""

from __future__ import annotations

import random
from copy import copy, deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx

from calsync_cli.store.db import micros
from tests.emulators.google.emulator import GoogleEmulator, google_emulator
from tests.engine.cloud_wire import Direct, dated_answers
from tests.engine.world import START

if TYPE_CHECKING:
    from tests.engine.cloud_world import CloudWorld

PERSON = "person@example.test"
"""Whoever edits at Google: another user than calsync's, whose rights a test may take away."""


class GoogleCloud:
    def __init__(self, world: CloudWorld, users: list[str], modes: dict[str, Any] | None) -> None:
        self.http = world.http
        self.g = google_emulator(start=START, accounts=[*users, PERSON], modes=modes)
        clock = self.g.clock
        clock.now_us = lambda: max(clock._last_us, micros(world.clock.now))  # type: ignore[method-assign]
        if self.http:
            self.g.answer = dated_answers(self.g)  # type: ignore[method-assign]
            world.stack.enter_context(self.g)
        else:
            self.g.api_url = "http://127.0.0.1/calendar/v3"

    def transport(self) -> httpx.BaseTransport:
        return httpx.HTTPTransport(verify=False) if self.http else Direct(self.g)

    def complaints(self) -> dict[str, list[Any]]:
        return {"mails": self.g.mails, "problems": self.g.problems, "remarks": self.g.api.remarks}

    def break_a_batch(self) -> None:
        self.g.faults.arm("partial-batch")

    def lag(self, seconds: float) -> None:
        """So far are lists behind what is done from now on."""
        self.g.world.lag.seconds = seconds

    def settle(self) -> None:
        self.g.settle()

    def expire_tokens(self) -> None:
        self.g.expire_sync_tokens()

    def save(self) -> Any:
        return _saved(self.g)

    def load(self, saved: Any) -> None:
        _restored(self.g, saved)


_LOGS = ("log", "problems", "remarks", "late")


def _saved(g: GoogleEmulator) -> dict[str, Any]:
    """Rows and bodies never change, so only what holds them is copied."""
    world = g.world
    return {
        "last_us": g.clock._last_us, "calls": world.calls, "mails": list(world.mails), "lag": copy(world.lag),
        "dice": [one.getstate() for one in _dice(g)],
        "calendars": {name: _calendar(one) for name, one in world.calendars.items()},
        "accounts": {n: (deepcopy(a.entries), list(a.list_log)) for n, a in world.accounts.items()},
        "open": dict(world.listings.open), "logs": {name: list(getattr(g.api, name)) for name in _LOGS},
        "blocked": g.quota.writes_blocked_until_s,
    }


def _restored(g: GoogleEmulator, saved: dict[str, Any]) -> None:
    world = g.world
    g.clock._last_us, world.calls, world.lag = saved["last_us"], saved["calls"], copy(saved["lag"])
    world.mails[:] = saved["mails"]
    for one, state in zip(_dice(g), saved["dice"], strict=True):
        one.setstate(state)
    world.calendars.clear()
    world.calendars.update({name: _calendar(one) for name, one in saved["calendars"].items()})
    for name, (entries, log) in saved["accounts"].items():
        world.accounts[name].entries, world.accounts[name].list_log = deepcopy(entries), list(log)
    world.listings.open = dict(saved["open"])
    for name, entries in saved["logs"].items():
        getattr(g.api, name)[:] = entries
    g.quota.writes_blocked_until_s = saved["blocked"]
    g.faults.armed.clear()


def _dice(g: GoogleEmulator) -> list[random.Random]:
    return [g.world.ids.random, g.world.dice, g.faults.dice]


def _calendar(one: Any) -> Any:
    return replace(
        one, more=dict(one.more), acl=dict(one.acl), rows=dict(one.rows), log=[copy(entry) for entry in one.log],
        versions={name: list(rows) for name, rows in one.versions.items()},
        overrides={name: set(ids) for name, ids in one.overrides.items()},
        prefixes={name: set(ids) for name, ids in one.prefixes.items()},
    )
