"""`replgym train` without a run: the list of presets, and what a run would be."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from replgym.agents.training.train_config import TrainConfig
from replgym.agents.verl_runs.verl_schema import compose_verl
from replgym.cli import main


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_presets_are_listed_with_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = {name: told.strip() for name, _, told in (line.partition("  ") for line in lines)}
    assert listed.keys() == TrainConfig.presets().keys()
    assert listed["dapo"].startswith("DAPO: clip-higher")
    assert all(len(line) <= 150 for line in lines)


def test_a_dry_run_prints_a_command_that_verl_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["name=mine", "optimiser.learning_rate=2.0e-6", "verl.trainer.project_name=a b"]
    assert main(["train", "--config", "xcoder_rl_qwen3", "--dry-run", *settings]) == 0
    told, _, command = capsys.readouterr().out.partition("\n\n")
    assert "machines   2 x 8 (cuda), engine sglang" in told
    assert "steps      5 pass(es) over the tasks" in told
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:3] == ["python", "-m", "verl.trainer.main_ppo"]
    made = compose_verl(words[3:])
    assert (made.trainer.experiment_name, made.trainer.project_name) == ("mine", "a b")
    assert made.actor_rollout_ref.actor.optim.lr == 2e-6
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("verl.trainer.savefreq=3", "nearest: trainer.save_freq"),
        ("verl.reward_model.enable=true", "never read by verl 0.9.1"),
        ("verl.algorithm.adv_estimator=nonsense", "'nonsense' is not allowed: use one of: grpo"),
    ],
)
@pytest.mark.parametrize("option", [[], ["--dry-run"]])
def test_wrong_keys_of_verl_are_one_line_before_anything_starts(
    setting: str, told: str, option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *option, setting]) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert list(tmp_path.iterdir()) == []
