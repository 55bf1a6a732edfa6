"""A headless Chromium for tests, driven over the WebDriver protocol of chromedriver; no library in between.

Shape   `with browser() as page:` then page.open(url), page.click(css), page.text(css), page.address(); `why_not()` says
        what is missing on this machine, or None
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.fakes.servers import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage")
START_TIMEOUT_S = 30.0


def why_not() -> str | None:
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"not installed here: {', '.join(missing)}" if missing else None


class Page:
    def __init__(self, session: str) -> None:
        self._http = httpx.Client(base_url=session, timeout=30.0)

    def _do(self, verb: str, path: str, **body: Any) -> Any:
        answer = self._http.request(verb, path, json=body if verb == "POST" else None)
        answer.raise_for_status()
        return answer.json()["value"]

    def open(self, url: str) -> None:
        self._do("POST", "/url", url=url)

    def address(self) -> str:
        return str(self._do("GET", "/url"))

    def click(self, css: str) -> None:
        self._do("POST", f"/element/{self._find(css)}/click")

    def type(self, css: str, text: str) -> None:
        """Into a field; of a list it chooses the line that begins so."""
        self._do("POST", f"/element/{self._find(css)}/value", text=text)

    def text(self, css: str = "body") -> str:
        return str(self._do("GET", f"/element/{self._find(css)}/text"))

    def _find(self, css: str) -> str:
        return str(self._do("POST", "/element", using="css selector", value=css)[ELEMENT])


@contextmanager
def browser(*, any_certificate: bool = False) -> Iterator[Page]:
    port = free_port()
    with tempfile.TemporaryDirectory() as profile:
        driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            root = f"http://127.0.0.1:{port}"
            _wait(root)
            options = {"binary": shutil.which("chromium"), "args": [*FLAGS, f"--user-data-dir={profile}"]}
            wanted = {"goog:chromeOptions": options, "acceptInsecureCerts": any_certificate}
            asked = {"capabilities": {"alwaysMatch": wanted}}
            made = httpx.post(f"{root}/session", json=asked, timeout=60.0)
            made.raise_for_status()
            session = f"{root}/session/{made.json()['value']['sessionId']}"
            yield Page(session)
            httpx.delete(session, timeout=30.0)
        finally:
            driver.terminate()
            driver.wait()


def _wait(root: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            if httpx.get(f"{root}/status").json()["value"]["ready"]:
                return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)
