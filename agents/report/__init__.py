"""The report of a run: a page in one file, and tables for the terminal."""

from .page import write_report

__all__ = ["write_report"]
