"""Versions of event sets that are stored as several resources: one text over all their etags (I13, I17). Pure.

Shape   the first resource's etag, `#`, and a digest over all; so that `master_etag` finds it again
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence


def set_etag(etags: Sequence[str], others: Sequence[str] = ()) -> str | None:
    """None unless each resource has a version: what is written must be what was read. others: what else tells sets
    apart that have the same resources."""
    if not etags or not all(etags):
        return None
    if len(etags) == 1 and not others:
        return etags[0]
    return f"{etags[0]}#{hashlib.sha256(json.dumps([*etags, *others]).encode()).hexdigest()[:24]}"


def master_etag(etag: str) -> str:
    head, mark, _ = etag.rpartition("#")
    return head if mark and head.endswith('"') else etag


def is_of_many(etag: str) -> bool:
    return master_etag(etag) != etag
