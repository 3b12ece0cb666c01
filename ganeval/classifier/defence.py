"""What is done to the pixels so that the format gives nothing away."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from ganeval.classifier.examples import FAKE, REAL, Examples
from ganeval.classifier.pipelines import Pipeline, set_pipeline
from ganeval.classifier.pixel_store import PixelStore, new_pixels
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.steps import Grey, Jpeg, resized
from ganeval.features.devices import usable_cores
from ganeval.images.decoding import Pixels
from ganeval.records.classify import DefenceInfo, FormatAudit
from ganeval.statistics.streams import generator

Sides = tuple[Pipeline, Pipeline]

_BLOCK = 8  # pixels, of the transform in JPEG
_NAMES: Final = ("reals", "fakes")


class Change(Protocol):
    """Something done to the pixels of an image."""

    def apply(self, pixels: Pixels, rng: np.random.Generator, scale: float) -> Pixels:
        """Returns the changed image in the size it had."""
        ...


@dataclass(frozen=True, slots=True)
class Equaliser:
    """Covers the traces of storage in every image alike: cut, resized, stored as JPEG.

    The cut takes 1 to 7 pixels off two sides and the rest of 8 off the others; the image is then
    reduced to 0.6 to 0.9 of its size, brought back to the size it had, and stored as JPEG of
    quality 70 to 90 at 4:2:0; all drawn anew for every image.
    """

    def apply(self, pixels: Pixels, rng: np.random.Generator, scale: float = 1.0) -> Pixels:
        """Returns the image with other traces of storage; ``scale`` changes nothing."""
        height, width = pixels.shape[:2]
        top, left = (int(rng.integers(1, _BLOCK)) for _ in range(2))
        factor, quality = rng.uniform(0.6, 0.9), int(rng.integers(70, 91))
        if min(height, width) > 2 * _BLOCK:
            pixels = pixels[top : top + height - _BLOCK, left : left + width - _BLOCK]
        small = round(pixels.shape[0] * factor), round(pixels.shape[1] * factor)
        pixels = resized(resized(pixels, small), (height, width))
        return Jpeg(f"q{quality}", "4:2:0", quality).apply(pixels, rng, scale)


@dataclass(frozen=True)
class Defence:
    """What is done to each set.

    Args:
        info: Its name and reasons, for the record.
        changes: What is done one after another to the reals, and to the fakes.
        memory: Bytes of defended pixels that are held in memory.
    """

    info: DefenceInfo
    changes: tuple[tuple[Change, ...], tuple[Change, ...]] = ((), ())
    memory: int = 2 << 30

    @property
    def idle(self) -> bool:
        """No pixel is changed."""
        return not any(self.changes)

    def defend(
        self, pixels: Pixels, label: int, rng: np.random.Generator, scale: float = 1.0
    ) -> Pixels:
        """Returns the defended form of one image.

        Args:
            pixels: uint8 ``[H, W, 3]``.
            label: 0 real, 1 fake.
            rng: Source of the draws.
            scale: Factor of all lengths, for images that were made smaller before.
        """
        for change in self.changes[label]:
            pixels = change.apply(pixels, rng, scale)
        return pixels

    def apply(self, examples: Examples, seed: int, threads: int | None = None) -> Sequence[Pixels]:
        """Returns the defended pixels of all rows.

        What is drawn for an image depends on the seed and on its pixels alone.

        Args:
            examples: Both sets.
            seed: Random seed.
            threads: Images at once; None means one per core, at most 8.

        Raises:
            GanevalError: There is no room for the pixels.
        """
        if self.idle or not len(examples):
            return examples.pixels
        height, width, _ = examples.pixels[0].shape
        array = new_pixels(len(examples), height, width, self.memory)

        def defend(row: int) -> None:
            rng = generator(seed, f"defence {examples.contents[row]}")
            array[row] = self.defend(examples.pixels[row], int(examples.labels[row]), rng)

        workers = threads or min(8, usable_cores())
        with ThreadPoolExecutor(workers, thread_name_prefix="defence") as pool:
            for _ in pool.map(defend, range(len(examples))):
                pass
        return PixelStore(array)


def choose_defence(examples: Examples, audit: FormatAudit, settings: ClassifySettings) -> Defence:
    """Chooses what is done to the pixels.

    ``auto`` does nothing to sets that were stored alike. Otherwise it sends the set whose files
    left its pixels alone through what the other set's files went through, which is exact, or
    changes both sets if neither is such a set.

    Args:
        examples: Both sets.
        audit: In what their files differ.
        settings: With ``defence`` and the declared pipelines.

    Raises:
        InputError: A declared pipeline cannot be understood.
    """
    sides = (set_pipeline(examples, REAL, settings), set_pipeline(examples, FAKE, settings))
    declared = [side.declared for side in sides]
    differ = audit.differs or (any(declared) and sides[REAL] != sides[FAKE])
    asked = settings.defence
    if asked == "none" or (asked == "auto" and not differ):
        return Defence(DefenceInfo(name="none", chosen=_chosen(settings), text=_idle(differ)))
    grey = _greys(sides)
    ends = (sides[REAL].without(Grey), sides[FAKE].without(Grey)) if grey else sides
    label = _matchable(ends)
    if asked == "equalise" or (asked == "auto" and label is None):
        return _equalise(settings, grey, asked, ends)
    return _match(ends, FAKE if label is None else label, grey, settings, exact=label is not None)


def _matchable(sides: Sides) -> Literal[0, 1] | None:
    """The set that can be given the other's history exactly; the fakes before the reals."""
    if sides[FAKE].identity and sides[REAL].exact:
        return FAKE
    return REAL if sides[REAL].identity and sides[FAKE].exact else None


