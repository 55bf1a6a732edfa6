"""The calendars of a Microsoft account: of the list, and of all calendar groups (facts A3, L2.2).

Shape   `listed(client)` -> calendar resources as Graph sent them, each id once
Why     for some accounts the list holds the default group only; for some it failed for weeks while the groups worked
        (T: MS365-Calendar#113). Where the list works, groups that cannot be read are left out
Errors  AuthError, TransientError, ProtocolError: of the list itself
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from calsync_cli.errors import CalsyncError, ProtocolError, TransientError
from calsync_cli.providers.graph.answers import Json, event_id, json_of, listed, text
from calsync_cli.providers.graph.client import Call, GraphClient, quoted
from calsync_cli.providers.graph.refusals import read_problem

MAX_PAGES = 1000
PATH, GROUPS = "/me/calendars", "/me/calendarGroups"


def calendars(client: GraphClient) -> list[Json]:
    found: dict[str, Json] = {}
    failed: TransientError | None = None
    try:
        found = {event_id(one): one for one in pages(client, PATH)}
    except TransientError as err:
        failed = err
    try:
        for group in list(pages(client, GROUPS)):
            for one in pages(client, f"{GROUPS}/{quoted(event_id(group))}/calendars"):
                found.setdefault(event_id(one), one)
    except CalsyncError:
        if failed is not None:
            raise failed from None
    return list(found.values())


WIDE = {"$top": "100"}


def pages(
    client: GraphClient, path: str, params: Mapping[str, str] = WIDE, what: str = "calendar list"
) -> Iterator[Json]:
    """The members of all pages of a list."""
    call, before = Call("GET", path, params), set[str]()
    while call.path not in before and len(before) < MAX_PAGES:
        before.add(call.path)
        response = client.call(call)
        if response.status_code != 200:
            raise read_problem(response, client.account)
        data = json_of(response)
        yield from listed(data)
        after = text(data, "@odata.nextLink")
        if not after:
            return
        call = Call("GET", after)
    raise ProtocolError(f"the {what} of {client.account.name} does not end")
