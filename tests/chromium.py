"""Lookup of the system's Chromium, for tests and benchmarks, and description of its open pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, Error, Frame

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MOST_LINES = 150


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def find_headless() -> str | None:
    """Return the path of the headless shell, or else of the full browser.

    The shell needs half the processor time, because it draws no browser window around each page.
    """
    return shutil.which("chromium-headless-shell") or find_chromium()


def describe_pages(browser: Browser) -> Iterator[tuple[str, str]]:
    """Yield the URL and accessibility tree of each frame of each open page."""
    for context in browser.contexts:
        for page in context.pages:
            for frame in page.frames:
                yield frame.url, _describe(frame)


def _describe(frame: Frame) -> str:
    try:
        lines = frame.locator("body").aria_snapshot(timeout=5_000).splitlines()
    except Error as error:
        return str(error)
    more = [f"… and {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    return "\n".join([*lines[:MOST_LINES], *more])
