"""`PyInterp-v0` for verifiers: a task set, the environment that answers its messages, and a harness.

The environment is the user of verifiers' conversation: each message goes to an `AsyncInterpreterEnv`, what
its cells print comes back as the next message, and the judge's reward is recorded once, at the end. Every
model call goes through verifiers' own client, which records text and tokens. What breaks on this side is an
error of the episode, never a reward of 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import verifiers.v1 as vf
from pydantic import Field
from verifiers.v1.dialects.chat import message_to_wire

from ...envs.async_interpreter_env import AsyncInterpreterEnv, EndReason, StepResult
from ...envs.env_config import EnvConfig
from ...envs.task import Task
from ...rewards import TokenFacts
from ...tools.formats.native_calls import NativeCall, with_calls
from ..policies.native_tools import native_messages

__all__ = ["PyInterpEnv", "PyInterpHarness", "PyInterpTaskset", "load_environment"]

PLUGIN = "PyInterp-v0"
"""The id by which verifiers finds this module."""


class PyInterpData(vf.TaskData):  # type: ignore[misc]
    """One row: the whole task, hidden tests included; a model is shown `system_prompt` and `prompt`."""

    task: dict[str, Any]
    tools: list[dict[str, Any]] = Field(default_factory=list)
    """Schemas of the tools, where the action format is `native`."""


class PyInterpTask(vf.Task[PyInterpData]):  # type: ignore[misc]
    """One task; the environment rewards it, so it has no rewards of its own."""


class PyInterpConfig(vf.TasksetConfig):  # type: ignore[misc]
    """`--env.taskset.*`."""

    settings: dict[str, Any] = Field(default_factory=dict)
    """Fields of `EnvConfig`; the action format is `fenced` by default."""

    def env_config(self) -> EnvConfig:
        """The checked settings."""
        return EnvConfig(**{"action_format": "fenced"} | self.settings)


class PyInterpTaskset(vf.Taskset[PyInterpTask, PyInterpConfig]):  # type: ignore[misc]
    """The tasks of `task_set`."""

    def load(self) -> Iterator[PyInterpTask]:
        """Yields the tasks with what a model is told of each."""
        config = self.config.env_config()
        told = AsyncInterpreterEnv(config)
        for task in config.load_tasks():
            system, user = told.messages_for(task)
            data = PyInterpData(
                id=task.id,
                name=task.id,
                system_prompt=system["content"],
                prompt=user["content"],
                task=task.model_dump(mode="json"),
                tools=told.toolbox.schemas() if told.parser.native else [],
            )
            yield PyInterpTask(data, self.config.task)


class PyInterpHarness(vf.Harness[vf.HarnessConfig]):  # type: ignore[misc]
    """One model call for each turn, made in this process: it needs no sandbox of its own."""

    APPENDS_SYSTEM_PROMPT = True
    SUPPORTS_RESUME = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(
        self,
        ctx: vf.ModelContext,
        trace: vf.Trace,
        runtime: vf.Runtime,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: vf.TaskData,
    ) -> vf.ProgramResult:
        """Asks for the next message; verifiers listens at `endpoint` and records it."""
        from openai import AsyncOpenAI, omit

        system, prompt = self.resolve_prompt(data)
        said = [vf.UserMessage(content=prompt)] if isinstance(prompt, str) else prompt
        messages = [message_to_wire(message) for message in said]
        if system is not None:
            messages.insert(0, {"role": "system", "content": system})
        async with AsyncOpenAI(base_url=endpoint, api_key=secret, timeout=None) as client:
            await client.chat.completions.create(
                model=ctx.model, messages=messages, tools=getattr(data, "tools", None) or omit
            )
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")


class PyInterpEnvConfig(vf.EnvConfig):  # type: ignore[misc]
    """`--env.*`."""

    agent: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())
    kernels: int = 32
    """Episodes at once, each with an interpreter; more wait."""


class PyInterpEnv(vf.Env[PyInterpEnvConfig]):  # type: ignore[misc]
    """Plays episodes; interpreters and judge live as long as verifiers serves it."""

    def __init__(self, config: PyInterpEnvConfig) -> None:
        """Starts nothing yet."""
        super().__init__(config)
        self._owned = AsyncExitStack()

    async def start(self) -> None:
        """Makes what the episodes share."""
        self._settings = self.config.taskset.env_config()
        self._slots = asyncio.Semaphore(self.config.kernels)
        self._pool = self._settings.make_pool(size=self.config.kernels, warm=1)
        self._owned.push_async_callback(self._pool.close)
        self._judge = self._settings.make_judge()
        self._owned.push_async_callback(self._judge.close)

    async def stop(self) -> None:
        """Ends it."""
        await self._owned.aclose()

    async def run(self, task: PyInterpTask, agents: vf.Agents) -> None:
        """Plays one episode."""
        async with (
            self._slots,
            AsyncInterpreterEnv(self._settings, pool=self._pool, judge=self._judge) as env,
        ):
            await env.reset(task=Task.model_validate(task.data.task))
            async with agents.agent.interaction(task) as interaction:
                end = await _converse(env, interaction)
                if end is not None:
                    _record(interaction.trace, end)


async def _converse(env: AsyncInterpreterEnv, interaction: vf.Interaction) -> StepResult | None:
    """Answers messages until the episode is over; None if the model's side failed."""
    segment = await interaction.turn()
    while not segment.terminated:
        said, tokens = _text(segment.messages[-1]), _tokens(interaction.trace)
        step = await env.step(said if tokens.cut else env.parser.restore(said), tokens=tokens)
        if step.info["failure"] is not None:
            raise vf.SandboxError(step.info["failure_message"])
        if step.terminated or step.truncated:
            return step
        segment = await interaction.turn(_answers(env, said, step))
    return None if interaction.trace.errors else await env.end(EndReason.TOKEN_LIMIT)


