"""Evaluates one cell, or one folder of images made elsewhere, under a protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from safetensors.numpy import save

from ganeval.ablation.cell_result import CellResult, Stage, read_result, write_result
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.suite.c2st import c2st
from ganeval.ablation.suite.cycle import cycle
from ganeval.ablation.suite.distances import Distances, distances
from ganeval.ablation.suite.diversity import diversity
from ganeval.ablation.suite.networks import Networks
from ganeval.ablation.suite.part import Absent, Files, ImagesOf, Part, Place, listed
from ganeval.ablation.suite.run_facts import RunFacts, run_facts
from ganeval.ablation.suite.saliency import saliency
from ganeval.ablation.suite.structure import structure
from ganeval.ablation.suite.traces import traces
from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval.images import ImageSet, open_image_set
from ganeval.images.digests import DigestHints, file_sha256
from ganeval.images.failures import UnreadableImage
from ganeval.metrics.settings import Progress, silent
from ganeval.paths import cache_folder
from ganeval.records.ablation import CellMetric
from ganeval.records.comparison import Direction
from ganeval.records.features import FeatureSpec, InputInfo, WeightsInfo
from ganeval.records.files import atomic_write
from ganeval.records.model import Notice

RESULT: Final = "result.json"

_BY_STEM: Final = ("fake", "source", "recovered", "identity")
"""Sets whose images belong to an input each."""


@dataclass(frozen=True)
class EvaluationJob:
    """What is evaluated.

    Args:
        arm: Name of the arm.
        seed: Of the run; None: unknown.
        images: The images of each direction; directions that are missing are not evaluated.
        protocol: How.
        out: Folder of the result; it may hold one already.
        cell_id: Of the cell; empty for images made elsewhere.
        update: Updates behind the checkpoint.
        checkpoint: The file the translations come from.
        run: Folder of the training run.
        removed: Exact duplicates that were left out before.
    """

    arm: str
    seed: int | None
    images: Mapping[Direction, ImagesOf]
    protocol: ProtocolSettings
    out: Path
    cell_id: str = ""
    update: int | None = None
    checkpoint: Path | None = None
    run: Path | None = None
    removed: int = 0


def evaluate_cell(
    job: EvaluationJob, progress: Progress = silent, networks: Networks | None = None
) -> CellResult:
    """Evaluates a cell, unless its folder holds the result for these very images.

    Args:
        job: What is evaluated.
        progress: Told how far each piece of work is.
        networks: Those of cells evaluated before in this process, so that none is loaded twice.

    Returns:
        The result, which is in the job's folder as ``result.json`` too.

    Raises:
        InputError: An image or a choice is not usable.
        MissingFileError: Weights are needed and cannot be had.
    """
    inputs = {direction: _inputs(images) for direction, images in job.images.items()}
    known = _known(job, inputs)
    if known is not None:
        return known
    job.out.mkdir(parents=True, exist_ok=True)
    with _networks(job.protocol, networks) as shared:
        gathered = _Gathered()
        for direction, images in job.images.items():
            _evaluate(job, direction, images, shared, gathered, progress)
    facts = run_facts(job.run, Place(job.arm, job.seed, "AtoB"))
    _add_facts(job, facts, gathered)
    result = CellResult(
        cell_id=job.cell_id,
        protocol_id=job.protocol.id,
        arm=job.arm,
        seed=job.seed,
        update=job.update if job.update is not None else facts.update,
        checkpoint="" if job.checkpoint is None else str(job.checkpoint),
        checkpoint_sha256="" if job.checkpoint is None else file_sha256(job.checkpoint),
        fakes={direction: len(images.stems) for direction, images in job.images.items()},
        removed=job.removed,
        inputs=inputs,
        metrics=gathered.metrics,
        per_image=gathered.per_image,
        features=gathered.features,
        stems={direction: list(images.stems) for direction, images in job.images.items()},
        pictures={direction: _pictures(images) for direction, images in job.images.items()},
        absent=gathered.absent,
        format_differs=gathered.format_differs,
        specs=gathered.specs,
        weights=gathered.weights,
        curves=list(facts.curves),
        histograms=list(facts.histograms),
        cost=facts.cost,
        warnings=gathered.notices,
        environment=environment(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_result(job.out / RESULT, result)
    return result


@dataclass
class _Gathered:
    """What the parts found so far."""

    metrics: list[CellMetric] = field(default_factory=list)
    per_image: dict[Direction, dict[str, dict[str, float]]] = field(default_factory=dict)
    features: dict[Direction, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    format_differs: str | None = None
    specs: list[FeatureSpec] = field(default_factory=list)
    weights: list[WeightsInfo] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def add(self, direction: Direction, part: Part) -> None:
        """Keeps a part."""
        self.metrics += part.metrics
        found = self.per_image.setdefault(direction, {})
        for name, values in part.per_image.items():
            found[name] = dict(values)
        told = {notice.text for notice in self.notices}
        self.notices += [notice for notice in part.notices if notice.text not in told]


def _evaluate(
    job: EvaluationJob,
    direction: Direction,
    images: ImagesOf,
    networks: Networks,
    gathered: _Gathered,
    progress: Progress,
) -> None:
    place, protocol = Place(job.arm, job.seed, direction), job.protocol
    with TemporaryDirectory(prefix=".ganeval-", dir=job.out) as folder:
        scratch = Path(folder)
        found = distances(images, place, protocol, scratch, progress)
        gathered.add(direction, found.part)
        gathered.features[direction] = _keep_features(job.out, direction, found)
        gathered.specs += [found.spec] if found.spec and found.spec not in gathered.specs else []
        weights = found.weights
        gathered.weights += [weights] if weights and weights not in gathered.weights else []
        if "memorisation" in protocol.suite and images.train is None:
            gathered.absent["memorisation"] = "the images it was trained on are not known"
        parts: dict[str, Callable[[], Part]] = {
            "c2st": lambda: c2st(images, place, protocol, scratch, progress),
            "cycle": lambda: cycle(images, place),
            "structure": lambda: structure(images, place, networks.self_similarity),
            "saliency": lambda: saliency(images, place, protocol, networks, progress),
            "diversity": lambda: diversity(images, place, found.fake, found.real),
            "traces": lambda: traces(images, place),
        }
        for number, (name, make) in enumerate(parts.items()):
            if name not in protocol.suite:
                continue
            progress(f"{job.arm}: {name}", number, len(parts), "rounds")
            try:
                part = make()
            except Absent as reason:
                gathered.absent[name] = str(reason)
                continue
            gathered.add(direction, part)
            gathered.format_differs = gathered.format_differs or part.format_differs
        if "cycle" in protocol.suite and images.source and images.recovered is None:
            gathered.absent["cycle"] = "the inputs translated there and back are not there"


def _add_facts(job: EvaluationJob, facts: RunFacts, gathered: _Gathered) -> None:
    """Adds what the training run tells of itself."""
    if "dscores" not in job.protocol.suite:
        return
    if facts.no_scores:
        gathered.absent["dscores"] = facts.no_scores
    gathered.metrics += facts.metrics


def _keep_features(out: Path, direction: Direction, found: Distances) -> str:
    """Writes features for resampling later; returns the file's name."""
    name = f"features-{direction}.safetensors"
    arrays = {"fake": np.ascontiguousarray(found.fake), "real": np.ascontiguousarray(found.real)}
    with atomic_write(out / name) as stream:
        stream.write(save(arrays))
    return name


