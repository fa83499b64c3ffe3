"""The episode core: a model's messages in, observations and at the end a judged reward out.

One episode has one fresh interpreter, which is taken when the first cell is to run and given back when the
episode ends, however it ends. What is judged is the text that was handed in, by the judge alone; what the
interpreter says is shown, never believed. A machine that breaks truncates the episode with a `FailureKind`:
it is no wrong answer.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from ..kernels.kernel_error import KernelError
from ..kernels.kernel_pool import KernelPool
from ..kernels.kernel_source import KernelSource
from ..rewards.episode_facts import TokenFacts
from ..rewards.judge import Judge
from ..rewards.rubric import Rubric
from ..rewards.verdict import JudgeError, Verdict
from .end_reason import EndReason
from .env_config import ConfigError, EnvConfig
from .episode_state import EpisodeState
from .failure_kind import FailureKind
from .task import Task
from .task_set import TaskSet
from .turn_record import TurnRecord

__all__ = [
    "AsyncInterpreterEnv",
    "ConfigError",
    "EndReason",
    "EpisodeOverError",
    "FailureKind",
    "ResetResult",
    "StepResult",
    "TurnRecord",
    "UnknownTaskError",
]


class EpisodeOverError(RuntimeError):
    """There is no running episode to step."""


class UnknownTaskError(ValueError):
    """The task set has no task with this id."""


@dataclass(frozen=True, slots=True)
class ResetResult:
    """The start of an episode."""

    messages: tuple[Mapping[str, str], ...]
    """System and user message for a model."""
    info: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one message brought."""

    observation: str
    """What was printed, without a trailing newline; the parser's `observations` tell it to a model."""
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


