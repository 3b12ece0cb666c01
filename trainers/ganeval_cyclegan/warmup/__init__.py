"""The warm-up: a fully connected GAN of small grey images, to see what its losses do.

It is the third exercise of the project report dtu02514, found by ganeval as trainer ``warmup``.
"""

from ganeval_cyclegan.warmup.trainer import WarmupTrainer

__all__ = ["WarmupTrainer"]
