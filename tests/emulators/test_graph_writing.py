"""Versions, repeated creates and meetings in the Graph emulator. Each test cites its items."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.emulators.graph import graph_emulator
from tests.emulators.graph.client import Api, at, body, event, q, refusal, weekly

KEY = "String {6C2A3E5D-91F4-4B0E-8F51-1B4E0F3D7A20} Name calsync-uid"
GUEST = {"emailAddress": {"name": "Gil", "address": "gil@contoso.example"}, "type": "required"}


# -- versions ----------------------------------------------------------------------------------------------------------


def test_every_write_makes_a_new_etag_and_a_stale_one_is_refused() -> None:
    """L16.29, L16.30, A9.10"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create()
        path, old = f"me/events/{q(made['id'])}", made["@odata.etag"]
        assert old == f'W/"{made["changeKey"]}"'
        new = body(api.patch(path, {"subject": "b"}, If_Match=old))["@odata.etag"]
        assert new != old
        for answer in (api.patch(path, {"subject": "c"}, If_Match=old), api.delete(path, If_Match=old)):
            assert refusal(answer) == (412, "ErrorIrresolvableConflict")
        assert body(api.patch(path, {"subject": "d"}))["subject"] == "d", "without If-Match the last writer wins"
        assert api.read(made["id"])["subject"] == "d"


def test_an_etag_may_change_again_without_any_change_to_see() -> None:
    """L16.29 (knob), A9.10"""
    with graph_emulator(etag_bump_s=0.05) as g, Api(g) as api:
        made = api.create()
        time.sleep(0.15)
        later = api.read(made["id"])
        assert later.pop("@odata.etag") != made.pop("@odata.etag") and later.pop("changeKey") != made.pop("changeKey")
        assert {k: v for k, v in later.items() if "odata" not in k} == {
            k: v for k, v in made.items() if "odata" not in k
        }
        g.change(knobs={"etag_bump_s": 0})
        before = api.read(made["id"])["@odata.etag"]
        g.do(do="touch", id=made["id"])
        assert api.read(made["id"])["@odata.etag"] != before


@pytest.mark.parametrize("status", [409, 412])
@pytest.mark.parametrize("code", ["ErrorIrresolvableConflict", "PreconditionFailed"])
def test_a_conflict_may_come_without_any_reason(status: int, code: str) -> None:
    """L16.30 (knob), A9.10"""
    with graph_emulator() as g, Api(g) as api:
        path = f"me/events/{q(api.create()['id'])}"
        g.change(faults=[{"name": "conflict", "status": status, "code": code}])
        assert refusal(api.patch(path, {"subject": "x"})) == (status, code)
        assert api.patch(path, {"subject": "x"}).status_code == 200


def test_a_repeated_create_gives_the_first_event() -> None:
    """L16.31, A9.28"""
    with graph_emulator() as g, Api(g) as api:
        sent = event(transactionId="7f0c9a52-0000-4000-8000-000000000001")
        first, again = api.post("me/events", sent), api.post("me/events", sent)
        assert (first.status_code, again.status_code) == (201, 201)
        assert body(first)["id"] == body(again)["id"] and len(g.events()) == 1
        assert body(first)["transactionId"] == sent["transactionId"]
        assert "transactionId" not in api.create()
        changed = api.patch(f"me/events/{q(body(first)['id'])}", {"transactionId": "x"})
        assert refusal(changed) == (400, "ErrorInvalidRequest")


@pytest.mark.parametrize(("knob", "status"), [("400", 400), ("409", 409), ("first", 201)])
def test_the_same_transaction_with_another_body(knob: str, status: int) -> None:
    """L16.31, A9.28: the sheets differ (error, or the first event unchanged); a switch"""
    with graph_emulator(transaction_conflict=knob) as g, Api(g) as api:
        first = api.create(transactionId="t-1")["id"]
        answer = api.post("me/events", event("other", transactionId="t-1"))
        assert answer.status_code == status and len(g.events()) == 1
        if status == 201:
            assert (body(answer)["id"], body(answer)["subject"]) == (first, "Dentist")
        else:
            assert body(answer)["error"]["code"] == "ErrorDuplicateTransactionId"
            assert body(answer)["error"]["@event.existingEventId"] == first


def test_a_transaction_is_forgotten_after_a_while() -> None:
    """L16.31, A9.28, A9.29"""
    with graph_emulator(transaction_memory_s=600) as g, Api(g) as api:
        ids = [api.create(transactionId="t-1")["id"]]
        g.change(advance_s=500)
        ids.append(api.create(transactionId="t-1")["id"])
        g.change(advance_s=200)
        ids.append(api.create(transactionId="t-1")["id"])
        assert ids[0] == ids[1] != ids[2]
        g.change(forget_transactions=True)
        assert api.create(transactionId="t-1")["id"] not in ids


@pytest.mark.parametrize("knob", ["deleted", "error", "new"])
def test_a_repeat_after_the_first_was_deleted(knob: str) -> None:
    """A9.28"""
    with graph_emulator(transaction_after_delete=knob) as g, Api(g) as api:
        first = api.create(transactionId="t-1")["id"]
        assert api.delete(f"me/events/{q(first)}").status_code == 204
        answer = api.post("me/events", event(transactionId="t-1"))
        assert answer.status_code == (400 if knob == "error" else 201)
        if knob == "deleted":
            assert body(answer)["id"] == first and api.get(f"me/events/{q(first)}").status_code == 404
        if knob == "new":
            assert body(answer)["id"] != first
        assert len(g.events()) == (1 if knob == "new" else 0)


