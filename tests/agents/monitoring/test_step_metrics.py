"""Metrics of a step against values that were computed by hand, and streaming against counting at once."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replgym.agents.monitoring.episode_line import EpisodeLine
from replgym.agents.monitoring.level_tally import LevelTally
from replgym.agents.monitoring.log_follower import LogFollower
from replgym.agents.monitoring.metric import METRICS
from replgym.agents.monitoring.quantile_sketch import QuantileSketch
from replgym.agents.monitoring.step_line import step_line
from replgym.agents.monitoring.step_metrics import StepMetrics
from replgym.agents.monitoring.step_record import StepRecord
from replgym.agents.monitoring.step_tally import StepTally
from replgym.agents.rollouts.episode import Episode, Failure, StopReason
from replgym.kernels.cell_result import CellStatus

from .logged import OK, RAISED, episode, line, log, turn

VERL: dict[str, float | None] = {
    "training/global_step": 1,
    "actor/entropy": 0.7,
    "actor/grad_norm": 0.5,
    "actor/pg_clipfrac": 0.01,
    "actor/ppo_kl": 0.002,
    "timing_s/gen": 6.0,
    "timing_s/step": 8.0,
    "perf/total_num_tokens": 1600,
    "training/rollout_probs_diff_max": 1e-8,
    "actor/perf/max_memory_allocated_gb": 3.0,
}
FIVE = (
    episode("a", group="g", turns=[turn((OK, 0.1), wait=0.5), turn((RAISED, 0.2), calls=2)], tokens=40),
    episode("b", group="g", passed=[True, False], turns=[turn((OK, 0.3), wait=0.1)], tokens=60),
    episode("c", group="h", passed=[], turns=[turn(void=True)], stop=StopReason.TOKEN_LIMIT, tokens=20),
    episode("d", group="h", passed=[False], turns=[turn(parse_error="no call")], tokens=80),
    episode("e", group="h", failure=Failure.KERNEL),
)


def record_of(*episodes: Episode, trainer: dict[str, float | None] = VERL, step: int = 1) -> StepRecord:
    metrics = StepMetrics()
    for one in episodes:
        assert metrics.add(line(one)) is not None
    return metrics.close(step, trainer)


BY_HAND = {
    "rollout/episodes": 4,
    "rollout/solved": 1 / 4,
    "rollout/pass_rate": (1 + 0.5 + 0 + 0) / 4,
    "rollout/reward": 1 / 4,
    "rollout/turns": 5 / 4,
    "rollout/void_turns": 1 / 5,
    "rollout/parse_errors": 1 / 5,
    "rollout/response_tokens": 50,
    "rollout/response_tokens_max": 80,
    "rollout/sampled_tokens": 50 / 4,
    "rollout/truncated": 1 / 4,
    "stops/submitted": 3 / 4,
    "stops/token_limit": 1 / 4,
    "stops/turn_limit": 0,
    "groups/count": 2,
    "groups/none": 1 / 2,
    "groups/medium": 1 / 2,
    "groups/all": 0,
    "groups/equal": 1 / 2,
    "tools/calls": 4 / 4,
    "tools/cells": 3 / 4,
    "tools/unused": 3 / 4,
    "tools/cell_errors": 1 / 3,
    "tools/cell_timeouts": 0,
    "failures/share": 1 / 5,
    "failures/kernel": 1,
    "failures/judge": 0,
    "policy/entropy": 0.7,
    "policy/gradient_norm": 0.5,
    "policy/clipped": 0.01,
    "policy/kl_update": 0.002,
    "policy/probability_difference_max": 1e-8,
    "time/rollout": 6,
    "time/step": 8,
    "time/environment_of_rollout": 5 / 20,
    "time/environment_of_step": 5 / 20 * 6 / 8,
    "speed/tokens": 200,
    "speed/sampled_tokens": 50 / 6,
    "speed/episodes": 4 / 8,
    "actor/perf/max_memory_allocated_gb": 3,
}
"""Metrics of `FIVE`."""


def test_a_step_by_hand() -> None:
    values = record_of(*FIVE).values
    assert {name: values[name] for name in BY_HAND} == pytest.approx(BY_HAND)
    assert values["tools/cell_p50"] == pytest.approx(0.2, rel=0.011)
    assert values["tools/cell_p99"] == pytest.approx(0.3, rel=0.011)
    assert values["tools/kernel_wait_p50"] == pytest.approx(0.1, rel=0.011)
    assert values["tools/kernel_wait_p99"] == pytest.approx(0.5, rel=0.011)


@pytest.mark.parametrize(
    ("solved", "of", "kind"),
    [(0, 8, "none"), (1, 8, "few"), (2, 8, "medium"), (6, 8, "medium"), (7, 8, "most"), (8, 8, "all")],
)
def test_groups_by_how_much_of_them_is_solved(solved: int, of: int, kind: str) -> None:
    values = record_of(*(episode(str(n), group="g", passed=[n < solved]) for n in range(of))).values
    shares = {name: values[f"groups/{name}"] for name in ("none", "few", "medium", "most", "all")}
    assert shares == {name: float(name == kind) for name in shares}


@pytest.mark.parametrize(
    ("rewards", "equal"), [([0, 0.2], 0), ([0.2, 0.2], 1), ([1, None, 1], 0), ([0.5], 1)]
)
def test_a_group_of_one_reward(rewards: list[float | None], equal: float) -> None:
    many = [
        episode(str(n), group="g", passed=[False]).model_copy(update={"reward": reward})
        for n, reward in enumerate(rewards)
    ]
    values = record_of(*many).values
    assert (values["groups/none"], values["groups/equal"]) == (1, equal)


@pytest.mark.parametrize(
    ("turns", "stop", "unused"),
    [
        ([], StopReason.TOKEN_LIMIT, True),
        ([turn()], StopReason.SUBMITTED, True),
        ([turn((OK, 1.0))], StopReason.SUBMITTED, True),
        ([turn((OK, 1.0))], StopReason.TURN_LIMIT, False),
        ([turn((OK, 1.0)), turn((OK, 1.0))], StopReason.SUBMITTED, False),
        ([turn((OK, 1.0)), turn(calls=1)], StopReason.SUBMITTED, False),
        ([turn((OK, 1.0), calls=2)], StopReason.SUBMITTED, False),
    ],
    ids=["nothing", "answer", "submits at once", "explores", "both", "submit tool", "cell and submit tool"],
)
def test_the_cell_that_hands_in_is_no_use_of_the_interpreter(
    turns: list[object], stop: StopReason, unused: bool
) -> None:
    one = EpisodeLine.model_validate_json(line(episode("a", turns=turns, stop=stop)))  # type: ignore[arg-type]
    assert one.unused == unused


def test_cells_that_time_out_or_kill_their_interpreter() -> None:
    cells = [turn((CellStatus.TIMEOUT, 1.0), (CellStatus.DIED, 1.0), (OK, 1.0), (OK, 1.0))]
    values = record_of(episode("a", turns=cells)).values
    assert (values["tools/cell_timeouts"], values["tools/cell_deaths"]) == (0.25, 0.25)
    assert values["tools/cell_errors"] == 0


def test_a_late_episode_counts_in_the_step_that_ends_next() -> None:
    metrics = StepMetrics()
    metrics.add(line(episode("a")))
    assert metrics.close(1, VERL).values["rollout/episodes"] == 1
    metrics.add(line(episode("late")))
    metrics.add(line(episode("b", step=2)))
    metrics.add(line(episode("early", step=3)))
    assert metrics.close(2, VERL).values["rollout/episodes"] == 2
    assert metrics.close(3, VERL).values["rollout/episodes"] == 1
    assert metrics.current == 4


def test_a_measurement_before_training_ends_no_step() -> None:
    metrics = StepMetrics()
    metrics.add(line(episode("a")))
    for task, passed in (("easy", True), ("easy", True), ("hard", False), ("hard", True), ("odd", False)):
        metrics.add_heldout(line(episode("h", step=0, task=task, passed=[passed])))
    metrics.add_heldout(line(episode("h", step=0, task="hard", failure=Failure.JUDGE)))
    before = metrics.close(0, {"val-core/x/acc/mean@2": 0.6})
    assert before.values == {
        "val-core/x/acc/mean@2": 0.6,
        "heldout/episodes": 5,
        "heldout/reward": pytest.approx(0.5),
        "heldout/solved": pytest.approx(0.5),
    }
    assert metrics.close(1, VERL).values["rollout/episodes"] == 1


def test_a_step_of_which_all_episodes_failed() -> None:
    values = record_of(episode("a", failure=Failure.POLICY), trainer={"training/global_step": 1}).values
    assert values["failures/share"] == 1
    assert "rollout/solved" not in values


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_is_named_and_left_out(value: float | None) -> None:
    record = record_of(trainer=VERL | {"actor/grad_norm": value, "rollout_corr/ppl": value})
    assert record.broken == ("policy/gradient_norm",)
    assert "policy/gradient_norm" not in record.values
    assert "actor/grad_norm" not in record.values


def test_one_broken_source_is_enough() -> None:
    record = record_of(trainer=VERL | {"actor/loss": 0.1, "actor/pg_loss": None})
    assert record.broken == ("policy/loss",)
    assert "policy/loss" not in record.values


def test_lines_that_are_no_episodes_are_passed_over() -> None:
    metrics = StepMetrics()
    assert metrics.add(b'{"turns": 3}\n') is None
    metrics.add_heldout(b"{\n")
    assert metrics.close(1, VERL).values["time/step"] == 8


def test_the_sample_does_not_depend_on_the_order() -> None:
    many = [episode(str(number)) for number in range(50)]
    drawn = []
    for seed in range(3):
        random.Random(seed).shuffle(many)
        metrics = StepMetrics(sampled_episodes=4)
        for one in many:
            metrics.add(line(one))
        drawn.append(metrics.close(1, VERL).episodes)
    assert drawn[0] == drawn[1] == drawn[2]
    assert len({one.id for one in drawn[0]}) == 4


episodes = st.builds(
    lambda number, group, passed, cells, stop, failed: episode(
        str(number),
        group=str(group),
        passed=passed,
        turns=[turn((status, seconds)) for status, seconds in cells],
        stop=stop,
        failure=Failure.KERNEL if failed else None,
        tokens=number % 7,
    ),
    st.integers(0, 10**6),
    st.integers(0, 3),
    st.lists(st.booleans(), max_size=3),
    st.lists(st.tuples(st.sampled_from([OK, RAISED]), st.floats(0, 100)), max_size=3),
    st.sampled_from([StopReason.SUBMITTED, StopReason.TURN_LIMIT]),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(episodes, min_size=1, max_size=12), st.randoms(use_true_random=False), st.integers(1, 4))
def test_streaming_in_any_pieces_and_order_equals_counting_at_once(
    tmp_path_factory: pytest.TempPathFactory, many: list[Episode], rng: random.Random, files: int
) -> None:
    """Two steps, written to several logs in pieces that end anywhere, read whenever."""
    folder = tmp_path_factory.mktemp("logs")
    follower, metrics = LogFollower(folder, "train-*.jsonl"), StepMetrics()
    steps = {step: [one.model_copy(update={"step": step}) for one in many[step - 1 :]] for step in (1, 2)}
    for step, own in steps.items():
        order = rng.sample(own, len(own))
        text = {number: b"".join(map(line, order[number::files])) for number in range(files)}
        while any(text.values()):
            number = rng.choice([number for number, left in text.items() if left])
            cut = rng.randint(1, len(text[number]))
            with (folder / f"train-{number}.jsonl").open("ab") as file:
                file.write(text[number][:cut])
            text[number] = text[number][cut:]
            for piece in follower.new():
                metrics.add(piece)
        at_once = StepTally()
        for one in own:
            at_once.add(EpisodeLine.model_validate_json(line(one)))
        streamed = metrics.close(step, {"training/global_step": step}).values
        counted = {name: streamed[name] for name in streamed if name != "training/global_step"}
        assert counted == pytest.approx(at_once.values())
        scored = [one for one in own if one.failure is None]
        if scored:
            assert streamed["rollout/reward"] == pytest.approx(fmean(one.reward or 0 for one in scored))
            assert streamed["rollout/solved"] == pytest.approx(fmean(one.solved for one in scored))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-5, 1e4), min_size=1, max_size=60), st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]))
def test_quantiles_are_right_within_one_percent(values: list[float], share: float) -> None:
    sketch = QuantileSketch()
    for value in values:
        sketch.add(value)
    exact = sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
    assert sketch.quantile(share) == pytest.approx(exact, rel=0.0101)


def test_quantiles_of_nothing_and_of_zero() -> None:
    sketch = QuantileSketch()
    assert sketch.quantile(0.5) is None
    sketch.add(0.0)
    assert sketch.quantile(0.5) == pytest.approx(0.0, abs=1e-6)


def test_a_follower_can_begin_at_the_end(tmp_path: Path) -> None:
    log(tmp_path, episode("old"))
    follower = LogFollower(tmp_path, "train-*.jsonl", from_now=True)
    log(tmp_path, episode("new"))
    log(tmp_path, episode("other"), name="train-b-2")
    log(tmp_path, episode("held out"), name="heldout-b-2")
    found = [EpisodeLine.model_validate_json(each).id for each in follower.new()]
    assert found == ["new", "other"]
    assert list(follower.new()) == []


def test_the_table_of_the_documentation_is_that_of_the_code() -> None:
    page = Path(__file__).parents[3] / "docs" / "monitoring.md"
    rows = re.findall(r"^\| `(\w+/\w+)` \| (.+?) \| (.+?) \| (.*?) ?\|$", page.read_text(), re.MULTILINE)
    told = [(name, unit, meaning, tuple(re.findall("`(.+?)`", verl))) for name, unit, meaning, verl in rows]
    assert told == [(metric.name, metric.unit, metric.meaning, metric.sources) for metric in METRICS]


def test_every_metric_that_is_counted_stands_in_the_table() -> None:
    counted = set(record_of(*FIVE).values) - VERL.keys()
    levels = {name for name in counted if name.startswith("solved/")}
    assert counted - levels <= {metric.name for metric in METRICS}


def test_each_level_is_counted_apart() -> None:
    record = record_of(
        episode("a", task="blackbox/1/linear/3_4"),
        episode("b", task="blackbox/1/linear/3_5", passed=[True, False]),
        episode("c", task="blackbox/3/threshold/3_4_5", passed=[False]),
        episode("d", task="blackbox/3/threshold/3_4_5", failure=Failure.KERNEL),
    )
    levels = {name: value for name, value in record.values.items() if name.startswith("solved/")}
    assert levels == {"solved/1-linear": 1 / 2, "solved/3-threshold": 0}
    assert step_line(record).endswith(", solved of 1-linear 50%, 3-threshold 0%")
    assert "solved of" not in step_line(record_of(episode("a", task="HumanEval/1")))


@given(st.lists(st.tuples(st.sampled_from(["easy", "3 stars", "ünder/1", ""]), st.booleans())))
def test_levels_have_names_that_any_service_takes(drawn: list[tuple[str, bool]]) -> None:
    tally = LevelTally()
    found: dict[str, list[bool]] = {}
    for level, solved in drawn:
        tally.add(EpisodeLine(task_id="set/1", info={"difficulty": level}), solved)
        found.setdefault(f"solved/{re.sub('[ /]', '-', level) or 'other'}", []).append(solved)
    assert tally.values() == {name: fmean(outcomes) for name, outcomes in found.items()}


def test_many_levels_are_counted_together() -> None:
    tally = LevelTally()
    for number in range(40):
        tally.add(EpisodeLine(task_id="set/1", info={"difficulty": str(number)}), solved=number % 2 == 0)
    values = tally.values()
    assert len(values) == 17
    assert values["solved/other"] == 12 / 24
