"""Named text properties of Outlook's as a pair carries them (model.series.CARRIED), and by what they are told apart.

Names   "x:graph:extended.Ticket" <-> (ANYBODYS, "Ticket"); "x:graph:extended.{guid}.Ticket" <-> ("{guid}", "Ticket")
Source  facts L8; MS-OXPROPS 1.3.2
"""

from __future__ import annotations

import re

from calsync_cli.model.series import CARRIED

OUR_SPACE = "6b1de63e-6a3c-4f7b-8a56-0c6d5e0b2f11"
"""The GUID of calsync's own properties, for ever; providers/graph uses it for its own."""
_GRAPH = re.compile(re.escape(f"{CARRIED}graph:extended.") + r"(?:(\{[0-9A-Fa-f-]{36}\})\.)?(.+)", re.DOTALL)
ANYBODYS = "{00020329-0000-0000-c000-000000000046}"
"""The names of PS_PUBLIC_STRINGS, where Outlook's own user-defined fields are (MS-OXPROPS 1.3.2)."""


def graph_place(name: str) -> tuple[str, str] | None:
    """({guid} in lower case, name) of a property of Outlook's."""
    found = _GRAPH.fullmatch(name)
    return ((found[1] or ANYBODYS).lower(), found[2]) if found else None


def graph_name(space: str, name: str) -> str:
    """The other way round."""
    return f"{CARRIED}graph:extended.{'' if space.lower() == ANYBODYS else f'{space.lower()}.'}{name}"
