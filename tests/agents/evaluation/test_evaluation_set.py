import json
from pathlib import Path

import pytest

from replgym.agents.evaluation.evaluation_set import EvaluationSet
from replgym.agents.usage_error import UsageError
from replgym.envs.task_data.set_choice import SetChoiceError
from replgym.envs.task_set import UnknownTaskSetError


def contest(name: str, date: str, difficulty: str = "easy") -> dict:
    return {
        "question_id": name,
        "question_content": "Print the sum of two numbers.",
        "platform": "atcoder",
        "contest_date": f"{date}T00:00:00",
        "difficulty": difficulty,
        "starter_code": "",
        "public_test_cases": json.dumps([{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]),
        "private_test_cases": "",
        "metadata": "{}",
    }


@pytest.fixture
def contests(tmp_path: Path) -> Path:
    rows = [contest("a", "2024-08-11"), contest("b", "2024-10-05"), contest("c", "2025-01-20")]
    (tmp_path / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def ids(chosen: EvaluationSet) -> list[str]:
    return [task.id for task in chosen.tasks]


def test_options_are_written_after_the_name(contests: Path) -> None:
    chosen = EvaluationSet.load(f"livecodebench:v6,start=2024-09-01,end=2024-12-31,path={contests}")
    assert (chosen.label, ids(chosen)) == (
        "livecodebench:v6,end=2024-12-31,start=2024-09-01",
        ["livecodebench/b"],
    )
    assert len(EvaluationSet.load(f"livecodebench={contests}").tasks) == 3
    assert EvaluationSet.load(f"livecodebench,path={contests}", limit=2).label == "livecodebench"


def test_several_values_are_one_option() -> None:
    chosen = EvaluationSet.load("blackbox,levels=1,2,split=train", limit=6, seed=3)
    assert chosen.label == "blackbox,levels=1,2,split=train"
    assert {name.split("/")[1] for name in ids(chosen)} == {"1", "2"}
    assert len(EvaluationSet.load("blackbox,levels=1").tasks) == 100


def test_a_file_of_tasks_is_named_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine,v=2.jsonl"
    path.write_text(EvaluationSet.load("humaneval").tasks[3].model_dump_json())
    chosen = EvaluationSet.load(str(path))
    assert (chosen.label, ids(chosen)) == ("mine,v=2.jsonl", ["HumanEval/3"])


def test_a_draw_depends_on_the_seed_alone() -> None:
    first = EvaluationSet.load("humaneval", limit=9, seed=1, shuffle=True)
    assert ids(first) == ids(EvaluationSet.load("humaneval", limit=9, seed=1, shuffle=True))
    assert ids(first) != ids(EvaluationSet.load("humaneval", limit=9, seed=2, shuffle=True))
    assert ids(EvaluationSet.load("humaneval", limit=2)) == ["HumanEval/0", "HumanEval/1"]


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("humanevil", SetChoiceError, "humaneval"),
        ("/no/file.jsonl", SetChoiceError, "is no file"),
        ("humaneval,first", UsageError, "'first' is no option"),
        ("livecodebench,begin=2024-01-01,path=.", UnknownTaskSetError, "'begin'"),
        ("bigcodebench,mode=both,path=.", UnknownTaskSetError, "complete"),
        ("humaneval:train", UnknownTaskSetError, "'train'"),
    ],
)
def test_what_cannot_be_chosen_is_named(text: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        EvaluationSet.load(text)
