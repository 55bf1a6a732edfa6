"""Words of others, before they are shown anywhere. Pure."""

from __future__ import annotations


def printable(text: str) -> str:
    """One line without what could steer a terminal or turn the line round."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
