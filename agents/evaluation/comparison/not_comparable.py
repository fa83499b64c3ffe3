"""Which runs may be compared: the same tasks, seeds and budgets; policy, tools and protocol may differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...rollouts.task_place import TaskPlace
from ...usage_error import UsageError
from ..evaluated_run import EvaluatedRun
from ..run_record import StoredTask
from ..settings_change import SettingsChange, settings_changes

_MAY_DIFFER = (
    "policy.",
    "prompt",
    "environment.mode",
    "environment.tools",
    "environment.action_format",
    "environment.calls_per_message",
    "environment.code_extraction",
    "environment.rubric",
)
"""What is compared, and what follows from it."""
_TOLD = 4


class NotComparableError(UsageError):
    """The runs differ in more than what is compared."""


def check_comparable(first: EvaluatedRun, second: EvaluatedRun) -> None:
    """Sees to it that a difference between two runs means something.

    Raises:
        NotComparableError: If tasks or settings differ that must not, with what differs.
    """
    faults = _task_faults(first.tasks, second.tasks)
    changes = changes_between(first, second)
    faults += [str(change) for change in changes if not change.path.startswith(_MAY_DIFFER)]
    if faults:
        more = f"; and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
        raise NotComparableError(
            f"{first.name} and {second.name} cannot be compared: {'; '.join(faults[:_TOLD])}{more}; "
            "evaluate both alike, or add --force to compare the tasks that they share"
        )


def changes_between(first: EvaluatedRun, second: EvaluatedRun) -> Sequence[SettingsChange]:
    """All settings that differ."""
    return settings_changes(first.record.settings, second.record.settings)


def _task_faults(first: Mapping[TaskPlace, StoredTask], second: Mapping[TaskPlace, StoredTask]) -> list[str]:
    shared = first.keys() & second.keys()
    changed = [place for place in shared if first[place].digest != second[place].digest]
    told = {
        f"{len(first.keys() - shared)} tasks only in the first, such as {_example(first, shared)}": len(
            first.keys() - shared
        ),
        f"{len(second.keys() - shared)} tasks only in the second, such as {_example(second, shared)}": len(
            second.keys() - shared
        ),
        f"{len(changed)} tasks have other texts or tests, such as {min(changed).id if changed else ''}": len(
            changed
        ),
    }
    return [line for line, count in told.items() if count]


def _example(tasks: Mapping[TaskPlace, StoredTask], shared: set[TaskPlace]) -> str:
    only = min(tasks.keys() - shared, default=TaskPlace("", ""))
    return f"{only.id} of {only.set}"
