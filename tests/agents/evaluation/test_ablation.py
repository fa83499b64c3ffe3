"""`replgym ablate` from its command line to its tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from replgym.agents.rollouts.episode_log import read_episodes
from replgym.cli import main

from .scripted_server import ScriptedServer

PLAYED = ["ablate", "blackbox", "-n", "3", "--levels", "1,2,3", "--policy", "expert", "--concurrency", "3"]


def test_modes_are_played_on_the_same_tasks_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*PLAYED, "--output", str(tmp_path), "--modes", "no-tool,stateless,stateful"]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "stateful − stateless" in " ".join(shown.split())
    found = json.loads((tmp_path / "comparison.json").read_text())
    assert {run["name"]: run["rate"] for run in found["runs"]} == {
        "no-tool": 0.0,
        "stateless": 1.0,
        "stateful": 1.0,
    }
    pairs = {(pair["first"], pair["second"]): pair["difference"] for pair in found["pairs"]}
    assert pairs == {
        ("no-tool", "stateless"): 1.0,
        ("no-tool", "stateful"): 1.0,
        ("stateless", "stateful"): 0.0,
    }
    assert [tuple(pair["changes"]) for pair in found["pairs"]] == [
        (f"environment.mode: {first} -> {second}",) for first, second in pairs
    ]
    assert "<svg" in (tmp_path / "ablation.svg").read_text()
    played = {
        mode: [(e.task_id, e.seed) for e in read_episodes(tmp_path / mode / "episodes.jsonl")]
        for mode in ("no-tool", "stateless", "stateful")
    }
    assert len({tuple(sorted(episodes)) for episodes in played.values()}) == 1

    assert main(command) == 0
    assert "3 of 3 episodes are played already" in capsys.readouterr().out
    again = sum(1 for _ in read_episodes(tmp_path / "stateful" / "episodes.jsonl"))
    assert again == 3


def test_each_mode_says_what_is_wrong_beside_the_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(["```python\nx = 1\n```", *["That is right."] * 3]))
    options = ["-n", "1", "--levels", "1", "--policy", f"scripted:{script}", "--modes", "no-tool,stateful"]
    assert main(["ablate", "blackbox", *options, "--output", str(tmp_path / "runs")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("protocols: fenced 1; 3 unreadable") == 2
    assert shown.count("1 of 1 episodes ended without a submission: if their messages hold solutions") == 2


def test_programs_that_nobody_submits_are_judged_in_every_mode(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks, runs = tmp_path / "tasks.jsonl", tmp_path / "runs"
    double = "def double(n):\n    return n + n"
    tests = {"kind": "call", "entry_point": "double", "cases": [{"arguments": [2], "expected": 4}]}
    task = {"id": "double", "prompt": "Double it.", "tests": tests, "metadata": {"source": "own"}}
    tasks.write_text(json.dumps(task))
    command = ["ablate", str(tasks), "--model", "m", "--max-turns", "2", "--output", str(runs)]
    first = f"So:\n```python\n{double}\n```\n"
    server = ScriptedServer(lambda n, body: "That is right." if len(body["messages"]) > 2 else first)
    with server.serving():
        assert main([*command, "--base-url", server.url]) == 0
    shown = capsys.readouterr().out
    for mode, protocols in (("no-tool", "answer 1"), ("stateful", "fenced 1, answer 1")):
        (episode,) = read_episodes(runs / mode / "episodes.jsonl")
        assert (episode.reward, episode.submission) == (1.0, double)
        assert f"protocols: {protocols}\n" in shown
    found = json.loads((runs / "comparison.json").read_text())
    assert {run["rate"] for run in found["runs"]} == {1.0}


def test_all_four_modes_are_planned_and_nothing_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*PLAYED, "--output", str(tmp_path / "runs"), "--dry-run"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Nothing else runs" in shown
    assert "nothing stays of earlier cells" in shown
    assert "debugger" in shown
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "ablate needs --output DIR"),
        (["--modes", "stateful"], "names too few modes"),
        (["--modes", "stateful,stateful"], "names too few modes"),
        (["--modes", "stateful,magic"], "'magic' is no mode; use some of: no-tool,stateless"),
        (["--mode", "stateful"], "--mode"),
    ],
)
def test_bad_input_is_one_line(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = ["--output", str(tmp_path)] if options else []
    assert main([*PLAYED, *output, *options]) == 2
    shown = capsys.readouterr().err
    assert told in shown
    assert shown.count("\n") == 1
