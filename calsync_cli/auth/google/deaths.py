"""Why Google refuses a sign-in, in words, with the command that helps. Pure (facts 1.7).

Shape   `explain(refused, account, grant, now)` -> AuthError; the reason is a guess where Google gives none
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from calsync_cli.auth.google.endpoint import Refused
from calsync_cli.auth.google.grant import Grant
from calsync_cli.errors import AuthError
from calsync_cli.model.account import Account
from calsync_cli.model.plain import dataclass

WEEK = timedelta(days=7)
HALF_YEAR = timedelta(days=180)
SLACK = timedelta(hours=2)
GOES_ON = "Nothing is lost: after signing in again the sync goes on where it stopped"
TESTING = (
    "the consent screen of its Google Cloud project is in Testing, where every sign-in ends after 7 days; publish it "
    "(docs/google.md, step 5), then sign in once more"
)


@dataclass(frozen=True, slots=True)
class _Row:
    """next: with {name}. In `words`, too."""

    words: str
    next: str = "calsync login {name}"


CLIENT = "calsync login {name} --client-file FILE"
ROWS: Mapping[str, _Row] = {
    "invalid_client": _Row(
        "does not know the client of {name} any more: it was deleted, or its secret was replaced, in the Google Cloud "
        "console. Download its client file again, or make a new client", CLIENT),
    "deleted_client": _Row(
        "says that the client of {name} was deleted in the Google Cloud console. Make a new one there", CLIENT),
    "disabled_client": _Row(
        "has disabled the client of {name}; the Google Cloud console says why. A new client may be needed", CLIENT),
    "unauthorized_client": _Row(
        "does not let the client of {name} sign in this way; needed is an OAuth client of type Desktop app", CLIENT),
    "invalid_scope": _Row(
        "does not know the rights that were asked for; is token_url a token server of Google?", "calsync config check"),
    "redirect_uri_mismatch": _Row(
        "does not send the client of {name} to this machine; needed is an OAuth client of type Desktop app", CLIENT),
    "unsupported_grant_type": _Row(
        "does not understand the request for {name}; is token_url a token server of Google?", "calsync config check"),
    "invalid_request": _Row(
        "does not understand the request for {name}; is token_url a token server of Google?", "calsync config check"),
    "access_denied": _Row(
        "was told to deny access for {name}, by you or by an administrator of your organisation"),
    "admin_policy_enforced": _Row(
        "says that an administrator of your organisation does not allow this client; ask them to trust it (Admin "
        "console, API controls), with the client id {client}"),
    "org_internal": _Row(
        "lets only members of the client's own organisation use it; sign in with an account of that organisation, or "
        "use a client of your own", CLIENT),
}
REAUTH = (
    "an administrator of your organisation wants a new sign-in from time to time (Admin console, Google Cloud session "
    "control); they can exempt this client"
)


def explain(refused: Refused, account: Account, grant: Grant | None, now: datetime) -> AuthError:
    """grant: what was to be renewed; None while signing in, where the code was refused."""
    name = account.name
    if refused.subtype in ROWS:
        row = ROWS[refused.subtype]
    elif refused.error == "invalid_grant":
        words = _dead(name, grant, _reason(refused, grant, now)) if grant else "did not take the answer of the browser"
        row = _Row(words if grant else f"{words}: it was too old or used already. Start again")
    else:
        row = ROWS.get(refused.error, _Row("refuses the sign-in of {name} (" + _braced(str(refused)) + ")"))
    client = grant.client_id if grant else "in the client file"
    return AuthError(f"Google {row.words.format(name=name, client=client)}", next=row.next.format(name=name))


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _dead(name: str, grant: Grant, reason: str) -> str:
    who = f"{name} ({grant.address})" if grant.address else name
    return _braced(f"no longer accepts the sign-in of {who}: {reason}. {GOES_ON}")


def _reason(refused: Refused, grant: Grant, now: datetime) -> str:
    """From what Google said, then from the dates, then all that is left."""
    said = f"{refused.subtype} {refused.description}".lower()
    if "rapt" in said or "reauth" in said:
        return REAUTH
    if "account" in said and ("deleted" in said or "disabled" in said):
        return f"Google says that the account itself is gone or disabled ({refused.description})"
    if grant.ends is not None and now >= grant.ends - SLACK:
        return _ended(grant, grant.ends)
    if now - grant.obtained >= HALF_YEAR:
        return f"it was not used for {(now - grant.obtained).days} days, and Google forgets sign-ins after six months"
    if now >= grant.signed_in + WEEK - SLACK and grant.obtained <= grant.signed_in + WEEK + SLACK:
        return f"it is {(now - grant.signed_in).days} days old, so probably {TESTING}"
    return (
        "probably its access was removed (myaccount.google.com/connections, or an administrator did it), the password "
        "was changed, or the same client signed in on more than 100 machines"
    )


def _ended(grant: Grant, ends: datetime) -> str:
    if abs(ends - grant.signed_in - WEEK) < SLACK:
        return f"it ended on {ends:%d %b %Y}, as {TESTING}"
    return f"it was given until {ends:%d %b %Y} only"
