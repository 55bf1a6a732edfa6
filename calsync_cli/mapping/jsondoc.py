"""JSON payloads of providers: decoding, canonical bytes, and members that are looked at before they are believed.

Shape   `decoded(bytes)` -> a value, or None for what is no JSON; `dumped(object)` -> UTF-8, sorted keys, no blanks
Errors  MappingError from `dumped` for what JSON cannot say
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from calsync_cli.errors import MappingError

Json = dict[str, Any]
"""A JSON object as it came; each value is looked at before it is believed."""


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def decoded(payload: bytes) -> Any:
    try:
        return _DECODER.decode(payload.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def dumped(data: Json) -> bytes:
    try:
        try:
            return _json(data, ascii_only=False).encode("utf-8")
        except UnicodeEncodeError:  # half of a surrogate pair, which only escapes can say
            return _json(data, ascii_only=True).encode("ascii")
    except (ValueError, RecursionError):
        raise MappingError("the event set holds a number or a depth that JSON cannot say") from None


def _json(data: Json, *, ascii_only: bool) -> str:
    return json.dumps(data, ensure_ascii=ascii_only, separators=(",", ":"), sort_keys=True, allow_nan=False)


def text_of(node: Json, name: str) -> str:
    """A text member; "" when it is absent or no text."""
    value = node.get(name)
    return value if isinstance(value, str) else ""


def object_of(node: Json, name: str) -> Json:
    value = node.get(name)
    return value if isinstance(value, dict) else {}


def objects_of(node: Json, name: str) -> list[Json]:
    """The objects of a list member; whatever else the list holds is not looked at."""
    value = node.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
