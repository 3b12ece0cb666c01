"""Where ganeval keeps what it may throw away: features, compiled networks, fetched weights."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Returns ``$GANEVAL_CACHE``, else the platform's user cache folder; creates nothing."""
    named = os.environ.get("GANEVAL_CACHE")
    return Path(named).expanduser() if named else platformdirs.user_cache_path("ganeval", False)
