"""The classifier behind maps and class models, as facts."""

from __future__ import annotations

from ganeval.records import LookedInto
from ganeval_reports.numbers import short_digest
from ganeval_reports.parts import Fact, Facts


def model_facts(model: LookedInto) -> Facts:
    """Returns what the classifier is and how images reach it.

    Args:
        model: The classifier.
    """
    facts = [
        Fact("Name", model.name, code=True),
        Fact("Weights", short_digest(model.sha256) or "not known", code=True),
        Fact("Outputs", "real or fake" if model.detector else f"{model.outputs:,} classes"),
        Fact("Size", f"{model.parameters:,} weights"),
        Fact("Images", f"{model.side} × {model.side} px; {model.fit}"),
        Fact("Mean", _triple(model.mean)),
        Fact("Standard deviation", _triple(model.std)),
        Fact("Device", model.device, code=True),
    ]
    return Facts("Classifier", facts)


def _triple(values: list[float]) -> str:
    shown = [f"{value:.3g}" for value in values]
    return shown[0] if len(set(shown)) == 1 else ", ".join(shown)
