"""Whose problems a made-up one should look like; it decides how a solution is called."""

from __future__ import annotations

from enum import StrEnum


class Style(StrEnum):
    """The styles of X-Coder (arXiv 2601.06953)."""

    CODEFORCES = "codeforces"
    ATCODER = "atcoder"
    LEETCODE = "leetcode"

    @property
    def by_call(self) -> bool:
        """Whether a solution is a function; else it is a program that reads its standard input."""
        return self is Style.LEETCODE
