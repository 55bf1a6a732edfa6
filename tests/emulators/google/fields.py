"""The `fields` parameter: a partial answer such as `kind,items(id,start/dateTime),nextPageToken` (facts 2)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from tests.emulators.google.errors import ApiError

Mask = dict[str, Any]
TOKEN = re.compile(r"[A-Za-z_]\w*|[*,/()]")


def apply_mask(value: Any, mask: Mask) -> Any:
    """An empty mask keeps everything; paging members that are not named are lost, as with the real service."""
    if not mask:
        return value
    if isinstance(value, list):
        return [apply_mask(item, mask) for item in value]
    if not isinstance(value, dict):
        return value
    if "*" in mask:
        return {name: apply_mask(member, mask["*"]) for name, member in value.items()}
    return {name: apply_mask(value[name], inner) for name, inner in mask.items() if name in value}


@lru_cache(64)
def read_mask(text: str) -> Mask:
    tokens = TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise _bad(text)
    mask, rest = _read_list(tokens, text)
    if rest:
        raise _bad(text)
    return mask


def _read_list(tokens: list[str], text: str) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while True:
        name, inner, tokens = _read_one(tokens, text)
        mask[name] = {**mask.get(name, {}), **inner}
        if not tokens or tokens[0] != ",":
            return mask, tokens
        tokens = tokens[1:]


def _read_one(tokens: list[str], text: str) -> tuple[str, Mask, list[str]]:
    if not tokens or tokens[0] in ",/()":
        raise _bad(text)
    name, rest = tokens[0], tokens[1:]
    if rest and rest[0] == "/":
        inner_name, inner, rest = _read_one(rest[1:], text)
        return name, {inner_name: inner}, rest
    if rest and rest[0] == "(":
        inner, rest = _read_list(rest[1:], text)
        if not rest or rest[0] != ")":
            raise _bad(text)
        return name, inner, rest[1:]
    return name, {}, rest


def _bad(text: str) -> ApiError:
    return ApiError(400, "invalidParameter", f"Invalid field selection {text}", location="fields")
