"""Ids <-> hrefs of one account. An id is a decoded path; servers spell the same path in several ways (facts 0.10).

Shape   id: "/dav/work/a b.ics" at the account's own origin, "https://p12.example.org/work/a b.ics" at any other
Stays   percent-encoded in an id: a slash or a percent sign inside a name, control characters and what is not UTF-8, so
        that every id leads back to its address in a later run, when the server's own spelling is not at hand
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from calsync_cli.errors import ProtocolError
from calsync_cli.providers import http

SAFE = "/%@:!$&'()*+,;=~-._"
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


class Hrefs:
    """`home` is the account's address; `is_literal` whether the server at an address encodes nothing in its hrefs."""

    def __init__(self, home: str, is_literal: Callable[[str], bool] = lambda url: False) -> None:
        self._home, self._is_literal = home, is_literal
        self._spelling: dict[str, str] = {}

    def id(self, href: str, base: str) -> str:
        """The id of what an answer from `base` calls `href`."""
        whole = self._whole(base, href)
        path = decoded(urlsplit(whole).path)
        return self._noted(path if self.is_here(whole) else f"{http.site(whole)}{path}", whole)

    def member(self, calendar_id: str, href: str, base: str) -> str:
        """As `id`, for something inside a calendar: whatever host the href names, it lives where its calendar does."""
        whole = self._whole(base, href)
        path = decoded(urlsplit(whole).path)
        above = path_of(calendar_id)
        if not path.startswith(above):
            return self.id(href, base)
        return self._noted(calendar_id + path[len(above) :], whole)

    def url(self, remote_id: str) -> str:
        """Where to ask for it."""
        site = self.site() if remote_id.startswith("/") else http.site(remote_id)
        return site + self.path(remote_id)

    def site(self) -> str:
        """Scheme and host of what has an id without them."""
        return http.site(self._home)

    def is_here(self, url: str) -> bool:
        """Whether ids of what lies there are paths alone."""
        return http.origin(url) == http.origin(self._home)

    def path(self, remote_id: str) -> str:
        """Percent-encoded, as the server spells it; what multiget wants (facts 1.3)."""
        return self._spelling.get(remote_id) or quote(path_of(remote_id), safe=SAFE)

    def _whole(self, base: str, href: str) -> str:
        """Xandikos sends ? and # as they are, SOGo all else too; a DAV href has neither query nor fragment."""
        try:
            if self._is_literal(base):
                return http.joined(base, quote(href, safe=SAFE.replace("%", "")))
            return http.joined(base, href.replace("#", "%23").replace("?", "%3F"))
        except ValueError as err:
            host = urlsplit(base).hostname
            raise ProtocolError(f"{host} names something at an address that is none: {href!r}") from err

    def _noted(self, found: str, whole: str) -> str:
        path = urlsplit(whole).path
        if path != quote(path_of(found), safe=SAFE):
            self._spelling[found] = path
        return found


def path_of(remote_id: str) -> str:
    if remote_id.startswith("/"):
        return remote_id
    return "/" + remote_id.partition("://")[2].partition("/")[2]


def decoded(path: str) -> str:
    return _ESCAPES.sub(lambda run: _text_of(run[0]), path)


def _text_of(run: str) -> str:
    try:
        text = bytes.fromhex(run.replace("%", "")).decode()
    except UnicodeDecodeError:
        return run.upper()
    return "".join(char if char >= " " and char not in "/%\x7f" else quote(char, safe="") for char in text)
