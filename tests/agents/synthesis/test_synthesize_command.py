"""`replgym data synthesize` against an endpoint that plays its author."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from replgym.cli import main
from replgym.envs.task import Task
from replgym.envs.task_set import TaskSet
from replgym.rewards.tests import CallTests, StdioTests

from .scripted_author import PAIRS, PROBLEMS, RIGHT_SUM, SPOILT, SUM, WRONG_PAIRS, WRONG_SUM, Author

STYLES = {"pairs": "leetcode"}
SIZES = ["--solutions", 5, "--inputs", 4, "--min-tests", 4, "--seconds", 20, "--temperature", 0]


@pytest.fixture
def author() -> Iterator[Author]:
    author = Author()
    with author.server.serving():
        yield author


def features(folder: Path, names: list[str]) -> Path:
    rows = [
        {"features": [name], "mandatory_features": [name], "idx": 1, "style": STYLES.get(name, "codeforces")}
        for name in names
    ]
    path = folder / "features.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def synthesize(author: Author, out: Path, *more: object) -> int:
    where = ["--model", "m", "--base-url", author.server.url, "--output", out]
    return main(["data", "synthesize", *map(str, [*where, *SIZES, *more])])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_from_features_to_training_data(
    author: Author, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made"
    assert synthesize(author, out, "--features", features(tmp_path, list(PROBLEMS))) == 0
    told = capsys.readouterr().out
    assert "5 seeds, 3 questions, 15 solutions, 12 of them usable" in told
    assert "set aside, question: 1 duplicate" in told

    _check_tasks(*TaskSet.load("tasks", path=out / "tasks.jsonl"))
    _check_lines(out)

    assert main(["data", "validate", str(out / "tasks.jsonl"), "--output", str(tmp_path / "checked")]) == 0
    told = capsys.readouterr().out
    assert "2 of 2 references pass; 0 of" in told
    prepare = ["data", "prepare", str(out / "tasks.jsonl"), "--output", str(tmp_path / "rows"), "--verify"]
    assert main(prepare) == 0
    rows = pyarrow.parquet.read_table(tmp_path / "rows" / "train.parquet").to_pylist()
    assert [row["data_source"] for row in rows] == ["synthetic", "synthetic"]


def _check_tasks(sums: Task, pairs: Task) -> None:
    assert (sums.prompt, pairs.prompt) == (SUM, PAIRS)
    assert isinstance(sums.tests, StdioTests)
    expected = {case.stdin: case.expected for case in sums.tests.cases}
    assert expected["3\n1 2 3\n"] == "6"
    assert expected["2\n-1 -2\n"] == "-3"  # the wrong solution's 3 is out-voted
    assert len(expected) == 7  # four listed and three generated ones
    assert (sums.reference, sums.wrong) == (f"{RIGHT_SUM}\n", (f"{WRONG_SUM}\n",))
    assert (sums.metadata.source, sums.metadata.difficulty) == ("synthetic", "medium")
    assert {"codeforces", "sum", "pass_rate=0.50"} < set(sums.metadata.tags)
    assert isinstance(pairs.tests, CallTests)
    assert pairs.tests.entry_point == "pairs"
    assert pairs.tests.cases[0].arguments == ([1, 2, 3],)
    assert pairs.tests.cases[0].expected == [[1, 2], [2, 3]]
    assert pairs.wrong == (f"{WRONG_PAIRS}\n",)
    assert pairs.metadata.difficulty == "easy"


def _check_lines(out: Path) -> None:
    rejected = {(row["stage"], row["reason"]) for row in lines(out / "rejected.jsonl")}
    assert rejected == {
        ("seed", "malformed"),
        ("question", "duplicate"),
        ("solution", "not_one_program"),
        ("solution", "no_entry_point"),
        ("solution", "syntax"),
        ("inputs", "generator_failed"),
        ("label", "tie"),
        ("task", "few_tests"),
    }
    evidence, _ = lines(out / "evidence.jsonl")
    assert evidence["pass_sequence"] == [True, False, True, False]
    assert (evidence["solutions"], evidence["golden"], evidence["verifier"]) == (4, 0, "m")
    assert evidence["agreements"] == [0.75, 1.0, 0.75, 0.75, 0.75, 1.0, 0.75]  # generated, listed, in turn
    assert evidence["passed"] == [1.0, round(2 / 7, 4), 1.0, 1.0]
    conversations = lines(out / "sft.jsonl")
    assert [row["id"].rpartition("#")[2] for row in conversations] == ["0", "1", "0", "1"]
    assert conversations[1]["messages"][-1]["content"].startswith("<think>")


def test_questions_that_make_no_task(author: Author, tmp_path: Path) -> None:
    given = ["--features", features(tmp_path, list(SPOILT)), "--solutions", 4, "--tries", 1]
    out = tmp_path / "out"
    assert synthesize(author, out, *given) == 0
    assert lines(out / "tasks.jsonl") == []
    rejected = {(row["stage"], row["reason"], row["message"]) for row in lines(out / "rejected.jsonl")}
    assert {
        ("task", "same_output", "all 13 labels are 'yes'"),
        ("task", "few_solutions", "1 solutions pass the filters, not 2"),
        ("inputs", "malformed", "it needs exactly one block, of python or json"),
        ("task", "few_tests", "0 inputs have a label, not 4"),
        ("task", "no_golden", "the best solution agrees with 83 % of the labels"),
    } <= rejected

    assert synthesize(author, out, *given, "--resume", "--min-golden", 0.8) == 0
    (task,) = lines(out / "tasks.jsonl")
    assert [case["stdin"] for case in task["tests"]["cases"]] == ["7", "4", "8", "5", "6"]
    assert len(task["wrong"]) == 3
    dropped = [row for row in lines(out / "rejected.jsonl") if row["reason"] == "golden_disagrees"]
    assert [(row["stage"], row["excerpt"]) for row in dropped] == [("label", "3")]


def test_given_questions_without_tries(
    author: Author, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"question": SUM}, {"question": SUM.upper()}, {"question": PAIRS, "entry_point": "pairs"}, {}]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    out = tmp_path / "out"
    assert synthesize(author, out, "--questions", path, "--tries", 0, "--source", "mine") == 0
    told = capsys.readouterr().out
    assert "0 seeds, 2 questions, 10 solutions" in told
    assert "1 bad rows" in told
    sums, pairs = lines(out / "tasks.jsonl")
    assert sums["metadata"]["source"] == "mine"
    assert {sums["metadata"]["difficulty"], pairs["metadata"]["difficulty"]} == {"unknown"}
    assert [row["pass_rate"] for row in lines(out / "evidence.jsonl")] == [None, None]
    assert [row["field"] for row in lines(out / "bad_rows.jsonl")] == ["question"]
    assert json.loads((out / "settings.json").read_text())["min_agreement"] == 0.5


BAD_INPUT = [
    ([], "one of the arguments --features --questions is required"),
    (["--features", "none.yaml"], "--features none.yaml: there is no such file"),
    (["--questions", "none.jsonl"], "'none.jsonl' is no file and no task set"),
    (
        ["--questions", "humaneval", "--solutions", 1],
        "--solutions: Input should be greater than or equal to 2",
    ),
    (["--questions", "humaneval", "--generators", 0, "--lists", 0], "generators and lists are both 0"),
    (["--questions", "humaneval", "--min-tests", 99], "min_tests is 99, more than max_tests, which is 24"),
    (["--questions", "humaneval", "--mandatory", 5], "--mandatory 5: give 0 to --features-per-task 4"),
    (["--questions", "humaneval", "--max-cost", 1], "--max-cost needs --price-in or --price-out"),
    (["--questions", "humaneval", "--tries", 0, "--easiest-first"], "give --tries at least 1"),
    (["--questions", "humaneval", "--against", "none"], "'none' is no file and no task set"),
    (["--questions", "humaneval", "--verify-model", "other"], "does not serve model 'other'"),
]


@pytest.mark.parametrize(
    ("given", "message"), BAD_INPUT, ids=[" ".join(map(str, case[0])) for case in BAD_INPUT]
)
def test_bad_input_is_one_line(
    author: Author,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: list[object],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    where = ["--model", "m", "--base-url", author.server.url, "--output", "out"]
    assert main(["data", "synthesize", *map(str, [*where, *given])]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
    assert not Path("out").exists()
