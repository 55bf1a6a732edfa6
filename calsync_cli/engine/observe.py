"""Observation: every calendar's hints, the bodies the mirror lacks, proof of what is gone; saved with the token (O, T).

Shape   Observation per calendar: its row and whether it could be read; the mirror is up to date when this returns
Errors  a calendar that fails is told in its Observation and leaves the mirror as it was (I14)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from calsync_cli.engine.listing import Round, fetch_bodies, list_calendar, one_name_each
from calsync_cli.engine.seen import absent_since, denied, read_item, store_seen
from calsync_cli.engine.session import Session
from calsync_cli.engine.tally import Tally
from calsync_cli.errors import AuthError, CalendarGone, CalsyncError
from calsync_cli.model import recur
from calsync_cli.model.account import CalendarName, Window
from calsync_cli.model.plain import dataclass
from calsync_cli.providers.base import Calendar, Hint, Item, Missing
from calsync_cli.store import journal, links, mirror, places
from calsync_cli.store.db import micros
from calsync_cli.store.mirror import CalendarRow

SETTLE = timedelta(minutes=15)
FULL_EVERY = timedelta(hours=24)
FETCH_CHUNK = 100
LEVELS = ("full", "limited", "busy")


@dataclass(slots=True)
class Observation:
    """row None: the calendar has never been seen and cannot be now. lowered: rights shrank (G6), in words.

    daily: everything was listed because a day had passed.
    """

    name: CalendarName
    row: CalendarRow | None
    error: CalsyncError | None = None
    lowered: str = ""
    server_now: datetime | None = None
    daily: bool = False


def notice_places(session: Session, accounts: Iterable[str]) -> None:
    """Before anything is looked up: an account that points to another place has other calendars (G6)."""
    for account in dict.fromkeys(accounts):
        place = getattr(session.provider(account), "place", None)
        if place is not None:
            places.notice(session.db, account, place)


def observe(
    session: Session, windows: Mapping[CalendarName, Window], *, full: bool = False
) -> dict[CalendarName, Observation]:
    """Read all the calendars side by side, then store what was seen. `full` ignores tokens.

    windows: each calendar, and how much of it is asked for where its provider reads in windows (V1).
    """
    rounds = [_begin(session, name, window, full) for name, window in windows.items()]
    listed = Tally(session.progress, "list", 0)
    listed.add(0)
    _all(session, rounds, lambda r: partial(list_calendar, session.provider(r.name.account), r, listed.add))
    one_name_each(rounds)
    for item in rounds:
        if item.error is None:
            _settle_row(session, item)
        elif item.row is not None and item.row.last_full is None and isinstance(item.error, AuthError | CalendarGone):
            with session.db.transaction():
                links.forget_refusals(session.db, item.row.id)  # not the events were meant, but the whole calendar
    _read_bodies(session, [r for r in rounds if r.error is None])
    kept = Tally(session.progress, "keep", sum(len(r.items) + len(r.looked) for r in rounds if r.error is None))
    return {r.name: _save(session, r, kept) for r in rounds}


def as_calendar(row: CalendarRow) -> Calendar:
    """The calendar as it was last seen, so that a quiet run asks nothing about it."""
    return Calendar(
        row.remote, row.name, "read" if row.access == "read" else "write", row.level,  # type: ignore[arg-type]
        row.mails, row.max_bytes, zone=row.zone,
    )


def _begin(session: Session, name: CalendarName, window: Window, full: bool) -> Round:
    row = mirror.find_calendar(session.db, name.account, name.calendar)
    daily = row is not None and row.last_full is not None and session.ports.now() - row.last_full > FULL_EVERY
    stale = row is None or row.last_full is None or daily
    known = mirror.live_count(session.db, row.id) if row else 0
    waits = row is not None and row.access == "read" and links.waits_for_rights(session.db, row.id)
    cal = as_calendar(row) if row else None
    return Round(name, row, full or stale, cal, known=known, window=window, ask_rights=waits, daily=daily)


def _all(session: Session, rounds: list[Round], job: Callable[[Round], Callable[[], None]]) -> None:
    results = session.crew.each([(r.name.account, job(r)) for r in rounds])
    for item, result in zip(rounds, results, strict=True):
        if isinstance(result, CalsyncError):
            item.error = result


# -- in the main thread ------------------------------------------------------------------------------------------------


def _settle_row(session: Session, item: Round) -> None:
    assert item.cal is not None
    if item.row is not None and not item.refreshed:
        return
    before = item.row
    cal = item.cal
    less = None if before is None else shows_less(str(item.name), before, cal)
    with session.db.transaction():
        if before is not None and _was_about_rights(before, cal, less is not None):
            links.forget_refusals(session.db, before.id)
        if less is not None:
            item.error = less
            return
        elsewhere = before is None and places.was_elsewhere(session.db, item.name.account, item.name.calendar)
        item.row = mirror.put_calendar(
            session.db, item.name.account, item.name.calendar, cal.id, cal.name, cal.access, cal.level, cal.mails,
            cal.max_bytes, cal.zone,
        )
        if elsewhere:
            words = f"account {item.name.account} points to another place than in the last run"
            mirror.set_lowered(session.db, item.row.id, words)
            item.row = mirror.calendar_row(session.db, item.row.id)
        if before is not None and before.access != cal.access:
            words = "this account may no longer write to it" if cal.access == "read" else ""
            mirror.set_lowered(session.db, item.row.id, words)
            item.row = mirror.calendar_row(session.db, item.row.id)
        if before is not None and LEVELS.index(cal.level) < LEVELS.index(before.level):
            mirror.forget_versions(session.db, item.row.id)  # the same versions show more now (O7)


def shows_less(name: str, before: CalendarRow, now: Calendar) -> AuthError | None:
    """O7: words that are hidden would be taken for words that somebody took away."""
    if LEVELS.index(now.level) <= LEVELS.index(before.level):
        return None
    words = f"{name} now shows this account less than before ({now.level} instead of {before.level}); "
    return AuthError(words + "nothing was taken from it", next=f"calsync login {before.account}")


def _was_about_rights(before: CalendarRow, cal: Calendar, less: bool) -> bool:
    """Whether what the server refused until now may have been the calendar's rights and not the events: they are gone,
    or have come back. Rights that are whole right after a no (which forgets last_full) make it one about the event."""
    if before.last_full is None:
        return less or cal.access == "read"
    return before.access == "read" and cal.access == "write"


def _read_bodies(session: Session, rounds: list[Round]) -> None:
    """Fetch what is new or changed; look at what must not be believed from a listing (O2, O3, O4)."""
    jobs: list[tuple[Round, Sequence[str], bool]] = []
    for item in rounds:
        wants, looks = _needs(session, item)
        jobs += [(item, wants[i : i + FETCH_CHUNK], False) for i in range(0, len(wants), FETCH_CHUNK)]
        jobs += [(item, [remote_id], True) for remote_id in looks]
    read = Tally(session.progress, "read", sum(len(ids) for _, ids, _ in jobs))
    calls = [(i.name.account, read.counting(_body_call(session, i, ids, look), len(ids))) for i, ids, look in jobs]
    again: list[tuple[Round, str]] = []
    for (item, ids, look), result in zip(jobs, session.crew.each(calls), strict=True):
        if isinstance(result, CalsyncError):
            item.error = result
        elif look:
            item.looked[ids[0]] = result  # type: ignore[assignment]
        else:
            assert isinstance(result, list)
            items = [found for found in result if not _doubtful(item, found)]
            item.items += [found for found in items if isinstance(found, Item)]
            again += [(item, found.remote_id) for found in result if _doubtful(item, found)]
    looked = session.crew.each([(r.name.account, _body_call(session, r, [i], True)) for r, i in again])
    for (item, remote_id), result in zip(again, looked, strict=True):
        if isinstance(result, CalsyncError):
            item.error = result
        else:
            item.looked[remote_id] = result  # type: ignore[assignment]


def _doubtful(item: Round, found: Item | Missing) -> bool:
    """A body that is missing, or another version than the listing named: only a point read tells (O1)."""
    if isinstance(found, Missing):
        return True
    hinted = item.hinted.get(found.remote_id)
    return hinted is not None and found.etag is not None and hinted != found.etag


def _body_call(session: Session, item: Round, ids: Sequence[str], look: bool) -> Callable[[], object]:
    provider, cal = session.provider(item.name.account), item.cal
    assert cal is not None and item.row is not None
    if not look:
        return partial(fetch_bodies, provider, cal, ids)
    return partial(provider.look, cal, ids[0], mirror.payload(session.db, item.row.id, ids[0]) or b"")


def _needs(session: Session, item: Round) -> tuple[list[str], list[str]]:
    """(ids to fetch, ids to look at)."""
    assert item.row is not None
    db, calendar = session.db, item.row.id
    hints: dict[str, Hint] = {}
    for page in item.pages:
        for hint in page.hints:
            hints[hint.remote_id] = hint
    there = {h.remote_id: h for h in hints.values() if not h.gone}
    item.hinted = {remote_id: hint.etag for remote_id, hint in there.items()}
    listing = any(page.listing for page in item.pages)
    known = mirror.etags(db, calendar, None if listing else hints)
    recent = journal.recent_writes(db, calendar, micros(session.ports.now() - SETTLE))
    changed = [i for i, h in there.items() if i not in known or not _is_echo(session, item, h, known[i])]
    missing = [i for i in known if i not in there and ((i in hints and hints[i].gone) or _is_missed(session, item, i))]
    looks = {i for i in changed if (i in recent and i in known) or mirror.proved_gone(db, calendar, i)}
    looks |= {i for i in changed if i in known and _is_no_newer(session, item, there[i])}
    looks |= set(missing) | _suspects(session, item, there)
    if listing and not session.provider(item.name.account).caps.delta:
        # Nothing was ever agreed about these, so nothing follows from their absence; the next run lists them again.
        loose = set(missing) - mirror.linked_ids(db, calendar, missing)
        item.looked |= dict.fromkeys(loose)
        looks -= loose
    if not listing:  # ours since the token, and not even named: made and taken away between two looks (Xandikos)
        unnamed = journal.writes_since_token(db, calendar) - hints.keys()
        looks |= mirror.etags(db, calendar, unnamed).keys()
    bodies = [h.item for i, h in there.items() if h.item is not None and i in changed and i not in looks]
    item.items += bodies
    have = {body.remote_id for body in bodies}
    return [i for i in changed if i not in looks and i not in have], sorted(looks)


def _is_echo(session: Session, item: Round, hint: Hint, known: str | None) -> bool:
    """The mirror has just this version already (O5)."""
    if known is None or hint.parts is None:
        return known is not None and known == hint.etag
    assert item.row is not None
    payload = mirror.payload(session.db, item.row.id, hint.remote_id)
    holds: Callable[[bytes, Mapping[str, str]], bool] | None
    holds = getattr(session.provider(item.name.account), "holds", None)
    return holds is not None and payload is not None and holds(payload, hint.parts)


def _is_no_newer(session: Session, item: Round, hint: Hint) -> bool:
    """A list may be older than the last one (O1, O3): what the server has not changed since the mirror saw it."""
    assert item.row is not None
    listed = hint.item.stamp if hint.item is not None else None
    if listed is None or not session.provider(item.name.account).caps.server_stamps:
        return False
    known = mirror.stamp(session.db, item.row.id, hint.remote_id)
    return known is not None and micros(listed) <= known


def _suspects(session: Session, item: Round, there: Mapping[str, Hint]) -> set[str]:
    """Once found missing: those whose time of proof has come, and those that are listed again (O2)."""
    assert item.row is not None
    needed = session.provider(item.name.account).caps.absent_for
    if needed is None:
        return set()
    latest = absent_since(session, needed)
    since = mirror.suspects(session.db, item.row.id)
    return {remote_id for remote_id, moment in since.items() if moment <= latest or remote_id in there}


def _is_missed(session: Session, item: Round, remote_id: str) -> bool:
    """A known id that a listing left out; not one that lies outside of the window that was listed (V1)."""
    listing = next((page for page in item.pages if page.listing), None)
    if listing is None or listing.window is None:
        return listing is not None
    assert item.row is not None
    form = mirror.form_at(session.db, item.row.id, remote_id)
    return form is None or recur.touches(form, *listing.window)


def _save(session: Session, item: Round, kept: Tally) -> Observation:
    """One transaction for the items and the token that covers them (T1)."""
    server_now = next((p.server_now for p in reversed(item.pages) if p.server_now), None)
    if item.expired and item.row is not None:
        with session.db.transaction():
            mirror.drop_token(session.db, item.row.id)
    if item.error is not None:
        _forget_if_gone(session, item)
        return Observation(item.name, item.row, item.error, item.row.lowered if item.row else "", server_now)
    assert item.row is not None
    there = [*item.items, *(found for found in item.looked.values() if found is not None)]
    seen = [kept.counting(partial(read_item, session, item.name.account, found))() for found in there]
    gone = [remote_id for remote_id, found in item.looked.items() if found is None]
    seen += denied(session, item.row.id, item.name.account, [i for i in gone if i in item.hinted])
    token = next((p.token for p in reversed(item.pages) if p.token is not None), None)
    listing = any(page.listing for page in item.pages)
    quiet = not seen and not gone and token == item.row.token and not listing
    if not quiet:
        with session.db.transaction():
            store_seen(session, item.row.id, item.name.account, seen, gone)
            mirror.save_token(session.db, item.row.id, token, full=listing)
    row = mirror.calendar_row(session.db, item.row.id)
    return Observation(item.name, row, None, row.lowered, server_now, item.daily)


def _forget_if_gone(session: Session, item: Round) -> None:
    """A calendar that is gone is searched by name again next time; its mirror stays (O2)."""
    if isinstance(item.error, CalendarGone) and item.row is not None:
        with session.db.transaction():
            mirror.forget_full(session.db, item.row.id)
