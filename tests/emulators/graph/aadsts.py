"""The refusals of the identity platform: code -> error, suberror, text (facts A1.6, L1.6).

Shape   refusal(code, clock) -> the JSON of a 400; REFUSALS
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

REFUSALS: dict[int, tuple[str, str, str]] = {
    28000: ("invalid_request", "", "The scopes of a request must be of one resource."),
    28003: ("invalid_scope", "", "The scope is of another cloud or resource."),
    50011: (
        "invalid_request",
        "",
        "The redirect URI specified in the request does not match the redirect URIs configured.",
    ),
    50020: ("invalid_grant", "", "User account from identity provider does not exist in tenant."),
    50034: ("invalid_request", "", "The user account does not exist in the directory."),
    50053: ("invalid_grant", "", "The account is locked."),
    50055: ("invalid_grant", "", "The password is expired."),
    50057: ("invalid_grant", "", "The user account is disabled."),
    50058: ("login_required", "", "A silent sign-in request was sent but no user is signed in."),
    50076: ("interaction_required", "basic_action", "You must use multi-factor authentication."),
    50078: ("interaction_required", "basic_action", "Presented multi-factor authentication has expired."),
    50079: ("interaction_required", "basic_action", "You must enroll in multi-factor authentication."),
    50097: ("interaction_required", "basic_action", "Device authentication is required."),
    50105: ("invalid_grant", "", "The signed in user is not assigned to a role for the application."),
    50126: ("invalid_grant", "", "Error validating credentials due to invalid username or password."),
    50131: ("invalid_grant", "", "Device is not in required device state."),
    50144: ("invalid_grant", "", "The Active Directory password has expired."),
    50158: ("interaction_required", "basic_action", "External security challenge was not satisfied."),
    50173: (
        "invalid_grant",
        "bad_token",
        "The provided grant has expired due to it being revoked; a fresh token is needed.",
    ),
    50194: ("invalid_request", "", "Application is not configured as a multi-tenant application."),
    50196: ("invalid_grant", "", "The server terminated an operation because it encountered a client request loop."),
    53000: ("interaction_required", "message_only", "Device is not in required device state: compliant."),
    53001: ("interaction_required", "message_only", "Device is not in required device state: domain joined."),
    53003: ("invalid_grant", "message_only", "Access has been blocked by Conditional Access policies."),
    530003: ("interaction_required", "message_only", "Your device is required to be managed."),
    54005: ("invalid_grant", "", "OAuth2 authorization code was already redeemed."),
    65001: ("invalid_grant", "consent_required", "The user or administrator has not consented to use the application."),
    65004: ("access_denied", "", "User declined to consent to access the app."),
    650053: ("invalid_resource", "", "The application asked for a scope that does not exist on the resource."),
    70000: ("invalid_grant", "", "The provided grant is invalid or malformed."),
    70008: (
        "invalid_grant",
        "token_expired",
        "The provided authorization code or refresh token has expired due to inactivity.",
    ),
    70011: ("invalid_scope", "", "The provided value for the input parameter 'scope' is not valid."),
    70016: ("authorization_pending", "", "OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
    70018: ("bad_verification_code", "", "Invalid verification code due to user typing in the wrong user code."),
    70019: ("expired_token", "", "Verification code expired. Have the user retry the sign-in."),
    70020: ("expired_token", "", "The provided value for the input parameter 'device_code' is not valid."),
    70043: (
        "invalid_grant",
        "token_expired",
        "The refresh token has expired or is invalid due to sign-in frequency checks.",
    ),
    70044: ("invalid_grant", "token_expired", "The session has expired or is invalid due to sign-in frequency checks."),
    90002: ("invalid_request", "", "Tenant not found."),
    90014: ("invalid_request", "", "The required field is missing from the credential."),
    90024: ("temporarily_unavailable", "", "RequestBudgetExceededError: a transient error has occurred."),
    90033: ("temporarily_unavailable", "", "A transient error has occurred. Please try again."),
    90094: ("access_denied", "", "The grant requires admin permission."),
    90095: ("access_denied", "", "Admin consent is required."),
    500200: ("invalid_grant", "", "User account is a personal Microsoft account."),
    501481: (
        "invalid_grant",
        "",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ),
    700016: ("unauthorized_client", "", "Application with identifier was not found in the directory."),
    700082: ("invalid_grant", "token_expired", "The refresh token has expired due to inactivity."),
    700084: ("invalid_grant", "token_expired", "The refresh token was issued to a single page app, and has expired."),
    7000112: ("unauthorized_client", "", "Application is disabled."),
    7000218: (
        "invalid_client",
        "",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    9002325: (
        "invalid_request",
        "",
        "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
    ),
    9002346: ("invalid_request", "", "Application is configured for use by Microsoft Account users only."),
}
MFA_CLAIMS = {"access_token": {"capolids": {"essential": True, "values": ["0d6f6f4e-2b1c-4a53-9a64-6b4f0f3e6f11"]}}}
WITH_CLAIMS = frozenset({50076, 50078, 50079, 50097, 50158, 53000, 53001, 530003})


class Refused(Exception):
    """The end of a sign-in request."""

    def __init__(self, code: int, *, error: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.error, self.suberror, self.text = REFUSALS[code]
        self.error = error or self.error

    @property
    def status(self) -> int:
        return 503 if self.error == "temporarily_unavailable" else 401 if self.error == "invalid_client" else 400

    @property
    def description(self) -> str:
        return f"AADSTS{self.code}: {self.text}"

    def json(self, now: datetime) -> dict[str, Any]:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
        body: dict[str, Any] = {
            "error": self.error,
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace,
            "error_description": f"{self.description} Trace ID: {trace} Correlation ID: {correlation}",
            "correlation_id": correlation,
            "error_uri": f"https://login.example.com/error?code={self.code}",
        }
        if self.suberror:
            body["suberror"] = self.suberror
        if self.code in WITH_CLAIMS:
            body["claims"] = json.dumps(MFA_CLAIMS)
        return body
