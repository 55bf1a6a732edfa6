"""The errors of the Calendar API, each written once, with the bodies of facts 8.2.

ApiError carries status, reason and text; `body(new_form)` renders the classic envelope, or the newer one with `status`
and `details` that front ends send (facts 2).
"""

from __future__ import annotations

from typing import Any

RPC_STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
    410: "FAILED_PRECONDITION", 412: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
    503: "UNAVAILABLE",
}


class ApiError(Exception):
    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: str = "",
        kind: str = "parameter",
        details: list[dict[str, Any]] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message, self.domain = status, reason, message, domain
        self.location, self.kind, self.details, self.retry_after_s = location, kind, details, retry_after_s

    def body(self, new_form: bool = False) -> dict[str, Any]:
        one: dict[str, Any] = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            one |= {"locationType": self.kind, "location": self.location}
        error: dict[str, Any] = {"code": self.status, "message": self.message, "errors": [one]}
        if new_form or self.details:
            error["status"] = RPC_STATUS.get(self.status, "UNKNOWN")
            error["details"] = self.details or []
        return {"error": error}


def invalid(message: str, location: str = "", reason: str = "invalid") -> ApiError:
    return ApiError(400, reason, message, location=location)


def required(message: str, location: str = "") -> ApiError:
    return ApiError(400, "required", message, location=location)


def time_range_empty() -> ApiError:
    return ApiError(
        400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar", location="timeMax"
    )


def event_type_restriction(message: str) -> ApiError:
    return ApiError(400, "eventTypeRestriction", message, domain="calendar")


def login_required() -> ApiError:
    return ApiError(401, "required", "Login Required", location="Authorization", kind="header")


def auth_error() -> ApiError:
    return ApiError(401, "authError", "Invalid Credentials", location="Authorization", kind="header")


def insufficient_scopes(service: str = "calendar-json.googleapis.com") -> ApiError:
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
        "metadata": {"service": service},
    }
    text = "Request had insufficient authentication scopes."
    return ApiError(403, "insufficientPermissions", text, details=[info])


def needs_writer() -> ApiError:
    return ApiError(
        403, "requiredAccessLevel", "You need to have writer access to this calendar.", domain="calendar"
    )


def needs_owner() -> ApiError:
    return ApiError(403, "requiredAccessLevel", "You need to have owner access to this calendar.", domain="calendar")


def forbidden(message: str = "Forbidden") -> ApiError:
    return ApiError(403, "forbidden", message)


def not_organizer() -> ApiError:
    text = "Shared properties can only be changed by the organizer of the event."
    return ApiError(403, "forbiddenForNonOrganizer", text, domain="calendar")


def user_rate_limit() -> ApiError:
    return ApiError(403, "userRateLimitExceeded", "User Rate Limit Exceeded", domain="usageLimits")


def rate_limit(retry_after_s: int | None = None) -> ApiError:
    text = (
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service "
        "'calendar-json.googleapis.com' for consumer 'project_number:1'."
    )
    return ApiError(403, "rateLimitExceeded", text, domain="usageLimits", retry_after_s=retry_after_s)


def too_many_requests(retry_after_s: int | None = None) -> ApiError:
    return ApiError(429, "rateLimitExceeded", "Rate Limit Exceeded", domain="usageLimits", retry_after_s=retry_after_s)


def quota_exceeded() -> ApiError:
    return ApiError(403, "quotaExceeded", "Calendar usage limits exceeded.", domain="usageLimits")


def not_found() -> ApiError:
    return ApiError(404, "notFound", "Not Found")


def duplicate() -> ApiError:
    return ApiError(409, "duplicate", "The requested identifier already exists.")


def conflict() -> ApiError:
    return ApiError(409, "conflict", "Conflict")


def full_sync_required() -> ApiError:
    text = "Sync token is no longer valid, a full sync is required."
    return ApiError(410, "fullSyncRequired", text, domain="calendar", location="syncToken")


def updated_min_too_long_ago() -> ApiError:
    text = "The requested minimum modification time lies too far in the past."
    return ApiError(410, "updatedMinTooLongAgo", text, domain="calendar", location="updatedMin")


def deleted() -> ApiError:
    return ApiError(410, "deleted", "Resource has been deleted")


def condition_not_met() -> ApiError:
    return ApiError(412, "conditionNotMet", "Precondition Failed", location="If-Match", kind="header")


def backend_error(status: int = 500) -> ApiError:
    return ApiError(status, "backendError", "Backend Error")
