"""Apple iCloud: CalDAV with Apple's presets and the few things that Apple does otherwise (facts 4).

Tokens  "<site of the partition> <token of CalDAV>": the next run knows where to ask without asking for it. The engine
        lists everything once a day, without a token, so the partition is looked up about once a day
Proof   at times Apple answers 404 for an event that it lists, so a deletion counts when two runs found it (O2)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from calsync_cli.errors import CalendarGone, NotFound, ReadOnly, Refused
from calsync_cli.mapping.ends import with_ends
from calsync_cli.model.account import EVERYTHING, Account, Window
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar, Page, Receipt
from calsync_cli.providers.caldav.provider import CalDavProvider
from calsync_cli.providers.caldav.refusals import Attempt
from calsync_cli.providers.icloud.client import ICloudClient, preset
from calsync_cli.providers.registry import Credential

TWO_RUNS = timedelta(0)


class ICloudProvider(CalDavProvider):
    def __init__(self, account: Account, credential: Credential, ports: Ports) -> None:
        account = preset(account)
        self._apple = ICloudClient(account, credential, ports)
        super().__init__(account, credential, ports, self._apple)
        self.caps = replace(self.caps, absent_for=TWO_RUNS)

    def changes(self, cal: Calendar, since: str | None, window: Window = EVERYTHING) -> Iterator[Page]:
        site, _, token = (since or "").partition(" ")
        if site:
            self._apple.recall(site)
        for page in super().changes(cal, token or None, window):
            yield page if page.token is None else replace(page, token=f"{self._apple.site()} {page.token}")

    def _put(self, attempt: Attempt, body: bytes, condition: dict[str, str]) -> Receipt:
        """Apple answers 404, at times 403, to an event without an end. What was stored without one somehow is sent as
        it is, and with its end only if that is refused."""
        try:
            return super()._put(attempt, body, condition)
        except (Refused, ReadOnly, NotFound, CalendarGone):
            whole = with_ends(body)
            if whole == body:
                raise
            return super()._put(attempt, whole, condition)
