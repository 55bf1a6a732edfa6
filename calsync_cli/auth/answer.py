"""What a consent page sends back through the browser (RFC 6749 section 4.1.2), and whether it is ours.

Shape   the query of the redirect -> Answer; `pasted` also takes a whole address or a bare code
Errors  NotOurs: another state, or nothing that such a page would send; the words are safe to show
"""

from __future__ import annotations

import hmac
import re
from dataclasses import field
from urllib.parse import parse_qs, unquote

from calsync_cli.model.plain import dataclass
from calsync_cli.model.words import printable as printable

MAX_QUERY = 8192
MAX_CODE = 2048


class NotOurs(ValueError):
    """Not the answer to this sign-in: an old tab, a guess, or somebody else."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A code to be exchanged, or the page's reason why there is none (`error`, e.g. access_denied)."""

    code: str = field(default="", repr=False)
    error: str = ""


def read_answer(query: str, state: str) -> Answer:
    """The state is compared in constant time, before anything else is looked at."""
    fields = _fields(query)
    if not hmac.compare_digest(fields.get("state", "").encode(), state.encode()):
        raise NotOurs("this answer belongs to another sign-in, perhaps to an old page; use the page opened last")
    error, code = fields.get("error", ""), fields.get("code", "")
    if error:
        return Answer(error=printable(error)[:100] or "unreadable")
    if not code or len(code) > MAX_CODE:
        raise NotOurs("this answer holds no code")
    return Answer(code)


def pasted(text: str, state: str) -> Answer:
    """What a person copied: the address of the page that could not be shown, its query, or the code alone. A code alone
    has no state; it opens nothing but what was asked for with our own secret verifier (RFC 7636)."""
    text = text.strip().strip("'\"<>")
    query = text.partition("?")[2] or text
    if "=" in query or "://" in text:
        return read_answer(query.partition("#")[0], state)
    if not re.fullmatch(r"[\w.~/%+-]{16,2048}", text, re.ASCII):
        raise NotOurs("this is no address of a page and no code")
    return Answer(unquote(text))


def _fields(query: str) -> dict[str, str]:
    """Each name once: a second state or code would be somebody's trick."""
    if len(query) > MAX_QUERY:
        raise NotOurs("this answer is too long")
    try:
        found = parse_qs(query, keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError:
        raise NotOurs("this answer cannot be read") from None
    if any(len(values) > 1 for values in found.values()):
        raise NotOurs("this answer says something twice")
    return {name: values[0] for name, values in found.items()}
