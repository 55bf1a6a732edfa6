"""Why Microsoft refuses a sign-in, in words, with what can be done instead and what to type. Pure (facts 1.6, L1.6).

Shape   `explain(refused, case)` -> the error to raise; decided by the AADSTS number, then by the word of `error`
Kinds   AuthError: a person must sign in again or ask somebody; ConfigError: the registration or the configuration is
        wrong; TransientError: it passes by itself
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from calsync_cli.auth.answer import printable
from calsync_cli.auth.microsoft.authority import tenant
from calsync_cli.auth.microsoft.grant import Grant
from calsync_cli.errors import AuthError, CalsyncError, ConfigError, TransientError
from calsync_cli.model.account import Account
from calsync_cli.model.plain import dataclass

Way = Literal["browser", "code", "renewal"]
LOGIN, EDIT = "calsync login {name}", "calsync config edit"
WITH_TENANT, WITH_ID = f"{LOGIN} --tenant ID", f"{LOGIN} --client-id ID"
GOES_ON = "Nothing is lost: after signing in again the sync goes on where it stopped"
ICS = (
    "publish the calendar in Outlook on the web (Settings, Calendar, Shared calendars) and read its ICS address as a "
    "feed (docs/feeds.md)"
)
ASK = (
    "ask the administrator to allow the application {client}, use one that is registered in that "
    f"organisation (docs/microsoft.md), or {ICS}"
)
DEVICE = (
    "sign in by a browser that proves the device (Edge), ask the administrator to except the application {client}, or "
    f"{ICS}"
)
NO_CODE = "A code is often barred where a browser passes: sign in on a machine that has one, without --no-browser"
AGAIN = "sign in again"
PLATFORM = "of the platform Mobile and desktop applications (docs/microsoft.md, step 4)"
SPA = f"has the redirect address as one of a single-page application; it must be {PLATFORM}"
ONE_CLOUD = "graph_url and authority must be of one cloud"
CODE_LIFE = "a code is good for 15 minutes, once; start again"
ENDED = "no longer accepts the sign-in of {who}"
OFTEN = (
    f"{ENDED}: the organisation wants a new one from time to time (sign-in frequency); an administrator can except the "
    "application {client}"
)


class Refused(Exception):
    """A definite no of the sign-in service, as it was written. It never repeats what was asked."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.error = _word(told, "error")[:100]
        said = _word(told, "error_description")
        listed = told.get("error_codes")
        numbers = [code for code in listed if type(code) is int] if isinstance(listed, list) else []
        self.codes = numbers or [int(code) for code in re.findall(r"\bAADSTS([0-9]{4,8})\b", said)]
        self.suberror = _word(told, "suberror")[:100]
        self.description = re.sub(r"^AADSTS\d+: |\s*Trace ID:.*$", "", said)[:200]
        claims = told.get("claims")
        self.claims = claims if isinstance(claims, str) and len(claims) < 8192 else None
        super().__init__(f"{self.error}: {self.description}" if self.description else self.error)


def _word(told: Mapping[str, Any], key: str) -> str:
    value = told.get(key)
    return printable(value[:4000]) if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Case:
    """What was going on. grant: what was to be renewed, or the sign-in that was there before."""

    account: Account
    client_id: str
    way: Way
    now: datetime
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """words and next: with the names of `_facts`. key: what of the configuration is wrong."""

    words: str
    key: str = ""
    next: str = LOGIN
    passes_in_s: float | None = None


