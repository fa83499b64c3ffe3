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
from process_per_call import ProcessPerCall, ReplayPerCall
from rollout_measure import Job, Play, Voice
from rollout_work import TURNS, Work
from verl.experimental.agent_loop.agent_loop import DictConfigWrap, ToolListWrap
from verl.experimental.agent_loop.tool_agent_loop import ToolAgentLoop
from verl.tools.schemas import OpenAIFunctionToolSchema
from verl.workers.rollout.replica import TokenOutput

from replgym.envs import AsyncInterpreterEnv, EnvConfig
from replgym.tools.python_interpreter import PythonInterpreter
from replgym.tools.tool import openai_schema

_OVERRIDES = (
    "data.max_prompt_length=2048",
    "data.max_response_length=8192",
    "actor_rollout_ref.rollout.multi_turn.enable=true",
    "actor_rollout_ref.rollout.multi_turn.format=hermes",
    f"actor_rollout_ref.rollout.multi_turn.max_assistant_turns={TURNS + 1}",
    "actor_rollout_ref.rollout.multi_turn.max_parallel_calls=1",
    "actor_rollout_ref.rollout.multi_turn.max_tool_response_length=4000",
)


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
