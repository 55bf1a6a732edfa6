"""How far a pair looks that has a Microsoft calendar among those it is joined with: Graph reads in windows (V1).

Shape   `bounded(pairs, said, at_microsoft)` -> the pairs, each with its window; `problems` -> (path, text) of windows
        that cannot be had. said: names of the pairs that say one, themselves or in [defaults]
Source  Graph refuses more than 1,825 days (facts 0.8), and the provider reads whole months around the window
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from calsync_cli.config.rings import joined_by
from calsync_cli.model.account import IN_WINDOWS, Pair, Window

LONGEST = timedelta(days=1700)


def bounded(pairs: Mapping[str, Pair], said: Container[str], at_microsoft: Container[str]) -> dict[str, Pair]:
    """A window without one of its ends gets that of the default there."""
    found = dict(pairs)
    for name in _reading_in_windows(pairs, at_microsoft):
        window = pairs[name].window
        if name not in said or not window.all:
            whole = Window(window.past or IN_WINDOWS.past, window.future or IN_WINDOWS.future)
            found[name] = replace(pairs[name], window=whole)
    return found


def problems(pairs: Mapping[str, Pair], at_microsoft: Container[str]) -> Iterator[tuple[str, str]]:
    for name in _reading_in_windows(pairs, at_microsoft):
        past, future = pairs[name].window.past, pairs[name].window.future
        if past is None or future is None or past + future > LONGEST:
            text = f"Microsoft shows a calendar for at most {LONGEST.days:,} days, past and future together"
            yield f"pairs.{name}.window", f'{text}; write {{ past = "1y", future = "2y" }}'


def _reading_in_windows(pairs: Mapping[str, Pair], at_microsoft: Container[str]) -> Iterator[str]:
    """All pairs of a group with such a calendar, for a group has one window (N1)."""
    for group in joined_by(pairs.values()):
        if any(side.account in at_microsoft for pair in group for side in (pair.a, pair.b)):
            yield from (pair.name for pair in group)
