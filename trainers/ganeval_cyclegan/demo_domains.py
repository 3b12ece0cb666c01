"""Pairs of domains made by code, whose true mapping is known.

Scenes of both domains are drawn independently, as unpaired training wants it. Every test image
comes with its counterpart in the other domain, so that what a translation should have been is
known.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from ganeval.errors import InputError, unknown_name
from ganeval_cyclegan.pixels import Pixels
from ganeval_cyclegan.streams import Streams

SIDE: Final = 64
"""Side of the images in pixels."""
STRIPE: Final = 4
"""Period of the stripes in pixels: two dark, two light."""

Colour = tuple[int, int, int]
Domain = Literal["A", "B"]
Mask = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_SUPERSAMPLING = 4  # sub-pixels along each axis of the edges
_GAP = 3  # pixels between objects, at least
_TRIES = 200
_OBJECTS = 3


@dataclass(frozen=True)
class Thing:
    """One object of a scene.

    Attributes:
        kind: Which outline, and so which colours.
        x: Centre from the left, in pixels.
        y: Centre from the top, in pixels.
        radius: Of the circle that holds it, in pixels.
        angle: Radians.
        squeeze: Short by long axis, of ellipses.
    """

    kind: str
    x: float
    y: float
    radius: float
    angle: float
    squeeze: float


@dataclass(frozen=True)
class Scene:
    """What both counterparts of an image have in common.

    Attributes:
        things: Objects that do not touch.
        light: Factor on the colour of the background.
    """

    things: tuple[Thing, ...]
    light: float


@dataclass(frozen=True)
class Demo:
    """A pair of domains.

    Attributes:
        about: What becomes what, in a sentence.
        kinds: Outlines; all are equally frequent, and none occurs twice before each did once.
        radii: Smallest and largest radius of an object, in pixels.
        ground: Colour of the background.
        paint: Colours of an object of some kind in some domain: of the left and of the right half
            of each stripe.
    """

    about: str
    kinds: tuple[str, ...]
    radii: tuple[float, float]
    ground: Colour
    paint: Callable[[str, Domain], tuple[Colour, Colour]]


# Each colour lies nearer to its own counterpart than to those of the others, so that what little a
# network changes at first leads to the true mapping and not to a permutation of it.
_SHAPES: Final[dict[str, dict[Domain, Colour]]] = {
    "circle": {"A": (205, 40, 50), "B": (245, 150, 35)},
    "square": {"A": (35, 140, 70), "B": (165, 215, 45)},
    "triangle": {"A": (45, 80, 200), "B": (165, 60, 225)},
}


def _plain(kind: str, domain: Domain) -> tuple[Colour, Colour]:
    return _SHAPES[kind][domain], _SHAPES[kind][domain]


def _coat(kind: str, domain: Domain) -> tuple[Colour, Colour]:
    brown = (160, 95, 45)
    return (brown, brown) if domain == "A" else ((25, 25, 30), (240, 240, 235))


DEMOS: Final[dict[str, Demo]] = {
    "stripes": Demo(
        about="brown blobs on green (A) to the same blobs in black and white stripes (B)",
        kinds=("ellipse",),
        radii=(9.0, 16.0),
        ground=(105, 160, 85),
        paint=_coat,
    ),
    "shapes": Demo(
        about="red circles, green squares and blue triangles (A) to orange, lime and violet (B)",
        kinds=("circle", "square", "triangle"),
        radii=(8.0, 14.0),
        ground=(215, 210, 200),
        paint=_plain,
    ),
}


@dataclass(frozen=True)
class MappingAccuracy:
    """How much of a translation is what it should have been.

    Attributes:
        value: Mean of the images' values.
        per_image: Share of the pixels of objects that are right, of each image.
        ground: Share of the pixels of the background that are right, over all images.
    """

    value: float
    per_image: tuple[float, ...]
    ground: float


def mapping_accuracy(translated: Pixels, truth: Pixels, *, tolerance: int = 64) -> MappingAccuracy:
    """Compares translations of test images with their true counterparts.

    A pixel is right where the darkest and the lightest value of every channel, in the stretch of
    one stripe around it, differ from those of the truth by no more than the tolerance; so stripes
    may lie anywhere. Colours of the domains differ by more than the tolerance, so images that were
    not translated are wrong on objects and right on the background.

    Args:
        translated: uint8 ``[n, H, W, 3]``.
        truth: The counterparts in the same order, of the same shape.
        tolerance: 8-bit levels.

    Raises:
        InputError: The shapes differ.
    """
    if translated.shape != truth.shape or translated.ndim != 4:
        raise InputError(
            f"translations of shape {translated.shape} and truth of shape {truth.shape} do not"
            " belong together"
        )
    right: Flags = np.ones(truth.shape[:3], bool)
    for extreme in (np.min, np.max):
        found, wanted = _along_stripes(translated, extreme), _along_stripes(truth, extreme)
        right &= (np.abs(found.astype(int) - wanted) <= tolerance).all(axis=-1)
    # Objects never reach the corner.
    corner = truth[:, :1, :1].astype(int)
    objects: Flags = np.any(np.abs(truth - corner) > tolerance // 4, axis=-1)
    shares = [float(one[mask].mean()) for one, mask in zip(right, objects, strict=True)]
    return MappingAccuracy(
        value=float(np.mean(shares)),
        per_image=tuple(shares),
        ground=float(right[~objects].mean()),
    )


def write_demo(name: str, folder: Path, *, seed: int = 0, train: int = 200, test: int = 64) -> Path:
    """Writes a pair of domains as PNG files.

    ``trainA``, ``trainB``, ``testA`` and ``testB`` hold independent scenes; ``truthB`` holds the
    counterparts of testA under equal names, ``truthA`` those of testB.

    Args:
        name: One of `DEMOS`.
        folder: Where the folders go; files of an earlier call are written again.
        seed: Of the scenes.
        train: Training images per domain.
        test: Test images per domain.

    Returns:
        The folder.

    Raises:
        InputError: There is no demo of that name.
    """
    demo = demo_of(name)
    for domain, other in (("A", "B"), ("B", "A")):
        for split, count in (("train", train), ("test", test)):
            places = [(folder / f"{split}{domain}", domain)]
            if split == "test":
                places.append((folder / f"truth{other}", other))
            for place, _ in places:
                place.mkdir(parents=True, exist_ok=True)
            for i, scene in enumerate(_scenes(demo, name, f"{split}{domain}", count, seed)):
                for place, drawn in places:
                    image = Image.fromarray(picture(demo, scene, drawn))  # type: ignore[arg-type]
                    image.save(place / f"{i:04d}.png")
    return folder


def holds_demo(name: str, folder: Path) -> bool:
    """Tells whether a folder holds the images of a demo as `write_demo` draws them by default."""
    file = folder / "trainA" / "0000.png"
    if not file.is_file():
        return False
    demo = demo_of(name)
    first = picture(demo, next(_scenes(demo, name, "trainA", 1, seed=0)), "A")
    return np.array_equal(first, np.asarray(Image.open(file)))


def demo_of(name: str) -> Demo:
    """Returns a pair of domains by its name.

    Raises:
        InputError: There is none; near names are told.
    """
    if name not in DEMOS:
        raise unknown_name("demo", name, DEMOS)
    return DEMOS[name]


def scene_of(demo: Demo, rng: random.Random) -> Scene:
    """Draws a scene of objects that do not touch, three unless large ones leave no room."""
    things = list[Thing]()
    kinds = rng.sample(demo.kinds, len(demo.kinds))
    for _ in range(_TRIES):
        if len(things) == _OBJECTS:
            break
        radius = rng.uniform(*demo.radii)
        x, y = (rng.uniform(radius + 2, SIDE - radius - 2) for _ in range(2))
        kind = kinds[len(things) % len(kinds)]
        thing = Thing(kind, x, y, radius, rng.uniform(0, math.tau), rng.uniform(0.55, 0.8))
        if all(math.hypot(x - o.x, y - o.y) > radius + o.radius + _GAP for o in things):
            things.append(thing)
    return Scene(tuple(things), rng.uniform(0.9, 1.1))


def picture(demo: Demo, scene: Scene, domain: Domain) -> Pixels:
    """Returns a scene as one of the domains shows it, uint8 ``[64, 64, 3]``."""
    ground = np.clip(np.array(demo.ground) * scene.light, 0, 255)
    canvas = np.broadcast_to(ground, (SIDE, SIDE, 3)).copy()
    light_half = (np.arange(SIDE) % STRIPE >= STRIPE // 2)[None, :, None]
    for thing in scene.things:
        dark, light = demo.paint(thing.kind, domain)
        cover = _cover(thing)[:, :, None]
        canvas += cover * (np.where(light_half, light, dark) - canvas)
    return np.rint(canvas).astype(np.uint8)


def _scenes(demo: Demo, name: str, part: str, count: int, seed: int) -> Iterator[Scene]:
    streams = Streams(seed)
    return (scene_of(demo, streams.at(f"demo.{name}.{part}", i)) for i in range(count))


def _cover(thing: Thing) -> Mask:
    """Returns the share of every pixel that an object covers, float64 ``[64, 64]`` 0..1."""
    scale = _SUPERSAMPLING
    image = Image.new("L", (SIDE * scale, SIDE * scale))
    outline = [(scale * x, scale * y) for x, y in _outline(thing)]
    ImageDraw.Draw(image).polygon(outline, fill=255)
    cover: Mask = np.asarray(image, np.float64) / 255
    share: Mask = cover.reshape(SIDE, scale, SIDE, scale).mean(axis=(1, 3))
    return share


def _outline(thing: Thing) -> Iterator[tuple[float, float]]:
    corners = {"square": 4, "triangle": 3}.get(thing.kind, 48)
    squeeze = thing.squeeze if thing.kind == "ellipse" else 1.0
    for i in range(corners):
        turn = math.tau * i / corners
        along, across = math.cos(turn) * thing.radius, math.sin(turn) * thing.radius * squeeze
        yield (
            thing.x + along * math.cos(thing.angle) - across * math.sin(thing.angle),
            thing.y + along * math.sin(thing.angle) + across * math.cos(thing.angle),
        )


def _along_stripes(
    images: Pixels, extreme: Callable[..., npt.NDArray[np.uint8]]
) -> npt.NDArray[np.uint8]:
    """Returns the extreme of every channel in the stretch of one stripe around each pixel."""
    before = STRIPE // 2
    around = np.pad(images, ((0, 0), (0, 0), (before, STRIPE - before - 1), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, STRIPE, axis=2)
    result: npt.NDArray[np.uint8] = extreme(windows, axis=-1)
    return result
