"""What metrics need of an episode's line, read without building all of the episode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...kernels.cell_result import CellStatus
from ...rewards.verdict import Verdict
from ..rollouts.episode import Failure, StopReason


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CellLine(_Part):
    """One cell."""

    status: CellStatus
    duration: float = 0.0


class TurnLine(_Part):
    """One message."""

    results: tuple[CellLine, ...] = ()
    calls: int = 0
    parse_error: str = ""
    void: bool = False
    completion_tokens: int = 0
    policy_seconds: float = 0.0
    environment_seconds: float = 0.0
    wait_seconds: float = 0.0


class BranchLine(_Part):
    """What was sampled."""

    response_mask: tuple[int, ...] = ()


class EpisodeLine(_Part):
    """One episode."""

    id: str = ""
    task_id: str = ""
    group: str = ""
    step: int | None = None
    turns: tuple[TurnLine, ...] = ()
    branches: tuple[BranchLine, ...] = ()
    verdict: Verdict | None = None
    reward: float | None = None
    stop: StopReason = StopReason.SUBMITTED
    failure: Failure | None = None
    failure_message: str = ""
    info: Mapping[str, Any] = {}

    @property
    def solved(self) -> bool:
        """Whether the submission passed every test."""
        return self.verdict is not None and self.verdict.passed

    @property
    def cells(self) -> tuple[CellLine, ...]:
        """Cells of all turns."""
        return tuple(cell for turn in self.turns for cell in turn.results)

    @property
    def unused(self) -> bool:
        """Whether no cell ran but, at most, the one that handed in."""
        count = len(self.cells)
        last = self.turns[-1] if self.turns else TurnLine()
        by_cell = self.stop is StopReason.SUBMITTED and 0 < len(last.results) == last.calls
        return count - by_cell <= 0

    @property
    def response_tokens(self) -> int:
        """Tokens after the prompt, of the longest branch; what was sampled, where no ids are known."""
        longest = max((len(branch.response_mask) for branch in self.branches), default=0)
        return longest or self.sampled_tokens

    @property
    def sampled_tokens(self) -> int:
        """Tokens that the policy sampled."""
        return sum(turn.completion_tokens for turn in self.turns)
