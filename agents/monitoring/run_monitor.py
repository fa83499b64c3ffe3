"""One training run as it is watched: logs in; metrics, alerts and the best checkpoint out.

Its state is a function of what the run folder holds, so a resumed run goes on as if it had never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ..run_settings.monitoring import Action
from ..verl_adapter.names import HELDOUT, TRAIN
from .alert import Alert
from .alert_rules import AlertRule
from .best_checkpoint import BestCheckpoint
from .failure_rate import FailureRate
from .log_follower import LogFollower
from .metric_sink import MetricSink
from .step_metrics import StepMetrics
from .step_record import StepRecord
from .step_watch import StepWatch


class RunMonitor:
    """Follows one start of a trainer."""

    def __init__(
        self,
        episodes: Path,
        *,
        sink: MetricSink,
        rules: Sequence[AlertRule],
        failures: FailureRate,
        best: BestCheckpoint,
        report: Callable[[str], None],
        history: Iterable[StepRecord] = (),
        standing: Iterable[Alert] = (),
        sampled_episodes: int = 0,
    ) -> None:
        """Reads the history; episodes that are logged already count no more.

        Args:
            episodes: The folder of the logs that the agent loop writes.
            sink: Where metrics and alerts go; it must not raise.
            rules: What to look out for in every step.
            failures: What to look out for in every episode.
            best: Who keeps the best checkpoint.
            report: Told of a checkpoint that became the best, or could not be kept, in one line.
            history: The records of the steps that earlier starts took, in order.
            standing: The alerts that stood when the last start ended.
            sampled_episodes: How many episodes a record carries.
        """
        self._failures, self._best, self._report = failures, best, report
        self._train = LogFollower(episodes, f"{TRAIN}-*.jsonl", from_now=True)
        self._heldout = LogFollower(episodes, f"{HELDOUT}-*.jsonl", from_now=True)
        earlier = tuple(history)
        for record in earlier:
            self._choose(record)
        self._watch = StepWatch(sink=sink, rules=rules, history=earlier, standing=standing)
        self._steps = StepMetrics(done=self._watch.done, sampled_episodes=sampled_episodes)

    def on_step(self, step: int, trainer: Mapping[str, float | None]) -> StepRecord:
        """Takes what verl says of a step that is over."""
        self._read()
        record = self._steps.close(step, trainer)
        self._watch.take(record)
        self._choose(record)
        return record

    def fault(self) -> str | None:
        """Why the run must stop now; None when it may go on. Asked often."""
        self._read()
        rule = self._failures
        if rule.action is not Action.OFF:
            self._watch.tell(rule.name, rule.action, rule.complaint(), self._steps.current)
        return self._watch.fault

    def close(self) -> None:
        """Closes the sinks; idempotent."""
        self._watch.close()

    def _read(self) -> None:
        for line in self._train.new():
            episode = self._steps.add(line)
            if episode is not None:
                self._failures.add(episode)
        for line in self._heldout.new():
            self._steps.add_heldout(line)

    def _choose(self, record: StepRecord) -> None:
        try:
            if self._best.consider(record):
                reward = record.values["heldout/reward"]
                self._report(f"step {record.step} is the best so far, with a held-out reward of {reward:.3g}")
        except OSError as error:
            self._report(f"the checkpoint of step {record.step} could not be kept as the best: {error}")
