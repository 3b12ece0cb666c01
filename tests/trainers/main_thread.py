"""Where signals can be caught."""

from __future__ import annotations

import threading

import pytest


def require_main_thread() -> None:
    """Skips a test that sends signals to itself where they would end the whole test run."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("this runner tests outside the main thread, where no signal can be caught")
