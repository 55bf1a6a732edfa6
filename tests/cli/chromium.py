"""A person with a real browser: headless Chromium, driven through its debugging pipe, no other library needed.

Shape   `python chromium.py FOLDER DECISION URL`: opens URL, presses the button DECISION (allow, cancel) of a consent
        page, waits for the page that comes then, and leaves its text and picture in FOLDER; a $BROWSER with %s for URL
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# The first is for root, who has no sandbox; the others keep a closed network from being asked for anything.
FLAGS = (
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--no-proxy-server",
    "--remote-debugging-pipe",
)
PATIENCE_S = 40.0


def found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    def __init__(self, folder: Path) -> None:
        ours, theirs = _pipe(), _pipe()

        def wire() -> None:
            os.dup2(ours[0], 3)
            os.dup2(theirs[1], 4)

        command = [found() or "chromium", *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        nowhere = subprocess.DEVNULL
        self._process = subprocess.Popen(command, preexec_fn=wire, pass_fds=(3, 4), stdout=nowhere, stderr=nowhere)
        os.close(ours[0])
        os.close(theirs[1])
        self._out, self._in = ours[1], os.fdopen(theirs[0], "rb")
        self._number, self._session = 0, ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._message())
            if answer.get("id") == self._number:
                found_: dict[str, Any] = answer.get("result", {})
                return found_

    def _message(self) -> bytes:
        text = bytearray()
        while (byte := self._in.read(1)) != b"\0":
            assert byte, "Chromium is gone"
            text += byte
        return bytes(text)

    def run(self, script: str) -> Any:
        return self.call("Runtime.evaluate", expression=script).get("result", {}).get("value")

    def wait(self, script: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self.run(script):
            assert time.monotonic() < deadline, f"never: {script}\n{self.run('document.body?.innerText')}"
            time.sleep(0.1)

    def close(self) -> None:
        self.call("Browser.close")
        self._process.wait(20)


def _pipe() -> tuple[int, int]:
    """Away from 3 and 4, which are the child's."""
    read, write = os.pipe()
    high = (fcntl.fcntl(read, fcntl.F_DUPFD_CLOEXEC, 20), fcntl.fcntl(write, fcntl.F_DUPFD_CLOEXEC, 20))
    os.close(read)
    os.close(write)
    return high


def main(folder: str, decision: str, url: str) -> None:
    place = Path(folder)
    page = Chromium(place / "profile")
    page.call("Page.enable")
    page.call("Page.navigate", url=url)
    page.wait(f"document.readyState == 'complete' && !!document.getElementById('{decision}')")
    (place / "consent.txt").write_text(page.run("document.body.innerText"))
    page.run(f"document.getElementById('{decision}').click()")
    page.wait("location.hostname == '127.0.0.1' && document.readyState == 'complete' && document.title == 'calsync'")
    (place / "end.txt").write_text(page.run("document.body.innerText"))
    (place / "end.png").write_bytes(base64.b64decode(page.call("Page.captureScreenshot")["data"]))
    page.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
