"""What every scheduler can be asked, and how its own program is called."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from calsync_cli.errors import UsageError
from calsync_cli.schedule.job import Job

LIMIT_S = 30.0


class Scheduler(Protocol):
    """name: the word of `--using`. All but `install` and `remove` only look."""

    name: str

    def usable(self) -> bool:
        """Whether this machine has it."""
        ...

    def entry(self, job: Job) -> dict[str, str]:
        """{where: text} of what `install` would put there."""
        ...

    def installed(self, job: Job) -> dict[str, str]:
        """{where: text} of what is there now; nothing when it is not installed."""
        ...

    def install(self, job: Job) -> None:
        """Doing it twice is doing it once. Raises UsageError, with everything as it was."""
        ...

    def remove(self, job: Job) -> None: ...


def ask(words: Sequence[str], given: bytes = b"") -> tuple[int, bytes, str]:
    """(exit code, output, words of the error). A program that cannot be run has code 127."""
    try:
        done = subprocess.run(list(words), input=given, capture_output=True, timeout=LIMIT_S, check=False)
    except FileNotFoundError:
        return 127, b"", f"{words[0]} is not installed"
    except (OSError, subprocess.TimeoutExpired) as err:
        return 127, b"", f"{words[0]} cannot be run ({err})"
    return done.returncode, done.stdout, done.stderr.decode(errors="replace").strip()


def told(words: Sequence[str], given: bytes = b"", *, next: str = "calsync schedule install --print") -> bytes:
    """The output. Raises UsageError when it did not do what it was told."""
    code, out, problem = ask(words, given)
    if code:
        text = f"`{' '.join(words)}` failed ({problem or f'exit code {code}'}); nothing was changed"
        raise UsageError(text, next=next)
    return out


def read(files: Sequence[Path]) -> dict[str, str]:
    """Those that are there."""
    found = {}
    for file in files:
        try:
            found[str(file)] = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as err:
            text = f"{file} cannot be read ({err}); nothing was changed"
            raise UsageError(text, next="calsync schedule install --print") from None
    return found


def put(file: Path, text: str | None) -> None:
    """None takes the file away. Raises UsageError."""
    try:
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_name(file.name + ".part")
            partial.write_text(text, encoding="utf-8")
            partial.replace(file)
    except OSError as err:
        text = f"{file} cannot be written ({err.strerror}); nothing was changed"
        raise UsageError(text, next="calsync schedule install --print") from err
