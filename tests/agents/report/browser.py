"""A real browser, driven without a screen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class OpenPage:
    """A page in the browser, and what it complained about."""

    page: Page
    session: CDPSession
    complaints: list[str] = field(default_factory=list)

    def work_seconds(self) -> float:
        """Processor time that showing the page took, whatever else the machine does meanwhile."""
        metrics = self.session.send("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "ProcessTime"))


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Starts Chromium; `scripts/install_test_programs.sh` installs it."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program is not None, "there is no Chromium; run: scripts/install_test_programs.sh"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, path: Path, *, width: int = 1280, dark: bool = False) -> Iterator[OpenPage]:
    """Opens a file, without any network, and waits until an episode is shown."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", offline=True
    )
    try:
        page = context.new_page()
        made = OpenPage(page, context.new_cdp_session(page))
        made.session.send("Performance.enable", {"timeDomain": "threadTicks"})
        made.page.on("console", lambda message: made.complaints.append(message.text))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.goto(path.as_uri())
        made.page.wait_for_selector("#detail h3, #detail .missing")
        yield made
    finally:
        context.close()
