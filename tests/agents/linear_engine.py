"""A model of three cells and no more: it solves linear black-box tasks over a scripted engine, in token ids.

When it is told that the interpreter's variables are lost, it starts anew, as a good model would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from replgym.agents.engines import FleetLimits, ScriptedEngine
from replgym.agents.policies.sglang_policy import SGLangPolicy
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.envs import EnvConfig
from replgym.envs.task_set import TaskSet

from ..engines.small_world import END, QUICK, VOCABULARY, template

ENV = EnvConfig(action_format="fenced", max_turns=16)
TASKS = TaskSet.load("blackbox", split="heldout", levels=(1,), size=90).filter(
    lambda task: "a*x + b" in task.prompt
)
CELLS = ("b = f(0)", "a = f(1) - b", 'submit(f"def solution(x): return {a} * x + {b}")')
_LOST = "variables are lost]"


def script_of(*first: str) -> Callable[[tuple[int, ...], int], Sequence[int]]:
    """What the engine answers: these cells, each once, then those that solve the task."""
    chat: ChatTemplate = template()

    def answer(prompt: tuple[int, ...], number: int) -> Sequence[int]:
        told = chat.decode(prompt)
        since = told.rpartition(_LOST)[2]
        cells = [cell for cell in first if cell not in told] or [
            cell for cell in CELLS if cell == CELLS[-1] or cell not in since
        ]
        return (*chat.encode(f"```python\n{cells[0]}\n```"), END)

    return answer


def linear_engine(*first: str, **options: Any) -> ScriptedEngine:
    """The server; `first` are cells to run before the others."""
    return ScriptedEngine(script_of(*first), vocabulary=VOCABULARY, end_of_turn=END, **options)


def policy_over(*engines: ScriptedEngine, limits: FleetLimits = QUICK) -> SGLangPolicy:
    """A policy of these servers."""
    return SGLangPolicy(template(), [each.url for each in engines], name="linear", limits=limits)