ROWS: Mapping[int, _Row] = {
    # -- consent
    65001: _Row(f"has no consent to what calsync needs; {AGAIN} and agree. If an administrator must agree: {ASK}"),
    65004: _Row("was told no on its page, so {name} is not signed in; start again and accept"),
    90094: _Row(f"wants an administrator to agree before anybody of the organisation may use the application: {ASK}"),
    90095: _Row("wants an administrator to agree, and the page has asked for it; sign in once that is done. If it is "
                f"not: {ASK}"),
    50105: _Row(f"lets only chosen people use the application, and {{person}} is not one of them: {ASK}"),
    650053: _Row("does not know a right that was asked for; personal accounts have no shared ones"),
    # -- the wrong account or tenant
    50020: _Row('does not let {person} in by tenant "{tenant}": it is for another kind of account or another '
                'organisation. Choose another account, or set tenant to "common" (all), "consumers" (personal), or the '
                "id of the organisation that the account belongs to"),
    500200: _Row('does not let a personal account in by tenant "{tenant}"; choose a work account, or set tenant to '
                 '"common" (all) or "consumers" (personal)', next="calsync login {name} --tenant common"),
    50034: _Row('does not know {person} in tenant "{tenant}"; is the name right?'),
    50194: _Row("has the application for one organisation only; give that organisation's id or domain (Directory "
                "(tenant) ID on the page of the application), or register it for all (docs/microsoft.md, step 3)",
                "tenant", WITH_TENANT),
    9002346: _Row('has the application for personal accounts only; write "consumers"', "tenant",
                  "calsync login {name} --tenant consumers"),
    90002: _Row('knows no organisation "{tenant}"; is the id or domain right?', "tenant", WITH_TENANT),
    # -- the registration
    50011: _Row("does not send the answer to this machine; the registration needs the redirect address "
                f"http://localhost, {PLATFORM}", "client_id"),
    700016: _Row('knows no application {client} in tenant "{tenant}"; is the id right, and was it registered for this '
                 "kind of account (docs/microsoft.md, steps 3 and 7)?", "client_id", WITH_ID),
    7000218: _Row("wants a secret, which a program on your machine cannot have; public client flows must be allowed "
                  f"(docs/microsoft.md, step 5), and the redirect address must be {PLATFORM}", "client_id"),
    7000112: _Row("says that the application {client} is disabled; its owner or an administrator can enable it, or "
                  "register one of your own (docs/microsoft.md)", "client_id", WITH_ID),
    9002325: _Row(SPA, "client_id"),
    9002327: _Row(SPA, "client_id"),
    70011: _Row(f"does not know the right that was asked for; {ONE_CLOUD}", "authority", EDIT),
    28003: _Row(f"does not know the right that was asked for; {ONE_CLOUD}", "authority", EDIT),
    28000: _Row(f"was asked for rights of two services; {ONE_CLOUD}", "authority", EDIT),
    # -- the person
    50057: _Row("says that the account of {person} is disabled; only an administrator can change that"),
    50053: _Row("has locked the account of {person} after too many wrong passwords; wait, then sign in"),
    50055: _Row(f"says that the password of {{person}} has expired; change it, then {AGAIN}"),
    50144: _Row(f"says that the password of {{person}} has expired; change it, then {AGAIN}"),
    50126: _Row(f"says that the user name or password was wrong; {AGAIN}"),
    50058: _Row("wants a person to sign in once more"),
    50076: _Row(f"wants a second proof that it is {{person}} (MFA), which only a person can give; {AGAIN}"),
    50078: _Row(f"wants a new second proof that it is {{person}} (MFA), which only a person can give; {AGAIN}"),
    50079: _Row(f"wants {{person}} to set up a second proof (MFA), which only a person can do; {AGAIN}"),
    50158: _Row(f"wants another proof that it is {{person}}, by a service of the organisation; {AGAIN}"),
    # -- the place and the device
    53000: _Row(f"lets {{person}} in only from devices that follow the organisation's rules: {DEVICE}"),
    53001: _Row(f"lets {{person}} in only from devices of the organisation's domain: {DEVICE}"),
    530003: _Row(f"lets {{person}} in only from devices that the organisation manages: {DEVICE}"),
    50131: _Row(f"lets {{person}} in only from certain devices: {DEVICE}"),
    50097: _Row(f"wants to know the device before it lets {{person}} in: {DEVICE}"),
    53003: _Row(f"may not let {{person}} in like this: the organisation's rules (conditional access) are against the "
                f"place, the device or the application. What helps: {DEVICE}"),
    # -- the end of a sign-in
    50173: _Row(f"{ENDED}: the password was changed or the sign-in taken back"),
    700082: _Row(f"{ENDED}: {{age}}, and Microsoft ends sign-ins that are not used for 90 days"),
    700084: _Row(f"{ENDED}: the redirect address is registered as one of a single-page application, whose sign-ins end "
                 f"after 24 hours; make it one {PLATFORM}, then sign in once more"),
    70008: _Row(f"{ENDED}: it has expired"),
    70043: _Row(OFTEN),
    70044: _Row(OFTEN),
    70000: _Row(f"{ENDED}: probably its access was removed or the password changed"),
    # -- on the way
    54005: _Row("got the answer of its page twice; start again"),
    501481: _Row("got an answer that belongs to another sign-in; start again"),
    70018: _Row(f"does not know the code that was entered: {CODE_LIFE}"),
    70019: _Row(f"has forgotten the code: {CODE_LIFE}"),
    70020: _Row(f"has forgotten the code: {CODE_LIFE}"),
    50196: _Row("stops {name} for a while because it asked too often; wait five minutes, and please report it",
                next="calsync sync"),
    90033: _Row("has a passing trouble with sign-ins", passes_in_s=60.0),
    90024: _Row("has a passing trouble with sign-ins", passes_in_s=60.0),
}
WORDS: Mapping[str, _Row] = {
    "access_denied": ROWS[65004],
    "authorization_declined": ROWS[65004],
    "consent_required": ROWS[65001],
    "expired_token": ROWS[70019],
    "bad_verification_code": ROWS[70018],
    "login_required": ROWS[50058],
    "interaction_required": _Row(f"wants a person to sign in{{said}}; {AGAIN}"),
    "invalid_grant": _Row(ENDED + "{said}"),
    "invalid_client": _Row("refuses the application {client}{said}; see docs/microsoft.md, steps 4 and 5", "client_id"),
    "unauthorized_client": _Row("refuses the application {client}{said}; see docs/microsoft.md, step 3", "client_id"),
    "invalid_scope": _Row("does not know the right that was asked for{said}", "authority", EDIT),
    "invalid_resource": _Row("does not know the right that was asked for{said}", "authority", EDIT),
    "temporarily_unavailable": ROWS[90033],
    "server_error": ROWS[90033],
}
BARRED = frozenset({53000, 53001, 53003, 530003, 50131, 50097})
PASSING = frozenset({"temporarily_unavailable", "server_error"})


