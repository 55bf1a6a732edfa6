"""Finding an account's calendar homes, and making calendars, through the caldav library (design section 4).

Start   used at login, by `calendars` and for a calendar seen for the first time; the library is slow to import
Source  RFC 6764 section 6, RFC 5397; facts 1.2
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from calsync_cli.errors import AuthError, CalsyncError, ProtocolError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.providers import http
from calsync_cli.providers.caldav import xml
from calsync_cli.providers.caldav.client import DavClient
from calsync_cli.providers.caldav.xml import C, D
from calsync_cli.providers.registry import Credential

FALLBACKS = ("", "/.well-known/caldav", "/", "/dav/", "/caldav/", "/remote.php/dav/")


def homes(client: DavClient, account: Account, credential: Credential) -> list[str]:
    """Addresses whose children are calendars: by the library, else by our own candidates where it finds none."""
    try:
        found = _by_library(account, credential)
    except CalsyncError:
        raise
    except Exception:  # the library raises many kinds; what it cannot do we try by hand
        found = []
    if not found:
        found = _by_candidates(client)
    if not found:
        raise ProtocolError(
            f"no calendars were found at {account.url}; give the address of the CalDAV server or of one calendar",
            next=f"calsync config edit, then calsync calendars {account.name}",
        )
    return [home for home in found if http.is_allowed(urljoin(client.url, home))]


def _library_client(account: Account, credential: Credential) -> Any:
    from caldav.davclient import DAVClient

    secret = credential()
    return DAVClient(
        url=account.url,
        username=account.username,
        password=secret.reveal() if secret is not None else None,
        auth_type=None if account.auth == "auto" else account.auth,
        timeout=int(account.timeout_s),
        proxy=account.proxy,
        ssl_verify_cert=str(account.ca_file) if account.ca_file else True,
        ssl_cert=str(account.client_cert) if account.client_cert else None,
    )


def _by_library(account: Account, credential: Credential) -> list[str]:
    with _library_client(account, credential) as client:
        home = client.principal().calendar_home_set
        return [str(home.url)] if home is not None and home.url is not None else []


def _by_candidates(client: DavClient) -> list[str]:
    """current-user-principal, then calendar-home-set, from each usual address (facts 1.2)."""
    for candidate in FALLBACKS:
        start = urljoin(client.url, candidate)
        principal = _hrefs(client, start, f"{D}current-user-principal", "D:current-user-principal")
        for one in principal:
            found = _hrefs(client, one, f"{C}calendar-home-set", "C:calendar-home-set")
            if found:
                return found
    return []


def _hrefs(client: DavClient, url: str, name: str, prop: str) -> list[str]:
    headers = {"Depth": "0", "Content-Type": "application/xml; charset=utf-8"}
    try:
        response = client.request("PROPFIND", url, xml.propfind(f"<{prop}/>"), headers)
    except (AuthError, TransientError):
        raise
    except ProtocolError:
        return []
    if response.status_code != 207:
        return []
    try:
        answers = xml.multistatus(response.content).answers
    except ProtocolError:
        return []
    found = [h.text.strip() for a in answers if name in a.props for h in a.props[name].iter(f"{D}href") if h.text]
    return [urljoin(str(response.request.url), href) for href in found]


def make_calendar(account: Account, credential: Credential, name: str) -> None:
    """Raises ProtocolError with the server's words when it refuses."""
    import caldav.lib.error

    try:
        with _library_client(account, credential) as client:
            client.principal().make_calendar(name=name, supported_calendar_component_set=["VEVENT"])
    except caldav.lib.error.AuthorizationError as err:
        text = f"account {account.name} may not make calendars there, or is not signed in"
        raise AuthError(text, next=f"calsync login {account.name}") from err
    except caldav.lib.error.DAVError as err:
        raise ProtocolError(f"the server did not make the calendar {name!r}: {err}") from err
