"""This and following (R6): a series cut short waits for the series that takes over its later dates. Pure."""

from __future__ import annotations

from dataclasses import replace

from calsync_cli.engine.case import Decision
from calsync_cli.engine.world import Step
from calsync_cli.model import recur
from calsync_cli.model.series import Recurrence
from calsync_cli.model.times import Span, instance_key


def with_needs(decisions: list[Decision]) -> list[Step]:
    """A series cut short waits for the series that takes over its later dates, on each calendar."""
    births = [(d, _born(d)) for d in decisions if any(step.kind == "create" for step in d.steps)]
    steps = []
    for decision in decisions:
        for step in decision.steps:
            lost = _lost_dates(decision, step)
            heirs = [d for d, start in births if start in lost and d is not decision] if lost else []
            there = [s for d in heirs for s in d.steps if s.kind == "create" and s.calendar == step.calendar]
            needs = tuple(sorted(s.link for s in there))
            steps.append(replace(step, needs=needs) if needs else step)
    return steps


def _born(decision: Decision) -> str:
    span = next((s.changes.get("time") for s in decision.steps if s.kind == "create"), None)
    return instance_key(span.start) if isinstance(span, Span) else ""


def _lost_dates(decision: Decision, step: Step) -> frozenset[str]:
    """Dates of the replica's present series that the planned rule no longer has."""
    rule = step.changes.get("recurrence")
    replica = next((s.replica for s in decision.link.spokes if s.calendar == step.calendar), None)
    if step.kind != "update" or not isinstance(rule, Recurrence) or replica is None or replica.form is None:
        return frozenset()
    span, before = replica.form.get("time"), replica.form.get("recurrence")
    after = step.changes.get("time", span)
    if not (isinstance(span, Span) and isinstance(before, Recurrence) and isinstance(after, Span)):
        return frozenset()
    left = {instance_key(when) for when in recur.starts(after, rule)}
    return frozenset(instance_key(when) for when in recur.starts(span, before)) - left
