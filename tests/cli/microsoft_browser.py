"""A person with a real browser on Microsoft's page, whose answer is posted to this machine; see chromium.py.

Shape   `python microsoft_browser.py FOLDER DECISION URL`: presses the button DECISION (allow, cancel), and leaves the
        texts of the page and of the one that comes then in FOLDER; a $BROWSER with %s for URL
"""

from __future__ import annotations

import sys
from pathlib import Path

from chromium import Chromium  # beside this file

PRESENT = "document.readyState == 'complete' && {}"


def main(folder: str, decision: str, url: str) -> None:
    place = Path(folder)
    window = Chromium(place / "profile")
    window.call("Page.enable")
    window.call("Security.setIgnoreCertificateErrors", ignore=True)
    window.call("Page.navigate", url=url)
    window.wait(PRESENT.format(f"!!document.getElementById('{decision}')"))
    (place / "consent.txt").write_text(window.run("document.body.innerText"))
    window.run(f"document.getElementById('{decision}').click()")
    window.wait(PRESENT.format("location.hostname == 'localhost' && document.title == 'calsync'"))
    (place / "end.txt").write_text(window.run("document.body.innerText"))
    window.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
