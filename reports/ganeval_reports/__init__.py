"""Turns records into one HTML page; knows nothing of how they were computed."""

from ganeval_reports.images import ImageLoader
from ganeval_reports.page import Source, render, render_several
from ganeval_reports.page_file import write_page

__all__ = ["ImageLoader", "Source", "render", "render_several", "write_page"]
