"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

# What of its own frame Chromium draws as web pages, each in a process of its own, for every window anew: for a test
# that is four fifths of what a window costs.
OWN_PAGES = (
    "InitialWebUI",
    "PreloadTopChromeWebUI",
    "WebUIBackForwardButton",
    "WebUIHomeButton",
    "WebUILocationBar",
    "WebUIOmniboxPopup",
    "WebUIReloadButton",
    "WebUIReloadButtonPrewarmWebUI",
    "WebUISplitTabsButton",
    "WebUITabStrip",
    "WebUIToolbar",
    "WebUIToolbarWebView",
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",
    f"--disable-features={','.join(OWN_PAGES)}",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--no-first-run",
)
PATIENCE = 20_000  # milliseconds for what is expected of a page; who waits in vain waits that long, nobody else does


@contextmanager
def running_chromium(program: Path) -> Iterator[Browser]:
    """A browser until the block ends."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=QUIET)
        yield browser
        browser.close()