class AsyncInterpreterEnv:
    """One environment, one episode at a time.

    The `info` of `reset`:

    | key | value |
    |---|---|
    | `task_id` | the id of the task |
    | `source`, `difficulty` | where the task comes from, and how hard it is said to be |

    The `info` of `step`:

    | key | value |
    |---|---|
    | `turn` | the `TurnRecord` of this message |
    | `turns_left` | messages that the episode may still have |
    | `parse_error` | why the message could not be read; empty when it could |
    | `stop` | why the episode ended, an `EndReason`; None while it runs |
    | `submission` | the program that was handed in, or None |
    | `verdict` | the judge's `Verdict`, or None when nothing was judged |
    | `reward_parts` | reward function -> its share of the reward; empty while the episode runs |
    | `failure` | the `FailureKind` when the machine broke, else None |
    | `failure_message` | what broke, in words |
    """

    def __init__(
        self,
        config: EnvConfig | None = None,
        *,
        pool: KernelSource | None = None,
        judge: Judge | None = None,
        tasks: TaskSet | None = None,
    ) -> None:
        """Starts nothing yet.

        Args:
            config: The settings.
            pool: Where interpreters come from, a local pool or a cluster's; shared, not closed here. A pool
                of one by default.
            judge: Who grades; shared, not closed here. One of its own by default.
            tasks: What `reset` draws from; loaded by the settings at first use by default.
        """
        self.config = config or EnvConfig()
        self.parser = self.config.make_parser()
        self.toolbox = self.config.make_toolbox()
        self._rubric = Rubric.of(self.config.rubric)
        self._tasks = tasks
        self._owned: list[KernelPool | Judge] = []
        if pool is None:
            pool = self.config.make_pool(size=1, warm=1)
            self._owned.append(pool)
        if judge is None:
            judge = self.config.make_judge(concurrency=1)
            self._owned.append(judge)
        self._pool, self._judge = pool, judge
        self._rng = random.Random()
        self._episode: EpisodeState | None = None
        self._over = True

    @property
    def tasks(self) -> TaskSet:
        """What `reset` draws from.

        Raises:
            ConfigError: If the options of the task set are not allowed.
        """
        if self._tasks is None:
            self._tasks = self.config.load_tasks()
        return self._tasks

    @property
    def turns(self) -> tuple[TurnRecord, ...]:
        """The turns of the last episode so far."""
        return tuple(self._episode.turns) if self._episode else ()

    @property
    def task(self) -> Task | None:
        """The task of the last episode."""
        return self._episode.task if self._episode else None

    def transcript(self) -> str:
        """The last episode so far, as a person would read it."""
        if self._episode is None:
            return ""
        lines = [self._episode.task.prompt]
        for number, turn in enumerate(self._episode.turns, start=1):
            lines += [f"\n>>> [{number}]", turn.action.strip("\n")]
            lines += [turn.observation] if turn.observation else []
        return "\n".join(lines)

    def messages_for(self, task: Task) -> tuple[Mapping[str, str], ...]:
        """The first messages of an episode of this task; nothing starts."""
        system = self.parser.instructions(self.toolbox.tools)
        return ({"role": "system", "content": system}, {"role": "user", "content": task.prompt})

    async def reset(self, task: Task | str | None = None, seed: int | None = None) -> ResetResult:
        """Starts an episode, whose first cell takes a fresh interpreter; a running one is given up.

        Args:
            task: A task, or the id of one in the task set; drawn by default.
            seed: Makes this and the later draws repeatable.

        Raises:
            UnknownTaskError: If the task set has no such id.
        """
        if seed is not None:
            self._rng = random.Random(seed)
        chosen = self._choose(task)
        await self._release()
        self._episode = EpisodeState.begin(chosen, self.config, self._pool, self.toolbox)
        self._over = False
        about = chosen.metadata
        info = {"task_id": chosen.id, "source": about.source, "difficulty": about.difficulty}
        return ResetResult(self.messages_for(chosen), info)

    async def step(self, text: str, *, tokens: TokenFacts | None = None) -> StepResult:
        """Plays one message.

        Args:
            text: The message.
            tokens: How long it and the response so far are, for rewards that depend on that.

        Raises:
            EpisodeOverError: If no episode runs.
            RewardError: If a reward needs what `tokens` does not say.
            TypeError: If the message is no text.
        """
        if not isinstance(text, str):
            raise TypeError(f"a message is {text!r}; give a str")
        episode = self._running()
        try:
            return await self._step(episode, text, tokens)
        except BaseException:
            await self._release()
            raise

    async def end(self, reason: EndReason = EndReason.TOKEN_LIMIT) -> StepResult:
        """Ends the running episode from outside, as when its tokens are spent, and scores it.

        Returns:
            What a last `step` would have returned; its turn is the last one that was played.

        Raises:
            EpisodeOverError: If no episode runs.
            RewardError: If a reward needs what was never said.
        """
        episode = self._running()
        await self._release()
        turn = episode.turns[-1] if episode.turns else TurnRecord(action="", observation="")
        return self._result(episode, turn, reason)

    async def fork(self) -> AsyncInterpreterEnv:
        """Branches the running episode, at any turn: both go on from the same state, each by itself.

        Interpreter, turns, budgets, the clock and the random state of later draws are copied. Pool, judge and
        tasks are shared, and stay with the environment that owns them: close the branch before that one.

        Returns:
            An environment that owns the branch, for the caller to close.

        Raises:
            EpisodeOverError: If no episode runs.
            UnsupportedError: If the back end cannot copy a live interpreter; `backend="fork"` can.
            ForkRefusedError: If this interpreter holds what a copy cannot share; the episode goes on.
        """
        episode = self._running()
        twin = AsyncInterpreterEnv(self.config, pool=self._pool, judge=self._judge, tasks=self._tasks)
        twin._rng.setstate(self._rng.getstate())
        twin._episode = await episode.fork()
        twin._over = False
        return twin

    async def close(self) -> None:
        """Gives the interpreter back and ends what was started here; idempotent."""
        try:
            await self._release()
        finally:
            while self._owned:
                await self._owned.pop().close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _running(self) -> EpisodeState:
        if self._episode is None or self._over:
            raise EpisodeOverError("no episode runs; call reset() first")
        return self._episode

    def _choose(self, task: Task | str | None) -> Task:
        if isinstance(task, Task):
            return task
        if task is None:
            return self.tasks[self._rng.randrange(len(self.tasks))]
        found = next((each for each in self.tasks if each.id == task), None)
        if found is None:
            raise UnknownTaskError(
                f"task set {self.tasks.name!r} has no task {task!r}, but e.g. {self.tasks[0].id!r}"
            )
        return found

    async def _release(self) -> None:
        self._over = True
        if self._episode is not None:
            await self._episode.release()

    async def _step(self, episode: EpisodeState, text: str, tokens: TokenFacts | None) -> StepResult:
        try:
            turn = await episode.play(text, self.parser, self.toolbox, tokens)
        except KernelError as error:
            turn = TurnRecord(action=text, observation="")
            return await self._broken(episode, turn, FailureKind.KERNEL, error)
        stop = episode.stop()
        if stop is None:
            return self._result(episode, turn, None)
        await self._release()
        try:
            verdict = await self._judged(episode)
        except JudgeError as error:
            return await self._broken(episode, turn, FailureKind.JUDGE, error)
        return self._result(episode, turn, stop, verdict)

    async def _judged(self, episode: EpisodeState) -> Verdict | None:
        source, task = episode.session.submission, episode.task
        if source is None:
            return None
        return await self._judge.grade(task.tests, source, time_limit=task.metadata.time_limit)

    async def _broken(
        self, episode: EpisodeState, turn: TurnRecord, kind: FailureKind, error: Exception
    ) -> StepResult:
        await self._release()
        result = self._result(episode, turn, EndReason.FAILURE)
        result.info.update(failure=kind, failure_message=f"{type(error).__name__}: {error}")
        return result

    def _result(
        self, episode: EpisodeState, turn: TurnRecord, stop: EndReason | None, verdict: Verdict | None = None
    ) -> StepResult:
        scored = stop is not None and stop is not EndReason.FAILURE
        reward = self._rubric.score(episode.facts(verdict)) if scored else None
        info = {
            "turn": turn,
            "turns_left": self.config.max_turns - len(episode.turns),
            "parse_error": turn.parse_error,
            "stop": stop,
            "submission": episode.session.submission,
            "verdict": verdict,
            "reward_parts": dict(reward.parts) if reward else {},
            "failure": None,
            "failure_message": "",
        }
        terminated = stop is EndReason.SUBMITTED
        truncated = stop is not None and not terminated
        return StepResult(turn.observation, reward.total if reward else 0.0, terminated, truncated, info)
