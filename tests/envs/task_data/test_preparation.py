"""From sets to parquet: what is written is read back by all who train on it, what is not is accounted for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from replgym.envs import Task, TaskMetadata, TaskSet
from replgym.envs.black_box import make_task
from replgym.envs.hidden_world import Family
from replgym.envs.task_data.preparation import Preparation, PreparationOptions
from replgym.envs.task_data.prompt_style import PromptStyle
from replgym.envs.task_data.set_choice import SetChoice, SetChoiceError
from replgym.envs.task_data.task_spool import TaskSpool
from replgym.envs.task_data.verl_rows import GroundTruth
from replgym.envs.task_sources.raw_row import RawRow
from replgym.envs.task_sources.task_files import task_of_verl_row
from replgym.rewards import (
    AssertTests,
    CallCase,
    CallTests,
    CheckTests,
    PytestTests,
    StdioCase,
    StdioTests,
    UnittestTests,
)
from replgym.rewards.comparison import FloatText, SpecialJudge
from replgym.rewards.tests import Tests


def task(name: str, tests: Tests | None = None, prompt: str | None = None) -> Task:
    return Task(
        id=name,
        prompt=prompt or f"Task {name}: print a number that is {name}.",
        tests=tests or StdioTests(cases=(StdioCase(stdin="\x00 \ud7ff", expected=name),)),
        metadata=TaskMetadata(source="toy", difficulty="easy", tags=("a", "b")),
        reference="print(1)",
        wrong=("print(0)",),
    )


def written(path: Path, tasks: Sequence[Task]) -> SetChoice:
    path.write_text("".join(each.model_dump_json() + "\n" for each in tasks))
    return SetChoice.parse(str(path))


def prepared(folder: Path, *sets: SetChoice, **options: Any) -> tuple[dict[str, Any], list[str]]:
    report = Preparation(folder, PreparationOptions(**options), agent_name="loop").run(sets)
    return report, [row["extra_info"]["task_id"] for row in rows_of(folder / "train.parquet")]


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


KINDS = [
    task("stdio"),
    task("float", StdioTests(cases=(StdioCase(stdin="", expected="1"),), comparison=FloatText())),
    task(
        "special", StdioTests(cases=(StdioCase(stdin="", expected="1"),), comparison=SpecialJudge(source="x"))
    ),
    task("call", CallTests(entry_point="f", cases=(CallCase(arguments=([1, None],), expected={"a": 1.5}),))),
    task("huge", CallTests(entry_point="f", cases=(CallCase(arguments=(10**4000,), expected=0),))),
    task(
        "check", CheckTests(entry_point="f", source="def check(c):\n    assert c(1)", context="import math")
    ),
    task("assert", AssertTests(statements=("assert f(1)", "assert f(2)"), setup="x = 1")),
    task("pytest", PytestTests(source="from solution import f")),
    task("unittest", UnittestTests(source="import unittest", module="m")),
]


@pytest.mark.parametrize("form", GroundTruth)
def test_every_kind_of_task_comes_back_from_its_row(form: GroundTruth, tmp_path: Path) -> None:
    world = make_task(Family.LINEAR, (2, 3))
    tasks = [*KINDS, world]
    report, names = prepared(tmp_path / "out", written(tmp_path / "t.jsonl", tasks), ground_truth=form)
    rows = rows_of(tmp_path / "out" / "train.parquet")
    by_name = {each.id: each for each in tasks}
    for row in rows:
        back = task_of_verl_row(RawRow(row))
        assert back == by_name[back.id].model_copy(update={"reference": None, "wrong": ()})
        assert isinstance(json.loads(row["reward_model"]["ground_truth"]), dict)
    left_out = {line["id"] for line in lines_of(tmp_path / "out" / "dropped.jsonl")}
    assert {*names} | left_out == {*by_name}
    expected = (
        {"float", "special", "call", "huge", "unittest", world.id} if form is GroundTruth.CODE_R1 else set()
    )
    assert left_out == expected
    assert report["written"] == {"train": len(names), "test": 0}
    loaded = TaskSet.load("tasks", path=tmp_path / "out" / "train.parquet")
    assert [each.id for each in loaded] == names


def test_rows_have_the_columns_that_verl_reads(tmp_path: Path) -> None:
    prepared(tmp_path / "out", written(tmp_path / "t.jsonl", KINDS[:1]))
    (row,) = rows_of(tmp_path / "out" / "train.parquet")
    assert row["data_source"] == "toy"
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    assert (row["ability"], row["agent_name"], row["reward_model"]["style"]) == ("code", "loop", "rule")
    assert {key: row["extra_info"][key] for key in ("index", "split", "difficulty", "task_id")} == {
        "index": 0,
        "split": "train",
        "difficulty": "easy",
        "task_id": "stdio",
    }
    whole = json.dumps(row)
    assert "print(1)" not in whole, "the reference must not reach a trainer"
    assert "print(0)" not in whole


@pytest.mark.parametrize("style", PromptStyle)
def test_prompts_have_the_style_that_was_asked_for(style: PromptStyle, tmp_path: Path) -> None:
    prepared(tmp_path / "out", written(tmp_path / "t.jsonl", KINDS[:1]), prompts=style)
    (row,) = rows_of(tmp_path / "out" / "train.parquet")
    told = " ".join(message["content"] for message in row["prompt"])
    assert KINDS[0].prompt in told
    assert ('"python_interpreter"' in told) == (style is PromptStyle.TOOLS)
    assert ("<answer>" in told) == (style in (PromptStyle.THINK, PromptStyle.CODE_R1, PromptStyle.VERL_SQA))


def test_all_that_is_left_out_is_accounted_for(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"tests": 3}\nnothing\n')
    leaked = "the quick brown fox jumps over the lazy dog while it rains in the old town"
    against = written(tmp_path / "eval.jsonl", [task("e", prompt=f"Evaluate. {leaked}")])
    test = written(tmp_path / "test.jsonl", [task("t", prompt="A test prompt.")])
    train = written(tmp_path / "train.jsonl", [
        task("a"), task("a", prompt="other"), task("b", prompt="a TEST  prompt."),
        task("c", prompt=f"Train. {leaked}"), task("d"),
    ])  # fmt: skip
    preparation = Preparation(tmp_path / "out", PreparationOptions(), agent_name="loop")
    report = preparation.run([train, SetChoice.parse(str(tmp_path / "bad.jsonl"))], [test], [against])
    assert report["sets"] == {
        "test.jsonl": {"tasks": 1, "kept": 1},
        "train.jsonl": {"tasks": 5, "kept": 2, "same_id": 1, "duplicate": 1, "contaminated": 1},
        "bad.jsonl": {"bad_rows": 2},
    }
    assert report["written"] == {"train": 2, "test": 1}
    assert report == json.loads((tmp_path / "out" / "report.json").read_text())
    dropped = {line["id"]: line for line in lines_of(tmp_path / "out" / "dropped.jsonl")}
    assert (dropped["b"]["reason"], dropped["b"]["of"]) == ("duplicate", "t")
    assert (dropped["c"]["of"], dropped["c"]["shared"][:15]) == ("e", "the quick brown")
    bad = lines_of(tmp_path / "out" / "bad_rows.jsonl")
    assert [(line["file"], line["row"], line["field"]) for line in bad] == [
        ("bad.jsonl", 1, "tests"),
        ("bad.jsonl", 2, ""),
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "bad_rows.jsonl", "dropped.jsonl", "report.json", "test.parquet", "train.parquet"
    ]  # fmt: skip


def test_files_keep_their_order_as_a_curriculum(tmp_path: Path) -> None:
    easy, hard = ([task(f"{level}{number}") for number in range(20)] for level in ("easy", "hard"))
    sets = [written(tmp_path / "1.jsonl", easy), written(tmp_path / "0.jsonl", hard)]
    ordered = [each.id for each in (*easy, *hard)]
    assert prepared(tmp_path / "a", *sets)[1] == ordered
    sampled = prepared(tmp_path / "b", *sets, sample=10)[1]
    assert sampled == [name for name in ordered if name in sampled]
    assert len(sampled) == 10
    assert prepared(tmp_path / "c", *sets, sample=10)[1] == sampled
    assert prepared(tmp_path / "d", *sets, sample=10, seed=1)[1] != sampled
    shuffled = prepared(tmp_path / "e", *sets, shuffle=True)[1]
    assert shuffled != ordered
    assert sorted(shuffled) == sorted(ordered)


def test_a_share_can_be_drawn_for_testing(tmp_path: Path) -> None:
    tasks = [task(f"n{number}") for number in range(30)]
    _, train = prepared(tmp_path / "out", written(tmp_path / "t.jsonl", tasks), test_size=10)
    test = [row["extra_info"]["task_id"] for row in rows_of(tmp_path / "out" / "test.parquet")]
    assert (len(train), len(test)) == (20, 10)
    assert {*train} | {*test} == {each.id for each in tasks}
    folder = TaskSet.load("tasks", path=tmp_path / "out", split="test")
    assert [each.id for each in folder] == test


def test_tests_are_capped_for_good(tmp_path: Path) -> None:
    cases = tuple(StdioCase(stdin=str(number), expected=str(number)) for number in range(50))
    choice = written(tmp_path / "t.jsonl", [task("many", StdioTests(cases=cases))])
    kept = []
    for folder in ("a", "b"):
        report, _ = prepared(tmp_path / folder, choice, max_tests=5)
        assert report["sets"]["t.jsonl"]["capped"] == 1
        (row,) = rows_of(tmp_path / folder / "train.parquet")
        kept.append(task_of_verl_row(RawRow(row)).tests)
    assert kept[0] == kept[1]
    assert isinstance(kept[0], StdioTests)
    assert len(kept[0].cases) == 5


def test_sets_are_named_as_a_person_types_them(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text("")
    assert SetChoice.parse("leetcode:v2-rl=/data").label == "leetcode:v2-rl"
    assert SetChoice.parse("leetcode:v2-rl=/data").path == Path("/data")
    assert SetChoice.parse("gsm8k").label == "gsm8k:train"
    assert SetChoice.parse(str(file)).label == "mine.jsonl"
    with pytest.raises(
        SetChoiceError, match=r"'nothing' is no file and no task set; use NAME\[:SPLIT\]\[=PATH\]"
    ):
        SetChoice.parse("nothing")


def test_a_spool_gives_tasks_back_by_number(tmp_path: Path) -> None:
    with TaskSpool(tmp_path) as spool:
        for each in KINDS:
            spool.append(each)
        assert len(spool) == len(KINDS)
        assert spool[5] == KINDS[5]
        spool.append(KINDS[0])
        assert list(spool) == [*KINDS, KINDS[0]]
    spool.close()
    assert not list(tmp_path.iterdir())
