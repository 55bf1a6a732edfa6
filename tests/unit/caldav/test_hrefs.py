"""Ids and addresses: however a server spells it, an id leads back to the same resource in a later run (facts 0.10)."""

from __future__ import annotations

from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync_cli.errors import ProtocolError
from calsync_cli.providers.caldav.hrefs import Hrefs

HOME = "https://dav.example.org/remote.php/dav/"
CAL = "/cal/me/"
names = st.binary(min_size=1, max_size=12) | st.text(min_size=1, max_size=12).map(
    lambda text: text.encode("utf-8", "ignore") or b"x"
)


def spelled(name: bytes, safe: str) -> str:
    return quote_from_bytes(name, safe=safe)


@given(name=names, safe=st.sampled_from(["", "@", "@:!$&'()*+,;=~-._", "-._~"]))
def test_an_id_leads_back_to_its_address_without_any_memory(name: bytes, safe: str) -> None:
    """A wrong address would answer 404, and that is a proof of deletion (O2)."""
    href = CAL + spelled(name, safe)
    remote_id = Hrefs(HOME).member(CAL, href, HOME)
    later = urlsplit(Hrefs(HOME).url(remote_id)).path
    assert unquote_to_bytes(later) == unquote_to_bytes(href)
    assert later.count("/") == href.count("/")
    assert Hrefs(HOME).member(CAL, later, HOME) == remote_id


@given(name=names, safe=st.sampled_from(["", "@", "@:!$&'()*+,;=~-._"]))
def test_the_servers_own_spelling_is_used_while_it_is_known(name: bytes, safe: str) -> None:
    hrefs = Hrefs(HOME)
    href = CAL + spelled(name, safe)
    assert hrefs.path(hrefs.member(CAL, href, HOME)) == href


@pytest.mark.parametrize(
    ("one", "other"),
    [("/cal/me/a%40b.ics", "/cal/me/a@b.ics"), ("/cal/me/%c3%a9.ics", "/cal/me/%C3%A9.ics"),
     ("/cal/me/a.ics", "https://dav.example.org/cal/me/a.ics"), ("/cal/me/a.ics", "https://DAV.example.org:443/cal/me/a.ics")],
)
def test_two_spellings_of_one_address_are_one_id(one: str, other: str) -> None:
    assert Hrefs(HOME).member(CAL, one, HOME) == Hrefs(HOME).member(CAL, other, HOME)


def test_a_slash_inside_a_name_is_not_a_folder() -> None:
    hrefs = Hrefs(HOME)
    assert hrefs.member(CAL, "/cal/me/a%2Fb.ics", HOME) != hrefs.member(CAL, "/cal/me/a/b.ics", HOME)


def test_what_lives_on_another_host_has_a_whole_address_for_its_id() -> None:
    """iCloud (facts 4): relative answers from the partition, and now and then the old host in an href."""
    hrefs = Hrefs("https://caldav.icloud.com/")
    base = "https://p42-caldav.icloud.com:443/123/calendars/"
    cal = hrefs.id("/123/calendars/home/", base)
    assert cal == "https://p42-caldav.icloud.com/123/calendars/home/"
    for href in ("/123/calendars/home/a.ics", "https://caldav.icloud.com/123/calendars/home/a.ics"):
        member = hrefs.member(cal, href, base)
        assert member == cal + "a.ics"
        assert hrefs.url(member) == "https://p42-caldav.icloud.com/123/calendars/home/a.ics"
        assert hrefs.path(member) == "/123/calendars/home/a.ics"


def test_a_raw_question_mark_or_hash_belongs_to_the_name() -> None:
    """Xandikos sends them so."""
    assert Hrefs(HOME).member(CAL, "/cal/me/what?#now.ics", HOME) == "/cal/me/what?#now.ics"


def test_an_address_that_is_none_is_the_servers_fault() -> None:
    with pytest.raises(ProtocolError, match=r"dav\.example\.org names something at an address that is none"):
        Hrefs(HOME).id("https://[broken/a.ics", HOME)
