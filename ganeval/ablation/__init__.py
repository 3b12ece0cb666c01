"""Ablations: study files, cells, their evaluation, and which choice helped."""