@contextmanager
def _networks(protocol: ProtocolSettings, given: Networks | None) -> Iterator[Networks]:
    if given is not None:
        yield given
        return
    with Networks(protocol.device) as own:
        yield own


def _known(
    job: EvaluationJob, inputs: Mapping[Direction, Mapping[str, InputInfo]]
) -> CellResult | None:
    """The result in the folder, if it is whole, of this protocol and of these images."""
    try:
        found = read_result(job.out / RESULT)
    except InputError:
        return None
    same = (found.protocol_id, found.arm, found.seed, found.cell_id) == (
        job.protocol.id,
        job.arm,
        job.seed,
        job.cell_id,
    )
    stems = {direction: list(images.stems) for direction, images in job.images.items()}
    same = same and found.stems == stems and _contents(found.inputs) == _contents(inputs)
    if not same or not all((job.out / name).is_file() for name in found.features.values()):
        return None
    # The same images may lie elsewhere by now.
    pictures = {direction: _pictures(images) for direction, images in job.images.items()}
    moved = found.model_copy(
        update={"pictures": pictures, "inputs": dict(inputs), "removed": job.removed}
    )
    if moved != found:
        write_result(job.out / RESULT, moved)
    return moved


def _contents(
    inputs: Mapping[Direction, Mapping[str, InputInfo]],
) -> dict[tuple[str, str], str | None]:
    """Digests of all sets: of those that belong to stems with the stem of every image."""
    return {
        (direction, name): info.fingerprint if name in _BY_STEM else info.content_fingerprint
        for direction, sets in inputs.items()
        for name, info in sets.items()
    }


def _inputs(images: ImagesOf) -> dict[str, InputInfo]:
    """What every set holds, by digest."""
    found = {"real": _opened(images.real).info("real", "real")}
    if images.train is not None:
        found["train"] = _opened(images.train).info("real", "train")
    with TemporaryDirectory(prefix="ganeval-") as folder:
        for name in _BY_STEM:
            files: Files | None = getattr(images, name)
            if files is not None:
                opened = _opened(listed(files, images.stems, Path(folder)))
                info = opened.info("real" if name == "source" else "fake", name)
                found[name] = info.model_copy(
                    update={
                        "path": str(files[images.stems[0]].parent),
                        "kind": "folder",
                        "fingerprint": _by_stem(opened, files, images.stems),
                    }
                )
    return found


def _by_stem(opened: ImageSet, files: Files, stems: Sequence[str]) -> str:
    """Digest of the stems and the content of every file; where they lie is no part of it."""
    for key, reason in opened.unreadable.items():
        raise UnreadableImage(key, reason)
    digests = {
        opened.file(key): digest for key, digest in zip(opened.keys, opened.digests, strict=True)
    }
    by_path = {path.absolute(): digest for path, digest in digests.items() if path is not None}
    text = "".join(f"{stem}\n{by_path[files[stem].absolute()]}\n" for stem in sorted(stems))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _opened(source: Path) -> ImageSet:
    return open_image_set(source, digest_hints=DigestHints(cache_folder()))


def _pictures(images: ImagesOf) -> dict[str, dict[Stage, str]]:
    stages: Sequence[tuple[Stage, Files | None]] = (
        ("original", images.source),
        ("translated", images.fake),
        ("recovered", images.recovered),
        ("identity", images.identity),
    )
    return {
        stem: {stage: str(files[stem]) for stage, files in stages if files is not None}
        for stem in images.stems
    }
