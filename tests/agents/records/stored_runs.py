"""A run as `replgym eval` writes it, played by a script."""

import asyncio
import json
from pathlib import Path

from replgym.agents.evaluation.evaluation import evaluate
from replgym.agents.policies.policy import Completion, PolicyContext, Sampling
from replgym.agents.rollouts.episode_log import EpisodeLog
from replgym.envs import EnvConfig, TaskSet

PICTURE = (
    "import base64\nfrom IPython.display import Image, display\n"
    "display(Image(data=base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWj"
    "R9awAAAABJRU5ErkJggg==')))"
)
CELLS = (
    "v = f(0)\nprint(v)\nv + 1",
    "f(1)\nf(2)",
    "class A: pass\nprint(A())",
    "import time\nprint(time.perf_counter_ns())",
    PICTURE,
    "while True:\n    pass",
    "import os\nprint(v)\nos._exit(3)",
    "print('v' in globals())",
    "submit('def solution(x): return 1')\nprint('never')",
)
MESSAGES = (
    *(f"Thought {n}.\n```python\n{cell}\n```" for n, cell in enumerate(CELLS[:-1], start=1)),
    "no code here",
    f"Done.\n```python\n{CELLS[-1]}\n```",
)


class Script:
    """Writes one message after the other, in every episode."""

    name, template = "script", None

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        turn = sum(message["role"] == "assistant" for message in context.messages)
        return Completion(text=MESSAGES[turn])


def play_run(folder: Path, tasks: int = 2) -> Path:
    """Plays it, and writes its episodes and its record."""
    settings = {"action_format": "fenced", "max_turns": 12, "cell_timeout": 1.0}
    chosen = TaskSet.load("blackbox", split="heldout", levels=(1, 2), size=tasks)
    with EpisodeLog(folder / "episodes.jsonl") as log:
        asyncio.run(evaluate(chosen, Script(), env_config=EnvConfig(**settings), log=log, concurrency=2))
    record = {"name": folder.name, "settings": {"environment": settings}, "command": {"sets": ["blackbox"]}}
    (folder / "run.json").write_text(json.dumps(record))
    return folder
