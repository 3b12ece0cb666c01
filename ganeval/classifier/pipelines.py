"""Pipelines: what a set's images went through, read off their files or declared by the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ganeval.classifier.examples import REAL, Examples
from ganeval.classifier.formats import quality_name
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.steps import (
    RESAMPLINGS,
    SUBSAMPLINGS,
    Crop,
    Grey,
    Jpeg,
    Levels,
    Lossy,
    Resize,
    Step,
    resized,
    writable_chroma,
)
from ganeval.classifier.stored import all_grey, stored
from ganeval.errors import InputError
from ganeval.images import Header
from ganeval.images.decoding import Pixels

Chain = tuple[Step, ...]

_SHOWN = 3  # chains of steps in words

_EXAMPLE: Final = (
    "steps are separated by commas: resize=SIDE:FILTER or resize=WIDTHxHEIGHT:FILTER, crop=SIDE, "
    "grey, jpeg=QUALITY:420, webp=QUALITY, avif=QUALITY; for example resize=286:bicubic,crop=256,"
    "jpeg=75:420, or none"
)


@dataclass(frozen=True)
class Pipeline:
    """Chains of steps of which an image goes through one, drawn at random.

    Args:
        chains: Steps, and how many files of the set were made like that.
        declared: By the user; False: read off the files.
    """

    chains: tuple[tuple[Chain, int], ...]
    declared: bool = False
    _ends: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ends = np.cumsum([count for _, count in self.chains]).tolist()
        object.__setattr__(self, "_ends", tuple(ends))

    @property
    def identity(self) -> bool:
        """Nothing is ever done to pixels."""
        return not any(chain for chain, _ in self.chains)

    @property
    def fixed(self) -> bool:
        """The same is done to every image."""
        return len(self.chains) == 1 and not any(
            isinstance(step, Crop) for step in self.chains[0][0]
        )

    @property
    def caveats(self) -> list[str]:
        """What the files do not tell exactly, in words."""
        steps = [step for chain, _ in self.chains for step in chain]
        guessed = {s.container for s in steps if isinstance(s, Lossy) and s.quality is None}
        chroma = {
            s.chroma
            for s in steps
            if isinstance(s, Jpeg) and s.chroma not in ("grey", "4:4:0", writable_chroma(s.chroma))
        }
        found = [f"the quality of {name} files is not known" for name in sorted(guessed)]
        return found + [f"{name} was written as 4:2:0" for name in sorted(chroma)]

    @property
    def exact(self) -> bool:
        """Any other image can be given this history: no step is guessed, no size was inferred."""
        return not self.caveats and (self.declared or not self.has(Resize))

    def has(self, kind: type[Step]) -> bool:
        """Tells whether some chain has a step of a kind."""
        return any(isinstance(step, kind) for chain, _ in self.chains for step in chain)

    def without(self, kind: type[Step]) -> Pipeline:
        """Returns the pipeline without its steps of a kind."""
        counts: Counter[Chain] = Counter()
        for chain, count in self.chains:
            counts[tuple(step for step in chain if not isinstance(step, kind))] += count
        return Pipeline(tuple(counts.most_common()), self.declared)

    def describe(self) -> str:
        """Says in words what is done, the commonest first."""
        total = self._ends[-1]
        if len(self.chains) == 1:
            return _in_words(self.chains[0][0])
        shown = [
            f"{count / total:.0%} {_in_words(chain)}".replace("%", " %")
            for chain, count in self.chains[:_SHOWN]
        ]
        return "; ".join(shown) + ("; …" if len(self.chains) > _SHOWN else "")

    def draw(self, rng: np.random.Generator) -> Chain:
        """Draws a chain, as often as files were made like that."""
        place = int(rng.integers(self._ends[-1]))
        return self.chains[int(np.searchsorted(self._ends, place, side="right"))][0]

    def apply(
        self,
        pixels: Pixels,
        rng: np.random.Generator,
        scale: float = 1.0,
        size: tuple[int, int] | None = None,
    ) -> Pixels:
        """Sends an image through a chain.

        Args:
            pixels: uint8 ``[H, W, 3]``.
            rng: Source of the draws.
            scale: Factor of all lengths, for images that are made smaller than the set's.
            size: Height and width in which it comes out; None: in which it went in. It is brought
                to that size first, unless the files tell of a size of their own.
        """
        end = size or (pixels.shape[0], pixels.shape[1])
        chain = self.draw(rng)
        if self.declared or not chain or not isinstance(chain[0], Resize):
            pixels = resized(pixels, end)
        for step in chain:
            pixels = step.apply(pixels, rng, scale)
        return resized(pixels, end)


def set_pipeline(examples: Examples, label: int, settings: ClassifySettings) -> Pipeline:
    """Returns the pipeline of one set: the declared one, else what its files tell.

    Args:
        examples: Both sets.
        label: 0 for the reals, 1 for the fakes.
        settings: With ``real_pipeline`` and ``fake_pipeline``.

    Raises:
        InputError: A declared pipeline cannot be understood.
    """
    option, text = (
        ("--real-pipeline", settings.real_pipeline)
        if label == REAL
        else ("--fake-pipeline", settings.fake_pipeline)
    )
    if text is not None:
        return parse_pipeline(text, option)
    rows = np.flatnonzero(examples.labels == label)
    sizes = {examples.pixels[int(row)].shape[:2] for row in rows}
    pipeline = infer_pipeline([examples.headers[int(row)] for row in rows], sizes)
    # Where a set of colours was compared in grey with a grey one, that is done already.
    return pipeline.without(Grey) if pipeline.has(Grey) and all_grey(examples.pixels) else pipeline


def infer_pipeline(headers: Sequence[Header], sizes: set[tuple[int, ...]]) -> Pipeline:
    """Reads off the headers of a set what its files went through.

    JPEG files are written again with the very quantisation tables and subsampling of one of them,
    drawn anew for every image; grey ones lose their colours, palettes and shallow depths their
    levels. Files without loss, in full depth, change nothing.

    Args:
        headers: Of the set's files.
        sizes: Heights and widths of the images as they are now. Files of another size are imitated
            in that size, and brought back by bicubic resampling.
    """
    counts: Counter[Chain] = Counter()
    for header in headers:
        keep = (header.height, header.width) in sizes
        counts[_chain(header, keep)] += 1
    return Pipeline(tuple(counts.most_common()))


def parse_pipeline(text: str, option: str) -> Pipeline:
    """Reads a declared pipeline, ``resize=286:bicubic,crop=256,jpeg=75:420``; ``none`` is empty.

    Args:
        text: As the user wrote it.
        option: Named in errors.

    Raises:
        InputError: A step is not known, or its numbers do not fit.
    """
    if text.strip().lower() == "none":
        return Pipeline((((), 1),), declared=True)
    steps = [_parsed(part.strip(), option) for part in text.split(",")]
    return Pipeline(((tuple(steps), 1),), declared=True)


def _chain(header: Header, keep_size: bool) -> Chain:
    """The steps that one file tells of."""
    one = stored(header)
    steps: list[Step] = []
    if not keep_size:
        steps.append(Resize(one.width, one.height))
    if one.depth < 8:
        steps.append(Levels(one.depth, palette=one.colour == "palette"))
    elif one.colour == "palette":
        steps.append(Levels(8, palette=True))
    elif one.colour == "grey":
        steps.append(Grey())
    if header.jpeg is not None:
        name, quality = quality_name(header), header.jpeg.quality
        # An exact quality says nothing of the chroma table, so the tables always speak.
        quality = None if one.tables else quality or 75
        steps.append(Jpeg(name, one.chroma, quality, one.tables))
    elif one.lossy:
        steps.append(Lossy(one.container))
    return tuple(steps)


def _in_words(chain: Chain) -> str:
    return ", ".join(step.describe() for step in chain) or "no change"


def _parsed(part: str, option: str) -> Step:
    """Reads one declared step."""
    name, _, value = part.partition("=")
    first, _, second = value.partition(":")
    name = name.lower()
    if name in ("grey", "gray") and not value:
        return Grey()
    if name == "crop" and not second:
        return Crop(_number(first, 1, 1 << 16, part, option))
    if name == "resize":
        named = [one for one in RESAMPLINGS if one == (second.lower() or "bicubic")]
        if not named:
            raise _refused(part, option, f"no filter {second!r}: {', '.join(RESAMPLINGS)}")
        across, _, down = first.lower().partition("x")
        width = _number(across, 1, 1 << 16, part, option)
        height = _number(down, 1, 1 << 16, part, option) if down else width
        return Resize(width, height, named[0])
    if name == "jpeg":
        quality = _number(first, 1, 100, part, option)
        chroma = second.replace(":", "") or "420"
        if chroma not in SUBSAMPLINGS:
            raise _refused(part, option, f"no subsampling {second!r}: 444, 422 or 420")
        return Jpeg(f"q{quality}", SUBSAMPLINGS[chroma], quality)
    if name in ("webp", "avif") and not second:
        return Lossy(name.upper(), _number(first, 0, 100, part, option))
    raise _refused(part, option, "no such step")


def _number(text: str, low: int, high: int, part: str, option: str) -> int:
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise _refused(part, option, f"{text!r} is no whole number from {low} to {high}")
    return int(text)


def _refused(part: str, option: str, reason: str) -> InputError:
    return InputError(f"{option}: step {part!r}: {reason}", hint=_EXAMPLE)