def explain(refused: Refused, case: Case) -> CalsyncError:
    code = next((code for code in refused.codes if code in ROWS), None)
    if code is None and refused.suberror == "consent_required":
        code = 65001
    row = ROWS[code] if code is not None else WORDS.get(refused.error, _Row("refuses the sign-in of {name}{said}"))
    known = _facts(refused, case)
    words = f"Microsoft {row.words.format(**known)}"
    words += f". {NO_CODE}" if case.way == "code" and code in BARRED else ""
    words += f" [AADSTS{refused.codes[0]}]" if refused.codes else ""
    command = row.next.format(**known)
    if row.passes_in_s is not None:
        return TransientError(words, retry_after_s=row.passes_in_s)
    if row.key:
        return ConfigError([(f"accounts.{case.account.name}.{row.key}", words)], next=command)
    goes_on = case.way == "renewal" and command.startswith("calsync login")
    return AuthError(f"{words}. {GOES_ON}" if goes_on else words, next=command)


def _facts(refused: Refused, case: Case) -> dict[str, str]:
    grant, name = case.grant, case.account.name
    address = grant.address if grant else case.account.username
    days = (case.now - grant.obtained).days if grant else 0
    return {
        "name": name, "client": case.client_id, "tenant": tenant(case.account),
        "who": f"{name} ({address})" if address else name, "person": address or f"the user of {name}",
        "age": f"it was not used for {days} days" if days else "it was not used for long",
        "said": f" ({refused})" if str(refused) else "",
    }
