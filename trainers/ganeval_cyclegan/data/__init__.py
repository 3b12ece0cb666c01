"""From two sets of image files to the batches of a training run."""

from ganeval_cyclegan.data.data import Data, Drawn
from ganeval_cyclegan.data.domain_images import DomainImages
from ganeval_cyclegan.data.opening import open_data

__all__ = ["Data", "DomainImages", "Drawn", "open_data"]
