"""What the tests of pages in a real browser share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

Open = Callable[..., "Page"]
"""Opens an address with options of a browser context."""


def unfold(page: Page) -> None:
    """Opens every folded part."""
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")


def focused(page: Page, selector: str) -> bool:
    """Returns whether the focus is on an element that the selector matches."""
    return bool(page.evaluate("selector => document.activeElement.matches(selector)", selector))
