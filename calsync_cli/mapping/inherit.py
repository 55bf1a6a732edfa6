"""What an instance inherits from its master, and which form says the same with the fewest paths.

Shape   fields: {field: value} of one component, never empty values; form paths hold what differs from the inherited
Rule    an instance starts at its key and lasts as long as the master: on the wall clock where both ends share a zone,
        exactly otherwise (model.series)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from calsync_cli.mapping.rrule_text import canonical
from calsync_cli.mapping.values import clean, one_line
from calsync_cli.mapping.when import from_key, original_start
from calsync_cli.model.recur import same_span
from calsync_cli.model.series import CANCELLED, Form, Path, Recurrence, Value, instance_keys, join, split
from calsync_cli.model.times import Floating, InstanceKey, Span, When, by_time, instance_key, lasting

Fields = dict[str, Value]
NOWHERE = Floating(datetime(2000, 1, 1))
"""Stands for the start of a series that is not there; keys are then read by their own form."""

_ONE_LINE = frozenset({"url", "attachments"})
NOT_INHERITED = frozenset({"recurrence"})


def inherited_span(master: Span, key: InstanceKey) -> Span:
    return lasting(master, from_key(key, master.start))


def master_fields(form: Form) -> Fields:
    return {path: value for path, value in form.items() if not path.startswith("@") and value}


def inherited(master: Mapping[str, Value], key: InstanceKey) -> Fields:
    """The fields of an instance that has no values of its own; nothing without a master (R9)."""
    fields = {name: value for name, value in master.items() if name not in NOT_INHERITED}
    span = fields.get("time")
    if isinstance(span, Span):
        fields["time"] = inherited_span(span, key)
    return fields


def instance_fields(form: Form, key: InstanceKey) -> Fields:
    """What the instance shows: the master's fields with its own on top."""
    fields = inherited(master_fields(form), key)
    for path, value in form.items():
        if path.startswith(f"@{key}/"):
            fields[split(path)[1]] = value
    return {name: value for name, value in fields.items() if value}


def own_paths(master: Mapping[str, Value], key: InstanceKey, fields: Mapping[str, Value]) -> dict[Path, Value]:
    """The paths of an instance that shows `fields`: only what differs from what it inherits."""
    base = inherited(master, key)
    paths: dict[Path, Value] = {}
    for name in base.keys() | fields.keys():
        if not same_value(name, base.get(name), fields.get(name)):
            paths[join(key, name)] = fields.get(name) or _empty_like(base[name])
    return paths


def same_value(name: str, a: Value | None, b: Value | None) -> bool:
    if name == "time" and isinstance(a, Span) and isinstance(b, Span):
        return same_span(a, b, repeats=False)
    return a == b


def _empty_like(value: Value) -> Value:
    return frozenset() if isinstance(value, frozenset) else ""


def cancelled(fields: Mapping[str, Value], master: Mapping[str, Value]) -> bool:
    """Whether an override says that its instance is off; under a cancelled master it merely inherits that."""
    return fields.get("status") == "cancelled" and master.get("status") != "cancelled"


def normal(form: Form) -> dict[Path, Value]:
    """`form` as reading it back gives it: texts clean, rules in the kind of their series, no path that only repeats."""
    cleaned = {path: _clean(split(path)[1], value) for path, value in form.items()}
    master = master_fields(cleaned)
    span, rule = master.get("time"), master.get("recurrence")
    if isinstance(span, Span) and isinstance(rule, Recurrence):
        master["recurrence"] = fitted(rule, span.start)
    if isinstance(span, Span):
        cleaned = {_fitting(path, span.start): value for path, value in cleaned.items()}
    result: dict[Path, Value] = dict(master)
    for key in instance_keys(cleaned):
        fields = instance_fields(cleaned, key)
        if f"@{key}" in cleaned or cancelled(fields, master):
            result[f"@{key}"] = CANCELLED
        else:
            result |= own_paths(master, key, fields)
    return result


def fitted(rule: Recurrence, start: When) -> Recurrence:
    """The rule as a series from `start` says it: UNTIL and extra dates in its kind of time, all in canonical order."""
    dates = {original_start(when, start, None, None) for when in rule.dates}
    rules = {canonical(text, start) for text in rule.rules}
    return Recurrence(tuple(sorted(rules)), tuple(sorted(dates, key=by_time)), tuple(sorted(set(rule.periods))))


def _fitting(path: Path, start: When) -> Path:
    """A path whose key is of another kind than its series (a day on a timed one), as it reads back."""
    key, name = split(path)
    if not key or key_kind(key) == key_kind(instance_key(start)):
        return path
    return join(instance_key(original_start(from_key(key, NOWHERE), start, None, None)), name)


def key_kind(key: InstanceKey) -> tuple[bool, bool]:
    return len(key) == 8, key.endswith("Z")


def _clean(name: str, value: Value) -> Value:
    match value:
        case str():
            return one_line(clean(value)) if name in _ONE_LINE else clean(value)
        case frozenset():
            texts = {one_line(clean(text)) if name in _ONE_LINE else clean(text).strip() for text in value}
            return frozenset(text for text in texts if text and not _inline(name, text))
        case _:
            return value


def _inline(name: str, text: str) -> bool:
    """Bytes in a data: URI stay where they are; they are no link that another calendar could show."""
    return name == "attachments" and text[:5].lower() == "data:"
