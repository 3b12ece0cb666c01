"""The path of a saliency comparison: two sets in, one record and its pictures out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ganeval.environment import environment
from ganeval.images.listing import valid_text
from ganeval.metrics.settings import Progress, silent
from ganeval.records import MapMethod, Notice, SaliencyRecord
from ganeval.saliency.conditions import Conditions
from ganeval.saliency.controls import derangements, rms_change
from ganeval.saliency.cost import (
    Confirm,
    Cost,
    estimated_cost,
    measured_speed,
    require_agreed,
)
from ganeval.saliency.describing import (
    Looked,
    dead_rows,
    described_method,
    described_model,
    described_pairs,
    described_params,
    described_registration,
    flag_counts,
)
from ganeval.saliency.faithfulness import measure_faithfulness
from ganeval.saliency.judging import Judged, judge
from ganeval.saliency.loading import load_pixel_model
from ganeval.saliency.map_cache import MapCache
from ganeval.saliency.mapping import Mapper, Subject
from ganeval.saliency.maps.registry import Method
from ganeval.saliency.measuring import MapStacks, compare_pairs, map_pairs
from ganeval.saliency.model import PixelModel
from ganeval.saliency.opening import (
    PairedSets,
    Stack,
    chosen_by_hash,
    load_squares,
    open_pairs,
    pair_notices,
    require_sources,
)
from ganeval.saliency.pictures import MapScale, PairPictures, PictureFolder, shared_scale
from ganeval.saliency.possible import possible_methods
from ganeval.saliency.regions import object_regions
from ganeval.saliency.registration import Registration, luma, registration
from ganeval.saliency.scores import Scores, scores_of
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.squares import Squares
from ganeval.saliency.tables import MethodTable
from ganeval.saliency.targets import RULES as SCORE_RULES
from ganeval.saliency.targets import (
    Logits,
    Targets,
    fixed_targets,
    logits_of,
    require_live,
    targets_from_logits,
)

Announce = Callable[[str], None]

_BLOCK = 64  # pairs looked at once where a stack may lie in a file


def compare(
    before: object,
    after: object | None = None,
    settings: SaliencySettings | None = None,
    *,
    out: Path | None = None,
    argv: Sequence[str] = (),
    progress: Progress = silent,
    announce: Announce = lambda text: None,
    confirm: Confirm | None = None,
) -> SaliencyRecord:
    """Tells where a classifier looks, before and after a transfer, and what changed.

    Args:
        before: Folder, zip archive, array file or list of the source images; or images in memory.
        after: The same of their translations; None: one set alone, of which no change is told.
        settings: Every choice; None means the defaults.
        out: An existing folder for the pictures, and with ``save_maps`` the maps; None: none are
            written. Record and table are the caller's to write.
        argv: The command line, for the record.
        progress: Told how far each piece of work is.
        announce: Told what a person should know meanwhile, such as how long it will take.
        confirm: Asked whether to go on where it will take longer than half an hour; None: there is
            nobody to ask.

    Raises:
        InputError: A source or an option does not fit.
        MissingFileError: A weights file is not there.
        GanevalError: Too few pairs are left, or something computed is no number.
    """
    settings = settings or SaliencySettings()
    started, began, clock = datetime.now().astimezone(), time.perf_counter(), _Clock()
    require_sources(before, after)
    with clock.stage("model"):
        model = load_pixel_model(
            settings.model,
            weights=settings.weights,
            labels=settings.labels,
            device=settings.device,
            mean=settings.mean,
            std=settings.std,
            side=settings.side,
            accept_probabilities=settings.accept_probabilities,
            num_classes=settings.num_classes,
        )
    with model:
        seen = _opened(before, after, model, settings, clock, progress)
        made = _looked(seen, model, settings, clock, progress, announce, confirm)
        with clock.stage("panels"):
            judged = judge(
                scores=made.scores,
                tables=made.tables,
                methods=made.methods,
                paired=seen.paired,
                targets=seen.targets,
                rms=seen.rms,
                masked=seen.regions is not None,
                settings=settings,
            )
        with clock.stage("pictures"):
            scales = {
                name: _scale(stacks, made.tables[name], settings)
                for name, stacks in made.stacks.items()
            }
            pictures = _pictures(out, seen, made.stacks, scales, settings, progress)
        described = [
            described_method(one, made.tables[one.name], scales[one.name]) for one in made.methods
        ]
        return _record(
            seen,
            made,
            judged,
            described,
            pictures,
            model,
            settings,
            argv=argv,
            started=started,
            seconds=time.perf_counter() - began,
            stages=clock.seconds,
        )


@dataclass
class _Clock:
    """Where the time goes."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


