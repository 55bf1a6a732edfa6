"""Throttling and faults of the Graph emulator. Each test cites its items."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from tests.emulators.graph import fault, graph_emulator
from tests.emulators.graph.client import Api, event, q, refusal

HERE = Path(__file__).parent


def test_every_item_of_the_checklists_has_a_test() -> None:
    cited = set(re.findall(r"\b(?:L16|A9)\.\d+\b", "".join(file.read_text() for file in HERE.glob("test_graph_*.py"))))
    wanted = {f"L16.{n}" for n in range(1, 61)} | {f"A9.{n}" for n in range(1, 35)}
    assert sorted(wanted - cited) == []


# -- throttling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_a_fifth_request_at_the_same_time_is_refused(status: int) -> None:
    """L16.14, A9.24"""
    with graph_emulator(latency_s=0.3, concurrency_status=status) as g:
        apis = [Api(g) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda api: api.get("me"), apis))
        refused = [answer for answer in answers if answer.status_code != 200]
        assert [refusal(answer) for answer in refused] == [(status, "ApplicationThrottled")] * 2
        assert "MailboxConcurrency" in refused[0].text
        assert (refused[0].headers["retry-after"], refused[0].headers["ratelimit-exceeded"]) == (
            "1",
            "MailboxConcurrency",
        )
        assert g.state()["most_at_once"] == 4


def test_requests_are_counted_refused_ones_too_and_make_the_penalty_longer() -> None:
    """L16.14, A9.24"""
    with graph_emulator(window_requests=5, window_s=60.0) as g, Api(g) as api:
        assert [api.get("me").status_code for _ in range(7)] == [200] * 5 + [429] * 2
        g.change(advance_s=61)
        assert api.get("me").status_code == 200
        g.change(faults=[{"name": "storm", "seconds": 5}])
        assert [api.get("me").status_code for _ in range(3)] == [429] * 3
        until = g.emulator.throttle.until[1]
        api.get("me")
        assert g.emulator.throttle.until[1] > until


def test_retry_after_comes_in_every_form() -> None:
    """L16.14, A9.24"""
    with graph_emulator() as g, Api(g) as api:
        for form, check in {"10": "10", "decimals": "2.128", "3600": "3600"}.items():
            g.change(knobs={"retry_after": form}, faults=[{"name": "429"}])
            assert api.get("me").headers["retry-after"] == check
        g.change(knobs={"retry_after": "date"}, faults=[{"name": "429"}])
        assert parsedate_to_datetime(api.get("me").headers["retry-after"]).tzinfo is not None
        g.change(knobs={"retry_after": "absent"}, faults=[{"name": "429"}])
        assert "retry-after" not in api.get("me").headers


# -- faults ------------------------------------------------------------------------------------------------------------


def test_a_write_may_be_done_though_its_answer_is_lost() -> None:
    """L16.15, A9.25"""
    with graph_emulator() as g, Api(g) as api:
        g.change(faults=[{"name": "drop-after", "method": "POST"}])
        with pytest.raises(httpx.TransportError):
            api.post("me/events", event("kept"))
        g.change(faults=[{"name": "drop-before", "method": "POST"}])
        with pytest.raises(httpx.TransportError):
            api.post("me/events", event("lost"))
        assert [row["subject"] for row in g.events()] == ["kept"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_may_be_done_though_the_answer_is_an_error(status: int) -> None:
    """L16.15, A9.25"""
    with graph_emulator(faults=[fault("status-after", status=status, html=True)]) as g, Api(g) as api:
        answer = api.post("me/events", event())
        assert answer.status_code == status and b"<html>" in answer.content
        assert len(g.events()) == 1


def test_a_lost_write_may_arrive_late() -> None:
    """A9.25: after our next read as well"""
    with graph_emulator() as g, Api(g) as api:
        g.change(faults=[{"name": "late", "method": "POST", "seconds": 600}])
        with pytest.raises(httpx.TransportError):
            api.post("me/events", event("late"))
        assert api.rows("me/events") == []
        g.change(advance_s=601)
        assert [row["subject"] for row in api.rows("me/events")] == ["late"]


def test_a_person_may_edit_in_the_middle_of_a_run() -> None:
    """A9.26"""
    with graph_emulator() as g, Api(g) as api:
        made = api.create()
        path = f"me/events/{q(made['id'])}"
        edit = {"do": "update", "id": made["id"], "changes": {"subject": "theirs"}}
        g.change(faults=[{"name": "edit", "method": "PATCH", "edit": edit}])
        assert api.patch(path, {"subject": "ours"}, If_Match=made["@odata.etag"]).status_code == 412
        assert api.read(made["id"])["subject"] == "theirs"


def test_answers_may_be_cut_garbled_of_another_item_or_late() -> None:
    """L16.15, A9.25"""
    with graph_emulator() as g, Api(g) as api:
        name = api.create()["id"]
        g.change(faults=[{"name": "cut-body"}])
        with pytest.raises(httpx.RemoteProtocolError):
            api.get(f"me/events/{q(name)}")
        g.change(faults=[{"name": "garbled"}])
        with pytest.raises(ValueError, match=r".*"):
            api.get(f"me/events/{q(name)}").json()
        g.change(faults=[{"name": "wrong-item"}])
        assert api.read(name)["id"] != name
        g.change(faults=[{"name": "slow", "seconds": 0.5}])
        with pytest.raises(httpx.ReadTimeout):
            api.http.get(f"{g.graph_url}/me", timeout=0.1)
        g.change(faults=[{"name": "html"}])
        assert api.get("me").headers["content-type"] == "text/html"
        g.change(faults=[{"name": "empty"}])
        empty = api.get("me")
        assert (empty.content, empty.status_code) == (b"", 500)


def test_connections_may_be_refused_and_certificates_not_trusted() -> None:
    """A9.25"""
    with graph_emulator() as g:
        with g.unreachable(), Api(g) as api, pytest.raises(httpx.ConnectError):
            api.get("me")
        with g.untrusted(), Api(g) as api, pytest.raises(httpx.ConnectError, match="certificate"):
            api.get("me")
        with Api(g) as api:
            assert api.get("me").status_code == 200


def test_any_row_of_the_error_table_can_be_scripted_by_method_path_and_count() -> None:
    """A9.26, A9.27"""
    with graph_emulator() as g, Api(g) as api:
        g.change(faults=[{"name": "status", "status": 423, "code": "ErrorMailboxMoveInProgress", "method": "PATCH",
                          "path": "/events/", "skip": 1, "times": 2, "retry_after": 600}])
        name = api.create()["id"]
        told = [api.patch(f"me/events/{q(name)}", {"subject": f"{n}"}) for n in range(4)]
        assert [answer.status_code for answer in told] == [200, 423, 423, 200]
        assert told[1].headers["retry-after"] == "600"
        assert [row[:2] for row in g.state()["hit"]] == [("status", "PATCH")] * 2


def test_a_full_mailbox_refuses_creates_and_lets_deletes_through() -> None:
    """A9.27"""
    with graph_emulator() as g, Api(g) as api:
        name = api.create()["id"]
        g.change(full=True)
        assert refusal(api.post("me/events", event())) == (507, "ErrorQuotaExceeded")
        assert api.delete(f"me/events/{q(name)}").status_code == 204


def test_faults_can_hit_by_chance() -> None:
    """A9.26"""
    with graph_emulator(faults=[fault("503", chance=0.5, times=0)], seed=3) as g, Api(g) as api:
        codes = [api.get("me").status_code for _ in range(40)]
        assert 5 < codes.count(503) < 35
