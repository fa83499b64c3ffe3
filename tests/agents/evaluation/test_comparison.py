"""Runs that `replgym eval` wrote, compared: what is aligned, what is refused, what is said and drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from replgym.agents.evaluation.breakdown import BreakdownTally
from replgym.agents.evaluation.comparison import NotComparableError, compare
from replgym.agents.evaluation.episode_store import EpisodeStore
from replgym.agents.evaluation.evaluated_run import EvaluatedRun
from replgym.agents.evaluation.play_identity import fingerprint_of
from replgym.agents.evaluation.run_record import RunRecord, StoredTask
from replgym.agents.evaluation.spending import Prices
from replgym.agents.rollouts.episode import Episode, Failure, StopReason, Turn
from replgym.cli import main
from replgym.rewards.verdict import Outcome, TestOutcome, Verdict

SETTINGS = {
    "policy": {"kind": "openai", "model": "m"},
    "environment": {"mode": "stateful", "max_turns": 8},
    "sampling": {"temperature": 0.0},
    "seed": 0,
    "prompt": "p",
}
Solves = Callable[[int, int], bool | None]
"""Task and sample -> solved, or None where the machine failed."""


def episode(number: int, sample: int, solved: bool | None, fingerprint: str, *, tokens: int = 10) -> Episode:
    outcome = Outcome.PASSED if solved else Outcome.WRONG_ANSWER
    turn = Turn(action="a", observation="", prompt_tokens=tokens, completion_tokens=tokens)
    return Episode(
        id=f"{number}-{sample}",
        task_id=f"t/{number}",
        policy="m",
        sample=sample,
        fingerprint=fingerprint,
        messages=(),
        turns=(turn,) * (1 + number % 3),
        submission="pass",
        verdict=None if solved is None else Verdict((TestOutcome("test_1", outcome),)),
        stop=StopReason.FAILURE if solved is None else StopReason.SUBMITTED,
        failure=Failure.KERNEL if solved is None else None,
        info={"set": "s", "source": f"s{number % 2}", "difficulty": ("easy", "hard")[number % 2]},
    )


def write_run(
    folder: Path, solves: Solves, *, tasks: Iterable[int] = range(40), samples: int = 1, changed: int = -1,
    settings: dict | None = None, tokens: int = 10,
) -> Path:  # fmt: skip
    """A store as `replgym eval` leaves it."""
    numbers, settings = list(tasks), SETTINGS | (settings or {})
    record = RunRecord(
        name=folder.name, policy="m", sets={"s": len(numbers)}, samples=samples, settings=settings,
        identity=json.dumps(settings, sort_keys=True),
    )  # fmt: skip
    stored = [StoredTask(set="s", id=f"t/{n}", digest=f"d{n}{n == changed}") for n in numbers]
    store = EpisodeStore(folder)
    store.begin(record, iter(stored))
    for task, number in zip(stored, numbers, strict=True):
        for sample in range(samples):
            name = fingerprint_of(record.identity, "s", task.digest, sample)
            store.log.append(episode(number, sample, solves(number, sample), name, tokens=tokens))
    store.log.close()
    return folder


def runs(*folders: Path) -> list[EvaluatedRun]:
    return [EvaluatedRun.read(folder) for folder in folders]


def test_runs_are_compared_task_by_task(tmp_path: Path) -> None:
    first = write_run(tmp_path / "first", lambda n, _: n < 10)
    second = write_run(tmp_path / "second", lambda n, _: n < 22 and n != 3, tokens=30)
    found = compare(runs(first, second))
    (pair,) = found.pairs
    assert [run.rate for run in found.runs] == [0.25, 0.525]
    assert (pair.first_only, pair.second_only, pair.tasks, pair.left_out) == (1, 12, 40, 0)
    assert pair.difference == pytest.approx(11 / 40)
    assert pair.interval.low < 11 / 40 < pair.interval.high
    assert pair.mcnemar_p_value == pytest.approx(2 * (1 + 13) / 2**13)
    assert pair.p_value == pytest.approx(pair.mcnemar_p_value)
    assert pair.changes == ()
    assert pair.measures["tokens"].difference == pytest.approx(2 * pair.measures["tokens"].first)
    assert pair.measures["turns"].interval.low == pair.measures["turns"].interval.high == 0.0
    easy, hard = pair.groups["difficulty"]["easy"], pair.groups["difficulty"]["hard"]
    assert (easy.tasks, hard.tasks) == (20, 20)
    assert set(pair.groups) == {"difficulty"}  # all are of one set, and the sources are those of the levels
    assert (easy.difference, hard.difference) == (pytest.approx(6 / 20), pytest.approx(5 / 20))
    assert hard.p_adjusted >= hard.p_value
    assert found.runs[0].results == {"wrong answer": 0.75, "solved": 0.25}
    assert compare(runs(first, second)) == found


def test_what_the_machine_failed_is_left_out_of_both(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", lambda n, _: None if n < 5 else True)
    second = write_run(tmp_path / "b", lambda n, _: n >= 5)
    (pair,) = compare(runs(first, second)).pairs
    assert (pair.tasks, pair.left_out, pair.difference) == (35, 5, 0.0)
    assert pair.interval.low < 0 < pair.interval.high
    assert (pair.p_value, pair.detectable) == (1.0, None)


def test_samples_of_a_task_count_as_one_task(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", lambda n, k: k == 0, samples=4)
    second = write_run(tmp_path / "b", lambda n, k: k <= n % 2, samples=6)
    (pair,) = compare(runs(first, second)).pairs
    assert (pair.tasks, pair.samples, pair.mcnemar_p_value) == (40, 160, None)
    assert pair.difference == pytest.approx(0.125)


def test_p_values_are_corrected_for_the_number_of_pairs(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / str(n), lambda task, _, n=n: task < 8 + 4 * n) for n in range(3)]
    two, three = compare(runs(*folders)), compare(runs(*folders), all_pairs=True)
    assert [(pair.first, pair.second) for pair in two.pairs] == [("0", "1"), ("0", "2")]
    assert len(three.pairs) == 3
    assert two.pairs[1].p_adjusted == pytest.approx(2 * two.pairs[1].p_value)
    assert three.pairs[1].p_adjusted == pytest.approx(3 * three.pairs[1].p_value)


def test_modes_and_models_may_differ_and_are_told(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", lambda n, _: True)
    environment = {"mode": "no-tool", "max_turns": 8}
    settings = {"environment": environment, "policy": {"kind": "openai", "model": "x"}, "prompt": "q"}
    second = write_run(tmp_path / "b", lambda n, _: True, settings=settings)
    (pair,) = compare(runs(first, second)).pairs
    assert pair.changes == ("environment.mode: stateful -> no-tool", "policy.model: m -> x")


@pytest.mark.parametrize(
    ("options", "told", "tasks"),
    [
        ({"settings": {"sampling": {"temperature": 0.7}}}, "sampling.temperature: 0.0 -> 0.7", 40),
        (
            {"settings": {"environment": {"mode": "stateful", "max_turns": 2}}},
            "environment.max_turns: 8 -> 2",
            40,
        ),
        ({"tasks": range(30)}, "10 tasks only in the first, such as t/30 of s", 30),
        ({"tasks": range(45)}, "5 tasks only in the second", 40),
        ({"changed": 7}, "1 tasks have other texts or tests, such as t/7", 39),
    ],
)
def test_what_cannot_be_compared_is_refused_unless_forced(
    options, told: str, tasks: int, tmp_path: Path
) -> None:
    first = write_run(tmp_path / "a", lambda n, _: True)
    second = write_run(tmp_path / "b", lambda n, _: True, **options)
    with pytest.raises(NotComparableError, match=told) as caught:
        compare(runs(first, second))
    assert "--force" in str(caught.value)
    found = compare(runs(first, second), force=True)
    assert (found.forced, found.pairs[0].tasks) == (True, tasks)


def test_the_command_prints_draws_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "a", lambda n, _: n < 10)
    write_run(tmp_path / "b", lambda n, _: n < 25)
    command = ["compare", str(tmp_path / "a"), f"better={tmp_path / 'b'}", "--output", str(tmp_path / "out")]
    for form, start in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("html", b"<!doctype html>")):
        picture = tmp_path / f"picture.{form}"
        assert main([*command, "--plot", str(picture)]) == 0
        assert picture.read_bytes().startswith(start)
    page = picture.read_text()
    assert "<svg" in page
    assert "better − a" in page
    assert re.findall(r"<(?:script|link|img|iframe)\b|url\(http", page) == []
    out = capsys.readouterr().out
    assert "+37.5" in out
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert found["pairs"][0]["second_only"] == 15
    assert "| better − a | 40 | 25.0 | 62.5 | +37.5 |" in (tmp_path / "out" / "comparison.md").read_text()


def test_tables_fit_a_narrow_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("no-tool", "qwen2.5-coder-7b-step-1200"):
        write_run(tmp_path / name, lambda n, _: n < 10)
    runs = [str(tmp_path / name) for name in ("no-tool", "qwen2.5-coder-7b-step-1200")]
    assert main(["compare", *runs]) == 0
    tables = capsys.readouterr().out.split("Differences are second minus first")[0]
    assert max(map(len, tables.splitlines())) <= 80
    assert "failures" in tables
    assert "+0.0  −8.8 – +8.8  1.000" in tables


def test_what_the_command_cannot_do_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = str(write_run(tmp_path / "a", lambda n, _: True))
    empty = str(write_run(tmp_path / "b", lambda n, _: None))
    for arguments, told in (
        ([first], "at least two"),
        ([first, first], "two runs are called 'a'"),
        ([first, empty], "share no task"),
        ([first, empty, "--plot", "picture.gif"], ".svg"),
        ([first, str(tmp_path)], "holds no evaluation"),
    ):
        assert main(["compare", *arguments]) == 2
        err = capsys.readouterr().err
        assert told in err
        assert err.count("\n") == 1


def test_breakdowns_count_every_episode_once_in_each_way() -> None:
    episodes = [episode(n, 0, n % 3 == 0, "", tokens=100 * n) for n in range(12)]
    failed = episode(99, 0, None, "")
    found = BreakdownTally.of([*episodes, failed], Prices(prompt=1, completion=1)).breakdowns()
    assert {
        way: sum(group.episodes for group in groups.values()) for way, groups in found.items()
    } == dict.fromkeys(("difficulty", "source", "result", "turns", "completion tokens", "cost"), 12)
    assert list(found["difficulty"]) == ["easy", "hard"]
    assert list(found["turns"]) == ["1", "2", "3"]
    assert found["result"]["solved"].rate == 1.0
    assert next(iter(found["completion tokens"])) == "0–128"
    assert found["difficulty"]["easy"].mean_cost > 0
