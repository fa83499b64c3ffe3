"""What the episodes of the rollout benchmark say and run: messages as token ids, drawn by a seed.

Every episode has four turns with a cell each, and a short answer at the end. Cells need no earlier cell, so
that a tool without a state can run them too.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass
from typing import Any

from replgym.agents.tiny_model import train_tokenizer
from replgym.envs.task import Task, TaskMetadata
from replgym.rewards.tests import StdioCase, StdioTests

TURNS = 4
TOOL = "python_interpreter"
_WAITING, _COMPUTING = 0.27, 0.03
"""Shares of cells; the others take a millisecond."""
_COMPUTING_SECONDS = 0.05
_MEAN_TOKENS, _SPREAD, _MOST_TOKENS = 128, 0.8, 1024
"""Of a message with a cell: log-normal, with the spread of the logarithm."""
_PROSE = (
    "We look at the first values, compare them with what the formula gives, and then correct the difference. "
)
_ANSWER = "The sum is as expected, so the answer stands."
_CELL = """import math, time
values = [math.sqrt(i + {number}) for i in range(200)]
{work}
print("turn {turn}:", round(sum(values), 3))
"""
_WAIT = "time.sleep({seconds:.3f})"
_COMPUTE = "end = time.process_time() + {seconds}\nwhile time.process_time() < end: sum(values)"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the model."""

    ids: tuple[int, ...]
    cell_seconds: float
    """What its cell takes where nothing else is in the way: its waiting, or its computing."""


@dataclass(frozen=True, slots=True)
class Script:
    """All that the model says in one episode."""

    task: Task
    messages: tuple[Message, ...]


class Work:
    """The episodes of one run.

    Args:
        episodes: How many.
        seed: Draws lengths of messages and kinds of cells.
    """

    def __init__(self, episodes: int, seed: int) -> None:
        self.tokenizer = tokenizer()
        self._draw = random.Random(seed)
        self._prose: list[int] = self.tokenizer.encode(_PROSE, add_special_tokens=False)
        self.scripts = [self._script(number) for number in range(episodes)]

    def facts(self) -> dict[str, float]:
        """What was drawn."""
        messages = [message for script in self.scripts for message in script.messages]
        cells = [message for script in self.scripts for message in script.messages[:TURNS]]
        return {
            "episodes": len(self.scripts),
            "tokens per message": sum(len(message.ids) for message in messages) / len(messages),
            "longest message": max(len(message.ids) for message in messages),
            "seconds per cell": sum(cell.cell_seconds for cell in cells) / len(cells),
            "longest cell": max(cell.cell_seconds for cell in cells),
            "share of cells that wait": sum(cell.cell_seconds > _COMPUTING_SECONDS for cell in cells)
            / len(cells),
            "share of cells that compute": sum(c.cell_seconds == _COMPUTING_SECONDS for c in cells)
            / len(cells),
        }

    def _script(self, number: int) -> Script:
        prompt = f"Task {number}. " + 4 * _PROSE
        tests = StdioTests(cases=(StdioCase(stdin="", expected=""),))
        task = Task(
            id=f"rollout/{number}", prompt=prompt, tests=tests, metadata=TaskMetadata(source="benchmark")
        )
        answer = Message(
            (*self.tokenizer.encode(_ANSWER, add_special_tokens=False), self.tokenizer.eos_token_id), 0
        )
        return Script(task, (*(self._message(number, turn) for turn in range(TURNS)), answer))

    def _message(self, number: int, turn: int) -> Message:
        kind = self._draw.random()
        seconds, work = 0.0, "values.reverse()"
        if kind < _WAITING:
            seconds = self._draw.uniform(0.1, 1.0)
            work = _WAIT.format(seconds=seconds)
        elif kind < _WAITING + _COMPUTING:
            seconds = _COMPUTING_SECONDS
            work = _COMPUTE.format(seconds=seconds)
        code = _CELL.format(number=number, turn=turn + 1, work=work)
        call = f"<tool_call>\n{json.dumps({'name': TOOL, 'arguments': {'code': code}})}\n</tool_call>"
        ids = self.tokenizer.encode(call, add_special_tokens=False)
        drawn = self._draw.lognormvariate(math.log(_MEAN_TOKENS) - _SPREAD**2 / 2, _SPREAD)
        prose = max(min(int(drawn), _MOST_TOKENS) - len(ids) - 1, 0)
        said = (self._prose * (prose // len(self._prose) + 1))[:prose]
        return Message((*said, *ids, self.tokenizer.eos_token_id), seconds)


def tokenizer() -> Any:
    """A tokenizer with ChatML template that writes the work's texts about as densely as a coder model's."""
    cells = [
        json.dumps({"name": TOOL, "arguments": {"code": _CELL.format(number=n, turn=1, work=work)}})
        for n in range(4)
        for work in ("values.reverse()", _WAIT.format(seconds=0.25), _COMPUTE.format(seconds=0.05))
    ]
    return train_tokenizer(
        [_PROSE, _ANSWER, *(f"<tool_call>\n{cell}\n</tool_call>" for cell in cells)] * 4, 1024
    )
