"""A feed as an account with one calendar, which is only read (facts section 8).

Shape   Calendar.id is "feed"; remote_id is the UID, or what stands for it (mapping.feed.names); payloads are events of
        the feed, each a VCALENDAR of its own
Asking  one conditional GET a run, and none while the publisher wants to be left alone. What has changed is told by what
        the feed says, never by its headers: many a server makes a new ETag for each request, or answers 304 for ever;
        so the engine's daily listing, like `--full`, asks without conditions
Proof   an id that a whole, valid feed lacks, in two runs an hour apart (O2, by Capabilities.absent_for); feeds drop by
        themselves what is over (V8, `rolling`)
Clock   no page says the server's time: the Date of an answer from a cache is the time when it was made
Errors  whatever is no valid feed raises, so nothing follows from it (O9); every write raises ReadOnly
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

from calsync_cli.errors import CalendarGone, ReadOnly
from calsync_cli.mapping.feed.names import digest_of
from calsync_cli.model.account import EVERYTHING, Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Capabilities, Hint, Item, Missing, Page, Receipt
from calsync_cli.providers.ics.feed import Feed, read, read_anew
from calsync_cli.providers.ics.source import FileSource, Source
from calsync_cli.providers.ics.token import Token, read_token, resting

log = logging.getLogger(__name__)
FEED = "feed"


class IcsProvider:
    """`delta` is false, though a feed that is as before is not listed: one reading is one moment, so nothing can have
    vanished while it was listed, and no second look is due (O4)."""

    def __init__(self, account: Account, ports: Ports) -> None:
        self._account, self._ports = account, ports
        self._source: Source = FileSource(account.path) if account.path is not None else _web(account, ports)
        self.place = self._source.place
        self.requests = self._source.requests
        self.caps = Capabilities(
            mapping="ical", delta=False, server_stamps=False, absent_for=timedelta(hours=1), rolling=True,
            concurrency=1,
        )
        self._lock = threading.Lock()
        self._first: Feed | None = None
        self._feed: Feed | None = None

    # -- the calendar --------------------------------------------------------------------------------------------------

    def calendars(self) -> Sequence[Calendar]:
        with self._lock:
            first = self._first = read(self._source, self._source.get({}), by_content=False)
            return [replace(_calendar(first), color=first.color)]

    def open(self, calendar_id: str) -> Calendar:
        """Without a request: the name comes with the next page."""
        if calendar_id != FEED:
            raise CalendarGone(f"account {self._account.name} has one calendar, called {FEED}")
        return Calendar(FEED, FEED, "read")

    # -- reads ---------------------------------------------------------------------------------------------------------

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        """One page: every id, or none where the feed says what it said."""
        with self._lock:
            page = self._all() if since is None else self._news(read_token(since, self.place), since)
        yield page

    def _all(self) -> Page:
        first, self._first = self._first, None
        self._feed = read_anew(self._source, first)
        return self._listing(self._feed)

    def _news(self, known: Token, text: str) -> Page:
        now = self._ports.now()
        self._feed = None
        if known.rests(now):
            log.info("%s: not asked before %s, as its publisher wants; --full asks", self._account.name, known.again_at)
            return Page((), text)
        answer = self._source.get(known.validators)
        if answer.body is None:
            return Page((), replace(known, again_at=resting(known.rest_s, now)).text())
        feed = self._feed = read(self._source, answer, by_content=known.by_content)
        if digest_of(feed.entries) == known.digest:
            return Page((), self._token(feed), calendar=_calendar(feed))
        return self._listing(feed)

    def _listing(self, feed: Feed) -> Page:
        hints = tuple(Hint(name, entry.etag) for name, entry in feed.entries.items())
        return Page(hints, self._token(feed), listing=True, calendar=_calendar(feed))

    def _token(self, feed: Feed) -> str:
        rest_s = int(feed.rest.total_seconds())
        again = resting(rest_s, self._ports.now())
        return Token(self.place, digest_of(feed.entries), feed.validators, feed.by_content, rest_s, again).text()

    def fetch(self, cal: Calendar, remote_ids: Sequence[str]) -> Iterator[Item | Missing]:
        feed = self._whole()
        for remote_id in dict.fromkeys(remote_ids):
            yield feed.item(remote_id) or Missing(remote_id)

    def look(self, cal: Calendar, remote_id: str, known: bytes = b"") -> Item | None:
        """From the feed as this run has read it; where it only heard that nothing is new, it is read now."""
        return self._whole().item(remote_id)

    def _whole(self) -> Feed:
        with self._lock:
            if self._feed is None:
                self._feed = read_anew(self._source)
            return self._feed

    # -- no writes -----------------------------------------------------------------------------------------------------

    def remote_id_for(self, cal: Calendar, key: str) -> str:
        return key

    def create(self, cal: Calendar, key: str, body: bytes) -> Receipt:
        self._refuse()

    def update(self, cal: Calendar, remote_id: str, body: bytes, etag: str) -> Receipt:
        self._refuse()

    def delete(self, cal: Calendar, remote_id: str, etag: str) -> None:
        self._refuse()

    def create_calendar(self, name: str) -> Calendar:
        self._refuse()

    def _refuse(self) -> NoReturn:
        text = f"account {self._account.name} is a feed, which can only be read. Nothing was changed."
        raise ReadOnly(text, next=f"calsync calendars {self._account.name}")

    def close(self) -> None:
        self._source.close()


def _web(account: Account, ports: Ports) -> Source:
    from calsync_cli.providers.ics.web import WebSource  # not for a file: httpx is slow to import

    return WebSource(account, ports)


def _calendar(feed: Feed) -> Calendar:
    return Calendar(FEED, feed.name or FEED, "read")
