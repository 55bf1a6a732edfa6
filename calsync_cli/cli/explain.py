"""What a pair does, in one sentence: `config check` says it of each.

Shape   sentence(pair) -> "work-block: work/primary <-> home/Blocks; home/Blocks gets busy blocks; ..."; pure
"""

from __future__ import annotations

from collections.abc import Iterator

from calsync_cli.cli.words import field_words, reminder_words
from calsync_cli.model.account import CalendarName, Pair
from calsync_cli.model.series import ANSWER, CARRIED
from calsync_cli.model.views import BUSY, Filter, View, days_text, hours_text, length_text

TIES = {
    "ask": "you are asked", "a": "side a wins", "b": "side b wins", "newest": "the newest change wins",
    "keep-both": "both are kept as two events",
}
CONFLICTS = {
    "ask": "where both changed, you are asked", "newest": "where both changed, the newest change wins",
    "a": "where both changed, side a wins", "b": "where both changed, side b wins",
}
POLICIES = {
    "ask": "you are asked", "newest": "the newest change wins", "a": "side a wins", "b": "side b wins",
    "merge": "changes are merged",
}
EDITS = {
    "keep": "stays until its source changes the same field", "overwrite": "is overwritten", "ask": "is asked about",
}
ARROWS = {"two-way": "<->", "a-to-b": "->", "b-to-a": "<-"}
VIEWS = {"full": "everything", "titles": "titles and times only", "busy": "busy blocks only"}


def sentence(pair: Pair) -> str:
    parts = [*_shown(pair), *_rules(pair), *_flow(pair)]
    return f"{pair.name}: {pair.a} {ARROWS[pair.direction]} {pair.b}; {'; '.join(parts)}"


def _targets(pair: Pair) -> list[tuple[CalendarName, View]]:
    """Where copies are made, and what they show there."""
    a, b = (pair.a, pair.to_a), (pair.b, pair.to_b)
    return {"two-way": [b, a], "a-to-b": [b], "b-to-a": [a]}[pair.direction]


def view_words(view: View) -> str:
    """What a copy shows: `busy blocks only, called "Work"`; "" for everything as it is."""
    words = list(_view(view))
    return ", ".join([VIEWS[view.view], *words]) if words or view.view != "full" else ""


def _shown(pair: Pair) -> Iterator[str]:
    for calendar, view in _targets(pair):
        if words := view_words(view):
            yield f"{calendar} gets {words}"
    if off := sorted(map(field_words, pair.field_off)):
        yield f"{' and '.join(off)} {'do' if len(off) > 1 else 'does'} not cross"
    carried = [name.removeprefix(CARRIED) for name in pair.carry if name != ANSWER]
    if carried:
        yield f"{', '.join(carried)} goes along"
    if ANSWER in pair.carry:
        yield "your answer to an invitation that both have crosses"


def _view(view: View) -> Iterator[str]:
    if view.title and (view.view, view.title) not in (("busy", BUSY), ("full", "{title}"), ("titles", "{title}")):
        yield f'called "{view.title}"'
    if view.private is not None and view.private != (view.view == "busy"):
        yield "private" if view.private else "for everybody to see"
    if view.reminders != "keep":
        words = " and ".join(sorted(map(reminder_words, view.reminders)))
        yield f"reminding {words}" if words else "no reminders"
    if view.view == "full":
        dropped = [name for name, gone in (("guests", view.guests == "drop"), ("links", view.links == "drop")) if gone]
        if dropped:
            yield f"no {' and no '.join(dropped)}"
        mapped = [name for name, table in (("colours", view.colors), ("categories", view.categories)) if table]
        if mapped:
            yield f"{' and '.join(mapped)} of its own"


def _rules(pair: Pair) -> Iterator[str]:
    words = list(_filter(pair.filter))
    if words:
        yield f"only {', '.join(words)}"
        if pair.on_leave == "retire":
            yield "what is so no longer loses its copy"


def _filter(rule: Filter) -> Iterator[str]:
    if rule.only:
        yield f"events that are {' and '.join(sorted(rule.only))}"
    if rule.never and rule.only:
        yield f"none that is {' or '.join(sorted(rule.never))}"
    elif rule.never:
        yield f"events that are {'neither' if len(rule.never) > 1 else 'not'} {' nor '.join(sorted(rule.never))}"
    for name, pattern in rule.patterns.items():
        yield f'{name} like "{pattern}"'
    for name, pattern in rule.not_patterns.items():
        yield f'{name} not like "{pattern}"'
    if rule.categories:
        yield f"in {' or '.join(sorted(rule.categories))}"
    if rule.not_categories:
        yield f"not in {' or '.join(sorted(rule.not_categories))}"
    if rule.min_duration is not None:
        yield f"from {length_text(rule.min_duration)}"
    if rule.max_duration is not None:
        yield f"up to {length_text(rule.max_duration)}"
    if rule.weekdays or rule.between:
        yield " ".join(filter(None, (
            days_text(rule.weekdays), hours_text(rule.between) if rule.between else "",
            f"({rule.zone})" if rule.zone else "",
        )))
    if not rule.invited:
        yield "without those whose guests you are on the other side"


def _flow(pair: Pair) -> Iterator[str]:
    if pair.direction != "two-way":
        (copies, _), = _targets(pair)
        yield f"one way; an edit in {copies} {EDITS[pair.target_edits]}"
    else:
        blocks = [str(calendar) for calendar, view in _targets(pair) if view.view == "busy"]
        if blocks:
            yield f"moving a block in {' or '.join(blocks)} moves its event, deleting it deletes the event"
        merged = f"changes of both sides are merged; where both changed one field, {TIES[pair.tie]}"
        yield merged if pair.conflict == "merge" else CONFLICTS[pair.conflict]
        for name, policy in sorted(pair.field_policy.items()):
            if policy != pair.conflict:
                yield f"{field_words(name)}: {POLICIES[policy]}"
    if pair.chain:
        yield "its copies are copied on by other pairs"
