"""What becomes of a set some of whose images cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

from ganeval.errors import InputError
from ganeval.images.failures import printable
from ganeval.images.image_set import ImageSet


@dataclass(frozen=True)
class OnError:
    """What to do about images that cannot be read.

    Args:
        skip: Go on without them.
        limit: Largest share of the images, 0..1, that may be skipped.
    """

    skip: bool = False
    limit: float = 0.05

    @classmethod
    def parse(cls, text: str) -> OnError:
        """Reads ``fail``, ``skip`` or ``skip=SHARE``.

        Raises:
            InputError: The text is none of these, or the share is not from 0 to 1.
        """
        word, equals, number = text.partition("=")
        if text in ("fail", "skip"):
            return cls(skip=text == "skip")
        try:
            share = float(number)
        except ValueError:
            share = -1.0
        if word != "skip" or not equals or not 0 <= share <= 1:
            raise InputError(
                f"--on-error {text!r} is none of fail, skip and skip=SHARE",
                hint="SHARE is the largest share of images to skip, for example skip=0.2.",
            )
        return cls(skip=True, limit=share)


def settle_failures(
    image_set: ImageSet, failures: dict[str, str], on_error: OnError, *, cached: int
) -> ImageSet:
    """Decides about a set some of whose images cannot be read.

    Args:
        image_set: The set; its own ``unreadable`` files count as failures too.
        failures: Key to reason, as found while decoding.
        on_error: What the user asked for.
        cached: Number of good images whose features are kept.

    Returns:
        The set without the failures, which it lists as skipped; the same set if there are none.

    Raises:
        InputError: There are failures and they are not to be skipped, or they are too many; the
            message lists every one of them.
    """
    failures = {**image_set.unreadable, **failures}
    if not failures:
        return image_set
    total = len(image_set) + len(image_set.unreadable)
    too_many = len(failures) / total > on_error.limit or len(failures) == total
    if on_error.skip and not too_many:
        return image_set.without(failures)
    raise InputError(
        _headline(image_set.path, len(failures), total, on_error) + _listing(failures),
        hint=_advice(len(failures), total, on_error, cached),
    )


def _headline(path: str, failed: int, total: int, on_error: OnError) -> str:
    text = f"{failed} of {total} images in {path} cannot be read"
    if on_error.skip and failed < total:
        text += f", more than the {100 * on_error.limit:.4g} % that may be skipped"
    return text + ":"


def _listing(failures: dict[str, str]) -> str:
    names = {key: printable(key) for key in sorted(failures)}
    width = min(max(map(len, names.values())), 48)
    return "".join(
        f"\n  {name:<{width}}  {printable(failures[key])}" for key, name in names.items()
    )


def _advice(failed: int, total: int, on_error: OnError, cached: int) -> str:
    advice = "Fix the files"
    if failed < total and not on_error.skip:
        advice += ", or pass --on-error skip"
    elif failed < total:
        # Rounded up to a percent, so that the share as printed is enough.
        advice += f", or pass --on-error skip={-(-100 * failed // total) / 100}"
    if cached:
        advice = f"{cached} good {'image is' if cached == 1 else 'images are'} cached. " + advice
    return advice + "."
