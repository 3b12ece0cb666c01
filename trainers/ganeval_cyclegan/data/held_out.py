"""Which images are kept for evaluation."""

from __future__ import annotations

from collections.abc import Sequence

from ganeval.errors import InputError
from ganeval_cyclegan.domain_shapes import Domain
from ganeval_cyclegan.streams import Streams

_FEWEST = 2  # that any distance between sets needs


def held_out(
    digests: Sequence[str], share: float, domain: Domain, streams: Streams, path: str
) -> list[int]:
    """Returns the indices of the images that are held out of training, in order.

    The choice depends on the seed and on the content of the images, not on their names or order,
    and copies of an image stay together.

    Args:
        digests: Of all images of the domain.
        share: Of them to hold out; if not 0, at least two images are.
        domain: Which one.
        streams: Of the run.
        path: Of the source, for errors.

    Raises:
        InputError: None would be left to train on.
    """
    if share == 0:
        return []
    wanted = max(round(share * len(digests)), _FEWEST)
    ranked = sorted(
        dict.fromkeys(digests),
        key=lambda digest: streams.key("eval", "held-out", domain, digest, shared=True),
    )
    copies: dict[str, list[int]] = {}
    for i, digest in enumerate(digests):
        copies.setdefault(digest, []).append(i)
    chosen: list[int] = []
    for digest in ranked:
        if len(chosen) >= wanted:
            break
        chosen += copies[digest]
    if len(chosen) >= len(digests):
        raise InputError(
            f"{path}: of {len(digests)} images none is left to train on when"
            f" data.{domain}.eval_fraction {share:g} is held out",
            hint="Give more images, or set eval_fraction and eval.every to 0.",
        )
    return sorted(chosen)
