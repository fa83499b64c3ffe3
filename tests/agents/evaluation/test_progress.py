"""What the dashboard shows, by a clock that stands where it is put."""

from __future__ import annotations

import io
import re

from rich.console import Console

from replgym.agents.evaluation.evaluation_dashboard import EvaluationDashboard
from replgym.agents.evaluation.evaluation_progress import EvaluationProgress
from replgym.agents.evaluation.spending import Prices, Spending
from replgym.agents.evaluation.statistics import rate_interval

from .test_comparison import episode


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def progress_of(clock: Clock, total: int = 20) -> EvaluationProgress:
    return EvaluationProgress(total, Spending(Prices(prompt=1e6, completion=2e6)), clock)


def test_rates_are_of_this_start_and_scores_of_all() -> None:
    clock = Clock()
    progress = progress_of(clock)
    for number in range(4):
        progress.keep(episode(number, 0, True, ""))
    for number in range(4, 9):
        ended = episode(number, 0, number % 2 == 0 if number < 8 else None, "")
        progress.attempt(ended)
        progress.add(ended)
    progress.attempt(episode(8, 0, None, "").model_copy(update={"attempt": 2}))
    clock.now += 30.0
    assert (progress.done, progress.scored, progress.solved) == (9, 8, 6)
    assert (dict(progress.failures), progress.retries) == ({"kernel": 1}, 1)
    assert progress.interval == rate_interval([(1, 1)] * 5 + [(0, 1), (1, 1), (0, 1)], draws=500)
    assert progress.episodes_per_minute == 10.0
    assert progress.seconds_left == 11 * 30 / 5
    turns = sum(1 + n % 3 for n in (4, 5, 6, 7, 8, 8))
    assert progress.tokens_per_second == turns * 10 / 30
    assert progress.spending.cost == turns * 10 * 3


def test_without_a_terminal_there_is_a_plain_line_now_and_then() -> None:
    clock, out = Clock(), io.StringIO()
    console = Console(file=out, width=60)
    with EvaluationDashboard(console, "set, model", progress_of(clock), line_seconds=30.0) as dashboard:
        for number in range(6):
            clock.now += 12.0
            dashboard.add(episode(number, 0, True, ""))
    lines = out.getvalue().splitlines()
    assert [re.search(r"(\d+)/20", line)[1] for line in lines] == ["3", "6"]
    assert lines[0].startswith("set, model: 3/20, pass@1 100.0 % [43.9 – 100.0], 5.0 episodes/min")
    assert lines[0].endswith("3:24 left")


def test_in_a_terminal_everything_is_shown_at_once() -> None:
    clock, out = Clock(), io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system=None)
    dashboard = EvaluationDashboard(console, "set, model", progress_of(clock))
    with dashboard:
        clock.now += 6.0
        for ended in (episode(0, 0, True, ""), episode(1, 0, None, "")):
            dashboard.progress.attempt(ended)
            dashboard.add(ended)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    for text in (
        "2 of 20",
        "100.0 %",
        "1 of 1",
        "20.0 episodes/min",
        "1 kernel",
        "0:06",
        "0:54 left",
        "failed t/1",
    ):
        assert text in shown
