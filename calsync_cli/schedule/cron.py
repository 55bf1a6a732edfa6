"""A crontab entry between two marker lines. All other lines stay byte for byte.

Source  crontab(5): % is a line end unless escaped; crontab(1): `-l` fails when there is none yet
"""

from __future__ import annotations

import shlex
import shutil

from calsync_cli.errors import UsageError
from calsync_cli.schedule.base import ask, told
from calsync_cli.schedule.job import Job

WHERE = "crontab"


class Cron:
    name = "cron"

    def usable(self) -> bool:
        return shutil.which("crontab") is not None

    def entry(self, job: Job) -> dict[str, str]:
        minutes = f"{job.offset}-59/{job.step}" if job.step < 60 else str(job.offset)
        command = shlex.join(job.command).replace("%", "\\%")
        begin, end = _markers(job)
        return {WHERE: f"{begin}\n{minutes} * * * * {command}\n{end}\n"}

    def installed(self, job: Job) -> dict[str, str]:
        _, own, _ = _split(_lines(), job)
        return {WHERE: b"".join(own).decode(errors="replace")} if own else {}

    def install(self, job: Job) -> None:
        before, _, after = _split(_lines(), job)
        if before and not before[-1].endswith(b"\n"):
            before[-1] += b"\n"  # cron reads no line without an end
        _write([*before, self.entry(job)[WHERE].encode(), *after])

    def remove(self, job: Job) -> None:
        before, own, after = _split(_lines(), job)
        if own:
            _write([*before, *after])


def _markers(job: Job) -> tuple[str, str]:
    return f"# {job.name} begin: made by `calsync schedule install`", f"# {job.name} end"


def _lines() -> list[bytes]:
    """Raises UsageError unless they are surely all there are: they are written back."""
    code, out, problem = ask(["crontab", "-l"])
    if code == 0:
        return out.splitlines(keepends=True)
    if code == 1 and not out and "no crontab" in problem.lower():
        return []
    raise UsageError(f"the crontab cannot be read ({problem or code}); nothing was changed", next="crontab -l")


def _split(lines: list[bytes], job: Job) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Before, own, after. Raises UsageError where the markers were tampered with."""
    begin, end = (marker.encode() for marker in _markers(job))
    begins = [n for n, line in enumerate(lines) if line.rstrip() == begin]
    ends = [n for n, line in enumerate(lines) if line.rstrip() == end]
    if not begins and not ends:
        return lines, [], []
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        text = f"the lines of calsync in the crontab are no longer whole (# {job.name} begin ... end); nothing was done"
        raise UsageError(text, next="crontab -e, and take these lines out")
    return lines[: begins[0]], lines[begins[0] : ends[0] + 1], lines[ends[0] + 1 :]


def _write(lines: list[bytes]) -> None:
    told(["crontab", "-"], b"".join(lines))
