"""The record of a saliency comparison, and its warnings in the order of their weight."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ganeval.environment import environment
from ganeval.images.listing import valid_text
from ganeval.records import MapMethod, Notice, SaliencyRecord
from ganeval.saliency.describing import (
    Looked,
    described_model,
    described_pairs,
    described_params,
    described_registration,
    flag_counts,
)
from ganeval.saliency.evidence import Evidence
from ganeval.saliency.judging import Judged
from ganeval.saliency.model import PixelModel
from ganeval.saliency.pictures import PairPictures
from ganeval.saliency.seen import Seen
from ganeval.saliency.settings import SaliencySettings


def saliency_record(
    seen: Seen,
    made: Evidence,
    judged: Judged,
    methods: list[MapMethod],
    pictures: list[PairPictures],
    model: PixelModel,
    settings: SaliencySettings,
    *,
    argv: Sequence[str],
    started: datetime,
    seconds: float,
    stages: dict[str, float],
) -> SaliencyRecord:
    """Puts together the record of a comparison.

    Args:
        seen: The images, their scores and targets.
        made: The maps and what was measured on them.
        judged: The panels.
        methods: The methods as the record describes them.
        pictures: Of each pair; empty: none were drawn.
        model: The classifier.
        settings: Every choice.
        argv: The command line.
        started: When the run began.
        seconds: How long it took.
        stages: Seconds of each of its stages.
    """
    paired = seen.paired
    headers = [one for side in range(len(paired.sets)) for one in paired.headers_of(side)]
    looked = Looked(paired, made.scores, made.tables, pictures, frozenset(made.chosen))
    flags, flagged = flag_counts(made.tables)
    return SaliencyRecord(
        argv=[valid_text(argument) for argument in argv],
        started=started.isoformat(timespec="seconds"),
        seconds=seconds,
        verdict=judged.verdict,
        compared=paired.after is not None,
        target_rule=valid_text(seen.targets.rule),
        params=described_params(settings),
        inputs=paired.infos(),
        model=described_model(model, settings, seen.squares.text(headers)),
        methods=methods,
        micro_batch=settings.micro_batch,
        seed=settings.seed,
        registration=described_registration(seen.shifts),
        rms=judged.rms,
        unpaired={side: keys for side, keys in paired.unpaired.items() if keys},
        pairs=described_pairs(looked, model),
        shares=judged.shares,
        mcnemar=judged.mcnemar,
        effects=judged.effects,
        levels=judged.levels,
        kappas=judged.kappas,
        trust=judged.trust,
        flags=flags,
        digests=paired.digests(),
        stages=stages,
        warnings=_warnings(seen, made, judged, flagged, methods, model, settings),
        environment=environment(),
    )


def _warnings(
    seen: Seen,
    made: Evidence,
    judged: Judged,
    flagged: list[Notice],
    methods: list[MapMethod],
    model: PixelModel,
    settings: SaliencySettings,
) -> list[Notice]:
    """Everything worth knowing, each thing once: what bears on the verdict first."""
    told = [one for one in seen.notices if one.code == "same_images"]
    told += judged.notices
    if seen.shifts is not None and seen.shifts.warn:
        text = seen.shifts.warn
        told.append(Notice(code="not_registered", text=f"{text[0].upper()}{text[1:]}."))
    told += flagged
    told += [one for one in seen.notices if one.code != "same_images"]
    told += [Notice(code="ignores_model", text=one.warning) for one in methods if one.warning]
    told += made.notices
    if settings.micro_batch < 16:
        text = (
            f"--micro-batch {settings.micro_batch}: below 16 the last bits of maps may depend on "
            "the number of threads."
        )
        told.append(Notice(code="small_micro_batch", text=text))
    if seen.squares.defence is None:
        told += [Notice(code="model", text=text) for text in model.facts.notices]
    return list({(one.code, one.text): one for one in told}.values())
