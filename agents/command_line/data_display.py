"""Task sets in the terminal: how a task reads, and what became of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...envs.task import Task
from ...envs.task_sources.bad_row import BadRow
from ...rewards.tests import AssertTests, CallTests, CheckTests, StdioTests, Tests

if TYPE_CHECKING:
    from rich.console import ConsoleRenderable

_MOST_CASES = 5
_MOST_CHARACTERS = 4000


def task_panel(task: Task) -> ConsoleRenderable:
    """A task as a person reads it: statement, tests and reference, long parts cut."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.syntax import Syntax
    from rich.text import Text

    about = task.metadata
    facts = [about.source, about.difficulty, f"{about.time_limit:g} s", *about.tags]
    parts: list[ConsoleRenderable] = [
        Panel(
            Text(_cut(task.prompt)), title=Text(task.id), subtitle=Text(" · ".join(facts)), title_align="left"
        )
    ]
    tests = Syntax(_cut(shown_tests(task.tests)), "python", word_wrap=True)
    parts.append(Panel(tests, title=f"{task.tests.kind} tests", title_align="left"))
    if task.reference is not None:
        reference = Syntax(_cut(task.reference), "python", word_wrap=True)
        parts.append(Panel(reference, title="reference", title_align="left"))
    return Group(*parts)


def shown_tests(tests: Tests) -> str:
    """Tests as text, the first few of them."""
    match tests:
        case StdioTests():
            head = [f"# {tests.language}, compared as {tests.comparison.kind}"]
            cases = [f"input:  {case.stdin!r}\noutput: {case.expected!r}" for case in tests.cases]
        case CallTests():
            head = [f"# compared as {tests.comparison.kind}"]
            cases = [
                f"{tests.entry_point}({', '.join(map(repr, case.arguments))}) == {case.expected!r}"
                for case in tests.cases
            ]
        case AssertTests():
            head, cases = [tests.setup] if tests.setup else [], list(tests.statements)
        case CheckTests():
            return f"# check({tests.entry_point})\n{tests.source.strip()}"
        case _:
            return tests.source.strip()
    left = len(cases) - _MOST_CASES
    return "\n".join([*head, *cases[:_MOST_CASES], *([f"# and {left} more"] if left > 0 else [])])


def bad_row_panel(bad: BadRow) -> ConsoleRenderable:
    """A row that is no task, and why."""
    from rich.panel import Panel
    from rich.text import Text

    return Panel(Text(f"{bad.message}\n\n{_cut(bad.excerpt)}"), title=Text(f"{bad.file}, row {bad.row}"))


def told_counts(report: Mapping[str, Any]) -> list[str]:
    """What became of the rows of every set, one line each."""
    return [
        f"{label}: " + ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counts.items())
        for label, counts in report["sets"].items()
    ]


def _cut(text: str) -> str:
    left = len(text) - _MOST_CHARACTERS
    return text if left <= 0 else f"{text[:_MOST_CHARACTERS]}\n… {left} more characters"
