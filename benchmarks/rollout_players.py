"""Who plays the episodes: this project's runs, and the same with a barrier around every step."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rollout_measure import Job, Play, Voice
from rollout_work import TURNS, Work

from replgym.agents.evaluation.evaluation import evaluate_with
from replgym.agents.policies.policy import Completion, PolicyContext, Sampling
from replgym.agents.rollouts.episode import Episode, StopReason
from replgym.agents.rollouts.episode_log import EpisodeLog
from replgym.agents.rollouts.local_player import LocalPlayer
from replgym.agents.rollouts.play_settings import PlaySettings
from replgym.agents.rollouts.rollout_limits import RolloutLimits
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.envs import EnvConfig
from replgym.envs.task import Task
from replgym.kernels.open_files import allow_open_files

_SECONDS = 900.0


class VoicePolicy:
    """A token-exact policy that says what one episode's voice says."""

    name = "scripted"

    def __init__(self, template: ChatTemplate, voice: Voice) -> None:
        self.template = template
        self.voice = voice

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Waits for the engine."""
        message = await self.voice.next()
        return Completion(
            text=self.template.decode(message.ids),
            token_ids=message.ids,
            logprobs=(-0.5,) * len(message.ids),
            prompt_tokens=len(context.prompt_ids),
            completion_tokens=len(message.ids),
        )


class BarrierPolicy(VoicePolicy):
    """No episode asks before all have been stepped; none is stepped before all messages are there."""

    def __init__(self, template: ChatTemplate, voice: Voice, together: asyncio.Barrier) -> None:
        super().__init__(template, voice)
        self._together = together

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Waits for the engine and for all others."""
        await self._together.wait()
        completion = await super().__call__(context, sampling)
        await self._together.wait()
        return completion


class Cast:
    """The policy of each task."""

    def __init__(self, voices: Sequence[Voice], policy_of: Callable[[Voice], VoicePolicy]) -> None:
        self._policies = {voice.script.task.id: policy_of(voice) for voice in voices}

    def for_task(self, task: Task, sample: int) -> VoicePolicy:
        """Who plays the task, whose episode begins."""
        policy = self._policies[task.id]
        policy.voice.begin()
        return policy


@asynccontextmanager
async def overlapped(job: Job, work: Work) -> AsyncIterator[Play]:
    """Every episode goes on by itself."""
    template = ChatTemplate(work.tokenizer)
    async with _player(job, lambda voice: VoicePolicy(template, voice)) as play:
        yield play


@asynccontextmanager
async def barrier(job: Job, work: Work) -> AsyncIterator[Play]:
    """All episodes are stepped together."""
    template, together = ChatTemplate(work.tokenizer), asyncio.Barrier(job.episodes)
    async with _player(job, lambda voice: BarrierPolicy(template, voice, together)) as play:
        yield play


@asynccontextmanager
async def _player(job: Job, policy_of: Callable[[Voice], VoicePolicy]) -> AsyncIterator[Play]:
    config = EnvConfig(
        backend=job.backend, action_format="hermes", max_turns=TURNS + 1, episode_timeout=_SECONDS
    )
    allow_open_files(job.kernels)
    settings = PlaySettings(config, RolloutLimits(turn_tokens=1024, seconds=_SECONDS))
    async with config.make_judge() as judge, config.make_pool(size=job.kernels, warm=4) as pool:
        async with pool.acquire():
            pass  # the fork server lives as long as a training run

        async def play(voices: Sequence[Voice]) -> None:
            by_task = {voice.script.task.id: voice for voice in voices}

            def ended(episode: Episode) -> None:
                if episode.stop is not StopReason.TURN_LIMIT:
                    raise RuntimeError(f"{episode.task_id}: {episode.stop} {episode.failure_message}")
                by_task[episode.task_id].end()

            player = LocalPlayer(Cast(voices, policy_of), settings, pool, judge, job.episodes)
            tasks = [voice.script.task for voice in voices]
            with (
                tempfile.TemporaryDirectory() as folder,
                EpisodeLog(Path(folder, "episodes.jsonl")) as log,
            ):
                await evaluate_with(player, tasks, log=log, on_episode=ended)

        yield play
