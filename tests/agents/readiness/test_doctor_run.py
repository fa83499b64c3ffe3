"""`replgym doctor --config` and the same checks at the start of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from replgym.cli import main

GPUS = (
    "platform=cuda",
    "rollout.engine=sglang",
    "evaluation.greedy=false",
    "cluster.gpus_per_node=72",
    "model.path=Qwen/Qwen2.5-Coder-7B-Instruct",
)


def test_the_default_run_is_ready_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--config", "multiturn_cpu", "--runs", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for word in ("verl", "model", "memory", "disk", "cores", "tasks", "interpreters", "multiturn_cpu: ready"):
        assert word in said
    assert max(map(len, said.splitlines())) <= 100


def test_a_run_that_would_fail_is_told_with_fixes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--config", "multiturn_cpu", *GPUS]) == 2
    said = capsys.readouterr().out
    assert "error    GPUs" in said
    assert "needed: 72" in said
    assert "multiturn_cpu: not ready" in said


def test_it_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--config", "multiturn_cpu", *GPUS, "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert (told["config"], told["ready"]) == ("multiturn_cpu", False)
    found = {finding["check"]: finding for finding in told["findings"]}
    assert found["GPUs"]["status"] == "error"
    assert {"check", "status", "value", "need", "fix"} == found["GPUs"].keys()


def test_settings_need_a_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "seed=1"]) == 2
    assert "'seed=1' needs --config" in capsys.readouterr().err


def test_a_run_that_would_fail_does_not_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = tmp_path / "runs"
    asked = ["model.path=./none", "name=lost"]
    assert main(["train", "--runs", str(runs), *asked]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("error    model")
    last = "replgym: the run would fail: model; all checks: replgym doctor --config multiturn_cpu "
    assert said[-1] == last + " ".join(asked)
    assert not runs.exists()
