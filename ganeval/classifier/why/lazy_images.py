"""Images that are made when they are asked for, so that no copy of all is ever held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from ganeval.images.decoding import Pixels


class LazyImages(Sequence[Pixels]):
    """A sequence of images behind a function.

    Args:
        count: Number of images.
        at: Returns one image, by place 0..count-1; the same one every time.
    """

    def __init__(self, count: int, at: Callable[[int], Pixels]) -> None:
        self._count = count
        self._at = at

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Pixels: ...

    @overload
    def __getitem__(self, index: slice) -> list[Pixels]: ...

    def __getitem__(self, index: int | slice) -> Pixels | list[Pixels]:
        if isinstance(index, slice):
            return [self._at(place) for place in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(f"image {index} of {self._count}")
        return self._at(index % self._count)
