"""`guests = "rsvp"`: the owner's answer crosses between two copies of one invitation, and nobody is mailed (I6, I8)."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from calsync_cli.model.series import ANSWER
from calsync_cli.model.views import View
from tests.engine.cloud_world import CloudWorld
from tests.engine.faulty_world import FaultyWorld
from tests.engine.ical_sides import IcalSide
from tests.engine.world import ics

ME, ALSO_ME = "me@work.test", "me@home.test"
PEOPLE = ("ORGANIZER;CN=Boss:mailto:boss@work.test", "ATTENDEE;CN=Ann:mailto:ann@work.test")


def invitation(*addresses: str, said: str = "", uid: str = "u1", lines: tuple[str, ...] = ()) -> bytes:
    """As a server delivers it, or another program copied it."""
    status = f";PARTSTAT={said}" if said else ""
    own = [f"ATTENDEE;ROLE=REQ-PARTICIPANT{status};RSVP=TRUE;X-NUM=1:mailto:{one}" for one in addresses]
    return ics(uid, "Talk", *PEOPLE, *own, *lines)


class Desk(FaultyWorld):
    owners: ClassVar = {"a": frozenset({ME}), "b": frozenset({ALSO_ME}), "c": frozenset()}

    def both(self, a: bytes, b: bytes) -> None:
        self.put("a", a)
        self.put("b", b)
        self.run()

    def lines(self, side: str) -> list[str]:
        return b"".join(self.servers[side].contents(side).values()).decode().replace("\r\n ", "").split("\r\n")

    def said(self, side: str, address: str = "me@") -> list[str]:
        own = [line for line in self.lines(side) if line.startswith("ATTENDEE") and address in line]
        return [line.partition("PARTSTAT=")[2].partition(";")[0].partition(":")[0] for line in own]


def desk(names: str = "ab", **pair: Any) -> Desk:
    return Desk(names, carry=(ANSWER,), **pair)


def test_an_answer_on_one_side_is_given_on_the_other_and_nothing_else_of_it_changes() -> None:
    made = desk()
    made.both(invitation(ME), invitation(ALSO_ME))
    assert made.quiet()
    before = made.lines("b")
    made.replace("a", "u1", "REQ-PARTICIPANT;", "REQ-PARTICIPANT;PARTSTAT=TENTATIVE;")
    made.run()
    changed = [(old, new) for old, new in zip(before, made.lines("b"), strict=True) if old != new]
    assert changed == [(f"ATTENDEE;ROLE=REQ-PARTICIPANT;RSVP=TRUE;X-NUM=1:mailto:{ALSO_ME}",
                        f"ATTENDEE;ROLE=REQ-PARTICIPANT;RSVP=TRUE;X-NUM=1;PARTSTAT=TENTATIVE:mailto:{ALSO_ME}")]
    assert made.quiet()
    made.replace("b", "u1", "PARTSTAT=TENTATIVE", "PARTSTAT=DECLINED")
    made.run()
    assert made.said("a") == ["DECLINED"] and made.quiet()


def test_without_rsvp_no_answer_crosses() -> None:
    made = Desk()
    made.both(invitation(ME), invitation(ALSO_ME))
    made.replace("a", "u1", "REQ-PARTICIPANT;", "REQ-PARTICIPANT;PARTSTAT=ACCEPTED;")
    made.run()
    assert made.said("b") == [""] and made.quiet()


def test_what_was_answered_before_the_first_sync_is_given_where_nothing_was() -> None:
    made = desk()
    made.both(invitation(ME), invitation(ALSO_ME, said="ACCEPTED"))
    assert made.said("a") == ["ACCEPTED"] and made.quiet()


def test_two_answers_are_one_question() -> None:
    made = desk()
    made.both(invitation(ME, said="DECLINED"), invitation(ALSO_ME, said="ACCEPTED"))
    assert made.run().exit_code == 3
    assert made.said("a") == ["DECLINED"] and made.said("b") == ["ACCEPTED"]
    made = desk(conflict="a")
    made.both(invitation(ME, said="DECLINED"), invitation(ALSO_ME, said="ACCEPTED"))
    assert made.said("b") == ["DECLINED"] and made.quiet()


@pytest.mark.parametrize("after", [invitation(ME, said="NEEDS-ACTION"), ics("u1", "Talk", *PEOPLE), ics("u1", "Talk")])
def test_an_answer_that_is_asked_for_again_or_gone_takes_none_back(after: bytes) -> None:
    """I8: the organizer moved the meeting, or took the guest off the list."""
    made = desk()
    made.both(invitation(ME, said="ACCEPTED"), invitation(ALSO_ME, said="ACCEPTED"))
    made.servers["a"].user_put("a", next(iter(made.servers["a"].contents("a"))), after)
    made.run()
    assert made.said("b") == ["ACCEPTED"] and made.quiet()


def test_a_copy_has_no_answer_and_gives_none() -> None:
    made = desk()
    made.put("a", invitation(ME, said="ACCEPTED"))
    made.run()
    copy = made.lines("b")
    made.replace("a", "u1", "PARTSTAT=ACCEPTED", "PARTSTAT=DECLINED")
    made.run()
    assert made.lines("b") == copy and made.said("a") == ["DECLINED"] and made.quiet()
    made.edit("b", "u1", title="Talk about it")
    made.run()
    assert made.said("a") == ["DECLINED"] and made.quiet()


def test_who_is_not_invited_there_gives_no_answer_there() -> None:
    made = desk()
    made.both(invitation(ME), ics("u1", "Talk", *PEOPLE))
    before = made.lines("b")
    made.replace("a", "u1", "REQ-PARTICIPANT;", "REQ-PARTICIPANT;PARTSTAT=ACCEPTED;")
    assert made.run().exit_code == 0 and made.lines("b") == before and made.quiet()


def test_the_host_of_a_meeting_answers_nothing() -> None:
    made = desk()
    own = ics("u1", "Talk", f"ORGANIZER:mailto:{ME}", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{ME}")
    made.both(own, invitation(ALSO_ME))
    assert made.said("b") == [""] and made.quiet()


def test_a_folder_knows_the_addresses_of_all_accounts() -> None:
    made = desk("ac")
    made.put("a", invitation(ME))
    made.put("c", invitation(ME))
    made.run()
    made.replace("c", "u1", "REQ-PARTICIPANT;", "REQ-PARTICIPANT;PARTSTAT=ACCEPTED;")
    made.run()
    assert made.said("a") == ["ACCEPTED"] and made.quiet()


@pytest.mark.parametrize("notify", ["never", "allow"])
def test_where_a_server_would_mail_the_answer_it_waits_for_a_yes(notify: str) -> None:
    """G8, semantics 15."""
    made = desk(notify=notify)
    made.servers["b"].set_calendar("b", mails=True)
    made.both(invitation(ME), invitation(ALSO_ME))
    made.replace("a", "u1", "REQ-PARTICIPANT;", "REQ-PARTICIPANT;PARTSTAT=ACCEPTED;")
    report = made.run()
    assert made.said("b") == (["ACCEPTED"] if notify == "allow" else [""])
    assert notify == "allow" or (report.exit_code == 3 and "mail your answer" in str(report.problems))


def test_of_a_series_the_whole_answer_crosses_and_a_date_with_its_own_keeps_it() -> None:
    rule = ("RRULE:FREQ=WEEKLY;COUNT=4",)
    date = invitation(ME, said="DECLINED", lines=("RECURRENCE-ID;TZID=Europe/Berlin:20261208T090000",))
    there = invitation(ME, said="NEEDS-ACTION", lines=rule)
    both = there.replace(b"END:VCALENDAR\r\n", date.partition(b"PRODID:-//test//EN\r\n")[2])
    made = desk("ac")
    made.put("a", there)
    made.put("c", both)
    made.run()
    made.replace("a", "u1", "PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED")
    made.run()
    assert sorted(made.said("c")) == ["ACCEPTED", "DECLINED"] and made.quiet()


def test_a_busy_copy_tells_no_answer() -> None:
    made = Desk("ab", carry=(ANSWER,), to_b=View("busy"))
    made.both(invitation(ME), invitation(ALSO_ME))
    made.replace("a", "u1", "REQ-PARTICIPANT;", "REQ-PARTICIPANT;PARTSTAT=ACCEPTED;")
    made.run()
    assert made.said("b") == [""] and made.quiet()


# -- services ----------------------------------------------------------------------------------------------------------


def folder(world: CloudWorld, address: str) -> IcalSide:
    side = world["b"]
    assert isinstance(side, IcalSide)
    side.add("Talk", "2027-03-01T09:00", uid="u1", guests=(address,))
    return side


def say(side: IcalSide, word: str) -> None:
    ((name, payload),) = side.files().items()
    side.put(name, payload.replace(b"ATTENDEE:", b"ATTENDEE;PARTSTAT=%s:" % word.encode()))


def partstat(side: IcalSide) -> str:
    (payload,) = side.files().values()
    line = next(line for line in payload.decode().split("\r\n") if line.startswith("ATTENDEE"))
    return line.partition("PARTSTAT=")[2].partition(":")[0]


def answers(world: CloudWorld, name: str) -> dict[str, str]:
    (side,) = world.google
    return {one["email"]: one["responseStatus"] for one in side.at.rows[name].body["attendees"]}


def test_an_answer_crosses_to_google_and_back_and_nobody_is_mailed() -> None:
    with CloudWorld("google", "vdir", carry=(ANSWER,)) as world:
        me, g = world.users["a"], world.g
        world.owners = {"a": frozenset({me}), "b": frozenset()}
        times = {name: {"dateTime": f"2027-03-01T{at}:00:00+01:00"} for name, at in (("start", "09"), ("end", "10"))}
        guests = [{"email": me}, {"email": "ann@work.test"}]
        made = g.people.invite(me, "boss@work.test", {"summary": "Talk", "attendees": guests, **times}, uid="u1")
        side = folder(world, me)
        world.run()
        say(side, "ACCEPTED")
        world.run()
        assert answers(world, made["id"]) == {me: "accepted", "ann@work.test": "needsAction"} and world.quiet()
        g.people.respond(me, made["id"], "declined")
        world.run()
        assert partstat(side) == "DECLINED" and world.quiet()
        assert g.mails == []


@pytest.mark.parametrize(("kind", "names"), [("google", ["a@example.test"]), ("graph", ["a@example.test"])])
def test_the_addresses_that_a_service_tells_are_kept_and_ask_for_nothing(kind: str, names: list[str]) -> None:
    """Told when its calendars are looked for; the next run has no need to."""
    with CloudWorld(kind, "vdir", carry=(ANSWER,)) as world:
        world.owners = dict.fromkeys("ab", frozenset())
        world["a"].add("Talk", "2027-03-01T09:00")
        world.run()
        assert world.quiet()
        session = world.session()
        assert sorted(session.own_addresses("a")) == names and session.me("b") == session.me("a")
        session.close()


def test_an_answer_in_outlook_crosses_and_none_is_given_there() -> None:
    """Microsoft has no place for the version that an answer was planned from (I13)."""
    with CloudWorld("graph", "vdir", carry=(ANSWER,)) as world:
        world.owners = {"a": frozenset({world.users["a"]}), "b": frozenset()}
        (outlook,) = world.graph
        uid = outlook.add("Talk", "2027-03-01T09:00", guests=(world.users["a"], "ann@work.test"))
        chair = {"emailAddress": {"address": "chair@elsewhere.test", "name": "Chair"}}
        outlook.patch(uid, {"organizer": chair, "isOrganizer": False, "responseStatus": {"response": "notResponded"}})
        side = world["b"]
        assert isinstance(side, IcalSide)
        side.add("Talk", "2027-03-01T09:00", uid=uid, guests=(world.users["a"],))
        world.run()
        outlook.patch(uid, {"responseStatus": {"response": "tentativelyAccepted"}})
        world.run()
        assert partstat(side) == "TENTATIVE" and world.quiet()
        side.put(*next((i, p.replace(b"TENTATIVE", b"ACCEPTED")) for i, p in side.files().items()))
        report = world.run()
        assert "answer it in Outlook" in str(report.problems) and partstat(side) == "ACCEPTED"
        outlook.patch(uid, {"responseStatus": {"response": "accepted"}})
        world.run()
        assert world.run().exit_code == 0 and world.quiet() and not outlook.box.mails
