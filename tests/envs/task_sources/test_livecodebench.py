"""LiveCodeBench: releases, windows of dates, public and private tests, methods."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from replgym.envs import TaskSet
from replgym.envs.task_set import UnknownTaskSetError
from replgym.rewards.comparison import FloatText, FloatValue
from replgym.rewards.tests import CallTests, StdioTests

from . import rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files of the repository, with problems of three years."""
    for name, day, number in (
        ("test", "2023-05-07", 1),
        ("test2", "2024-05-18", 2),
        ("test5", "2025-01-11", 5),
    ):
        row = rows.livecodebench() | {"question_id": f"q{number}", "contest_date": f"{day}T00:00:00"}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    return tmp_path


def ids(tasks: TaskSet) -> list[str]:
    return [task.id.removeprefix("livecodebench/") for task in tasks]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["q1", "q2", "q5"]),
        ({"release": "v1"}, ["q1"]),
        ({"release": "release_v2"}, ["q1", "q2"]),
        ({"split": "v4"}, ["q1", "q2"]),
        ({"release": "v6"}, ["q1", "q2", "q5"]),
        ({"start": "2024-05-18"}, ["q2", "q5"]),
        ({"end": "2024-05-18"}, ["q1", "q2"]),
        ({"release": "v5", "start": datetime.date(2024, 8, 1), "end": datetime.date(2025, 2, 1)}, ["q5"]),
        ({"start": "2030-01-01"}, []),
    ],
)
def test_releases_and_windows(folder: Path, options: dict[str, Any], expected: list[str]) -> None:
    tasks = TaskSet.load("livecodebench", path=folder, **options)
    assert ids(tasks) == expected
    assert tasks.bad_rows == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"release": "v9"}, "use one of: v6, v5, v4, v3, v2, v1"),
        ({"start": "May"}, "start is 'May'; it must be a date"),
        ({"end": 2024}, "end is 2024; it must be a date"),
        ({"tests": "secret"}, "use one of: all, private, public"),
        ({"since": "2024-01-01"}, "no option 'since'; use some of: release, start, end, tests"),
    ],
)
def test_unknown_options(folder: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownTaskSetError, match=message):
        TaskSet.load("livecodebench", path=folder, **options)


@pytest.mark.parametrize(
    ("which", "expected"), [("all", ["3\n", "4\n"]), ("public", ["3\n"]), ("private", ["4\n"])]
)
def test_which_tests(folder: Path, which: str, expected: list[str]) -> None:
    (task,) = TaskSet.load("livecodebench", path=folder, release="v1", tests=which)
    assert isinstance(task.tests, StdioTests)
    assert [case.expected for case in task.tests.cases] == expected
    assert task.tests.comparison == FloatText(absolute=0, relative=0)
    assert task.tests.seconds_per_case == 6
    assert task.metadata.date == datetime.date(2023, 5, 7)


def test_method_with_packed_tests(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text(json.dumps(rows.livecodebench_call()))
    (task,) = TaskSet.load("livecodebench", path=tmp_path, release="v1")
    assert isinstance(task.tests, CallTests)
    assert task.tests.entry_point == "Solution().doubleAll"
    assert task.tests.comparison == FloatValue(absolute=0, relative=0)
    assert [case.arguments for case in task.tests.cases] == [([1, 2],), ([],)]


def test_every_line_is_one_argument(tmp_path: Path) -> None:
    tests = [
        {"input": '[1, 2]\n"3"\n{"a": null}', "output": "true", "testtype": "functional"},
        {"input": "", "output": '"[1]"', "testtype": "functional"},
    ]
    row = rows.livecodebench_call() | {"public_test_cases": json.dumps(tests), "private_test_cases": ""}
    (tmp_path / "test.jsonl").write_text(json.dumps(row))
    (task,) = TaskSet.load("livecodebench", path=tmp_path, release="v1")
    assert isinstance(task.tests, CallTests)
    assert task.tests.cases[0].arguments == ([1, 2], "3", {"a": None})
    assert task.tests.cases[0].expected is True
    assert (task.tests.cases[1].arguments, task.tests.cases[1].expected) == ((), "[1]")
