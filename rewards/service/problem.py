"""What the data set routes need to know of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..tests import Tests


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of a data set that the server has."""

    id: str
    prompt: str
    tests: Tests
    time_limit: float = 10.0
    """Seconds for all tests of one submission."""
    labels: Mapping[str, Any] = field(default_factory=dict)
