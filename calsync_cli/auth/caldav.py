"""Signing in to a CalDAV or iCloud account: the password is tried at once by discovery, and kept only if it opened the
door."""

from __future__ import annotations

from collections.abc import Sequence

from calsync_cli.model.account import Account
from calsync_cli.model.secret import Secret
from calsync_cli.ports import Ports
from calsync_cli.providers.base import Calendar
from calsync_cli.providers.caldav.provider import CalDavProvider
from calsync_cli.providers.icloud.provider import ICloudProvider


def sign_in(account: Account, password: Secret, ports: Ports) -> Sequence[Calendar]:
    """The calendars that the login shows. Raises AuthError for a wrong one; nothing is stored here."""
    kind = ICloudProvider if account.provider == "icloud" else CalDavProvider
    provider = kind(account, lambda: password, ports)
    try:
        return provider.calendars()
    finally:
        provider.close()
