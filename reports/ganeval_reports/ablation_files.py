"""An ablation as files: CSV tables, a LaTeX table for a paper, Markdown for a repository."""

from ganeval_reports.ablation_csv import csv_files, write_csv_tables
from ganeval_reports.ablation_latex import latex_table
from ganeval_reports.ablation_markdown import to_markdown

__all__ = ["csv_files", "latex_table", "to_markdown", "write_csv_tables"]
