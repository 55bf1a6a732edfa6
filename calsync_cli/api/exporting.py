"""One calendar as a file, from the mirror. Reads the state only."""

from __future__ import annotations

from calsync_cli.api.looking import Looking
from calsync_cli.errors import MappingError, UsageError
from calsync_cli.model.codec import form_from
from calsync_cli.model.plain import dataclass
from calsync_cli.store import views


@dataclass(frozen=True, slots=True)
class Exported:
    """data: one VCALENDAR; left_out: (remote id, why it is not there)."""

    calendar: str
    data: bytes
    events: int
    left_out: tuple[tuple[str, str], ...]


class Exporting(Looking):
    __slots__ = ()

    def export(self, calendar: str) -> Exported:
        """All events as the last sync saw them: with their own lines, or as calsync would copy them where a service
        speaks another format. Raises UsageError for a calendar that is not known."""
        from calsync_cli.mapping.gather import Gathered
        from calsync_cli.mapping.ical import ICAL
        from calsync_cli.mapping.registry import OF_PROVIDER

        ((number, name),) = self._calendars(calendar).items()
        account = self.config.accounts.get(name.partition("/")[0])
        if account is None:
            text = f"the account of {name} is not in the configuration any more, so its events cannot be understood"
            raise UsageError(text, next="calsync accounts")
        gathered, count, left_out = Gathered(), 0, []
        for row in views.payloads(self.db, number):
            try:
                if account.provider not in OF_PROVIDER:
                    gathered.add(row["payload"])
                elif row["form"] is None:
                    raise MappingError(row["problem"] or "it cannot be read")
                else:
                    gathered.add(ICAL.make(row["uid"], form_from(row["form"]), ""))
                count += 1
            except MappingError as err:
                left_out.append((row["remote_id"], str(err)))
        return Exported(name, gathered.data(name.partition("/")[2]), count, tuple(left_out))
