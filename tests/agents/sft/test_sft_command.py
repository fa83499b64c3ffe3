"""`replgym sft` without a run: its presets, what a run would be, and what keeps one from starting."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from replgym.agents.sft.sft_config import SftConfig
from replgym.agents.verl_runs.verl_schema import SFT, compose_verl
from replgym.cli import main
from replgym.envs.task_sources.conversation import Conversation, write_conversations

MESSAGES = [{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "2"}]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> str:
    write_conversations(
        [Conversation.model_validate({"id": "1", "source": "mine", "messages": MESSAGES})],
        tmp_path / "mine.parquet",
    )
    return "data.files=[mine.parquet]"


def test_presets_are_listed_with_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sft", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == SftConfig.presets().keys()
    assert any("X-Coder's supervised stage" in line for line in lines)


def test_a_dry_run_prints_a_command_that_verl_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--config", "sft_xcoder_qwen25", "--rendezvous", "node0:29500", "--node-rank", "3"]
    assert main(["sft", *asked, "--dry-run", "verl.trainer.project_name=a b"]) == 0
    told, _, command = capsys.readouterr().out.partition("\n\n")
    assert "machines   8 x 8 (cuda)" in told
    assert "steps      8 pass(es) over the samples" in told
    words = shlex.split(command.replace("\\\n", " "))
    start = words.index("verl.trainer.sft_trainer") + 1
    assert words[: start - 1] == [
        *("python", "-m", "torch.distributed.run", "--nnodes=8", "--node-rank=3", "--nproc-per-node=8"),
        *("--master-addr=node0", "--master-port=29500", "-m"),
    ]
    made = compose_verl(words[start:], SFT)
    assert (made.trainer.experiment_name, made.trainer.project_name) == ("sft_xcoder_qwen25", "a b")
    assert made.data.train_batch_size == 128
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", [[], ["--dry-run"]])
def test_wrong_keys_of_verl_are_one_line_before_anything_starts(
    option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sft", *option, "verl.trainer.savefreq=3"]) == 2
    printed = capsys.readouterr()
    assert "nearest: trainer.save_freq" in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_knows_supervised_runs_by_preset_and_by_file(
    data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text("extends: sft_cpu\nname: mine\n")
    for config, name in (("sft_cpu", "sft_cpu"), ("mine.yaml", "mine")):
        assert main(["doctor", "--config", config, data]) == 0
        said = capsys.readouterr().out
        for word in ("verl", "model", "memory", "disk", "data", f"{name}: ready"):
            assert word in said
    gpus = ["platform=cuda", "model.path=Qwen/Qwen2.5-Coder-7B-Instruct", "cluster.gpus_per_node=64"]
    batch = ["optimiser.batch_size=64"]
    assert main(["doctor", "--config", "sft_cpu", "--json", data, *gpus, *batch]) == 2
    found = {finding["check"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert (found["GPUs"]["status"], found["GPUs"]["need"]) == ("error", "64")
    assert found["GPU memory"]["need"].startswith("update ")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (None, "mine.jsonl is not there"),
        ("", "mine.jsonl holds no rows"),
        ('{"prompt": "a", "answer": "b"}\n', "mine.jsonl, row 1: messages"),
    ],
)
def test_a_run_whose_data_cannot_be_used_does_not_start(
    rows: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if rows is not None:
        (tmp_path / "mine.jsonl").write_text(rows)
    asked = ["data.files=[mine.jsonl]", "name=lost"]
    assert main(["sft", *asked]) == 2
    said = capsys.readouterr().err.splitlines()
    assert told in " ".join(said)
    last = "replgym: the run would fail: data; all checks: replgym doctor --config sft_cpu "
    assert said[-1] == last + shlex.join(asked)
    assert not (tmp_path / "runs").exists()


def test_rows_that_cannot_be_used_are_told_where_others_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.jsonl").write_text(f'{json.dumps({"messages": MESSAGES})}\n{{"messages": 3}}\n')
    assert main(["doctor", "--config", "sft_cpu", "data.files=[mine.jsonl]"]) == 0
    assert "1 of the first 2 rows cannot be used" in " ".join(capsys.readouterr().out.split())
