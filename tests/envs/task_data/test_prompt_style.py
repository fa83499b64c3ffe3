"""Every style asks for the task in words that the reward rules of its recipe understand."""

from __future__ import annotations

import pytest

from replgym.envs import TaskSet
from replgym.envs.task import Task
from replgym.envs.task_data.prompt_style import PromptStyle, first_messages


@pytest.fixture(scope="module")
def task() -> Task:
    return TaskSet.load("blackbox", size=1)[0]


@pytest.mark.parametrize(
    ("style", "roles", "wanted"),
    [
        (PromptStyle.TOOLS, ["system", "user"], ["python_interpreter"]),
        (PromptStyle.THINK, ["system", "user"], ["<think>", "</answer>"]),
        (PromptStyle.CODE_R1, ["system", "user"], ["<think>", "</answer>", "markdown code block"]),
        (PromptStyle.VERL_SQA, ["user"], ["<think> </think>", "<answer> </answer>"]),
        (PromptStyle.PLAIN, ["system", "user"], ["```python"]),
    ],
)
def test_style(task: Task, style: PromptStyle, roles: list[str], wanted: list[str]) -> None:
    messages = first_messages(task, style)
    assert [message["role"] for message in messages] == roles
    assert messages[-1]["content"].endswith(task.prompt)
    told = "".join(message["content"] for message in messages)
    assert all(word in told for word in wanted)


def test_every_style_is_tested() -> None:
    (marks,) = [mark for mark in test_style.pytestmark if mark.name == "parametrize"]  # type: ignore[attr-defined]
    assert {case[0] for case in marks.args[1]} == set(PromptStyle)
