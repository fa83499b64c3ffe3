"""Watches a trainer from outside: what its steps say, and whether the machine under it is broken."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

PROBS_DIFF_LIMIT = 1e-4
"""The most that a token's probability may differ between engine and trainer, in float32."""
_WINDOW = 64


class _Outcome(BaseModel):
    """What is needed of an episode's line."""

    model_config = ConfigDict(extra="ignore")

    reward: float | None = None
    failure: str | None = None
    failure_message: str = ""


class TrainerHealth:
    """Follows the episode logs and the metrics of one training stage."""

    def __init__(self, episodes: Path) -> None:
        self._folder = episodes
        self._offsets: dict[Path, int] = {
            path: path.stat().st_size for path in episodes.glob("train-*.jsonl")
        }
        self._recent: deque[_Outcome] = deque(maxlen=_WINDOW)
        self._worst = 0.0

    def told(self, metrics: Mapping[str, Any]) -> str:
        """One line about a step."""
        difference = float(metrics.get("training/rollout_probs_diff_max", 0.0))
        self._worst = max(self._worst, math.inf if math.isnan(difference) else difference)
        reward = metrics.get("critic/score/mean")
        return f"mean reward {reward:.2f}" if isinstance(reward, float) else ""

    def fault(self) -> str | None:
        """Why the run must stop now; None when all is well."""
        self._read()
        failed = [outcome for outcome in self._recent if outcome.failure]
        if len(self._recent) == _WINDOW and 2 * len(failed) >= _WINDOW:
            last = failed[-1]
            return (
                f"{len(failed)} of the last {_WINDOW} episodes failed: {last.failure}: {last.failure_message}"
            )
        if self._worst >= PROBS_DIFF_LIMIT:
            return (
                f"the engine's and the trainer's probabilities differ by {self._worst:.1e}, "
                f"more than {PROBS_DIFF_LIMIT:.0e}: weights or tokens are out of step"
            )
        return None

    def _read(self) -> None:
        for path in self._folder.glob("train-*.jsonl"):
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._offsets[path] = self._offsets.get(path, 0) + len(whole)
            for line in whole.splitlines():
                try:
                    self._recent.append(_Outcome.model_validate_json(line))
                except ValidationError:
                    continue
