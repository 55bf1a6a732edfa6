"""Finding an account's calendar homes, and making calendars, through the caldav library (design section 4).

Start   used at login, by `calendars` and for a calendar seen for the first time; the library is slow to import
Limits  the library may talk to the account's own host only: it follows no redirect and asks no DNS, since both could
        lead the password elsewhere (facts 1.2). Where that is not enough our own client goes on, by its own rules
Source  RFC 6764 section 6, RFC 5397, RFC 4791 section 6.2.1
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from calsync_cli.errors import AuthError, CalsyncError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.providers import http
from calsync_cli.providers.caldav import xml
from calsync_cli.providers.caldav.client import DavClient
from calsync_cli.providers.caldav.xml import C, D
from calsync_cli.providers.registry import Credential

log = logging.getLogger(__name__)
FALLBACKS = (
    "", "/.well-known/caldav", "/", "/dav/", "/caldav/", "/remote.php/dav/", "/SOGo/dav/{user}/", "/caldav.php/{user}/",
    "/dav.php/", "/dav/calendars/user/{user}/", "/principals/",
)
OF_PRINCIPAL = ("C:calendar-home-set", "C:calendar-user-address-set")
SETTLING_S = (0.0, 1.0, 3.0, 6.0, 12.0)
"""How long to wait before each look for a new calendar: Infomaniak shows it after 8 to 20 s (facts 1.2)."""


def homes(client: DavClient, account: Account, credential: Credential) -> list[str]:
    """Addresses whose children are calendars; there may be several, on several hosts."""
    found = _by_candidates(client, account, FALLBACKS[:1])  # most addresses lead there; the library is slow to load
    if not found and (principal := _by_library(account, credential)):
        found = _homes_of(client, principal)
    if not found:
        found = _by_candidates(client, account, FALLBACKS[1:])
    if not found:
        raise ProtocolError(
            f"no calendars were found at {account.url}; give the address of the CalDAV server or of one calendar",
            next=f"calsync config edit, then calsync calendars {account.name}",
        )
    return [home for home in found if http.is_allowed(home)]


def _library_client(account: Account, credential: Credential, url: str) -> Any:
    from caldav.davclient import DAVClient

    secret = credential()
    client = DAVClient(
        url=url,
        username=account.username,
        password=secret.reveal() if secret is not None else None,
        auth_type=None if account.auth == "auto" else account.auth,
        timeout=max(1, int(account.timeout_s)),
        proxy=account.proxy,
        ssl_verify_cert=str(account.ca_file) if account.ca_file else True,
        ssl_cert=str(account.client_cert) if account.client_cert else None,
        enable_rfc6764=False,
    )
    client.session.max_redirects = 0
    return client


def _by_library(account: Account, credential: Credential) -> str | None:
    """The principal's address, or None where the library cannot find it: it raises many kinds."""
    assert account.url is not None
    try:
        with _library_client(account, credential, account.url) as client:
            return str(client.principal().url)
    except CalsyncError:
        raise
    except Exception as err:
        log.debug("%s: the library found no principal (%s)", account.name, type(err).__name__)
        return None


def _by_candidates(client: DavClient, account: Account, patterns: Sequence[str]) -> list[str]:
    """current-user-principal, then calendar-home-set, from each usual address (facts 1.2)."""
    tried = set()
    for pattern in patterns:
        start = urljoin(client.url, pattern.format(user=quote(account.username or "", safe="@")))
        for principal in _hrefs(client, start, f"{D}current-user-principal", "D:current-user-principal"):
            found = [] if principal in tried else _homes_of(client, principal)
            tried.add(principal)
            if found:
                return found
    return []


def _homes_of(client: DavClient, principal: str) -> list[str]:
    return _hrefs(client, principal, f"{C}calendar-home-set", *OF_PRINCIPAL)


def _hrefs(client: DavClient, url: str, name: str, *props: str) -> list[str]:
    """What a property names, as whole addresses. A page of HTML or a 404 means: try the next one (facts 1.2)."""
    try:
        response = client.ask("PROPFIND", url, xml.propfind("".join(f"<{prop}/>" for prop in props)), depth=0)
        client.me |= mail_addresses(response)
        return hrefs_in(response, name)
    except (AuthError, TransientError):
        raise
    except ProtocolError as err:
        log.debug("%s: %s", url, err)
        return []


def mail_addresses(response: httpx.Response) -> frozenset[str]:
    """Under which the principal is invited, lower-case, where it was asked for that (RFC 6638 section 2.4.1)."""
    found = hrefs_in(response, f"{C}calendar-user-address-set")
    return frozenset(one[7:].lower() for one in found if one[:7].lower() == "mailto:" and "@" in one)


def hrefs_in(response: httpx.Response, name: str) -> list[str]:
    answers = xml.multistatus(response.content).answers if response.status_code == 207 else []
    found = [h.text.strip() for a in answers if name in a.props for h in a.props[name].iter(f"{D}href") if h.text]
    return [urljoin(str(response.request.url), href) for href in found]


def make_calendar(client: DavClient, account: Account, credential: Credential, home: str, name: str) -> None:
    """In this home. Raises AuthError, TransientError, or ProtocolError with the server's words."""
    if not client.is_trusted(home):
        raise ProtocolError(f"account {account.name} keeps its calendars on another host; make {name!r} there by hand")
    from caldav.collection import CalendarSet
    from caldav.lib.error import AuthorizationError, DAVError

    try:
        with _library_client(account, credential, home) as library:
            made = CalendarSet(client=library, url=home)
            made.make_calendar(name=name, supported_calendar_component_set=["VEVENT"])
    except AuthorizationError as err:
        text = f"account {account.name} may not make calendars there, or is not signed in"
        raise AuthError(text, next=f"calsync login {account.name}") from err
    except DAVError as err:
        raise ProtocolError(f"the server did not make the calendar {name!r} ({_words(err)})") from err
    except Exception as err:
        text = f"{http.site(home)} gave no readable answer, so the calendar {name!r} may or may not be made"
        raise TransientError(text, next=f"calsync calendars {account.name}") from err


def _words(err: Any) -> str:
    return " ".join(str(getattr(err, "reason", "") or err).split())[:200]
