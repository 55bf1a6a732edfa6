"""A task of the Windows Task Scheduler. StartWhenAvailable makes up for what a sleeping machine missed.

Source  Task Scheduler schema 1.2; schtasks /Create /XML
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from calsync_cli.schedule.base import ask, told
from calsync_cli.schedule.job import Job

XML = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Bring calendars up to date (calsync)</Description></RegistrationInfo>
  <Triggers>
    <TimeTrigger>
      <Repetition><Interval>PT{step}M</Interval></Repetition>
      <StartBoundary>2026-01-01T00:{offset:02}:00</StartBoundary>
      <RandomDelay>PT{spread}S</RandomDelay>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author"><LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT6H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec><Command>{program}</Command><Arguments>{arguments}</Arguments></Exec>
  </Actions>
</Task>
"""


class TaskScheduler:
    name = "schtasks"

    def usable(self) -> bool:
        return shutil.which("schtasks") is not None

    def entry(self, job: Job) -> dict[str, str]:
        program, *words = job.command
        text = XML.format(
            step=job.step, offset=job.offset, spread=min(300, job.step * 6), program=escape(program),
            arguments=escape(subprocess.list2cmdline(words)),
        )
        return {f"task {job.name}": text}

    def installed(self, job: Job) -> dict[str, str]:
        """The system words the task in its own way; what is asked is whether it is there."""
        code, out, _ = ask(["schtasks", "/Query", "/TN", job.name, "/XML"])
        return {f"task {job.name}": out.decode(errors="replace")} if code == 0 else {}

    def install(self, job: Job) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "task.xml"
            file.write_text(self.entry(job)[f"task {job.name}"], encoding="utf-16")
            told(["schtasks", "/Create", "/TN", job.name, "/XML", str(file), "/F"])

    def remove(self, job: Job) -> None:
        told(["schtasks", "/Delete", "/TN", job.name, "/F"])
