"""A peer: verl's stock `ToolAgentLoop` with a tool that starts a Python process per call, as ReTool's does.

Without its worker, so neither the making of the loop by hydra nor the padding of tensors counts against it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hydra import compose, initialize_config_module
from rollout_measure import Job, Play, Voice
from rollout_work import TURNS, Work
from verl.experimental.agent_loop.agent_loop import DictConfigWrap, ToolListWrap
from verl.experimental.agent_loop.tool_agent_loop import ToolAgentLoop
from verl.tools.base_tool import BaseTool
from verl.tools.schemas import OpenAIFunctionToolSchema, ToolResponse
from verl.workers.rollout.replica import TokenOutput

from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.tools.python_interpreter import PythonInterpreter
from replgym.tools.tool import openai_schema

_CALL_SECONDS, _CALLS = 30.0, 128
"""The longest call, and the most at once, as ReTool's configuration has them."""
_HIDDEN = (
    "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n    exec({!r}, globals())\n"
)
_OVERRIDES = (
    "data.max_prompt_length=2048",
    "data.max_response_length=8192",
    "actor_rollout_ref.rollout.multi_turn.enable=true",
    "actor_rollout_ref.rollout.multi_turn.format=hermes",
    f"actor_rollout_ref.rollout.multi_turn.max_assistant_turns={TURNS + 1}",
    "actor_rollout_ref.rollout.multi_turn.max_parallel_calls=1",
    "actor_rollout_ref.rollout.multi_turn.max_tool_response_length=4000",
)


class ProcessPerCall(BaseTool):  # type: ignore[misc]
    """Runs each cell as a program of its own; nothing stays from call to call."""

    def __init__(self, config: dict[str, Any], tool_schema: OpenAIFunctionToolSchema) -> None:
        super().__init__(config, tool_schema)
        self._calls = asyncio.Semaphore(_CALLS)

    async def execute(
        self, instance_id: str, parameters: dict[str, Any], **about: Any
    ) -> tuple[ToolResponse, float, dict[str, Any]]:
        """Runs one cell."""
        async with self._calls:
            output = await _run(self.program(parameters["code"], **about))
        return ToolResponse(text=output), 0.0, {}

    def program(self, code: str, **_: Any) -> str:
        """The cell alone."""
        return code


async def _run(program: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(_CALL_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    return output.decode(errors="replace")


class ReplayPerCall(ProcessPerCall):
    """Runs all earlier cells again, out of sight, before each cell: the state of an episode is kept."""

    def program(self, code: str, **about: Any) -> str:
        """The cell after those of the episode so far."""
        fields = about["agent_data"].extra_fields
        earlier = "\n".join(fields.setdefault("cells", []))
        fields["cells"].append(code)
        return (_HIDDEN.format(earlier) if earlier else "") + code


class VoiceServer:
    """What verl hands to an agent loop, for one episode."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def generate(self, request_id: str, *, prompt_ids: list[int], **_: Any) -> TokenOutput:
        """Waits for the engine."""
        message = await self._voice.next()
        return TokenOutput(
            token_ids=list(message.ids), log_probs=[-0.5] * len(message.ids), stop_reason="completed"
        )


@asynccontextmanager
async def stateless(job: Job, work: Work) -> AsyncIterator[Play]:
    """A process for each call, which knows of no other call."""
    yield _player(work, ProcessPerCall)


@asynccontextmanager
async def replayed(job: Job, work: Work) -> AsyncIterator[Play]:
    """A process for each call, which runs the earlier cells first."""
    yield _player(work, ReplayPerCall)


def _player(work: Work, kind: type[ProcessPerCall]) -> Play:
    if sys.version_info < (3, 12):  # as later versions do by themselves; before, each process takes a thread
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)
    with initialize_config_module("verl.trainer.config", version_base=None):
        config = compose("ppo_trainer", list(_OVERRIDES))
    schema = OpenAIFunctionToolSchema.model_validate(openai_schema(PythonInterpreter()))
    tools = ToolListWrap([kind({}, schema)])
    env = AsyncInterpreterEnv(EnvConfig(backend="fork", action_format="hermes"))

    async def one(voice: Voice) -> None:
        voice.begin()
        loop = ToolAgentLoop(
            trainer_config=DictConfigWrap(config),
            server_manager=VoiceServer(voice),
            tokenizer=work.tokenizer,
            processor=None,
            dataset_cls=None,
            data_config=DictConfigWrap(config.data),
            hf_model_type="qwen2",
            tools=tools,
        )
        messages = [dict(message) for message in env.messages_for(voice.script.task)]
        made = await loop.run({"temperature": 1.0}, raw_prompt=messages)
        said = work.tokenizer.decode(made.response_ids)
        if said.count("turn") < TURNS or f"turn {TURNS}: " not in said:
            raise RuntimeError(f"a cell of {voice.script.task.id} did not run: {said[-400:]}")
        voice.end()

    async def play(voices: Sequence[Voice]) -> None:
        await asyncio.gather(*map(one, voices))

    return play
