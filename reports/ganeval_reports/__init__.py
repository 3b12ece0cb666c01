"""Turns a record into one self-contained HTML page; knows nothing of how it was computed."""

from ganeval_reports.images import ImageLoader
from ganeval_reports.page import render

__all__ = ["ImageLoader", "render"]
