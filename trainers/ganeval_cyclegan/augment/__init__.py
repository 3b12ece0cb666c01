"""Augmentation of what discriminators are shown (diffaug) and of the data (classic)."""
