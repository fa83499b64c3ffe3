"""Code Jam's archive: a folder a problem becomes a task, and what cannot be judged is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from replgym.envs import TaskSet
from replgym.envs.task_sources.bad_row import BadRow
from replgym.envs.task_sources.reader import read
from replgym.envs.task_sources.registry import TASK_SOURCES
from replgym.rewards.comparison import FloatText
from replgym.rewards.tests import StdioTests


def problem(folder: Path, about: str) -> Path:
    """A problem in the layout of the archive, with two tests."""
    place = folder / "codejam" / "2099" / "round_x" / "sums"
    for name, given, answer in (("10", "1\n5 5\n", "Case #1: 10\n"), ("9", "1\n1 2\n", "Case #1: 3\n")):
        data = place / "data" / "secret" / "subtask1"
        data.mkdir(parents=True, exist_ok=True)
        (data / f"{name}.in").write_text(given)
        (data / f"{name}.ans").write_text(answer)
    (place / "problem_statement").mkdir()
    page = "<h3>Problem</h3><p>Add <b>a</b> &lt; 10<sup>9</sup> and b<sub>1</sub>.</p><ul><li>one</li></ul>"
    (place / "problem_statement" / "problem.html").write_text(page)
    (place / "problem.yaml").write_text(about)
    return place


def test_problem(tmp_path: Path) -> None:
    problem(
        tmp_path,
        "name: Sums\nsource: Code Jam 2099 - Round X\noutput_validator_flags: float_tolerance 1e-4\n",
    )
    (task,) = TaskSet.load("google-contests", path=tmp_path, split="codejam")
    assert task.id == "google-contests/codejam/2099/round_x/sums"
    assert isinstance(task.tests, StdioTests)
    assert [case.expected for case in task.tests.cases] == ["Case #1: 3\n", "Case #1: 10\n"]
    assert task.tests.comparison == FloatText(absolute=1e-4, relative=1e-4)
    assert "Add a < 10^9 and b_1." in task.prompt
    assert "year:2099" in task.metadata.tags


@pytest.mark.parametrize(
    ("about", "change", "field", "left_out"),
    [
        ("name: Sums\nvalidation: custom\n", None, "validation", True),
        ("name: Sums\n", "data/secret/subtask1/9.ans", "tests[0]", False),
        ("name: Sums\n", "problem_statement/problem.html", "statement", False),
        ("name: Sums\noutput_validator_flags: float_tolerance x\n", None, "output_validator_flags", False),
        ("name: [\n", None, "", False),
        ("- Sums\n", None, "", False),
        ("source: Code Jam\n", None, "name", False),
    ],
)
def test_what_cannot_be_judged(
    tmp_path: Path, about: str, change: str | None, field: str, left_out: bool
) -> None:
    place = problem(tmp_path, about)
    if change is not None:
        (place / change).unlink()
    (bad,) = read(TASK_SOURCES["google-contests"], tmp_path)
    assert isinstance(bad, BadRow)
    assert (bad.field, bad.left_out) == (field, left_out)
    assert "Sums" in bad.excerpt or bad.message


def test_problem_without_tests(tmp_path: Path) -> None:
    place = problem(tmp_path, "name: Sums\n")
    for file in place.rglob("*.in"):
        file.unlink()
    (bad,) = read(TASK_SOURCES["google-contests"], tmp_path)
    assert isinstance(bad, BadRow)
    assert "at least one .in file" in bad.message
