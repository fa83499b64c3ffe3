"""verl's agent loop as a face over `rollout`: one object owns one episode, its kernel and its judgement.

`run` never hangs: every wait below it has a deadline. An episode that the machine failed is tried once more.
The error of the second try leaves it out of the statistics of its group, and has verl replace a group of
which nothing is left.
"""

from __future__ import annotations

import logging
from typing import Any

from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopMetrics, AgentLoopOutput

from ...envs.async_interpreter_env import AsyncInterpreterEnv
from ...envs.task import Task
from ..rollouts.episode import Episode
from ..rollouts.rollout import rollout
from ..rollouts.rollout_limits import RolloutLimits
from ..tokens.branch import Branch
from ..tokens.chat_template import ChatTemplate
from .names import ENGINE, SGLANG_HTTP, TRAIN
from .task_rows import task_of_row
from .verl_policy import VerlPolicy
from .worker_resources import WorkerResources, worker_resources

_TRIES = 2
_log = logging.getLogger(__name__)


class InterpreterAgentLoop(AgentLoopBase):  # type: ignore[misc]
    """Plays one episode of `PyInterp-v0` for verl; named in `agent_loop_config_path`."""

    def __init__(
        self,
        *args: Any,
        env_json: str,
        kernels: int,
        episodes_dir: str,
        turn_tokens: int,
        episode_seconds: float,
        mask_void_turns: bool = False,
        stop_at_call: bool = False,
        repetition_penalty: float = 1.0,
        **kwargs: Any,
    ) -> None:
        """Takes verl's arguments and those of the agent-loop file.

        Args:
            *args: verl's.
            env_json: The `EnvConfig`, as JSON.
            kernels: Interpreters alive at once in this worker process.
            episodes_dir: Folder for the log of episodes.
            turn_tokens: The most tokens of one message.
            episode_seconds: Deadline of one try.
            mask_void_turns: Whether an episode with a void turn is left out of the loss, as in SimpleTIR
                (arXiv 2509.02479); its reward still counts in its group.
            stop_at_call: Whether a message ends where its tool call does.
            repetition_penalty: Of tokens that were seen; verl 0.9.1 does not hand its own setting on.
            **kwargs: verl's.
        """
        super().__init__(*args, **kwargs)
        self._mask_void_turns, self._repetition_penalty = mask_void_turns, repetition_penalty
        self._resources: WorkerResources = worker_resources(env_json, kernels, episodes_dir)
        self._limits = RolloutLimits(
            turn_tokens=turn_tokens,
            response_tokens=self.rollout_config.response_length,
            prompt_tokens=self.rollout_config.prompt_length,
            context_tokens=self.rollout_config.prompt_length + self.rollout_config.response_length,
            stop_at_call=stop_at_call,
            seconds=episode_seconds,
        )

    async def run(
        self, sampling_params: dict[str, Any], **row: Any
    ) -> AgentLoopOutput | list[AgentLoopOutput]:
        """Plays the row's task.

        Args:
            sampling_params: verl's, shared by the whole group and not changed here.
            **row: The columns of the data set, as `task_of_row` reads them.

        Returns:
            One output a branch, in their order, since verl gives the advantage of the last one to all of an
            episode.

        Raises:
            RuntimeError: If the machine failed the episode in every try.
        """
        task = task_of_row(row)
        for _ in range(_TRIES):
            episode, policy = await self._play(task, sampling_params, row)
            if episode.failure is None and episode.branches:
                masked = self._mask_void_turns and episode.void_turns > 0
                outputs = [_output(episode, branch, policy.versions, masked) for branch in episode.branches]
                return outputs if len(outputs) > 1 else outputs[0]
            _log.warning("an episode of %s failed: %s", task.id, _fault(episode))
        raise RuntimeError(f"an episode of {task.id} failed {_TRIES} times: {_fault(episode)}")

    async def _play(
        self, task: Task, sampling_params: dict[str, Any], row: dict[str, Any]
    ) -> tuple[Episode, VerlPolicy]:
        shared = self._resources
        policy = VerlPolicy(
            self.server_manager,
            ChatTemplate(self.tokenizer),
            sampling_params | {"repetition_penalty": self._repetition_penalty},
            deadline=self._limits.seconds,
            keyed=self.rollout_config.name in (ENGINE, SGLANG_HTTP),
            stops=_takes_stop_texts(self.rollout_config),
        )
        labels = {
            "group": str(row.get("uid", "")),
            "sample": int(row.get("session_id", 0)),
            "step": int(row.get("global_steps", 0)),
            "info": {"split": _split(row), "difficulty": task.metadata.difficulty},
        }
        async with AsyncInterpreterEnv(shared.env, pool=shared.pool, judge=shared.judge) as env:
            episode = await rollout(env, policy, task=task, limits=self._limits, labels=labels)
        log = shared.log if _split(row) == TRAIN else shared.heldout_log
        log.append(episode)
        return episode, policy


def _split(row: dict[str, Any]) -> str:
    """What the row is for: no loop is told whether it trains or measures, so its rows must say it."""
    return str((row.get("extra_info") or {}).get("split") or TRAIN)


def _fault(episode: Episode) -> str:
    return f"{episode.failure} {episode.failure_message}" if episode.failure else "no token was sampled"


def _takes_stop_texts(rollout_config: Any) -> bool:
    """SGLang without a tokenizer, verl's default, refuses them."""
    return rollout_config.name in (ENGINE, SGLANG_HTTP, "vllm") or (
        rollout_config.name == "sglang" and not rollout_config.skip_tokenizer_init
    )


def _output(episode: Episode, branch: Branch, versions: list[int], masked: bool) -> AgentLoopOutput:
    solved = float(episode.solved)
    return AgentLoopOutput(
        prompt_ids=list(branch.prompt_ids),
        response_ids=list(branch.response_ids),
        response_mask=[0] * len(branch.response_mask) if masked else list(branch.response_mask),
        response_logprobs=list(branch.logprobs) or None,
        reward_score=float(episode.reward or 0.0),
        num_turns=len(episode.messages) + 2 * len(episode.turns) - 1,
        metrics=AgentLoopMetrics(
            generate_sequences=sum(turn.policy_seconds for turn in episode.turns),
            tool_calls=sum(turn.environment_seconds for turn in episode.turns),
        ),
        extra_fields={
            "reward_extra_info": {
                "acc": solved,
                "turns": len(episode.turns),
                "tool_calls": episode.tool_calls,
                "void_turns": episode.void_turns,
                "invented_outputs": episode.invented_outputs,
            },
            "min_global_steps": min(versions, default=None),
            "max_global_steps": max(versions, default=None),
            "stop": str(episode.stop),
        },
    )
