"""Whether the images that judge are enough, and none of those that were trained on."""

from __future__ import annotations

from typing import Final

from ganeval.ablation.identity import DataManifest
from ganeval.errors import InputError

FEWEST_TEST_IMAGES: Final = 20
_LISTED: Final = 5


def check_splits(manifest: DataManifest) -> None:
    """Checks the test images of a study against those the trainer may read, by content.

    Args:
        manifest: See `data_manifest`.

    Raises:
        InputError: A domain has fewer than 20 of them, or some are trained on as well.
    """
    for name, test in manifest.files.items():
        if not name.startswith("test"):
            continue
        if len(test) < FEWEST_TEST_IMAGES:
            raise InputError(
                f"{name} has {len(test)} images, and at least {FEWEST_TEST_IMAGES} are needed",
                hint="Add images to data.test.",
            )
        for split in ("train", "val"):
            other = f"{split}{name[-1]}"
            known = set(manifest.files.get(other, {}).values())
            shared = [key for key, digest in test.items() if digest in known]
            if shared:
                more = f" and {len(shared) - _LISTED} more" if len(shared) > _LISTED else ""
                raise InputError(
                    f"{len(shared)} of {len(test)} images of {name} are in {other} too: "
                    f"{', '.join(shared[:_LISTED])}{more}",
                    hint="Remove them from one of the two; numbers on images trained on mislead.",
                )
