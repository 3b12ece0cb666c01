"""ganeval: is this set of generated images closer to the real ones, and how sure can we be?

The names below are imported when they are used, so that the package itself loads at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganeval.evaluation import evaluate as evaluate
    from ganeval.images import open_image_set as open_image_set
    from ganeval.metrics.streaming import Evaluation as Evaluation
    from ganeval.metrics.streaming import FrechetDistance as FrechetDistance
    from ganeval.records import read_record as read_record

__version__ = "0.1.0"

_PLACES = {
    "Evaluation": "ganeval.metrics.streaming",
    "FrechetDistance": "ganeval.metrics.streaming",
    "evaluate": "ganeval.evaluation",
    "open_image_set": "ganeval.images",
    "read_record": "ganeval.records",
}

__all__ = [
    "Evaluation",
    "FrechetDistance",
    "__version__",
    "evaluate",
    "open_image_set",
    "read_record",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'ganeval' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
