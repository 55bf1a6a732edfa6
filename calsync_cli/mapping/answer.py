"""The owner's own answer to an invitation (model.series.ANSWER), apart from all that an edit changes besides.

Words   views.ANSWERS <-> PARTSTAT (RFC 5545 section 3.2.12)
Rule    an answer is written where the guests name the owner, and invites nobody anywhere
"""

from __future__ import annotations

from calsync_cli.errors import MappingError
from calsync_cli.model.series import ANSWER, Changes
from calsync_cli.model.views import UNANSWERED

PARTSTATS = {"accepted": "ACCEPTED", "maybe": "TENTATIVE", "declined": "DECLINED", UNANSWERED: "NEEDS-ACTION"}


def apart(changes: Changes) -> tuple[str, Changes]:
    """The answer to be given, "" for none, and the rest of the changes."""
    if ANSWER not in changes:
        return "", changes
    said = changes[ANSWER]
    return said if isinstance(said, str) else "", {path: value for path, value in changes.items() if path != ANSWER}


def not_invited() -> MappingError:
    return MappingError("you are not among its guests there, so it cannot be answered there")
