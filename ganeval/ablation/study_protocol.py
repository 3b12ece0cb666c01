"""The protocol that a study declares."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.study_form import CommandTrainer, Study
from ganeval.records.comparison import Direction

_BOTH: Final[tuple[Direction, ...]] = ("AtoB", "BtoA")


def protocol_of(study: Study, *, device: str = "auto") -> ProtocolSettings:
    """Returns every choice of the evaluation of a study's cells.

    Both directions are evaluated, or those that a trainer called by its command has outputs of.

    Args:
        study: What it declares.
        device: Where networks run.
    """
    declared, statistics = study.protocol, study.statistics
    directions = _BOTH
    if isinstance(study.trainer, CommandTrainer):
        outputs = study.trainer.outputs
        directions = tuple(one for one in _BOTH if one in outputs)
    return ProtocolSettings(
        primary=declared.primary,
        suite=declared.suite,
        directions=directions,
        extractor=declared.extractor,
        fid_modes=declared.fid_modes,
        checkpoint=declared.checkpoint,
        split=declared.split,
        alpha=statistics.alpha,
        power=statistics.power,
        margin=declared.equivalence_margin,
        device=device,
    )


def point_protocol(protocol: ProtocolSettings, update: int) -> ProtocolSettings:
    """Returns the protocol of a point of the curves: the primary metric at another update."""
    return replace(protocol, suite=(protocol.primary,), fid_modes=(), checkpoint=f"update:{update}")
