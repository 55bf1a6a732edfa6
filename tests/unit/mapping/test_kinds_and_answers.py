"""What a service says an event is and what was answered: in the words of filters (V5), as the mirror keeps them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calsync_cli.mapping.google.document import document as google_document
from calsync_cli.mapping.google.mapping import GOOGLE
from calsync_cli.mapping.graph.document import document as graph_document
from calsync_cli.mapping.graph.mapping import GRAPH
from calsync_cli.model.account import Account
from calsync_cli.model.series import Reading
from calsync_cli.model.views import ANSWERS, SERVICE_KINDS
from calsync_cli.ports import system_ports
from calsync_cli.store import links, mirror
from calsync_cli.store.db import open_database
from calsync_cli.store.mirror import Seen


def google(**members: Any) -> Reading:
    times = {name: {"dateTime": f"2026-11-24T{at}:00Z"} for name, at in (("start", "09:00"), ("end", "10:00"))}
    return GOOGLE.read(google_document({"id": "e", "iCalUID": "u", "summary": "T", **times, **members}))


def graph(**members: Any) -> Reading:
    times = {
        name: {"dateTime": f"2026-11-24T{at}:00.0000000", "timeZone": "UTC"}
        for name, at in (("start", "09:00"), ("end", "10:00"))
    }
    return GRAPH.read(graph_document({"id": "e", "iCalUId": "u", "subject": "T", "type": "singleInstance", **times,
                                      **members}))


@pytest.mark.parametrize(
    ("reading", "kind"),
    [
        (google(), ""), (google(eventType="default"), ""), (google(eventType="fromGmail"), ""),
        (google(eventType="outOfOffice"), "out-of-office"), (google(eventType="focusTime"), "focus-time"),
        (google(eventType="workingLocation"), "working-location"), (google(eventType="birthday"), "birthday"),
        (graph(), ""), (graph(showAs="busy"), ""), (graph(showAs="oof"), "out-of-office"),
        (graph(showAs="workingElsewhere"), "working-location"),
    ],
)
def test_kinds(reading: Reading, kind: str) -> None:
    assert reading.kind == kind and (not kind or kind in SERVICE_KINDS)


def self_and_other(response: str) -> list[dict[str, Any]]:
    return [{"email": "o@example.org", "responseStatus": "accepted"},
            {"email": "me@example.com", "self": True, "responseStatus": response}]


@pytest.mark.parametrize(
    ("reading", "answer"),
    [
        (google(), ""), (google(attendees=[{"email": "o@example.org", "responseStatus": "declined"}]), ""),
        (google(attendees=self_and_other("accepted")), "accepted"),
        (google(attendees=self_and_other("tentative")), "maybe"),
        (google(attendees=self_and_other("declined")), "declined"),
        (google(attendees=self_and_other("needsAction")), "unanswered"),
        (graph(), ""), (graph(responseStatus={"response": "none"}), ""),
        (graph(responseStatus={"response": "organizer"}), ""),
        (graph(responseStatus={"response": "accepted"}), "accepted"),
        (graph(responseStatus={"response": "tentativelyAccepted"}), "maybe"),
        (graph(responseStatus={"response": "declined"}), "declined"),
        (graph(responseStatus={"response": "notResponded"}), "unanswered"),
        (graph(responseStatus="declined"), ""),
    ],
)
def test_answers(reading: Reading, answer: str) -> None:
    assert reading.answer == answer and (not answer or answer in ANSWERS)


def test_the_mirror_keeps_both_and_a_new_answer_alone_is_a_change(tmp_path: Path) -> None:
    database = open_database(tmp_path, system_ports())
    with database.transaction():
        row = mirror.put_calendar(database, "a", "A", "r", "A", "write", "full", False, None)
        seen = Seen("e", "u", "1", b"{}", google().form, kind="focus-time", answer="maybe")
        assert mirror.put_item(database, row.id, seen, 1)
        assert not mirror.put_item(database, row.id, replace(seen, etag="2"), 2)
        (replica,) = links.unlinked(database, "g", row.id, [row.id], everything=True)
        assert (replica.kind, replica.answer, replica.etag) == ("focus-time", "maybe", "2")
        assert mirror.put_item(database, row.id, replace(seen, answer="declined"), 3)
        assert mirror.put_item(database, row.id, replace(seen, kind=""), 4)
    database.close()


@pytest.mark.parametrize(
    ("username", "me"), [("Me@Example.com", {"me@example.com"}), ("me", set()), (None, set())],
)
def test_an_account_knows_the_address_it_signs_in_with(username: str | None, me: set[str]) -> None:
    assert Account("a", "caldav", username=username).me == me
