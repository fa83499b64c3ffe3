"""`PyInterp-v0` as a task of inspect: its samples, the solver that plays an episode, and the scorer.

inspect makes every model call and carries every tool call out, so that its limits, approvals, retries and
logs hold; the environment counts turns and judges what is handed in, once.
"""

from __future__ import annotations

from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, ModelOutput, execute_tools
from inspect_ai.scorer import CORRECT, INCORRECT, Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import Tool
from inspect_ai.util import SandboxEnvironmentSpec, sandbox

from ....envs.async_interpreter_env import AsyncInterpreterEnv, EndReason
from ....envs.env_config import ConfigError, EnvConfig
from ....rewards.episode_facts import TokenFacts
from ....tools.debugger.debugger_tool import Debugger
from ....tools.python_interpreter import PythonInterpreter
from ....tools.submit import Submit
from ....tools.tool_mode import ToolMode
from .episode_record import EpisodeRecord
from .interpreter_settings import InterpreterSettings
from .plays import EpisodePlay
from .prerequisites import told_in_one_line
from .replgym_sandbox import ReplgymSandbox
from .tools import debugger, python_interpreter, submit

_NATIVE = "native"


@task  # type: ignore[untyped-decorator]
def pyinterp(set: str = "blackbox", mode: str = "stateful", kernels: int = 32, **settings: Any) -> Task:
    """The tasks of one set, each an episode with an interpreter.

    Args:
        set: The name of a task set.
        mode: What runs for the model: `no-tool`, `stateless`, `stateful` or `debugger`.
        kernels: Episodes at once; more wait.
        **settings: Other fields of `EnvConfig`.

    Raises:
        PrerequisiteError: If a setting is not allowed, or the tasks cannot be loaded.
    """
    with told_in_one_line():
        shared = _shared(kernels, {"task_set": set, "mode": mode} | settings)
        samples = _samples(shared)
    return Task(
        dataset=MemoryDataset(samples, name=set),
        solver=play_episode(),
        scorer=hidden_tests(),
        sandbox=SandboxEnvironmentSpec("replgym", shared),
        metadata={"mode": mode},
    )


def _shared(kernels: int, settings: dict[str, Any]) -> InterpreterSettings:
    if settings.setdefault("action_format", _NATIVE) != _NATIVE:
        raise ConfigError(
            f"action_format={settings['action_format']!r} is not allowed: inspect reads calls; leave it out"
        )
    return InterpreterSettings.checked({"kernels": kernels, "settings": settings})


def _samples(shared: InterpreterSettings) -> list[Sample]:
    """What a model is told of each task; the tests stay behind."""
    told, samples = AsyncInterpreterEnv(shared.env_config()), []
    for each in shared.tasks.values():
        system, user = told.messages_for(each)
        messages = [ChatMessageSystem(content=system["content"]), ChatMessageUser(content=user["content"])]
        about = each.metadata.model_dump(mode="json", include={"source", "difficulty", "tags", "date"})
        samples.append(Sample(id=each.id, input=messages, metadata=about))
    return samples


@solver  # type: ignore[untyped-decorator]
def play_episode() -> Solver:
    """Plays one episode with the tools of its mode."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        box = sandbox().as_type(ReplgymSandbox)
        config = box.workshop.config
        state.tools = _tools(config)
        async with box.workshop.slots:
            play = await box.begin(str(state.sample_id))
            for _ in range(config.max_turns):
                state = await generate(state, tool_calls="none")
                play.tokens = _length(state.output)
                await _answer(state, play)
                if play.over:
                    return state
            await play.end(EndReason.TURN_LIMIT)
        return state

    return solve


async def _answer(state: TaskState, play: EpisodePlay) -> None:
    """Carries out the calls of the last message, or tells the model what is wrong with it."""
    said = state.output.message
    if said.tool_calls:
        made = await execute_tools(state.messages, state.tools)
        state.messages.extend(made.messages)
        return
    told = await play.say(said.text)
    if not play.over:
        state.messages.extend(ChatMessageUser(content=text) for text in told)


def _tools(config: EnvConfig) -> list[Tool]:
    made = {
        PythonInterpreter.name: lambda: python_interpreter(config.mode is ToolMode.STATELESS),
        Debugger.name: debugger,
        Submit.name: submit,
    }
    return [made[name]() for name in config.tool_names]


def _length(output: ModelOutput) -> TokenFacts:
    tokens = output.usage.output_tokens if output.usage else None
    return TokenFacts(tokens, cut=output.stop_reason == "max_tokens")


@scorer(metrics=[accuracy(), stderr()])  # type: ignore[untyped-decorator]
def hidden_tests() -> Scorer:
    """Correct if the judge saw every hidden test pass; it has judged when the episode ended."""

    async def score(state: TaskState, target: Target) -> Score:
        record = state.store_as(EpisodeRecord)
        passed = sum(test["outcome"] == "passed" for test in record.tests)
        return Score(
            value=CORRECT if record.solved else INCORRECT,
            answer=record.submission or "",
            explanation=_explanation(record),
            metadata={
                "stop": record.stop or "limit",
                "reward": record.reward,
                "reward_parts": dict(record.reward_parts),
                "tests_passed": passed / max(1, len(record.tests)),
                "tests": list(record.tests),
            },
        )

    return score


def _explanation(record: EpisodeRecord) -> str:
    if not record.stop:
        return "a limit of the sample ended the episode; nothing was judged"
    if not record.tests:
        return f"nothing was handed in ({record.stop})"
    lines = ((test["name"], test["outcome"], test["message"]) for test in record.tests)
    return "\n".join(": ".join(filter(None, line)) for line in lines)
