"""A refusal, in the words of Graph. Raised anywhere below the routes; the door turns it into an answer (facts A2)."""

from __future__ import annotations

from typing import Any


class GraphError(Exception):
    def __init__(
        self, status: int, code: str, message: str = "", *, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message or code
        self.headers = headers or {}
        self.extra = extra  # further members of `error`, as "@event.existingEventId"


def bad(message: str, code: str = "ErrorInvalidRequest") -> GraphError:
    return GraphError(400, code, message)


def not_found() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def denied() -> GraphError:
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
