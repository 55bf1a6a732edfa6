"""Events of several calendars that nothing but title, time and rule says to be one (K2). Pure."""

from __future__ import annotations

from collections import defaultdict

from calsync_cli.engine.world import Hold, Link, Replica, Spoke
from calsync_cli.model.codec import dumps, time_text, value_json
from calsync_cli.model.series import form_span, form_title


def alike(links: list[Link]) -> dict[str, list[Link]]:
    """New sets, and linked ones that a new set of another calendar could belong to, by fingerprint."""
    new: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        if is_new(link):
            new[_fingerprint(first(link))].append(link)
    for link in links:
        if new and link.id is not None and link.alive and any(s.state == "absent" for s in link.spokes):
            replica = next((s.replica for s in live(link) if s.replica and s.replica.form is not None), None)
            mark = _fingerprint(replica) if replica else ""
            if mark in new and {s.calendar for n in new[mark] for s in live(n)} <= _free(link):
                new[mark].append(link)
    return new


def is_new(link: Link) -> bool:
    return link.id is None and len(live(link)) == 1 and "time" in (first(link).form or {})


def ambiguous(link: Link, count: int) -> Hold:
    spoke = next(s for s in link.spokes if s.state == "live")
    assert spoke.replica is not None and spoke.replica.form is not None
    span = form_span(spoke.replica.form)
    return Hold(
        kind="ambiguous",
        subject=f"item:{spoke.calendar}:{spoke.remote_id}",
        title=form_title(spoke.replica.form),
        start=time_text(span.start) if span else "",
        words=f"{count} events with this title and time could be the same one; none was linked, copied or changed. "
        "Give different titles to those that are not the same, or delete what is double",
        calendar=spoke.calendar,
        remote_id=spoke.remote_id,
        digest=_fingerprint(spoke.replica),
    )


def _fingerprint(replica: Replica) -> str:
    form = replica.form or {}
    title = form.get("title", "")
    return dumps([str(title).casefold(), value_json(form.get("time")), value_json(form.get("recurrence"))])


def live(link: Link) -> list[Spoke]:
    return [spoke for spoke in link.spokes if spoke.state == "live"]


def _free(link: Link) -> set[int]:
    return {spoke.calendar for spoke in link.spokes if spoke.state == "absent" and spoke.refused is None}


def first(link: Link) -> Replica:
    replica = live(link)[0].replica
    assert replica is not None
    return replica
