"""The episodes of one step, counted as they come; nothing of them is kept but counts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ...kernels.cell_result import CellStatus
from ..rollouts.episode import Failure, StopReason
from .episode_line import EpisodeLine
from .level_tally import LevelTally
from .quantile_sketch import QuantileSketch

_FEW, _MOST = 0.25, 0.75


@dataclass(slots=True)
class _Group:
    """The scored episodes of one group."""

    episodes: int = 0
    solved: int = 0
    least: float = math.inf
    """The lowest reward."""
    most: float = -math.inf

    def add(self, episode: EpisodeLine) -> None:
        reward = episode.reward or 0.0
        self.episodes += 1
        self.solved += episode.solved
        self.least, self.most = min(self.least, reward), max(self.most, reward)

    @property
    def kind(self) -> str:
        """How much of it is solved."""
        if self.solved in (0, self.episodes):
            return "all" if self.solved else "none"
        share = self.solved / self.episodes
        return "few" if share < _FEW else "most" if share > _MOST else "medium"


class StepTally:
    """Adds up to the metrics of a step that come from its episodes; their order does not matter."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._longest = 0
        self._stops: Counter[StopReason] = Counter()
        self._failures: Counter[Failure] = Counter()
        self._cells: Counter[CellStatus] = Counter()
        self._groups: defaultdict[str, _Group] = defaultdict(_Group)
        self._levels = LevelTally()
        self._cell_seconds, self._waits = QuantileSketch(), QuantileSketch()
        self._amounts: defaultdict[str, float] = defaultdict(float)

    @property
    def scored(self) -> int:
        """Scored episodes so far."""
        return self._sums["episodes"]

    @property
    def sampled_tokens(self) -> int:
        """Tokens that were sampled so far."""
        return self._sums["sampled_tokens"]

    def add(self, episode: EpisodeLine) -> None:
        """Counts one episode, scored or failed."""
        if episode.failure is not None:
            self._failures[episode.failure] += 1
            return
        self._groups[episode.group or episode.id].add(episode)
        self._levels.add(episode, episode.solved)
        self._stops[episode.stop] += 1
        self._longest = max(self._longest, episode.response_tokens)
        self._sums.update(
            episodes=1,
            solved=episode.solved,
            turns=len(episode.turns),
            calls=sum(turn.calls for turn in episode.turns),
            unused=episode.unused,
            void=sum(turn.void for turn in episode.turns),
            parse_errors=sum(bool(turn.parse_error) for turn in episode.turns),
            response_tokens=episode.response_tokens,
            sampled_tokens=episode.sampled_tokens,
        )
        self._amounts["reward"] += episode.reward or 0.0
        self._amounts["fraction"] += episode.verdict.fraction if episode.verdict else 0.0
        self._count_times(episode)

    def _count_times(self, episode: EpisodeLine) -> None:
        for cell in episode.cells:
            self._cells[cell.status] += 1
            self._cell_seconds.add(cell.duration)
        waited = sum(turn.wait_seconds for turn in episode.turns)
        if waited:
            self._waits.add(waited)
        for turn in episode.turns:
            self._amounts["environment"] += turn.environment_seconds
            self._amounts["policy"] += turn.policy_seconds

    def values(self) -> dict[str, float]:
        """The metrics by name; those that nothing was counted for are left out."""
        failed = self._failures.total()
        if not self.scored + failed:
            return {}
        values = {f"failures/{part}": float(self._failures[part]) for part in Failure}
        values["failures/share"] = failed / (self.scored + failed)
        values["rollout/episodes"] = float(self.scored)
        if self.scored:
            values |= dict(self._rollout()) | dict(self._group_shares()) | dict(self._tools())
            values |= self._levels.values()
        return values

    def _rollout(self) -> Iterator[tuple[str, float]]:
        scored, turns = self.scored, max(1, self._sums["turns"])
        yield "rollout/solved", self._sums["solved"] / scored
        yield "rollout/pass_rate", self._amounts["fraction"] / scored
        yield "rollout/reward", self._amounts["reward"] / scored
        yield "rollout/turns", self._sums["turns"] / scored
        yield "rollout/void_turns", self._sums["void"] / turns
        yield "rollout/parse_errors", self._sums["parse_errors"] / turns
        yield "rollout/response_tokens", self._sums["response_tokens"] / scored
        yield "rollout/response_tokens_max", float(self._longest)
        yield "rollout/sampled_tokens", self._sums["sampled_tokens"] / scored
        yield "rollout/truncated", 1 - self._stops[StopReason.SUBMITTED] / scored
        for reason in StopReason:
            if reason is not StopReason.FAILURE:
                yield f"stops/{reason}", self._stops[reason] / scored
        seconds = self._amounts["environment"] + self._amounts["policy"]
        if seconds:
            yield "time/environment_of_rollout", self._amounts["environment"] / seconds

    def _group_shares(self) -> Iterator[tuple[str, float]]:
        groups = self._groups.values()
        kinds = Counter(group.kind for group in groups)
        yield "groups/count", float(len(groups))
        for kind in ("none", "few", "medium", "most", "all"):
            yield f"groups/{kind}", kinds[kind] / len(groups)
        yield "groups/equal", sum(group.least == group.most for group in groups) / len(groups)

    def _tools(self) -> Iterator[tuple[str, float]]:
        cells = self._cells.total()
        yield "tools/calls", self._sums["calls"] / self.scored
        yield "tools/unused", self._sums["unused"] / self.scored
        yield "tools/cells", cells / self.scored
        if cells:
            yield "tools/cell_errors", self._cells[CellStatus.ERROR] / cells
            yield "tools/cell_timeouts", self._cells[CellStatus.TIMEOUT] / cells
            yield "tools/cell_deaths", self._cells[CellStatus.DIED] / cells
        for name, sketch in (("cell", self._cell_seconds), ("kernel_wait", self._waits)):
            for share in (0.50, 0.99):
                value = sketch.quantile(share)
                if value is not None:
                    yield f"tools/{name}_p{100 * share:.0f}", value