@dataclass(frozen=True)
class _Seen:
    """The images as the model sees them, and what it says of them."""

    paired: PairedSets
    squares: Squares
    images: tuple[Stack, Stack | None]
    logits: tuple[Logits, Logits | None]
    targets: Targets
    rms: npt.NDArray[np.float64] | None
    shifts: Registration | None
    regions: npt.NDArray[np.bool_] | None
    notices: list[Notice]

    def subjects(self) -> tuple[Subject, Subject | None]:
        """Before and after, ready to be explained."""
        keys, against = self.paired.keys, self.targets.against
        first = Subject(self.images[0], self.targets.before, keys, against)
        if self.images[1] is None:
            return first, None
        return first, Subject(self.images[1], self.targets.after, keys, against)


@dataclass(frozen=True)
class _Made:
    """The maps, and everything in numbers."""

    methods: list[Method]
    stacks: dict[str, MapStacks]
    tables: dict[str, MethodTable]
    scores: dict[str, Scores]
    chosen: list[int]
    notices: list[Notice]


def _opened(
    before: object,
    after: object | None,
    model: PixelModel,
    settings: SaliencySettings,
    clock: _Clock,
    progress: Progress,
) -> _Seen:
    """Opens, pairs and decodes the sets, and lets the model score them."""
    squares = Squares.of(model, settings.fit)
    with clock.stage("images"):
        paired = open_pairs(before, after, settings, squares.decoding(settings.decode))
        paired, first, second = load_squares(paired, squares.image, model.side, settings, progress)
        regions, notices = None, pair_notices(paired)
        if settings.masks is not None or settings.boxes is not None:
            regions, told = object_regions(
                paired, squares, masks=settings.masks, boxes=settings.boxes
            )
            notices += told
        rms = None if second is None else _blockwise(rms_change, first, second)
        shifts = None if second is None else _registered(first, second)
    with clock.stage("scores"):
        logits = tuple(
            None if images is None else logits_of(model, images, settings.micro_batch, paired.keys)
            for images in (first, second)
        )
        assert logits[0] is not None
        targets = (
            targets_from_logits(logits[0], logits[1], settings.target)
            if settings.target in SCORE_RULES
            else fixed_targets(settings.target, paired.keys_of(0), model)
        )
    return _Seen(
        paired,
        squares,
        (first, second),
        (logits[0], logits[1]),
        targets,
        rms,
        shifts,
        regions,
        notices,
    )


