"""What Graph demands of a token beyond being valid: continuous access evaluation, step-up (facts 1.7, L1.7). Pure.

Shape   `claims_of(response)` -> the JSON text to ask for a token with, or None for an answer without such a demand;
        `both(one, other)` -> what meets two demands
"""

from __future__ import annotations

import base64
import json
import re

import httpx

LONGEST = 8192
_CHALLENGE = re.compile(r'\berror="insufficient_claims"', re.IGNORECASE)
_CLAIMS = re.compile(r'\bclaims="([A-Za-z0-9+/_=-]+)"', re.IGNORECASE)


def claims_of(response: httpx.Response) -> str | None:
    """There may be several challenges in one header, and several headers."""
    if response.status_code not in (401, 403):
        return None
    said = ", ".join(response.headers.get_list("www-authenticate"))
    found = _CLAIMS.search(said)
    if found is None or not _CHALLENGE.search(said) or len(found[1]) > LONGEST:
        return None
    raw = found[1].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        claims = base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True).decode()
        return claims if isinstance(json.loads(claims), dict) else None
    except (ValueError, RecursionError):
        return None


def both(one: str | None, other: str | None) -> str | None:
    """Graph's demand, and that of the sign-in service which refused to meet it without a person."""
    found: dict[str, object] = {}
    for text in (one, other):
        for name, wanted in _parsed(text).items():
            there = found.get(name)
            found[name] = {**there, **wanted} if isinstance(there, dict) and isinstance(wanted, dict) else wanted
    return json.dumps(found, separators=(",", ":")) if found else None


def _parsed(text: str | None) -> dict[str, object]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
