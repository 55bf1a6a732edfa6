"""Which instance keys are dates of a series: Google has exceptions for no others (facts 4.4, 5.4).

Shape   `dates_among(span, rule, keys)` -> those of `keys` that the series has, in one pass over its dates. All of them
        when nobody can tell: rules that cannot be expanded, or that the expander is stricter about than Google
"""

from __future__ import annotations

from collections.abc import Iterable

from calsync_cli.mapping.inherit import key_kind
from calsync_cli.model.recur import expandable, has_instance, starts
from calsync_cli.model.series import Form, Recurrence
from calsync_cli.model.times import InstanceKey, Span, instance_key


def dates_among(span: Span, rule: Recurrence, keys: Iterable[InstanceKey]) -> frozenset[InstanceKey]:
    kind = key_kind(instance_key(span.start))
    wanted = {key for key in keys if key_kind(key) == kind}
    if not wanted or rule.periods or not expandable(rule):
        return frozenset(wanted)
    try:
        return frozenset(_found(span, rule, wanted))
    except (ValueError, OverflowError):
        return frozenset(wanted)


def _found(span: Span, rule: Recurrence, wanted: set[InstanceKey]) -> set[InstanceKey]:
    last, found, key = max(wanted), set(), ""
    for when in starts(span, rule):
        key = instance_key(when)
        if key in wanted:
            found.add(key)
        if key >= last:
            return found
    return found | {late for late in wanted if late > key and has_instance(span, rule, late)}


def form_dates(form: Form, keys: Iterable[InstanceKey]) -> frozenset[InstanceKey]:
    """Of `keys` those that are dates of the series a form describes; none of an event that does not repeat."""
    span, rule = form.get("time"), form.get("recurrence")
    if not isinstance(span, Span) or not isinstance(rule, Recurrence):
        return frozenset()
    return dates_among(span, rule, keys)
