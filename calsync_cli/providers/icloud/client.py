"""Requests of one iCloud account: which host holds its calendars now, and what Apple's refusals mean (facts 4).

Hosts   everything starts at caldav.icloud.com, which names the partition (p42-caldav.icloud.com) of the account.
        Apple moves accounts between partitions, so ids are paths alone and the host is looked up: `site()`
Trust   the password goes to hosts of icloud.com and to the host of the account's own address, at any port
Doubt   404, 421, 401 or nothing from a partition that an earlier run found may only mean that the account has moved:
        Apple is asked where the calendars are, once in a run, before such an answer counts (O2)
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import httpx

from calsync_cli.errors import AuthError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.ports import Ports
from calsync_cli.providers import http
from calsync_cli.providers.caldav import xml
from calsync_cli.providers.caldav.client import DavClient, busy
from calsync_cli.providers.caldav.discovery import OF_PRINCIPAL, hrefs_in, mail_addresses
from calsync_cli.providers.caldav.hrefs import Hrefs
from calsync_cli.providers.caldav.xml import C, D
from calsync_cli.providers.registry import Credential

START = "https://caldav.icloud.com/"
PARALLEL = 4
NOT_HERE = frozenset({404, 421})
ONLY_APP_PASSWORDS = (
    "Apple takes only an app-specific password here, made at account.apple.com, and ends all of them when the password "
    "of the Apple Account changes"
)


def preset(account: Account) -> Account:
    """What is the same for every iCloud account. The sign-in is sent unasked: Apple offers a kind of its own first."""
    return replace(
        account, url=account.url or START, auth="basic", concurrency=min(account.concurrency, PARALLEL),
    )


class ICloudClient(DavClient):
    """`account` has its presets."""

    def __init__(self, account: Account, credential: Credential, ports: Ports) -> None:
        super().__init__(account, credential, ports)
        self._finding = threading.Lock()
        self._site: str | None = None
        self._asked = False
        self._left: set[str] = set()

    def is_trusted(self, url: str) -> bool:
        return http.origin(url)[:2] == http.origin(self.url)[:2] or super().is_trusted(url)

    def may_mail(self, url: str) -> bool:
        """Whether it heeds SCHEDULE-AGENT is not known, so it counts as a server that does not (semantics 15)."""
        return True

    def hrefs(self) -> Hrefs:
        return _Hrefs(self)

    def homes(self) -> list[str]:
        with self._finding:
            return self._find()

    def site(self) -> str:
        """Scheme and host of the partition; asked for if no earlier run has told it."""
        with self._finding:
            if self._site is None:
                self._find()
            assert self._site is not None
            return self._site

    def recall(self, site: str) -> None:
        """Where an earlier run found the calendars."""
        with self._finding:
            if self._site is None and self.is_trusted(site):
                self._site = site

    def request(
        self, method: str, href: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        try:
            response = super().request(method, href, body, headers)
        except (AuthError, TransientError):
            moved = self._moved(href)
            if moved is None:
                raise
        else:
            moved = self._moved(href) if response.status_code in NOT_HERE else None
            if moved is None:
                return response
        return super().request(method, moved, body, headers)

    def _moved(self, url: str) -> str | None:
        """The same address on the host that the account has moved to; None if it is where it was."""
        with self._finding:
            if http.site(url) == self._site and not self._asked:
                try:
                    self._find()
                except AuthError:
                    self._asked = True
                    raise
            if http.site(url) not in self._left:
                return None
            return f"{self._site}{urlsplit(url).path}"

    def _find(self) -> list[str]:
        """Two requests. Raises AuthError, TransientError, ProtocolError."""
        found = [
            home
            for principal in self._named(self.url, f"{D}current-user-principal", "D:current-user-principal")
            for home in self._named(principal, f"{C}calendar-home-set", *OF_PRINCIPAL)
        ]
        if not found:
            text = f"{urlsplit(self.url).hostname} names no calendars for account {self._account.name}"
            raise ProtocolError(text, next=f"calsync calendars {self._account.name}")
        before, self._site, self._asked = self._site, http.site(found[0]), True
        self._left = (self._left | {before} if before else self._left) - {self._site}
        return found

    def _named(self, url: str, name: str, *props: str) -> list[str]:
        headers = {"Depth": "0", "Content-Type": "application/xml; charset=utf-8"}
        asked = xml.propfind("".join(f"<{prop}/>" for prop in props))
        response = super().request("PROPFIND", url, asked, headers)
        if response.status_code in (429, 503):
            raise busy(response, self._ports.now())
        self.me |= mail_addresses(response)
        return hrefs_in(response, name)

    def _refused(self, url: str) -> AuthError:
        plain = super()._refused(url)
        return AuthError(f"{plain}. {ONLY_APP_PASSWORDS}", next=plain.next)


class _Hrefs(Hrefs):
    """Answers name hosts at will: the partition, the one before, the common one. The path alone tells things apart."""

    def __init__(self, client: ICloudClient) -> None:
        super().__init__(client.url)
        self._client = client

    def site(self) -> str:
        return self._client.site()

    def is_here(self, url: str) -> bool:
        return self._client.is_trusted(url)