def _greys(sides: Sides) -> bool:
    """Tells whether colours of both sets must go: one has greys, and neither is untouched."""
    return any(side.has(Grey) for side in sides) and not any(side.identity for side in sides)


def _match(
    sides: Sides, label: Literal[0, 1], grey: bool, settings: ClassifySettings, *, exact: bool
) -> Defence:
    """Sends one set through the other's pipeline."""
    through = sides[1 - label]
    mine, theirs = _NAMES[label], _NAMES[1 - label]
    text = f"the {mine} went through what the {theirs} went through ({through.describe()})"
    text += f"; the {theirs} stayed as they are" if not grey else "; both sets were made grey"
    if exact:
        text += f". This is exact, because storing left the {mine} as they were"
    else:
        text += f". This is not exact, because the {mine} have a history of their own"
        text += f" ({sides[label].describe()})"
    colours: tuple[Change, ...] = (Grey(),) if grey else ()
    matched: tuple[Change, ...] = () if through.identity else (through,)
    changed = (*colours, *matched, *(colours if matched else ()))
    return Defence(
        DefenceInfo(name="match", chosen=_chosen(settings), text=text + _caveats(through)),
        (changed, colours) if label == REAL else (colours, changed),
        settings.memory,
    )


def _equalise(settings: ClassifySettings, grey: bool, asked: str, sides: Sides) -> Defence:
    """Covers the traces of storage in both sets."""
    text = (
        "every image of both sets was cut off the grid of 8 pixels, reduced to 0.6 to 0.9 of its "
        "size and brought back, and stored as JPEG of quality 70 to 90; this also removes fine "
        "patterns"
    )
    if asked == "auto":
        text += f". Chosen because neither set is untouched (reals: {sides[REAL].describe()}; "
        text += f"fakes: {sides[FAKE].describe()})"
    colours: tuple[Change, ...] = (Grey(),) if grey else ()
    changes: tuple[Change, ...] = (*colours, Equaliser(), *colours)
    return Defence(
        DefenceInfo(name="equalise", chosen=_chosen(settings), text=text),
        (changes, changes),
        settings.memory,
    )


def _caveats(pipeline: Pipeline) -> str:
    return "".join(f"; {one}" for one in pipeline.caveats)


def _idle(differ: bool) -> str:
    if differ:
        return "nothing was done, as asked, although the files of the two sets differ"
    return "nothing was done, because the files of both sets were stored alike"


def _chosen(settings: ClassifySettings) -> Literal["auto", "option"]:
    return "auto" if settings.defence == "auto" else "option"
