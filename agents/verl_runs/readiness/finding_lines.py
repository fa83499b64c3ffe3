"""Findings as lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from .finding import Finding

_WIDTH = 100
_STATUS, _CHECK = 9, 16


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """What is there and what is needed; below it, where something is wrong, what to do."""
    for finding in findings:
        need = f"; needed: {finding.need}" if finding.need else ""
        yield from _entry(f"{finding.status:<{_STATUS}}{finding.check:<{_CHECK}}", finding.value + need)
        if finding.fix:
            yield from _entry(" " * (_STATUS + _CHECK), f"-> {finding.fix}")


def _entry(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )
