"""`PyInterp-v0` for TRL: what `GRPOTrainer(environment_factory=...)` takes.

TRL parses the calls, masks what tools say and keeps the ids; here a call reaches the interpreter of its
episode, and the judge's reward is given once, when TRL asks for it. An episode that the machine failed has
the reward None, which TRL leaves out of its group.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from ...envs.async_interpreter_env import AsyncInterpreterEnv, EndReason, StepResult
from ...envs.env_config import ConfigError, EnvConfig
from ...envs.loop_thread import LoopThread
from ...envs.task import Task
from ...kernels.kernel_pool import KernelPool
from ...rewards import RewardError
from ...rewards.judge import Judge
from ...tools.python_interpreter import PythonInterpreter
from ...tools.submit import Submit
from ...tools.tool_call import ToolCall

if TYPE_CHECKING:
    from datasets import Dataset


class PyInterp:
    """One episode at a time; TRL shows all public methods but `reset` and `get_reward` as tools."""

    def __init__(self, env: AsyncInterpreterEnv, loop: LoopThread) -> None:
        self._env = env
        self._loop = loop
        self._end: StepResult | None = None
        self._fault: RewardError | None = None

    def reset(self, task: str, **row: Any) -> None:
        """Starts an episode; a running one is given up.

        Args:
            task: A `Task` as JSON.
            **row: The other columns; not used.
        """
        self._end = self._fault = None
        self._loop.run(self._env.reset(task=Task.model_validate_json(task)))

    def python_interpreter(self, code: str) -> str:
        """Runs a Python cell and returns what it printed. Variables stay from call to call.

        Args:
            code: Python source of the cell.

        Returns:
            What was printed.
        """
        return self._call(PythonInterpreter.name, code=code)

    def submit(self, source: str) -> str:
        """Hands in the source text of the solution and ends the task.

        Args:
            source: Python source of the solution.

        Returns:
            Nothing more.
        """
        return self._call(Submit.name, source=source)

    def get_reward(self) -> float | None:
        """Ends the episode if it runs; its reward, or None when the machine failed it.

        Raises:
            RewardError: If the rubric needs what is not known here, such as tokens.
        """
        if self._fault is not None:
            raise self._fault
        if self._end is None:
            self._end = self._loop.run(self._env.end(EndReason.TURN_LIMIT))
        return None if self._end.info["failure"] is not None else self._end.reward

    def _call(self, tool: str, **arguments: str) -> str:
        if self._end is not None:
            raise ValueError("the task is over")  # TRL tells the model
        message = self._env.parser.render_call(ToolCall(tool, arguments))
        try:
            step = self._loop.run(self._env.step(message))
        except RewardError as error:  # TRL would tell only the model
            self._fault = error
            raise
        if step.terminated or step.truncated:
            self._end = step
        return step.observation


class PyInterpFactory:
    """Makes the environments of one trainer, which share interpreters and judge."""

    def __init__(self, *, kernels: int = 256, **settings: Any) -> None:
        """Starts a thread, and no interpreter yet.

        Args:
            kernels: Interpreters alive at once; at least the rollouts that TRL generates together.
            **settings: Fields of `EnvConfig`, but for how calls are made and read, which is TRL's.

        Raises:
            ConfigError: If a setting is not allowed.
        """
        for name in ("action_format", "mode", "tools", "code_extraction"):
            if name in settings:
                raise ConfigError(
                    f"{name}={settings[name]!r} is not allowed: TRL reads the calls; leave it out"
                )
        self._config = EnvConfig(**settings, action_format="hermes")
        self._loop = LoopThread()
        self._pool = self._config.make_pool(size=kernels, warm=1)
        self._judge = self._config.make_judge(training=True)
        self._finalizer = weakref.finalize(self, _close, self._loop, self._pool, self._judge)

    def __call__(self) -> PyInterp:
        """One more environment."""
        return PyInterp(AsyncInterpreterEnv(self._config, pool=self._pool, judge=self._judge), self._loop)

    def dataset(self) -> Dataset:
        """The tasks of the settings as TRL's training data; hidden tests are in the column `task`."""
        from datasets import Dataset

        return Dataset.from_list(
            [
                {"prompt": [{"role": "user", "content": task.prompt}], "task": task.model_dump_json()}
                for task in self._config.load_tasks()
            ]
        )

    def close(self) -> None:
        """Ends all interpreters and the judge; idempotent."""
        self._finalizer()


def _close(loop: LoopThread, pool: KernelPool, judge: Judge) -> None:
    async def end() -> None:
        await pool.close()
        await judge.close()

    loop.finish(end())
