"""`replgym data` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet
import pytest

from replgym.cli import main

PROBLEM = {
    "id": "toy/1",
    "format": "stdin_stdout",
    "prompt": "Print the sum.",
    "io_tests": [{"input": "1 2\n", "output": "3\n"}, {"input": "4 5\n", "output": "9\n"}],
    "solution": "print(sum(map(int, input().split())))",
}
WRONG = {
    **PROBLEM,
    "id": "toy/2",
    "prompt": "Print 7.",
    "io_tests": [{"input": "", "output": "7"}],
    "solution": "print(8)",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "problems.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in (PROBLEM, WRONG, {**PROBLEM, "id": 3})) + "\n")
    return path


def run(*arguments: object, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["data", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_list_names_every_set(capsys: pytest.CaptureFixture[str]) -> None:
    told = run("list", capsys=capsys)
    for name in ("humaneval", "mbpp+", "leetcode", "code-r1", "reasoning-gym", "tasks"):
        assert f" {name} " in told


def test_show_renders_tasks_and_bad_rows(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run("show", file, capsys=capsys)
    for part in ("toy/1", "Print the sum.", "stdio tests", "'1 2\\n'", "reference", "30 s"):
        assert part in told
    assert "Print 7." in run("show", file, "--id", "toy/2", capsys=capsys)
    assert "id is 3; it must be a text" in run("show", file, "--index", 2, capsys=capsys)
    assert "check(has_close_elements)" in run("show", "humaneval", capsys=capsys)


def test_labels_are_shown_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing in a name is read as markup, or as the name of a picture such as that of a train."""
    (tmp_path / "train.jsonl").write_text(json.dumps({"question": "What is 3 + 4?", "answer": "#### 7"}))
    told = run("prepare", f"gsm8k:train={tmp_path}", "--output", tmp_path / "[red]", capsys=capsys)
    assert "gsm8k:train: 1 tasks" in told
    assert "[red]" in told


def test_validate_writes_bad_tasks_and_rows_and_resumes(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "checked"
    told = run("validate", file, "--output", out, "--mutants", 2, capsys=capsys)
    assert "1 of 2 references pass; 0 of 4 wrong programs pass (false positives 0.00 %)" in told
    assert "1 bad tasks; 1 bad rows; 0 failures of the machine" in told
    (bad,) = map(json.loads, (out / "problems-all.bad_tasks.jsonl").read_text().splitlines())
    assert (bad["id"], bad["reference"]) == ("toy/2", False)
    (row,) = map(json.loads, (out / "problems-all.bad_rows.jsonl").read_text().splitlines())
    assert (row["row"], row["field"]) == (3, "id")
    assert json.loads((out / "problems-all.summary.json").read_text())["false_positive_rate"] == 0.0
    log = out / "problems-all.jsonl"
    before = log.read_text()
    assert run("validate", file, "--output", out, "--mutants", 2, capsys=capsys) == told
    assert log.read_text() == before
    log.write_text(before.replace('"reference":true', '"reference":false'))
    assert "0 of 2 references" in run("validate", file, "--output", out, capsys=capsys)
    assert "1 of 2 references" in run("validate", file, "--output", out, "--restart", capsys=capsys)


def test_prepare_writes_what_passes(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "prepared"
    command = [
        "prepare",
        file,
        "--output",
        out,
        "--verify",
        "--prompts",
        "plain",
        "--near",
        0.9,
        "--against",
        "humaneval",
    ]
    told = run(*command, capsys=capsys)
    assert "problems.jsonl: 2 tasks, 2 kept, 1 bad rows" in told
    assert "Written: 1 training and 0 test tasks" in told
    rows = pyarrow.parquet.read_table(out / "train.parquet").to_pylist()
    assert {row["agent_name"] for row in rows} == {"single_turn_agent"}
    assert "toy/2" not in {row["extra_info"]["task_id"] for row in rows}
    checked = [json.loads(line) for line in (out / "verified.jsonl").read_text().splitlines()]
    assert sorted(check["reference"] for check in checked) == [False, True]


BAD_INPUT = [
    (["data", "show", "nothing"], ["'nothing' is no file and no task set", "humaneval"]),
    (["data", "show", "humaneval:dev"], ["split 'dev' is unknown", "test"]),
    (["data", "show", "humaneval", "--id", "HumanEval/999"], ["no task with id 'HumanEval/999'"]),
    (["data", "show", "exercism"], ["'exercism' needs a path", "git clone"]),
    (["data", "show", "gsm8k=/nothing"], ["/nothing", "no such file"]),
    (["data", "show", "reasoning-gym", "--option", 'datasets="chess"'], ["'chess'", "countdown"]),
    (["data", "prepare", "humaneval"], ["--output"]),
    (["data", "prepare", "humaneval", "--output", "x", "--near", "0.1"], ["'0.1'", "between 0.5 and 1"]),
    (["data", "prepare", "humaneval", "--output", "x", "--option", "size"], ["'size'", "KEY=VALUE"]),
    (["data", "validate", "humaneval", "--tasks", "0"], ["'0'", "at least 1"]),
]


@pytest.mark.parametrize(("arguments", "told"), BAD_INPUT, ids=[" ".join(case[0]) for case in BAD_INPUT])
def test_bad_input_is_one_line(
    arguments: list[str], told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    for text in told:
        assert text in err
