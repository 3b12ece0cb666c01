"""The reference CycleGAN trainer: the yardstick that ablations are measured with.

It is found by ganeval through the entry-point group ``ganeval.trainers``, like any other trainer.
"""
