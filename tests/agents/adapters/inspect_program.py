"""Plays samples of every kind in one process that has inspect; prints what came of them as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

import psutil
from inspect_ai import Task, eval_async
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.model import ChatMessage, Model, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import bash, python
from inspect_ai.util import SandboxEnvironmentSpec

from replgym.agents.adapters.inspect import (
    InterpreterSettings,
    debugger,
    pyinterp,
    python_interpreter,
    submit,
)
from replgym.agents.adapters.inspect.workshop import Workshop

Said = str | tuple[str, dict[str, Any]]
CELLS = (
    "b = f(0)\nprint('b', b)",
    "a = f(1) - b\nprint('a', a)",
    "submit(f'def solution(x): return {a} * x + {b}')",
)
WRONG = ("submit", {"source": "def solution(x): return None"})
BROKEN = {"backend_options": {"setup": "raise RuntimeError('no disk')"}, "acquire_timeout": 20.0}
SLEEP = "import time\ntime.sleep(600)"


def cell(code: str) -> Said:
    return "python_interpreter", {"code": code}


def model(*script: Said) -> Model:
    """Says one thing after the other, to every sample, and then the last one for ever."""

    def says(messages: list[ChatMessage], *_: Any) -> ModelOutput:
        said = script[min(sum(each.role == "assistant" for each in messages), len(script) - 1)]
        if isinstance(said, str):
            output = ModelOutput.from_content("mockllm/model", said)
        else:
            output = ModelOutput.for_tool_call("mockllm/model", *said)
        output.usage = ModelUsage(input_tokens=5, output_tokens=7, total_tokens=12)
        return output

    return get_model("mockllm/model", custom_outputs=says, memoize=False)


async def play(task: Task, *script: Said, **options: Any) -> EvalLog:
    """Evaluates, and reads the log back from its file."""
    (log,) = await eval_async(task, model=model(*script), log_dir=sys.argv[1], **options)
    return read_eval_log(log.location)


def told(log: EvalLog) -> dict[str, Any]:
    """The log of one sample."""
    (sample,) = log.samples or [None]
    found = {"status": log.status, "open": len(Workshop._open)}
    if log.results and log.results.scores:
        metrics = log.results.scores[0].metrics
        found["metrics"] = {name: each.value for name, each in metrics.items()}
    return found | (told_sample(sample) if sample is not None else {})


def told_sample(sample: EvalSample) -> dict[str, Any]:
    score = (sample.scores or {}).get("hidden_tests")
    return {
        "score": score.model_dump() if score else None,
        "error": sample.error.message if sample.error else None,
        "retries": len(sample.error_retries or ()),
        "limit": sample.limit.type if sample.limit else None,
        "metadata": sample.metadata,
        "messages": [(message.role, message.text) for message in sample.messages],
        "errors": [each.error.message for each in sample.messages if each.role == "tool" and each.error],
        "submission": sample.store.get("EpisodeRecord:submission"),
    }


async def cancelled(settings: dict[str, Any]) -> dict[str, int]:
    """Cancels an evaluation while a cell runs."""
    playing = asyncio.create_task(play(pyinterp(**settings), cell(SLEEP)))
    while not any(each.pool.stats().acquired for each in Workshop._open.values()):
        await asyncio.sleep(0.01)
    during = len(psutil.Process().children(recursive=True))
    playing.cancel()
    await asyncio.wait([playing])
    return {"during": during, "open": len(Workshop._open)}


def free(*, solver: Sequence[Any]) -> Task:
    """A task of somebody else's, over our sandbox."""
    sample = Sample(input="Look.", target="done", files={"given.txt": "hello"})
    spec = SandboxEnvironmentSpec("replgym", InterpreterSettings(settings={"cell_timeout": 1.0}))
    return Task(dataset=[sample], solver=list(solver), scorer=includes(), sandbox=spec)


async def main(settings: dict[str, Any]) -> dict[str, Any]:
    solved = await play(pyinterp(**settings), *map(cell, CELLS))
    again = solved.eval.sandbox
    found = {
        "solve": told(solved),
        "settings": again.config.settings if again else None,
        "wrong": told(await play(pyinterp(**settings), WRONG)),
        "no-tool": told(await play(pyinterp(mode="no-tool", **settings), cell("1 + 1"), WRONG)),
        "stateless": told(await play(pyinterp(mode="stateless", **settings), *map(cell, CELLS[:2]), WRONG)),
        "debugger": told(
            await play(
                pyinterp(mode="debugger", **settings),
                ("debugger", {"program": "a = 1\nb = a / 0", "command": "run\nprint a"}),
                WRONG,
            )
        ),
        "talk": told(await play(pyinterp(**settings), "I think.")),
        "turns": told(await play(pyinterp(**settings), cell("1"))),
        "messages": told(await play(pyinterp(**settings), cell("1"), message_limit=4)),
        "seconds": told(await play(pyinterp(**settings | {"cell_timeout": 60.0}), cell(SLEEP), time_limit=3)),
        "broken": told(await play(pyinterp(**settings | BROKEN), cell("1"), retry_on_error=1)),
        "tools": told(await play(free(solver=[use_tools(*TOOLS), generate()]), *FREE)),
        "cancelled": await cancelled(settings | {"cell_timeout": 60.0}),
    }
    return found | {"left": [each.name() for each in psutil.Process().children(recursive=True)]}


TOOLS = (python_interpreter(), debugger(), submit(), bash(), python())
FREE: tuple[Said, ...] = (
    cell("import os\nsaid = open('given.txt').read()\nos.chdir('/tmp')"),
    cell("while True: pass"),
    cell("print(said)\nopen(os.environ['HOME'] + '/made.txt', 'w').write('made')"),
    ("bash", {"command": "cat made.txt"}),
    ("python", {"code": "print(6 * 7)"}),
    cell("answer = input('which? ')"),
    ("bash", {"command": "kill -9 $$"}),
    ("debugger", {"program": "a = 1\nprint(a)", "command": "start"}),
    ("debugger", {"command": "next"}),
    ("submit", {"source": "pass"}),
    "done",
)

if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(json.loads(sys.argv[2])))))
