"""Small grey images of one size, from scikit-learn's digits or from wherever the user has some."""

from __future__ import annotations

import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.images import ImageSet, UnreadableImage, open_image_set
from ganeval.records import InputInfo
from ganeval_cyclegan.config import DomainConfig
from ganeval_cyclegan.data.idx_files import is_idx, read_idx_images
from ganeval_cyclegan.data.pixel_reader import PixelReader, open_source
from ganeval_cyclegan.pixels import Pixels

DIGITS: Final = "digits"
_LARGEST: Final = 64  # side; fully connected layers learn nothing useful of larger images
_THREADS: Final = 4
_GREY: Final = DomainConfig(channels=1, background=255)


@dataclass(frozen=True)
class SmallImages:
    """All training images in memory.

    Attributes:
        pixels: uint8 ``[n, h, w]``.
        info: Where they are from.
    """

    pixels: Pixels
    info: InputInfo

    @property
    def fingerprint(self) -> str:
        """Digest of all keys and contents."""
        return self.info.fingerprint or ""


def open_small_images(source: str | None, root: Path | None = None) -> SmallImages:
    """Opens images and decodes all of them.

    Args:
        source: ``digits`` (None is the same), a folder, zip, npy, npz or IDX file, a folder of
            MNIST's files, or a named set such as ``mnist``. Colour becomes luma.
        root: Folder of named sets.

    Raises:
        InputError: There are no images, they differ in size or are larger than 64 pixels, or one
            cannot be read.
        MissingFileError: A named set is not there and cannot be downloaded.
    """
    images = _open(source, root)
    if not len(images):
        reasons = [f"{key}: {reason}" for key, reason in list(images.unreadable.items())[:5]]
        raise InputError("\n  ".join([f"{images.path}: holds no readable images", *reasons]))
    if images.unreadable:
        key, reason = next(iter(images.unreadable.items()))
        raise InputError(
            f"{images.path}: {len(images.unreadable)} images cannot be read, first {key}: {reason}",
            hint="Remove or mend them.",
        )
    sizes = {(header.height, header.width) for header in images.headers}
    if len(sizes) > 1:
        listed = ", ".join(f"{width}x{height}" for height, width in sorted(sizes)[:5])
        raise InputError(
            f"{images.path}: images differ in size ({listed}), and fully connected layers take one",
            hint="Resize them first, or train the CycleGAN, which crops.",
        )
    height, width = sizes.pop()
    if max(height, width) > _LARGEST:
        raise InputError(
            f"{images.path}: images are {width}x{height}, and the warm-up takes up to "
            f"{_LARGEST}x{_LARGEST} pixels",
            hint="Use smaller images, or train the CycleGAN.",
        )
    return SmallImages(_pixels(images), images.info("real", Path(images.path).name))


def _open(source: str | None, root: Path | None) -> ImageSet:
    if source is None or source == DIGITS:
        return replace(open_image_set(_digits()), path=DIGITS)
    path = Path(source)
    if path.is_dir() and (file := _mnist_file(path)) is not None:
        return replace(open_image_set(read_idx_images(file)), path=str(file))
    if (array := _keras_array(path)) is not None:
        return replace(open_image_set(array), path=source)
    return open_source(source, _GREY, root)


def _digits() -> Pixels:
    """The 1,797 handwritten digits of scikit-learn, 8x8 with 17 grey levels, as 0..255."""
    with warnings.catch_warnings():  # of what scikit-learn imports
        warnings.simplefilter("ignore")
        from sklearn.datasets import load_digits
    levels: npt.NDArray[np.float64] = load_digits().images
    return np.round(levels * (255 / 16)).astype(np.uint8)


def _mnist_file(folder: Path) -> Path | None:
    """The IDX file of images in a folder that holds MNIST as it is published: training first."""
    found = [path for path in sorted(folder.glob("*idx3*")) if is_idx(path)]
    return next((path for path in found if path.name.startswith("train")), next(iter(found), None))


def _keras_array(path: Path) -> Any:
    """The training images of an npz that holds images and labels, as Keras keeps MNIST."""
    if path.suffix != ".npz" or not zipfile.is_zipfile(path):
        return None
    with np.load(path, allow_pickle=False) as archive:
        return archive["x_train"] if "x_train" in archive.files else None


def _pixels(images: ImageSet) -> Pixels:
    reader = PixelReader(images, _GREY, "the images")
    with ThreadPoolExecutor(_THREADS) as threads:
        try:
            decoded = list(threads.map(reader.read, range(len(images))))
        except UnreadableImage as error:
            raise InputError(f"{images.path}: {error}") from error
    return np.stack(decoded)[..., 0]
