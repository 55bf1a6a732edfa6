"""Batches of the Graph emulator. Each test cites its items."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.emulators.graph import CONSUMERS, User, graph_emulator
from tests.emulators.graph.client import IMMUTABLE, Api, Json, body, event, q, refusal, weekly

TYPED = {"Content-Type": "application/json"}
BOB = User("bob@outlook.example", "Bob", "00000000-0000-0000-0001-0123456789ab", CONSUMERS, personal=True)


# -- batches -----------------------------------------------------------------------------------------------------------


def creates(number: int, **more: Any) -> list[Json]:
    return [{"id": f"{n}", "method": "POST", "url": "/me/events", "headers": TYPED, "body": event(f"{n}"), **more}
            for n in range(number)]


def run(api: Api, parts: list[Json]) -> dict[str, Json]:
    answer = api.post("$batch", {"requests": parts})
    assert answer.status_code == 200, answer.text
    return {part["id"]: part for part in body(answer)["responses"]}


def test_a_batch_takes_twenty_parts_with_ids_of_their_own() -> None:
    """L16.56, A9.23"""
    with graph_emulator() as g, Api(g) as api:
        assert {part["status"] for part in run(api, creates(20)).values()} == {201}
        too_many = api.post("$batch", {"requests": creates(21)})
        assert refusal(too_many) == (400, "BadRequest") and "maximum value of 20" in too_many.text
        for twins in ([{"id": "a"}, {"id": "A"}], [{"id": "a"}, {"id": ""}]):
            parts = [part | twin for part, twin in zip(creates(2), twins, strict=True)]
            assert refusal(api.post("$batch", {"requests": parts})) == (400, "BadRequest")
        assert len(g.events()) == 20, "nothing of a refused batch is done"


def test_parts_come_in_any_order_and_no_header_of_the_outside_reaches_them() -> None:
    """L16.56, A9.23, A9.7"""
    with graph_emulator() as g, Api(g) as api:
        made = run(api, creates(8))
        listed = [part["id"] for part in body(api.post("$batch", {"requests": creates(8)}))["responses"]]
        assert listed != sorted(listed)
        assert not made["0"]["body"]["id"].startswith("AAkALgAA"), "the immutable form needs the header in the part"
        with_header = run(api, creates(1, headers=TYPED | {"Prefer": IMMUTABLE}))["0"]
        assert with_header["body"]["id"].startswith("AAkALgAA")
        name = with_header["body"]["id"]
        path = f"/me/events/{q(name)}"
        told = run(
            api,
            [
                {
                    "id": "a",
                    "method": "PATCH",
                    "url": path,
                    "headers": TYPED | {"If-Match": 'W/"old"'},
                    "body": {"subject": "x"},
                },
                {"id": "b", "method": "DELETE", "url": f"/me/events/{q(made['1']['body']['id'])}"},
            ],
        )
        assert (told["a"]["status"], told["a"]["body"]["error"]["code"]) == (412, "ErrorIrresolvableConflict")
        assert told["b"]["status"] == 204 and "body" not in told["b"]


def test_a_part_with_a_body_needs_a_content_type() -> None:
    """A9.23"""
    with graph_emulator(check=False) as g, Api(g) as api:
        assert run(api, creates(1, headers={}))["0"]["status"] == 400
        assert "no Content-Type" in g.violations[0]


def test_parts_wait_for_others_and_fail_with_them() -> None:
    """L16.56, A9.23"""
    with graph_emulator() as g, Api(g) as api:
        parts = creates(4)
        for part, other in zip(parts[1:], parts, strict=False):
            part["dependsOn"] = [other["id"]]
        parts[1]["url"] = "/me/calendars/x/events"
        told = run(api, parts)
        assert [told[part["id"]]["status"] for part in parts] == [201, 400, 424, 424]
        parts = creates(3)
        parts[2]["dependsOn"] = ["0"]
        assert refusal(api.post("$batch", {"requests": parts})) == (400, "BadRequest")
        g.change(knobs={"batch_mixed": "run"})
        assert {part["status"] for part in run(api, parts).values()} == {201}


def test_single_parts_are_throttled_and_lost() -> None:
    """L16.56, A9.23"""
    with graph_emulator() as g, Api(g) as api:
        g.change(faults=[{"name": "429", "where": "part", "skip": 2}, {"name": "missing-part"}])
        answer = body(api.post("$batch", {"requests": creates(6)}))["responses"]
        refused = [part for part in answer if part["status"] == 429]
        assert len(answer) == 5 and len(g.events()) == 5
        assert all(part["headers"]["Retry-After"] == "10" for part in refused)
        g.change(knobs={"batch_fifth": "429"})
        statuses = [part["status"] for part in run(api, creates(6)).values()]
        assert sorted(statuses) == [201, 201, 201, 201, 429, 429]


def test_a_batch_may_break_after_half_of_its_parts() -> None:
    """A9.23, A9.25"""
    with graph_emulator() as g, Api(g) as api:
        g.change(faults=[{"name": "half-batch"}])
        assert api.post("$batch", {"requests": creates(6)}).status_code == 503
        assert len(g.events()) == 3
        g.change(faults=[{"name": "status-after", "path": "batch", "status": 504}])
        assert api.post("$batch", {"requests": creates(4)}).status_code == 504
        assert len(g.events()) == 7


def test_two_writes_to_one_series_side_by_side_are_in_conflict() -> None:
    """L16.56 (L9, A9.23)"""
    with graph_emulator() as g, Api(g) as api:
        master = api.create(recurrence=weekly())["id"]
        names = [row["id"] for row in api.instances(master)[1:3]]
        parts: list[Json] = [
            {"id": f"{n}", "method": "DELETE", "url": f"/me/events/{q(name)}"} for n, name in enumerate(names)
        ]
        assert sorted(part["status"] for part in run(api, parts).values()) == [204, 409]
        parts[1]["dependsOn"] = ["0"]
        assert {part["status"] for part in run(api, parts).values()} <= {204, 404, 424}
        g.change(knobs={"batch_same_item": "run"})
        names = [row["id"] for row in api.instances(master)[1:3]]
        parts = [{"id": f"{n}", "method": "DELETE", "url": f"/me/events/{q(name)}"} for n, name in enumerate(names)]
        assert {part["status"] for part in run(api, parts).values()} == {204}


def test_what_is_not_json_comes_as_base64() -> None:
    """A9.23"""
    with graph_emulator() as g, Api(g) as api:
        g.change(faults=[{"name": "html", "where": "part"}])
        told = run(api, [{"id": "a", "method": "GET", "url": "/me"}])["a"]
        assert told["status"] == 502 and isinstance(told["body"], str) and "<" not in told["body"]


def test_one_batch_fills_a_mailbox() -> None:
    """L16.56: its parts run four at a time"""
    with graph_emulator(latency_s=0.4) as g:
        statuses: list[int] = []

        def ask(act: Callable[[Api], Any]) -> None:
            with Api(g) as api:
                statuses.append(act(api).status_code)

        gets = [{"id": f"{n}", "method": "GET", "url": "/me"} for n in range(6)]
        threads = [
            threading.Thread(target=ask, args=(lambda api: api.post("$batch", {"requests": gets}),)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 429]
