"""What an image is recognised by, as an extractor: so that one decode serves it and the network.

Kept in the feature cache like any other features; a set that was seen before is not decoded again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ganeval.features.extractor import DirectExtractor
from ganeval.images.arrays import array_digest
from ganeval.images.duplicates import Signature, difference_hash

_BITS, _BYTES = 64, 32  # of the difference hash and of the sha256 of the pixels


class PictureSignature(DirectExtractor):
    """Difference hash (64 bits and whether there is one) and sha256 of the pixels, by byte.

    Not for distances, and so not among the extractors that can be chosen.
    """

    name = "picture-signature"
    layers: Mapping[str, int] = {"signature": _BITS + 1 + _BYTES}
    default_layer = "signature"
    resize_modes: tuple[str, ...] = ("none",)
    default_resize = "none"
    size = 0

    def normalisation(self, resize: str) -> str:
        """None."""
        self.check_resize(resize)
        return "x"

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Recognises uint8 ``[n, 3, H, W]``; float32 ``[n, 97]`` of whole numbers."""
        rows = [_row(np.ascontiguousarray(image.transpose(1, 2, 0))) for image in images]
        return {"signature": np.stack(rows)}


def signatures_of_rows(rows: npt.NDArray[np.float32], digests: Sequence[str]) -> list[Signature]:
    """Returns the signatures behind rows ``[n, 97]`` and the digests of their files."""
    bits = np.packbits(rows[:, :_BITS].astype(np.uint8), axis=1)
    hashes = [int.from_bytes(one.tobytes(), "big") for one in bits]
    known = rows[:, _BITS] > 0
    pixels = rows[:, _BITS + 1 :].astype(np.uint8)
    return [
        Signature(digest, one.tobytes().hex(), value if has else None)
        for digest, one, value, has in zip(digests, pixels, hashes, known, strict=True)
    ]


def _row(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    value = difference_hash(image)
    packed = np.frombuffer((value or 0).to_bytes(_BITS // 8, "big"), np.uint8)
    pixels = np.frombuffer(bytes.fromhex(array_digest(image)), np.uint8)
    return np.concatenate([np.unpackbits(packed), [value is not None], pixels]).astype(np.float32)
