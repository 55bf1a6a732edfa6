"""Name of a mapping -> the mapping. The import happens on first use: parsers are slow to load."""

from __future__ import annotations

from calsync_cli.mapping.base import Mapping

OF_PROVIDER = {"google": "google", "microsoft": "graph"}
"""Kind of account -> mapping of its payloads, where that is not "ical"."""


def mapping(name: str, me: frozenset[str] = frozenset()) -> Mapping:
    """me: the addresses of whose calendars it reads, which the services tell by themselves. Raises KeyError for a name
    that no mapping has."""
    if name == "ical":
        from calsync_cli.mapping.ical import ICAL, ICalMapping

        return ICalMapping(me) if me else ICAL
    if name == "google":
        from calsync_cli.mapping.google.wire import WIRE

        return WIRE
    if name == "graph":
        from calsync_cli.mapping.graph.mapping import GRAPH

        return GRAPH
    raise KeyError(name)
