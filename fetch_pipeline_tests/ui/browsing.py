"""A person in front of Dagster's UI: opens pages, clicks what is written on them, looks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, sync_playwright

from fetch_pipeline_tests.dev_server import ROOT, DevServer

SCREENSHOTS: Final = ROOT / ".screenshots"
"""Kept after the tests, and by nobody else."""

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    "--no-sandbox",  # CI is root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE_MS: Final = 30_000
_WIDTH_PX: Final = 1400


def find_browser() -> str:
    """Return the Chromium of this machine; without one the test is skipped, but never in CI."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found:
        return found
    told = f"no browser: install Chromium, so that one of {', '.join(_BROWSERS)} is on the PATH"
    if os.environ.get("CI"):
        pytest.fail(told)
    pytest.skip(told)


class Visitor:
    """Somebody who looks at the UI of `server`."""

    def __init__(self, page: Page, server: DevServer) -> None:
        self.page, self.server = page, server

    def open(self, path: str, *, height: int = 1000) -> None:
        """Go to a page, in a window of this height."""
        self.page.set_viewport_size({"width": _WIDTH_PX, "height": height})
        self.page.goto(f"{self.server.url}{path}")

    def job(self, name: str, tab: str = "") -> str:
        """Return where the page of a job is."""
        return f"/locations/{self.server.location()[1]}/jobs/{name}{tab}"

    def see(self, words: str, *, exact: bool = True) -> Locator:
        """Wait until it is written somewhere on the page."""
        found = self.page.get_by_text(words, exact=exact).first
        found.wait_for()
        return found

    def see_picture(self, about: str) -> tuple[int, int]:
        """Wait for a picture; return the pixels it is shown in, which must not be cut off."""
        picture = self.page.locator(f"img[alt='{about}']").first
        picture.wait_for()
        loaded = "image => image.decode().then(() => image.naturalWidth)"
        assert picture.evaluate(loaded) > 0
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box is not None
        cut = picture.evaluate(_CUT_OFF)
        assert not cut, f"{about} is cut off by {cut} pixels"
        return round(box["width"]), round(box["height"])

    def press(self, button: str) -> None:
        """Click a button by what is written on it."""
        self.page.get_by_role("button", name=button).first.click()

    def write_config(self, text: str) -> None:
        """Replace what the Launchpad's editor holds."""
        self.page.locator(".CodeMirror").first.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def keep(self, name: str) -> None:
        """Take a screenshot."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


# How many pixels of an element are hidden by the boxes it stands in, to the right.
_CUT_OFF: Final = """image => {
    const right = image.getBoundingClientRect().right;
    let cut = 0;
    for (let box = image.parentElement; box; box = box.parentElement) {
        if (getComputedStyle(box).overflowX !== 'visible')
            cut = Math.max(cut, right - box.getBoundingClientRect().right);
    }
    return Math.round(cut);
}"""


@contextmanager
def visiting(server: DevServer, *, theme: str = "Light") -> Iterator[Visitor]:
    """Open a browser with a fresh profile, in a theme of the UI."""
    path = Path(find_browser())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        page = browser.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.add_init_script(f"localStorage.setItem('dagster-theme', '\"{theme}\"')")
        yield Visitor(page, server)
        browser.close()
