"""Who wins where calendars said different things: a person's answer, the policy, the stamps, the tie (D1, D2). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from calsync_cli.engine.folded import Contender, Context, Folded
from calsync_cli.engine.world import calendar_meant
from calsync_cli.model.series import Path, Value, split


def decide(
    result: Folded,
    paths: tuple[Path, ...],
    contenders: list[Contender],
    offers: Mapping[int, Mapping[Path, Value | None]],
    ctx: Context,
) -> None:
    """Settle `paths` as one block: a winner's offer goes into the hub, or the block stays contested."""
    verdict = _verdict(paths, contenders, ctx)
    if verdict == "base" and "time" in paths and result.value("time") is None:
        verdict = "hold"  # in a first sync there is no value before, and an event without a time is none
    if verdict == "hold":
        for path in paths:
            result.contested[path] = tuple(
                Contender(c.calendar, offers[c.calendar].get(path)) for c in contenders if c.calendar in offers
            )
        return
    if verdict == "base":
        for path in paths:
            entry = result.hub.get(path)
            result.write(path, entry.value if entry else None, contenders[0].calendar)
        result.restored |= set(paths)
        losers = [c.calendar for c in contenders]
    else:
        winner = int(verdict.removeprefix("both:"))
        for path in paths:
            result.write(path, offers[winner].get(path), winner)
        losers = [c.calendar for c in contenders if c.calendar != winner]
        if verdict.startswith("both:"):
            result.copies |= {(loser, path) for loser in losers for path in paths}
    for loser in losers:
        result.lost += [(loser, path, offers[loser].get(path)) for path in paths if loser in offers]


def _verdict(paths: tuple[Path, ...], contenders: list[Contender], ctx: Context) -> str:
    """The winning calendar's number, "both:<number>", "base" or "hold"."""
    if not all(ctx.is_heard(c.calendar) for c in contenders):
        return "hold"
    ranked = sorted({c.calendar for c in contenders}, key=ctx.rank)
    policy: str = ctx.rules.policy.get(split(paths[0])[1], ctx.rules.conflict)
    answer = next((ctx.choice.answers[p] for p in (*paths, "") if ctx.choice and p in ctx.choice.answers), None)
    if answer is not None:
        return _side(answer, ranked, contenders, ctx, otherwise="hold")
    if policy == "ask":
        return "hold"
    if policy in ("a", "b"):
        return _side(policy, ranked, contenders, ctx, otherwise="hold")
    if policy == "newest":
        newest = _side("newest", ranked, contenders, ctx, otherwise="")
        if newest:
            return newest
    return _side(ctx.rules.tie, ranked, contenders, ctx, otherwise="hold")


def _side(word: str, ranked: list[int], contenders: list[Contender], ctx: Context, *, otherwise: str) -> str:
    match word:
        case "a":
            return str(ranked[0])
        case "b":
            return str(ranked[-1])
        case "base":
            return "base"
        case "both" | "keep-both":
            return f"both:{ranked[0]}"
        case "newest":
            newest = newest_of(tuple(c.calendar for c in contenders), ctx)
            return str(newest) if newest is not None else otherwise
    number = calendar_meant(word)
    return str(number) if number in ranked else otherwise


def newest_of(calendars: tuple[int, ...], ctx: Context) -> int | None:
    """The calendar with the clearly latest server stamp, or None when stamps cannot decide (D2)."""
    stamps = {}
    for number in calendars:
        calendar, stamp = ctx.calendars[number], ctx.stamps.get(number)
        if stamp is None or not calendar.server_stamps:
            return None
        if calendar.server_now is not None and stamp > calendar.server_now:
            return None
        stamps[number] = stamp
    return latest(stamps, ctx.rules.clock_tolerance)


def latest(stamps: Mapping[int, datetime | None], tolerance: timedelta) -> int | None:
    """Which of the calendars was changed last, and clearly so."""
    known = sorted((stamp, number) for number, stamp in stamps.items() if stamp is not None)
    if len(known) < max(2, len(stamps)) or known[-1][0] - known[-2][0] < tolerance:
        return None
    return known[-1][1]
