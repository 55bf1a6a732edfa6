"""COUNT on a series whose start its rule does not produce: systems count such a start or do not (facts 5.3).

Kept    the rule with its COUNT, beside the series: it is read for as long as Google's rule is what stands for it
Shape   `unambiguous(rule, start)` -> the same dates with UNTIL in its place, which means one thing everywhere; other
        rules as they are. The dates are those of model.recur: the start, and as many of the rule as COUNT says
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import islice

from calsync_cli.errors import MappingError
from calsync_cli.mapping.rrule_text import canonical
from calsync_cli.mapping.values import stamp
from calsync_cli.model.recur import comes
from calsync_cli.model.times import When, wall

_MOST = 3000
"""Dates that are looked at; longer series keep their COUNT."""


def unambiguous(rule: str, start: When) -> str:
    last = _last(rule, wall(start)) if "COUNT=" in rule else None
    if last is None:
        return rule
    rest = ";".join(part for part in rule.split(";") if not part.startswith("COUNT="))
    return canonical(f"{rest};UNTIL={stamp(last)}", start)


def ambiguous(rules: Iterable[str], start: When) -> list[str]:
    """The rules that must be kept, since Google gets another one in their place."""
    return [rule for rule in rules if unambiguous(rule, start) != rule]


def as_kept(rules: Iterable[str], kept: Iterable[str], start: When) -> tuple[str, ...]:
    """Google's rules, with the kept ones in the place of what stands for them."""
    originals: dict[str, str] = {}
    for text in kept:
        try:
            rule = canonical(text, start)
        except MappingError:
            continue
        if rule in ambiguous([rule], start):
            originals[unambiguous(rule, start)] = rule
    return tuple(sorted(originals.get(rule, rule) for rule in rules))


@lru_cache(maxsize=1024)
def _last(rule: str, start: datetime) -> datetime | None:
    """The last date of a rule that does not begin at `start`; None when it does, or nobody can tell."""
    from dateutil.rrule import rrulestr

    if not comes(rule, start):
        return None
    try:
        dates = list(islice(rrulestr(rule, dtstart=start.replace(fold=0)), _MOST + 1))
    except (ValueError, OverflowError, TypeError):
        return None
    return dates[-1] if dates and dates[0] != start and len(dates) <= _MOST else None
