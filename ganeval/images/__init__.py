"""Image sets: folders, archives, arrays and iterables of images, listed and fingerprinted.

`open_image_set` is the door; `ImageSet.decode` gives pixels.
"""

from ganeval.images.failures import UnreadableImage
from ganeval.images.headers import Header
from ganeval.images.image_set import ImageSet, open_image_set
from ganeval.images.kinds import source_kind
from ganeval.images.on_error import OnError, settle_failures
from ganeval.images.policy import READ_DIFFERENTLY_BY_PEERS, Decoding

__all__ = [
    "READ_DIFFERENTLY_BY_PEERS",
    "Decoding",
    "Header",
    "ImageSet",
    "OnError",
    "UnreadableImage",
    "open_image_set",
    "settle_failures",
    "source_kind",
]
