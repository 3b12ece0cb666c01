"""Intervals, resampling and tests on plain arrays; nothing here knows of images."""
