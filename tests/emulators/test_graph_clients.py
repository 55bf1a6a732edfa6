"""Clients that others wrote work against the Graph emulator: msgraph-sdk, O365; msal is in test_graph_signin."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msal
import pytest

from tests.emulators.graph import Running, graph_emulator

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:response_mode")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def g(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """These clients do not encode ids in paths, so the ids are plain. Their requests are checked as well."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with graph_emulator(auto_consent=True, plain_ids=True, loose_values=True) as running:
        yield running


# -- msgraph-sdk -------------------------------------------------------------------------------------------------------


def _sdk(g: Running) -> Any:
    from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
    from kiota_abstractions.authentication.access_token_provider import AccessTokenProvider
    from kiota_abstractions.authentication.allowed_hosts_validator import AllowedHostsValidator
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.graph_request_adapter import options
    from msgraph_core import GraphClientFactory

    class Tokens(AccessTokenProvider):
        async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
            return g.token()

        def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
            return AllowedHostsValidator(["127.0.0.1"])

    web = httpx.AsyncClient(verify=g.client_context(), base_url=g.graph_url, trust_env=False)
    ready = GraphClientFactory.create_with_default_middleware(client=web, options=options)
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Tokens()), client=ready)
    adapter.base_url = g.graph_url
    return GraphServiceClient(request_adapter=adapter)


def _sdk_event(subject: str) -> Any:
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.generated.models.day_of_week import DayOfWeek
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.item_body import ItemBody
    from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
    from msgraph.generated.models.recurrence_pattern import RecurrencePattern
    from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
    from msgraph.generated.models.recurrence_range import RecurrenceRange
    from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
    from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty

    pattern = RecurrencePattern(type=RecurrencePatternType.Weekly, interval=1, days_of_week=[DayOfWeek.Monday],
                                first_day_of_week=DayOfWeek.Monday)
    extent = RecurrenceRange(type=RecurrenceRangeType.Numbered, start_date=dt.date(2026, 1, 5), number_of_occurrences=4)
    return Event(
        subject=subject, body=ItemBody(content="text"), transaction_id="t-1",
        start=DateTimeTimeZone(date_time="2026-01-05T09:00:00", time_zone="Europe/Berlin"),
        end=DateTimeTimeZone(date_time="2026-01-05T10:00:00", time_zone="Europe/Berlin"),
        recurrence=PatternedRecurrence(pattern=pattern, range=extent),
        single_value_extended_properties=[SingleValueLegacyExtendedProperty(
            id="String {6c2a3e5d-91f4-4b0e-8f51-1b4e0f3d7a20} Name calsync-uid", value="u")],
    )


def test_msgraph_sdk_reads_and_writes_the_emulator(g: Running) -> None:
    """Issue 4, item 6"""
    pytest.importorskip("msgraph", reason="msgraph-sdk is in the extra `oracles`, for its 390 MB")
    asyncio.run(_msgraph_sdk(g))


async def _msgraph_sdk(g: Running) -> None:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.models.event import Event
    from msgraph.generated.models.event_type import EventType
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.users.item.calendars.item.calendar_view.delta.delta_request_builder import (
        DeltaRequestBuilder,
    )
    from msgraph.generated.users.item.events.item.instances.instances_request_builder import InstancesRequestBuilder

    me = _sdk(g).me
    assert (await me.get()).mail == "ann@contoso.example"
    calendars = (await me.calendars.get()).value
    work = next(one for one in calendars if one.is_default_calendar)
    assert work.can_edit and work.owner.name == "Ann"
    events = me.calendars.by_calendar_id(work.id).events
    made = await events.post(_sdk_event("Stand-up"))
    assert made.type == EventType.SeriesMaster and made.start.time_zone == "UTC"
    assert made.recurrence.range.start_date == dt.date(2026, 1, 5) and made.recurrence.range.number_of_occurrences == 4
    window = {"start_date_time": "2026-01-01T00:00:00Z", "end_date_time": "2026-03-01T00:00:00Z"}
    wish = RequestConfiguration(
        query_parameters=InstancesRequestBuilder.InstancesRequestBuilderGetQueryParameters(**window))
    rows = (await me.events.by_event_id(made.id).instances.get(wish)).value
    assert [row.type for row in rows] == [EventType.Occurrence] * 4
    await me.events.by_event_id(rows[1].id).delete()
    changed = await me.events.by_event_id(rows[2].id).patch(Event(subject="Other"))
    assert changed.type == EventType.Exception and changed.original_start.hour == 8
    first = RequestConfiguration(query_parameters=DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(**window))
    delta = me.calendars.by_calendar_id(work.id).calendar_view.delta
    page = await delta.get(first)
    assert sorted(row.type.value for row in page.value) == ["exception", "occurrence", "occurrence", "seriesMaster"]
    await me.events.by_event_id(made.id).delete()
    after = await delta.with_url(page.odata_delta_link).get()
    assert len(after.value) == 4 and all("@removed" in row.additional_data for row in after.value)
    with pytest.raises(ODataError) as refused:
        await me.events.by_event_id(made.id).get()
    assert refused.value.error.code == "ErrorItemNotFound"


