"""Which of several processes of one command this is."""

from __future__ import annotations

import os


def is_first_process() -> bool:
    """Tells whether this process is the one that prints and evaluates.

    ``torchrun`` gives each process its rank in the environment variable RANK.
    """
    return os.environ.get("RANK", "0") == "0"
