"""What every trainer of the benchmark is given: the same tasks, and a small model that knows its lines.

An episode has three messages with a cell and one with a program, which is right or wrong by chance, and
equally long. So whoever plays has the same tokens, calls and grades, and still something to learn from.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from replgym.agents.policies.policy import Completion, PolicyContext, Sampling
from replgym.agents.rollouts.rollout import rollout
from replgym.agents.tiny_model import TinyModelConfig, make_model, save, train_tokenizer
from replgym.agents.tokens.branch import Branch
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.envs.task import Task, TaskMetadata
from replgym.kernels.kernel_pool import KernelPool
from replgym.rewards.judge import Judge
from replgym.rewards.tests import StdioCase, StdioTests
from replgym.tools.tool_mode import ToolMode

TOOL = "python_interpreter"
_CELL = """import math, time
values = [math.sqrt(i + {turn}) for i in range(200)]
time.sleep({wait})
print("turn {turn}:", round(sum(values), 3))"""
_TURNS = 3
EXTRACTION = "last-block"
TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'tool' %}"
    "<|im_start|>user\n<tool_response>\n{{ message['content'] }}\n</tool_response><|im_end|>\n"
    "{% else %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] or '' }}"
    "{% for call in message['tool_calls'] or [] %}"
    "<tool_call>\n{{ call['function'] | tojson }}\n</tool_call>"
    "{% endfor %}<|im_end|>\n"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""Qwen's form of calls and outputs; the system message tells of tools, in the same words to everyone."""
_PROMPT = "Task {number}. Read two numbers from the input, and print one number that depends on both of them."
_PROSE = "I look at some values first, to see that they are as expected, and then go on with the next ones."
_PROGRAM = "```python\na, b = map(int, input().split())\nprint(a {sign} b)\n```"
SIZE = TinyModelConfig(vocabulary=590)
_RATE, _BATCH = 3e-3, 4
"""Of what the model learns its lines with."""


@dataclass(frozen=True, slots=True)
class Given:
    """Where the work lies, and how much of it a step has."""

    model: str
    """Folder of the model and its tokenizer."""
    tasks: int
    """In a step."""
    samples: int
    """Episodes of a task."""
    steps: int
    wait: float
    """Seconds of every cell, beside a millisecond of work."""
    learning_rate: float = 1e-5
    temperature: float = 0.5
    max_prompt_tokens: int = 512
    max_response_tokens: int = 768
    max_message_tokens: int = 128


def env_config(mode: ToolMode) -> EnvConfig:
    """The environment of a mode."""
    return EnvConfig(
        mode=mode,
        tools=(TOOL,),
        action_format="hermes",
        code_extraction=EXTRACTION,
        backend="fork",
        max_turns=_TURNS + 3,
    )


def task(number: int) -> Task:
    """One of the tasks, which differ in their number alone."""
    case = StdioCase(stdin="19 23\n", expected="42\n")
    return Task(
        id=f"train-step/{number}",
        prompt=_PROMPT.format(number=number),
        tests=StdioTests(cases=(case,)),
        metadata=TaskMetadata(source="benchmark"),
    )


def lines(sign: str, wait: float) -> tuple[str, ...]:
    """What is said in one episode; with `+` its program is right. Every cell waits so many seconds."""
    cells = (_CELL.format(turn=turn, wait=wait) for turn in range(1, _TURNS + 1))
    calls = (json.dumps({"name": TOOL, "arguments": {"code": cell}}) for cell in cells)
    return (*(f"{_PROSE}\n<tool_call>\n{call}\n</tool_call>" for call in calls), _PROGRAM.format(sign=sign))


def tokenizer(wait: float) -> Any:
    """A tokenizer that writes these texts about as densely as a coder model's."""
    prompts = [
        message["content"]
        for mode in (ToolMode.STATELESS, ToolMode.STATEFUL)
        for message in AsyncInterpreterEnv(env_config(mode)).messages_for(task(0))
    ]
    made = train_tokenizer([*prompts, *lines("+", wait), *lines("-", wait)] * 4, SIZE.vocabulary)
    made.chat_template = TEMPLATE
    return made


class _Scripted:
    """A token-exact policy that says its lines."""

    name = "scripted"

    def __init__(self, template: ChatTemplate, said: Iterable[str]) -> None:
        self.template = template
        self._left = iter(said)

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        text = next(self._left)
        ids = (*self.template.encode(text), self.template.end_of_turn)
        return Completion(text=text, token_ids=ids, logprobs=(0.0,) * len(ids))


async def demonstrations(count: int, spoken: Any, wait: float) -> list[Branch]:
    """Episodes of all tasks in both modes with both answers, played through the environment.

    Args:
        count: Tasks.
        spoken: The tokenizer.
        wait: Seconds that every cell waits.
    """
    template = ChatTemplate(spoken)

    async def play(config: EnvConfig, pool: KernelPool, judge: Judge, number: int, sign: str) -> list[Branch]:
        async with AsyncInterpreterEnv(config, pool=pool, judge=judge) as env:
            episode = await rollout(env, _Scripted(template, lines(sign, wait)), task=task(number))
        if episode.solved != (sign == "+"):
            raise RuntimeError(f"{episode.task_id}: {episode.stop} {episode.failure_message}")
        return list(episode.branches)

    played: list[Branch] = []
    for mode in (ToolMode.STATELESS, ToolMode.STATEFUL):
        config = env_config(mode)
        async with config.make_judge() as judge, config.make_pool(size=2 * count, warm=2) as pool:
            all_of_them = [
                play(config, pool, judge, number, sign) for number in range(count) for sign in "+-"
            ]
            played += chain.from_iterable(await asyncio.gather(*all_of_them))
    return played


def fit(model: Any, played: Sequence[Branch], updates: int, seed: int) -> float:
    """Has the model learn what is said in the episodes; returns the last loss."""
    import torch

    draw, loss = random.Random(seed), torch.zeros(())
    optimiser = torch.optim.AdamW(model.parameters(), lr=_RATE, betas=(0.9, 0.95), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=updates)
    model.train()
    for _ in range(updates):
        rows = draw.sample(played, _BATCH)
        ids = [torch.tensor([*row.prompt_ids, *row.response_ids]) for row in rows]
        labels = [
            torch.tensor([*(-100 for _ in row.prompt_ids), *_labels(row.response_ids, row.response_mask)])
            for row in rows
        ]
        pad = torch.nn.utils.rnn.pad_sequence
        loss = model(
            input_ids=pad(ids, batch_first=True), labels=pad(labels, batch_first=True, padding_value=-100)
        ).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    model.eval()
    return float(loss.detach())


def _labels(ids: Sequence[int], mask: Sequence[int]) -> list[int]:
    return [number if learnt else -100 for number, learnt in zip(ids, mask, strict=True)]


async def write_model(folder: Path, tasks: int, updates: int, wait: float) -> float:
    """Makes the model and its tokenizer; returns the last loss."""
    spoken = tokenizer(wait)
    played = await demonstrations(tasks, spoken, wait)
    model = make_model(SIZE, spoken, seed=0)
    loss = fit(model, played, updates, seed=0)
    save(model, spoken, folder)
    return loss