def _text(message: vf.AssistantMessage) -> str:
    """The message as one text, with the calls that the endpoint gave apart from it."""
    calls = [NativeCall(call.id, call.name, call.arguments) for call in message.tool_calls or ()]
    return with_calls(message.content or "", calls) if calls else message.content or ""


def _answers(env: AsyncInterpreterEnv, said: str, step: StepResult) -> list[dict[str, Any]]:
    """The messages that tell the model what its calls gave."""
    turn = step.info["turn"]
    told = env.parser.observations(turn.answers, turn.protocol)
    return native_messages([{"role": "assistant", "content": said}, *told])[1:]


def _tokens(trace: vf.Trace) -> TokenFacts:
    """How long the last message is, where the endpoint says so."""
    call = trace.calls[-1]
    usage = call.usage
    return TokenFacts(usage.completion_tokens if usage else None, cut=call.finish_reason == "length")


def _record(trace: vf.Trace, end: StepResult) -> None:
    """The reward and its parts; a part is a metric, since it is in the reward already."""
    verdict = end.info["verdict"]
    trace.record_reward("reward", end.reward)
    trace.record_metrics({f"reward/{name}": part for name, part in end.info["reward_parts"].items()})
    trace.record_metric("solved", float(verdict is not None and verdict.passed))
    stop = end.info["stop"]
    trace.stop("max_turns" if stop is EndReason.TURN_LIMIT else str(stop))


def load_environment(*, kernels: int = 32, **settings: Any) -> PyInterpEnv:
    """The environment for programs that hold one themselves; `vf-eval PyInterp-v0` makes its own.

    Args:
        kernels: Episodes at once.
        **settings: Fields of `EnvConfig`.

    Raises:
        ConfigError: If a setting is not allowed.
    """
    taskset = PyInterpConfig(id=PLUGIN, settings=settings)
    taskset.env_config()
    return PyInterpEnv(PyInterpEnvConfig(taskset=taskset, kernels=kernels))
