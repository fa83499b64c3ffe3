"""The train-step benchmark: how steps are read from notes, the page, and a run of each kind of trainer."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PER_CALL = "verl, process per call"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmark's modules, which lie beside its script."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import train_step_notes
    import train_step_outcome
    import train_step_text
    import train_step_work

    return {
        "notes": train_step_notes,
        "outcome": train_step_outcome,
        "text": train_step_text,
        "work": train_step_work,
    }


def episodes(parts: Any, step: int, begin: float) -> list[Any]:
    """Two episodes of two messages; the engine works from 0 to 3 and from 5 to 6."""
    spans = [(0, 2, True), (1, 3, True), (5, 6, False), (5, 6, False)]
    return [
        parts["notes"].Note(step, begin + first, begin + last, 10, 5, opening)
        for first, last, opening in spans
    ]


def outcome(parts: Any, seconds: float) -> Any:
    notes = [note for step in range(1, 5) for note in episodes(parts, step, step * seconds)]
    steps = parts["notes"].steps_of(notes)
    by_step = dict.fromkeys(range(1, 5), 1.0)
    return parts["outcome"].Outcome(steps, by_step, by_step, {step: {"gen": 6.5} for step in by_step})


def test_a_step_lasts_to_the_next_one_and_counts_the_engine_once(parts: Any, tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    for note in [note for step in (1, 2, 3) for note in episodes(parts, step, step * 8.0)]:
        note.write(path)
    (step,) = parts["notes"].steps_of(parts["notes"].read_notes(path))
    assert (step.number, step.seconds, step.engine, step.episodes) == (2, 8.0, 4.0, 2)
    assert parts["notes"].work_of([step]) == {
        "episodes a step": 2,
        "messages an episode": 2.0,
        "calls an episode": 1.0,
        "tokens sampled an episode": 10.0,
        "tokens of contexts an episode": 20.0,
    }


def test_the_rest_is_what_neither_engine_nor_update_took(parts: Any) -> None:
    figures = outcome(parts, 8.0).samples()
    assert figures["the rest"] == [3.0, 3.0]
    assert figures["share of the rest"] == [3 / 8, 3 / 8]
    assert figures["episodes per second"] == [0.25, 0.25]


@pytest.mark.parametrize(("other", "verdicts"), [(8.0, ["yes", "**no**"]), (16.0, ["yes", "yes"])])
def test_the_page_judges_the_targets(parts: Any, other: float, verdicts: list[str]) -> None:
    outcomes = {
        "replgym, stateless": [outcome(parts, 8.0)],
        PER_CALL: [outcome(parts, other)],
        "TRL, process per call": [outcome(parts, other)],
    }
    record, text = parts["text"].page({"cpu": "one"}, {"steps": 4}, outcomes, {})
    assert [
        line.split("|")[-2].strip() for line in text.splitlines() if "| replgym, stateless: " in line
    ] == (verdicts)
    assert record["cells of a millisecond"]["verl's account"][PER_CALL] == {"gen": 6.5}
    assert "| calls an episode | 1 | 1 | 1 |" in text


def test_a_yardstick_at_zero_has_no_ratio(parts: Any) -> None:
    lost = replace(outcome(parts, 8.0), reward=dict.fromkeys(range(8), 0.0))
    _, text = parts["text"].page({}, {}, {"replgym, stateless": [lost], PER_CALL: [lost]}, {})
    (row,) = [line for line in text.splitlines() if line.startswith("| reward ")]
    assert "[" not in row
    assert "0 " in row


def test_a_page_without_peers_has_no_verdict(parts: Any) -> None:
    record, _ = parts["text"].page({}, {}, {"replgym, stateless": [outcome(parts, 8.0)]}, {})
    assert record["cells of a millisecond"]["targets"] == []


async def test_right_and_wrong_episodes_are_equally_long(parts: Any) -> None:
    played = await parts["work"].demonstrations(1, parts["work"].tokenizer(0.1), 0.1)
    assert len(played) == 4  # two modes, two answers
    assert len({len(branch.response_ids) for branch in played}) == 1
    assert len({sum(branch.response_mask) for branch in played}) == 1
    assert {branch.exact for branch in played} == {True}


@pytest.mark.slow
@pytest.mark.timeout(1600)
@pytest.mark.xdist_group("verl trainer")
@pytest.mark.skipif(sys.version_info >= (3, 13), reason="verl does not support this Python")
def test_a_quick_run_of_both_agent_loops_fills_the_page(tmp_path: Path) -> None:
    trainers = ("replgym, stateless", PER_CALL)
    script = str(BENCHMARKS / "train_step.py")
    command = [sys.executable, script, "--quick", "--folder", str(tmp_path), "--trainers", *trainers]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "train-step.json").read_text())
    for name in trainers:
        figures = record["cells of a millisecond"]["samples"][name]
        assert figures["seconds a step"][0] > figures["generation"][0] > 0
        assert record["cells of a millisecond"]["work"][name]["episodes a step"] == 4
    assert "| target |" in (tmp_path / "train-step.md").read_text()


def test_it_says_how_to_get_trl(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "train_step.py"), "--trl", str(tmp_path / "python")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "scripts/setup_adapters.sh trl" in done.stderr
