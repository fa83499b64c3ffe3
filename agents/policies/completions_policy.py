"""A policy that hands in completions from a file: scores what was sampled elsewhere.

The file is what the harnesses of HumanEval and EvalPlus read: JSON lines with `task_id`, and `solution` (a
whole program) or `completion` (what follows the prompt's code). Lines of one task are its samples, in order.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from ...envs.task import Task
from ...envs.task_sources.humaneval import INSTRUCTION
from ...tools.formats.action_parser import ActionParser
from ...tools.tool_call import ToolCall
from ..usage_error import UsageError
from .policy import PolicyError
from .scripted_policy import ScriptedPolicy


class StoredCompletion(BaseModel):
    """One line."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task_id: str
    completion: str | None = None
    solution: str | None = None

    def program(self, task: Task) -> str:
        """What is handed in; a completion continues the code of the prompt, where the prompt is code."""
        if self.solution is not None:
            return self.solution
        code = task.prompt.removeprefix(f"{INSTRUCTION}\n\n")
        return (code if code != task.prompt else "") + (self.completion or "")


class CompletionsPolicy:
    """Gives each sample a policy of its own."""

    def __init__(self, completions: Sequence[StoredCompletion], parser: ActionParser, name: str) -> None:
        self._parser = parser
        self._name = name
        self._samples: defaultdict[str, list[StoredCompletion]] = defaultdict(list)
        for each in completions:
            self._samples[each.task_id].append(each)

    @classmethod
    def load(cls, path: Path, parser: ActionParser) -> Self:
        """Reads a file.

        Raises:
            UsageError: If it cannot be read, with the line.
        """
        completions = []
        try:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if line.strip():
                    completions.append(_parsed(path, number, line))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--policy completions:{path}: {error}; give a file of JSON lines") from error
        return cls(completions, parser, path.stem)

    @property
    def name(self) -> str:
        """What reports call this policy: the name of the file."""
        return self._name

    def for_task(self, task: Task, sample: int) -> ScriptedPolicy:
        """A policy that submits this sample in its first message.

        Raises:
            PolicyError: If the file has no such sample.
        """
        samples = self._samples.get(task.id, ())
        if sample >= len(samples):
            raise PolicyError(
                f"{self._name} has {len(samples)} completions of task {task.id!r}, but sample {sample + 1} "
                "was asked for; lower -k or -n"
            )
        call = ToolCall("submit", {"source": samples[sample].program(task)})
        return ScriptedPolicy([self._parser.render_call(call)], name=self.name)


def _parsed(path: Path, number: int, line: str) -> StoredCompletion:
    try:
        found = StoredCompletion.model_validate(json.loads(line))
    except (ValidationError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"--policy completions:{path}, line {number}: {reason}") from error
    if found.completion is None and found.solution is None:
        raise UsageError(f"--policy completions:{path}, line {number}: it needs 'completion' or 'solution'")
    return found
