"""Answers are read without entities, and only for what they say (O10, facts 1.1, 1.3)."""

from __future__ import annotations

import pytest

from calsync_cli.errors import ProtocolError
from calsync_cli.providers.caldav import xml

BOMB = (
    b'<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    b'<!ENTITY f SYSTEM "file:///etc/hostname">'
)


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b'<?xml version="1.0"?>\n', b"<!-- x --> \n<?p?>"])
@pytest.mark.parametrize("padding", [0, xml.SMALL + 1])
def test_a_document_type_is_refused_before_it_is_read(before: bytes, padding: int) -> None:
    body = before + b"<!DOCTYPE d [" + BOMB + b']><d x="&c;">&f;' + b" " * padding + b"</d>"
    with pytest.raises(ProtocolError, match="document type"):
        xml.parse(body)


def test_a_document_type_inside_an_event_is_only_text() -> None:
    """Outlook's HTML descriptions, in the CDATA of Cyrus."""
    body = (
        b'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response><D:href>/a.ics</D:href>'
        b"<D:propstat><D:prop><C:calendar-data><![CDATA[X-ALT-DESC:<!DOCTYPE HTML>]]></C:calendar-data></D:prop>"
        b"<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"
    )
    (one,) = xml.multistatus(body).answers
    assert one.text(f"{xml.C}calendar-data") == "X-ALT-DESC:<!DOCTYPE HTML>"


@pytest.mark.parametrize("body", [b"", b"<html>", b"Service unavailable", b"<a><b></a>", b"\x00", b"<a>\x07</a>"])
def test_what_is_no_xml_is_the_servers_fault(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        xml.multistatus(body)


def test_a_status_inside_a_propstat_is_not_that_of_the_member() -> None:
    body = (
        b'<multistatus xmlns="DAV:"><response><href>/a.ics</href><propstat><prop><getetag/></prop>'
        b"<status>HTTP/1.1 404 Not Found</status></propstat></response>"
        b"<response><href>/b.ics</href><status>HTTP/1.1 404 Not Found</status></response></multistatus>"
    )
    a, b = xml.multistatus(body).answers
    assert (a.status, a.props) == (None, {})
    assert b.status == 404


def test_tokens_and_hrefs_are_escaped_on_their_way_out() -> None:
    assert xml.parse(xml.sync_collection("a&<b>")).findtext(f"{xml.D}sync-token") == "a&<b>"
    assert [e.text for e in xml.parse(xml.multiget(["/a&b.ics"])).iter(f"{xml.D}href")] == ["/a&b.ics"]


def test_a_sync_request_has_no_limit() -> None:
    """Facts 0.6."""
    assert b"limit" not in xml.sync_collection("t") and b"nresults" not in xml.sync_collection("t")


def test_a_complaint_names_conditions_only_and_not_what_is_around_them() -> None:
    body = (
        b'<d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://sabredav.org/ns">'
        b"<s:exception>X</s:exception><s:message>Why\n not</s:message>"
        b"<c:no-uid-conflict><d:href>/b.ics</d:href></c:no-uid-conflict></d:error>"
    )
    said = xml.complaint(body)
    assert (said.names, said.href, said.words) == ({"no-uid-conflict"}, "/b.ics", "Why not")
    assert xml.complaint(b"<html/>") == xml.Complaint() == xml.complaint(b"no")