def test_a_deleted_event_is_not_found_and_may_be_restored() -> None:
    """L16.33, A9.30"""
    for knob in ("same", "new"):
        with graph_emulator(restore=knob) as g, Api(g) as api:
            name = api.create()["id"]
            path = f"me/events/{q(name)}"
            assert [api.delete(path).status_code for _ in range(2)] == [204, 404]
            assert refusal(api.get(path)) == (404, "ErrorItemNotFound")
            assert refusal(api.patch(path, {"subject": "x"})) == (404, "ErrorItemNotFound")
            back = g.do(do="restore", id=name)
            assert (back == name) == (knob == "same")
            assert api.read(back)["subject"] == "Dentist"


# -- meetings ----------------------------------------------------------------------------------------------------------


def _kinds(g: Any) -> list[str]:
    kinds = [mail["kind"] for mail in g.mails]
    g.mails.clear()
    return kinds


def test_every_write_on_a_meeting_mails_its_guests() -> None:
    """L16.32, A9.34"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(attendees=[GUEST], recurrence=weekly())
        assert g.mails[0]["to"] == ["gil@contoso.example"] and _kinds(g) == ["invitation"]
        path = f"me/events/{q(made['id'])}"
        api.patch(path, {"location": {"displayName": "Room 2"}})
        assert _kinds(g) == ["update"]
        other = GUEST | {"emailAddress": {"name": "Ida", "address": "ida@contoso.example"}}
        api.patch(path, {"attendees": [other]})
        assert sorted(_kinds(g)) == ["cancellation", "invitation"], "only those added and removed"
        one = api.instances(made["id"])[1]["id"]
        api.patch(f"me/events/{q(one)}", {"subject": "Moved"})
        assert _kinds(g) == ["update"], "each instance sends its own"
        api.delete(f"me/events/{q(one)}")
        assert _kinds(g) == ["cancellation"]
        api.patch(path, {"singleValueExtendedProperties": [{"id": KEY, "value": "x"}]})
        assert _kinds(g) == []
        api.delete(path)
        assert _kinds(g) == ["cancellation"]
        api.delete(f"me/events/{q(api.create()['id'])}")
        assert _kinds(g) == [], "without guests nobody is told"


@pytest.mark.parametrize("mails", [True, False])
def test_personal_changes_of_the_organizer_mail_or_do_not(mails: bool) -> None:
    """L16.32 (L17.9), A9.34"""
    with graph_emulator(personal_writes_mail=mails) as g, Api(g) as api:
        path = f"me/events/{q(api.create(attendees=[GUEST])['id'])}"
        g.mails.clear()
        api.patch(path, {"reminderMinutesBeforeStart": 5, "showAs": "free", "categories": ["x"]})
        assert _kinds(g) == (["update"] if mails else [])


def test_answers_to_meetings_have_their_rules() -> None:
    """L16.32"""
    with graph_emulator() as g, Api(g) as api:
        own = f"me/events/{q(api.create(attendees=[GUEST])['id'])}"
        g.mails.clear()
        assert refusal(api.post(f"{own}/accept", {"sendResponse": False})) == (400, "ErrorInvalidRequest")
        boss = {"emailAddress": {"name": "Boss", "address": "boss@contoso.example"}}
        invited = g.do(do="create", event=event("Review", organizer=boss, isOrganizer=False, attendees=[GUEST]))
        theirs = f"me/events/{q(invited)}"
        assert refusal(api.post(f"{theirs}/cancel", {"comment": ""})) == (400, "ErrorInvalidRequest")
        proposing = {"sendResponse": False, "proposedNewTime": {"start": at("2026-01-06"), "end": at("2026-01-07")}}
        assert refusal(api.post(f"{theirs}/decline", proposing)) == (400, "ErrorInvalidParameter")
        assert api.post(f"{theirs}/tentativelyAccept", {"sendResponse": False}).status_code == 202
        assert api.read(invited)["responseStatus"]["response"] == "tentativelyAccepted" and _kinds(g) == []
        assert api.post(f"{theirs}/accept", {"sendResponse": True}).status_code == 202
        assert (g.mails[0]["to"], _kinds(g)) == (["boss@contoso.example"], ["response"])
        assert api.post(f"{theirs}/decline", {"sendResponse": False}).status_code == 202
        assert api.get(theirs).status_code == 404 and _kinds(g) == []
        assert api.post(f"{own}/cancel", {"comment": "off"}).status_code == 202
        assert _kinds(g) == ["cancellation"] and api.get(own).status_code == 404


def test_an_attendee_changes_only_the_own_copy_until_the_organizer_writes() -> None:
    """L16.32"""
    with graph_emulator() as g, Api(g) as api:
        name = g.do(do="create", event=event("Review", isOrganizer=False, attendees=[GUEST]))
        assert body(api.patch(f"me/events/{q(name)}", {"subject": "Mine"}))["subject"] == "Mine" and _kinds(g) == []
        g.do(do="organizer_update", id=name, changes={"location": {"displayName": "Room 9"}})
        seen = api.read(name)
        assert (seen["subject"], seen["location"]["displayName"]) == ("Review", "Room 9")
        g.do(do="cancel_meeting", id=name)
        seen = api.read(name)
        assert (seen["isCancelled"], seen["subject"]) == (True, "Canceled: Review")
        api.delete(f"me/events/{q(name)}")
        assert _kinds(g) == []


def test_answers_of_guests_change_the_event() -> None:
    """A9.10: responses of guests make a new etag"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create(attendees=[GUEST])
        g.do(do="respond", id=made["id"], attendee="gil@contoso.example", response="accepted")
        seen = api.read(made["id"])
        assert seen["attendees"][0]["status"]["response"] == "accepted" and seen["@odata.etag"] != made["@odata.etag"]
