"""An answer -> the feed: its events by id, its name, how often it wants to be asked.

Errors  ProtocolError when it is no whole, valid calendar: it counts as not fetched, and nothing follows from it (O9)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from calsync_cli.errors import TransientError
from calsync_cli.mapping.feed import names
from calsync_cli.mapping.feed.names import Entry
from calsync_cli.mapping.feed.split import Split, split
from calsync_cli.mapping.feed.text import NotAFeed, lines_of
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.base import Item
from calsync_cli.providers.ics.source import Answer, Source, Validators, useless

log = logging.getLogger(__name__)
SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Feed:
    """by_content: named by what its events say, since it gives new UIDs each time. rest: how long not to ask again."""

    entries: Mapping[str, Entry]
    name: str
    color: str | None
    validators: Validators
    rest: timedelta
    by_content: bool

    def item(self, remote_id: str) -> Item | None:
        entry = self.entries.get(remote_id)
        return None if entry is None else Item(remote_id, entry.etag, entry.payload())


def read(source: Source, answer: Answer, *, by_content: bool) -> Feed:
    """The feed of an answer that has a body, named in one of two ways."""
    found = _split(source, answer)
    entries = names.entries_of(found, source.place, by_content=by_content)
    rest = found.refresh or (timedelta(seconds=answer.max_age_s) if answer.max_age_s else None)
    rest = rest if source.served else None
    return Feed(
        entries, found.text(b"NAME", b"X-WR-CALNAME"), found.color, answer.validators,
        min(max(rest, SHORTEST), LONGEST) if rest else timedelta(0), by_content,
    )


def read_anew(source: Source, first: Feed | None = None) -> Feed:
    """The whole feed, whatever was known of it, with names that will be there next time too.

    Some programs make up new UIDs for each reader (facts 8). Two readings, one right after the other, show it; the
    second one asks without conditions too, since such a program may give all of them one ETag. That is once a day.
    first: a reading of just now, named by UIDs.
    """
    if first is None:
        first = read(source, source.get({}), by_content=False)
        if not (source.served and first.entries):
            return first
    try:
        answer = source.get({})
    except TransientError as err:  # some take offence at the second question
        log.info("%s was read only once: %s", source.label, err)
        return first
    second = read(source, answer, by_content=False)
    if not names.renamed(first.entries, second.entries):
        return second
    return read(source, answer, by_content=True)


def _split(source: Source, answer: Answer) -> Split:
    try:
        return split(lines_of(answer.body or b"", answer.charset))
    except NotAFeed as err:
        raise useless(f"What {source.label} holds is no feed: {err}") from None