# -- O365 --------------------------------------------------------------------------------------------------------------


def _o365(g: Running) -> Any:
    from O365 import Account, MSGraphProtocol
    from O365.utils.token import MemoryTokenBackend

    protocol = MSGraphProtocol(timezone=BERLIN)
    protocol.protocol_url, protocol.service_url = g.graph_url.removesuffix("v1.0"), f"{g.graph_url}/"
    account = Account(g.client_id, protocol=protocol, auth_flow_type="public", verify_ssl=str(g.ca_file),
                      token_backend=MemoryTokenBackend())
    account.con._msal_client = msal.PublicClientApplication(
        g.client_id, authority=g.authority, token_cache=account.con.token_backend, verify=str(g.ca_file),
        instance_discovery=False)
    url, flow = account.con.get_authorization_url(["Calendars.ReadWrite", "User.Read"], redirect_uri="http://localhost:4711")
    answer = httpx.get(url, verify=g.client_context(), trust_env=False)
    assert account.con.request_token(answer.headers["location"], flow=flow), answer.text
    return account


def test_o365_signs_in_and_keeps_a_calendar(g: Running) -> None:
    """Issue 4, item 6"""
    pytest.importorskip("O365")
    schedule = _o365(g).schedule()
    calendar = schedule.get_default_calendar()
    assert calendar.name == "Calendar" and "Birthdays" in [one.name for one in schedule.list_calendars()]
    event = calendar.new_event("Lunch")
    event.start, event.end = dt.datetime(2026, 1, 5, 12, tzinfo=BERLIN), dt.datetime(2026, 1, 5, 13, tzinfo=BERLIN)
    event.body, event.location, event.categories = "Soup", "Canteen", ["Food"]
    event.remind_before_minutes = 10
    event.recurrence.set_weekly(1, days_of_week=["monday"], first_day_of_week="monday", start=dt.date(2026, 1, 5),
                                end=dt.date(2026, 2, 2))
    assert event.save()
    stored = g.events()[0]
    assert (stored["subject"], stored["body"], stored["reminderMinutesBeforeStart"]) == ("Lunch", "Soup", 10)
    assert (stored["location"]["displayName"], stored["categories"]) == ("Canteen", ["Food"])
    assert stored["recurrence"]["range"]["endDate"] == "2026-02-02"
    found = list(calendar.get_events(limit=50, include_recurring=False))
    assert [one.subject for one in found] == ["Lunch"] and found[0].start == event.start
    days = [
        one.start.date() for one in found[0].get_occurrences(dt.datetime(2026, 1, 1), dt.datetime(2026, 3, 1), limit=50)
    ]
    assert len(days) == 5 and days[-1] == dt.date(2026, 2, 2)
    single = calendar.new_event("Holiday")
    single.start, single.is_all_day = dt.date(2026, 1, 7), True
    assert single.save() and g.events()[1]["isAllDay"]
    single.subject = "Off"
    assert single.save() and single.delete()
    assert [row["subject"] for row in g.events()] == ["Lunch"]
