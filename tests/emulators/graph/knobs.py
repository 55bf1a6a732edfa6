"""Every switch of the emulator. Where live behaviour is not known, both forms are here and the harsher is the default.

Shape   Knobs(name=value); set over control by {"knobs": {name: value}}; the comment names the fact behind the switch
Words   S = short sheet, L = long sheet, A = access sheet; a number after A9. or L16. is that of the checklist
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass
class Knobs:
    # -- sign-in
    consent: str = "ask"  # ask, auto, deny (65004), admin (90094), silent: the page never answers (A9.3, L16.2)
    wrong_state: bool = False  # L16.2
    wrong_nonce: bool = False  # in the id token (A9.1)
    sign_in_as: str = ""  # another account signs in than the one asked for (A9.5)
    scope_form: str = "short"  # short, long: with the resource in front (L1.3)
    scope_missing: tuple[str, ...] = ()  # granted less than asked (L16.3)
    old_refresh_token: str = "works"  # works, refused (A9.2)
    refresh_idle_s: float = 90 * 86400.0
    access_token_s: float = 3600.0
    access_token_uses: int = 0  # expires after that many requests; 0 never (A9.4)
    device_pending: int = 1  # polls answered authorization_pending before an automatic consent (L16.4)
    device_slow_down: int = 0
    device_outcome: str = "ask"  # ask: by page or control; approve, decline, expire (A9.5)
    device_interval_s: int = 1
    single_tenant: bool = False  # the app is of one tenant: 50194 on common (A9.5)
    # -- transport
    plain_ids: bool = False  # no `/` and `+` in ids: for clients that do not encode (L16.11)
    error_shape: str = "innerError"  # innerError, innererror, nested, empty-code, other-case, empty-body, html (A9.6)
    latency_s: float = 0.0
    nulls: bool = False  # members null in places, an unknown member and an unknown enum value in each event (L16.13)
    gzip: bool = True
    list_page_empty: bool = False  # lists begin with an empty page (L16.12)
    # -- calendars
    calendars_500: bool = False  # /me/calendars fails while the groups work (L16.18)
    mailbox: str = "ok"  # ok, none (MailboxNotEnabledForRESTAPI), moving (423) (A9.12)
    calendars_of_one_group: bool = False  # /me/calendars shows the default group only, as for old accounts (A3)
    calendar_segment: str = "ignored"  # ignored, checked: /me/calendars/{c}/events/{e} of another calendar (A4.4)
    # -- events
    zone_names: str = "windows"  # windows: IANA names come back as Windows names (S9); echo (L16.21)
    iana: str = "listed"  # listed: only the 99 documented names; all (L17.5)
    recurrence_zone: str = "event"  # event, empty, custom: what recurrenceTimeZone shows (L16.39)
    empty_body: str = "\r\n"  # or "" (L16.25)
    loose_values: bool = (
        False  # enum values in any case and booleans as text are taken, as the service does; else noted
    )
    unknown_members: str = "refuse"  # refuse, ignore (L16.24)
    read_only_members: str = "refuse"  # refuse, ignore (L16.28)
    long_subject: str = "refuse"  # refuse, cut: over 255 characters (S9)
    etag_bump_s: float = 0.0  # the etag changes again so long after a write (L16.29)
    etag_on_instance_delete: bool = True  # of the master (A9.18)
    transaction_memory_s: float = 4 * 3600.0  # S0.10
    transaction_conflict: str = "400"  # 400, 409, first: same id with another body (L16.31, A8)
    transaction_after_delete: str = "deleted"  # deleted: answers the first, error, new (A9.28)
    master_patch_drops: bool = True  # time or rule of a master drops exceptions and cancellations (L16.44)
    exception_id_changes: bool = True  # in the default form (L16.11)
    off_pattern_start: str = "move"  # move, refuse, keep (L17.4)
    recurrence_limits: bool = True  # interval 99, count 999 (S5)
    copies_properties: bool = True  # a copy made in Outlook carries the private properties (L16.34)
    exceptions_inherit_properties: bool = True  # L8.2
    series_members_absent: bool = False  # no cancelledOccurrences, exceptionOccurrences at all (L16.43)
    view_original_start: bool = False  # calendarView shows originalStart without $select=* (L16.36)
    personal_writes_mail: bool = True  # an organizer's change of reminder, showAs, category mails (L17.9)
    gone_occurrence: str = "ErrorItemNotFound"  # 404 code of a cancelled instance
    restore: str = "same"  # same, new: id after a restore from Deleted Items (A9.30)
    # -- lag
    stale_lists: int = 0  # lists and views show a state up to so many changes old, older than before as well
    delta_lag_s: float = 0.0  # A9.19
    delta_lag_rounds: int = 0
    list_lag_s: float = 0.0
    filter_lag_s: float = 0.0  # filter by private property (A9.29)
    point_lag_s: float = 0.0
    stale_instance_reads: int = 0  # so many point reads after an occurrence was patched show the old version (L16.37)
    # -- delta
    page_cap: int = 0  # hard page size; a series still stays on one page (A9.15)
    delta_page: int = 10  # default page size (L17.17)
    first_page_empty: bool = False
    middle_page_empty: bool = False
    last_page_empty: bool = False
    repeat_rows: bool = False  # some rows twice in a round, the second time as an older version (A9.15)
    masters_in_delta: bool = True  # A9.16
    deleted_occurrence: str = "silent"  # silent, master, siblings, removed (A9.18, L16.49)
    removed_masters: bool = True  # a deleted series has a tombstone of its master, not only of its occurrences (L3.3)
    removed_reason: str = "deleted"  # or changed (A9.17)
    outside_rows: str = (
        "removed"  # removed, empty (an id and no members), none: what changed outside the window (A9.17)
    )
    removed_phantoms: bool = True  # created and deleted between two rounds shows as removed (A4.4)
    removed_at_first: bool = False  # tombstones in a first round (L16.50)
    events_delta: bool = False  # /events/delta answers on v1.0 (L16.53)
    window_with_token: str = "refuse"  # refuse, ignore (L16.46)
    odd_options: str = "refuse"  # refuse, ignore: $select and friends on delta (L16.47)
    delta_tokens_kept: int = 64  # newer tokens of a calendar before the old ones die (L16.52)
    delta_token_s: float = 30 * 86400.0
    lost_token: str = "410"  # 410, 410-location, 400, 404, 400-id: the form of the refusal (A9.20)
    poison_page: int = 0  # pages after the first give 500 when at least so many rows are wished for (A9.21)
    foreign_next_link: bool = False  # L16.55
    # -- batch
    batch_shuffled: bool = True
    batch_fifth: str = "queued"  # queued, 429 (A5)
    batch_same_item: str = "conflict"  # conflict, run: two writes to one item side by side (L9)
    batch_mixed: str = "refuse"  # refuse, run: dependsOn that is neither a chain nor absent (L16.56)
    # -- throttling
    concurrency: int = 4
    concurrency_status: int = 429  # or 503 (L16.14)
    window_requests: int = 10_000
    window_s: float = 600.0
    retry_after: str = "10"  # what a 429 says: seconds, decimals, date, absent or any text (L16.14)
    # -- subscriptions
    most_minutes: int = 4230  # 10080 in newer pages (A7)
    least_minutes: int = 45
    given_minutes: int = 0  # the answer's expiry differs from the wish (A9.31)
    handshake_s: float = 10.0
    subscription_limit: int = 1000
    duplicate_subscription: str = "409"  # 409, 201 (L16.57)
    hide_client_state: bool = True  # in lists (A9.33)
    http_notices: bool = False  # take http:// addresses: only for tests
    notices: str = "on"  # on, lost (A9.32)
    notices_doubled: bool = False
    notices_shuffled: bool = False
    notices_delay_s: float = 0.0
    notices_wrong_state: bool = False
    notices_unknown: bool = False  # some for a subscription nobody made
    notices_odd_paths: bool = False  # users('..')/events('..') in lower case (A7)
    handshake_on_renew: bool = False  # asks again (A7)
    notice_answer_s: float = 3.0

    def change(self, values: dict[str, Any]) -> None:
        known = {f.name: f for f in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"no such knob: {name}")
            old = getattr(self, name)
            setattr(self, name, tuple(value) if isinstance(old, tuple) else type(old)(value))


CRUEL: dict[str, Any] = {
    "first_page_empty": True, "middle_page_empty": True, "last_page_empty": True, "repeat_rows": True,
    "removed_at_first": True, "page_cap": 2, "nulls": True, "old_refresh_token": "refused", "batch_fifth": "429",
}


def cruel(**more: Any) -> Knobs:
    """All that is legal and unpleasant at once."""
    return replace(Knobs(), **(CRUEL | more))


@dataclass
class Fault:
    """One thing to go wrong. Picked by the first request that fits; `times` 0 means for ever.

    method, path   which requests: "*" or a method; a regular expression searched in the path with query
    skip, times    leave the first so many alone, then hit so many
    chance         of hitting a request that fits, 0 to 1
    where          "any", "outer" (never a part of a batch) or "part"
    """

    name: str
    method: str = "*"
    path: str = ""
    skip: int = 0
    times: int = 1
    chance: float = 1.0
    where: str = "any"
    values: dict[str, Any] = field(default_factory=dict)