def _looked(
    seen: _Seen,
    model: PixelModel,
    settings: SaliencySettings,
    clock: _Clock,
    progress: Progress,
    announce: Announce,
    confirm: Confirm | None,
) -> _Made:
    """Makes all maps and measures them."""
    methods, notices = possible_methods(settings, model, seen.targets)
    cache = MapCache() if settings.cache else None
    before, after = seen.subjects()
    mapper = Mapper(model, methods, settings, (before.images, before.keys), cache)
    passes = _announced(mapper, before, settings, announce, confirm, paired=after is not None)
    mapper.report_to(progress, passes)
    with clock.stage("maps"):
        stacks, tables = map_pairs(mapper, before, after, seen.regions, settings.memory)
    require_live(dead_rows(tables, len(before)), seen.paired.keys)
    chosen = chosen_by_hash(seen.paired.keys, settings.max_images, settings.seed)
    drawn = None
    if "null" in settings.controls and len(chosen) > 1:
        labels = seen.targets.before[chosen] if settings.target.startswith("label:") else None
        drawn = derangements(len(chosen), settings.seed, labels=labels)
    with clock.stage("measures"):
        for name, one in tables.items():
            compare_pairs(one, stacks[name], chosen, drawn)
    scores = {"before": scores_of(seen.logits[0], seen.targets.before)}
    if seen.logits[1] is not None:
        scores["after"] = scores_of(seen.logits[1], seen.targets.after, seen.rms)
    with clock.stage("controls"):
        conditions = Conditions(
            mapper, settings, before, chosen, seen.rms, seen.regions, stacks, tables
        )
        found, missed = conditions.run()
    if settings.faithfulness:
        with clock.stage("faithfulness"):
            measure_faithfulness(mapper, settings, before, chosen, stacks, tables, progress)
    for name, count in missed.items():
        text = (
            f"The {name} control could not be made as strong as the transfer in {count} of "
            f"{len(chosen)} pairs; there it is weaker."
        )
        notices.append(Notice(code=f"weak_{name}", text=text, data={"pairs": count}))
    if cache is not None:
        cache.trim()
        if cache.trouble:
            text = f"Maps cannot be kept for the next run: {cache.trouble}."
            notices.append(Notice(code="cache_unavailable", text=text))
    return _Made(methods, stacks, tables, scores | found, chosen, notices)


def _announced(
    mapper: Mapper,
    before: Subject,
    settings: SaliencySettings,
    announce: Announce,
    confirm: Confirm | None,
    *,
    paired: bool,
) -> int:
    """Tells how long it will take, asks where that is long, and returns all passes there are."""
    speed = measured_speed(mapper.model, before, settings.micro_batch)

    def cost(other: SaliencySettings, known: dict[str, float]) -> Cost:
        return estimated_cost(mapper, other, speed, pairs=len(before), paired=paired, known=known)

    known = {one.name: mapper.known(before, one) for one in mapper.methods}
    found = cost(settings, known)
    announce(found.text)
    require_agreed(found, lambda other: cost(other, known), settings, confirm)
    return cost(settings, {}).passes


def _blockwise(
    measure: Callable[[Stack, Stack], npt.NDArray[np.float64]], first: Stack, second: Stack
) -> npt.NDArray[np.float64]:
    parts = range(0, len(first), _BLOCK)
    return np.concatenate([measure(first[i : i + _BLOCK], second[i : i + _BLOCK]) for i in parts])


def _registered(first: Stack, second: Stack) -> Registration:
    """How far the images after are shifted, block by block."""
    found = [
        registration(luma(first[i : i + _BLOCK]), luma(second[i : i + _BLOCK]))
        for i in range(0, len(first), _BLOCK)
    ]
    return Registration(
        np.concatenate([one.shift_x for one in found]),
        np.concatenate([one.shift_y for one in found]),
        np.concatenate([one.peak for one in found]),
    )


def _scale(stacks: MapStacks, table: MethodTable, settings: SaliencySettings) -> MapScale:
    if settings.scale == "per-image":
        return MapScale(None, None)
    return shared_scale(stacks.before, table.flags["before"])


def _pictures(
    out: Path | None,
    seen: _Seen,
    stacks: dict[str, MapStacks],
    scales: dict[str, MapScale],
    settings: SaliencySettings,
    progress: Progress,
) -> list[PairPictures]:
    if out is None:
        return []
    folder = PictureFolder(
        out,
        seen.paired.keys,
        stacks,
        scales,
        scale=settings.scale,
        overlays=settings.overlays,
        save_maps=settings.save_maps,
    )
    drawn = []
    for place in range(len(seen.paired)):
        images = {
            side: stack[place]
            for side, stack in zip(("before", "after"), seen.images, strict=True)
            if stack is not None
        }
        drawn.append(folder.write(place, images))
        progress("pictures", place + 1, len(seen.paired), "rounds")
    return drawn


def _record(
    seen: _Seen,
    made: _Made,
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
    seen: _Seen,
    made: _Made,
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
