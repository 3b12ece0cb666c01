"""Distances between two sets of features: arrays and moments in, estimates out."""
