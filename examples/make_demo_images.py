"""Makes three folders of images for the demo from the photographs that scikit-learn ships.

``real`` holds crops of the two photographs; ``fake`` holds other crops of the same photographs,
through the faults of a young generator: blur, a checkerboard and a colour cast. ``later`` holds the
crops of ``fake``, by the same names, as that generator would paint them after more training. All
are PNG, so that no file format can give the fakes away.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from sklearn.datasets import load_sample_images

SIDE = 128
COUNT = 120


def crop(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A random square of a photograph, half the time mirrored, resized to SIDE."""
    side = int(rng.integers(140, 300))
    left = int(rng.integers(0, photo.width - side))
    top = int(rng.integers(0, photo.height - side))
    piece = photo.crop((left, top, left + side, top + side))
    if rng.random() < 0.5:
        piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return piece.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def generated(piece: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The crop as a young generator would paint it."""
    blurred = piece.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 0.8))))
    pixels = np.asarray(blurred).astype(np.float32)
    checker = (np.indices((SIDE, SIDE)).sum(axis=0) // 2 % 2)[..., None]  # upsampling artefact
    pixels += (checker - 0.5) * float(rng.uniform(2, 8))
    pixels *= np.array([1.0, 0.98, 0.94])
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def main(folder: Path) -> None:
    photos = [Image.fromarray(array) for array in load_sample_images().images]
    for name in ("real", "fake", "later"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for i in range(COUNT):
        crop(photos[i % len(photos)], rng).save(folder / "real" / f"{i:03d}.png")
    rng = np.random.default_rng(2)
    for i in range(COUNT):
        piece = crop(photos[i % len(photos)], rng)
        image = generated(piece, rng)
        image.save(folder / "fake" / f"{i:03d}.png")
        Image.blend(piece, image, 0.6).save(folder / "later" / f"{i:03d}.png")
    print(f"{COUNT} images each in {folder / 'real'}, {folder / 'fake'} and {folder / 'later'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))
