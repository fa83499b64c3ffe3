"""The same work by TRL's `GRPOTrainer`: a job on standard input, what it gave on the last line of the output.

It runs in TRL's environment. TRL calls a function for the tool; here either one that starts a Python
process, or one that runs the cell in a fresh interpreter of this project.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import trl
from datasets import Dataset
from train_step_notes import Note
from train_step_work import EXTRACTION, Given, env_config, task
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl.chat_template_utils import add_response_schema

from replgym.envs import AsyncInterpreterEnv
from replgym.envs.loop_thread import LoopThread
from replgym.kernels.kernel_pool import KernelPool
from replgym.rewards.code_extraction import extract_code
from replgym.rewards.judge import Judge
from replgym.tools.tool_mode import ToolMode

_CALL_SECONDS, _GRADE_SECONDS = 30.0, 30.0


class NotingTrainer(trl.GRPOTrainer):  # type: ignore[misc]
    """As it is, with notes of messages and of seconds."""

    def __init__(self, *args: Any, notes: Path, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._notes = notes
        self._first = True
        self.update: dict[int, float] = {}

    def _generate(self, prompts: list[Any]) -> Any:
        self._first = True
        return super()._generate(prompts)

    def _generate_single_turn(self, prompt_ids: list[list[int]], *rest: Any, **named: Any) -> Any:
        begin = time.monotonic()
        made = super()._generate_single_turn(prompt_ids, *rest, **named)
        end = time.monotonic()
        for prompt, ids in zip(prompt_ids, made[0], strict=True):
            Note(self._now, begin, end, len(prompt), len(ids), self._first).write(self._notes)
        self._first = False
        return made

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        """Counts all but the episodes."""
        begin = time.monotonic()
        made = super().training_step(*args, **kwargs)
        self.spent(time.monotonic() - begin)
        return made

    def _prepare_inputs(self, batch: Any) -> Any:
        begin = time.monotonic()
        made = super()._prepare_inputs(batch)
        self.spent(begin - time.monotonic())
        return made

    def spent(self, seconds: float) -> None:
        """Adds to the update of this step."""
        self.update[self._now] = self.update.get(self._now, 0.0) + seconds

    @property
    def _now(self) -> int:
        return int(self.state.global_step) + 1


class _Optimiser(TrainerCallback):  # type: ignore[misc]
    """Counts the optimiser into the update."""

    def __init__(self) -> None:
        self.trainer: NotingTrainer | None = None
        self._begin = 0.0

    def on_pre_optimizer_step(self, *_: Any, **__: Any) -> None:
        self._begin = time.monotonic()

    def on_optimizer_step(self, *_: Any, **__: Any) -> None:
        assert self.trainer is not None
        self.trainer.spent(time.monotonic() - self._begin)


def process_per_call(python: str) -> Callable[[str], str]:
    """The tool that starts a process."""

    def python_interpreter(code: str) -> str:
        """Runs a Python cell in a fresh interpreter and returns what it printed.

        Args:
            code: Python source of the cell
        """
        done = subprocess.run(
            [python, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_CALL_SECONDS,
            check=False,
        )
        return done.stdout.rstrip("\n")

    return python_interpreter


def pooled(loop: LoopThread, pool: KernelPool) -> Callable[[str], str]:
    """The tool that takes an interpreter of this project."""

    async def run(code: str) -> str:
        async with pool.acquire() as kernel:
            return (await kernel.execute(code, timeout=_CALL_SECONDS)).text(4000)

    def python_interpreter(code: str) -> str:
        """Runs a Python cell in a fresh interpreter and returns what it printed.

        Args:
            code: Python source of the cell
        """
        return loop.run(run(code))

    return python_interpreter


def judged(loop: LoopThread, judge: Judge) -> Callable[..., list[float]]:
    """The reward: programs graded beside each other."""

    async def one(number: int, text: str) -> float:
        source = extract_code(EXTRACTION, text)
        if source is None:
            return 0.0
        return float((await judge.grade(task(number).tests, source, time_limit=_GRADE_SECONDS)).passed)

    async def every(numbers: list[int], texts: list[str]) -> list[float]:
        return list(await asyncio.gather(*map(one, numbers, texts)))

    def reward(completions: list[Any], number: list[int], **_: Any) -> list[float]:
        return loop.run(every(number, [completion[-1]["content"] or "" for completion in completions]))

    return reward


def _settings(given: Given, folder: Path) -> Any:
    return trl.GRPOConfig(
        output_dir=str(folder),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        per_device_train_batch_size=given.tasks * given.samples,
        num_generations=given.samples,
        max_steps=given.steps,
        max_completion_length=given.max_response_tokens,
        temperature=given.temperature,
        learning_rate=given.learning_rate,
        lr_scheduler_type="constant",
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )


def _tokenizer(model: str) -> Any:
    """The model's own, with the form of its calls as TRL knows it from Qwen."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    own = tokenizer.chat_template
    tokenizer.chat_template = (Path(trl.__file__).parent / "chat_templates" / "qwen2_5.jinja").read_text()
    tokenizer = add_response_schema(tokenizer)
    tokenizer.chat_template = own
    return tokenizer


def _rows(given: Given) -> Dataset:
    env = AsyncInterpreterEnv(env_config(ToolMode.STATELESS))
    tasks = [(number, task(number)) for number in range(given.tasks)]
    return Dataset.from_list(
        [{"prompt": [dict(m) for m in env.messages_for(each)], "number": number} for number, each in tasks]
    )


def main() -> None:
    """Does one job."""
    job = json.loads(sys.stdin.readline())
    given, folder = Given(**job["given"]), Path(job["folder"])
    torch.set_num_threads(1)
    config, loop = env_config(ToolMode.STATELESS), LoopThread()
    pool, judge = config.make_pool(size=given.tasks * given.samples, warm=4), config.make_judge(training=True)
    callback = _Optimiser()
    trainer = NotingTrainer(
        model=AutoModelForCausalLM.from_pretrained(given.model),
        args=_settings(given, folder),
        reward_funcs=judged(loop, judge),
        train_dataset=_rows(given),
        processing_class=_tokenizer(given.model),
        tools=[pooled(loop, pool) if job["pooled"] else process_per_call(job["python"])],
        callbacks=[callback],
        notes=folder / "notes.jsonl",
    )
    callback.trainer = trainer
    try:
        trainer.train()
    finally:
        loop.finish(_closed(pool, judge))
    rewards = {entry["step"]: entry["reward"] for entry in trainer.state.log_history if "reward" in entry}
    told = {"update": trainer.update, "reward": rewards, "version": trl.__version__}
    sys.stdout.write(f"\n{json.dumps(told)}\n")


async def _closed(pool: KernelPool, judge: Judge) -> None:
    await pool.close()
    await judge.close()


if __name__ == "__main__":
    main()
