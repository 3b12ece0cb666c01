"""Images that are where they must not be: in both domains, or in two splits of one."""

from __future__ import annotations

from collections.abc import Mapping

from ganeval.errors import InputError
from ganeval.images import ImageSet
from ganeval_cyclegan.data.layout import Split

_SHARED = 0.05  # of the smaller domain, above which two domains are taken for one


def check_domains(a: ImageSet, b: ImageSet) -> None:
    """Refuses two domains that share more than 5 % of their images, by content.

    Raises:
        InputError: They do.
    """
    common = set(a.digests) & set(b.digests)
    smaller = min(len(set(a.digests)), len(set(b.digests)))
    if len(common) > _SHARED * smaller:
        key = next(name for name, digest in zip(a.keys, a.digests, strict=True) if digest in common)
        raise InputError(
            f"{a.path} and {b.path}: {len(common)} of {smaller} images are in both domains, for"
            f" example {key}",
            hint="Domains have to be different sets of images.",
        )


def check_splits(sets: Mapping[Split, ImageSet], domain: str) -> None:
    """Refuses images for evaluation that are trained on as well, by content.

    Args:
        sets: Images by the name of their split.
        domain: Whose they are.

    Raises:
        InputError: There are such images.
    """
    train = sets["train"]
    known = dict(zip(train.digests, train.keys, strict=True))
    for split, images in sets.items():
        if split == "train":
            continue
        shared = [
            (key, known[digest])
            for key, digest in zip(images.keys, images.digests, strict=True)
            if digest in known
        ]
        if shared:
            key, twin = shared[0]
            raise InputError(
                f"{images.path}: {len(shared)} of {len(images)} images of {split}{domain} are in"
                f" train{domain} too, for example {key}, which is {twin} there",
                hint="Remove them from one of the two; scores on images trained on mislead.",
            )
