"""A training run from nothing to a trained policy, in stages that resume.

Demonstrations, warm start, measurement, GRPO, measurement.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ...envs.async_interpreter_env import AsyncInterpreterEnv
from ...envs.env_config import EnvConfig
from ...envs.task_set import TaskSet
from ...tools.submit import Submit
from ..evaluation.evaluation import evaluate
from ..policies.expert_policy import ExpertPolicy
from ..policies.novice_policy import NovicePolicy
from ..policies.policy import Policy, Sampling
from ..rollouts.episode import Episode
from ..rollouts.episode_log import EpisodeLog, read_episodes
from ..rollouts.rollout_limits import RolloutLimits
from .run_folder import RunFolder
from .stage_display import StageDisplay
from .train_config import TrainConfig
from .trainer_health import TrainerHealth
from .verl_overrides import agent_loop_entry, verl_overrides
from .verl_process import run_verl

_EVALUATION_SEED = 10_000
_DEMONSTRATION_SEED = 20_000


class TrainingRun:
    """Carries out the stages of one run that are not done yet."""

    def __init__(self, config: TrainConfig, folder: RunFolder, display: StageDisplay) -> None:
        self._config = config
        self._folder = folder
        self._display = display
        self._limits = RolloutLimits(
            turn_tokens=config.grpo.max_turn_tokens,
            response_tokens=config.grpo.max_response_tokens,
            prompt_tokens=config.grpo.max_prompt_tokens,
            stop_at_call=config.grpo.stop_at_call,
            seconds=config.grpo.episode_seconds,
        )

    async def run(self) -> None:
        """Runs to the end.

        Raises:
            TrainerError: If verl's trainer failed.
            EvaluationError: If too many episodes failed.
        """
        if self._config.model.path is None:
            await self._demonstrate()
            self._warm_start()
        start = Path(self._config.model.path or self._folder.warm_start)
        await self._measure("before", start)
        await self._train(start)
        await self._measure("after", self._folder.trained)

    def _tasks(self, split: str, size: int, seed: int) -> TaskSet:
        tasks = self._config.tasks
        if tasks.task_set != "blackbox":
            chosen = tasks.split if split == "train" else tasks.heldout_split or tasks.split
            found = TaskSet.load(tasks.task_set, path=tasks.path, split=chosen)
            ordered = found if split == "train" and not tasks.shuffle else found.shuffle(seed)
            return ordered.take(size)
        return TaskSet.load("blackbox", split=split, levels=tasks.levels, size=size, seed=seed)

    async def _demonstrate(self) -> None:
        """Plays the demonstrations through the environment."""
        if self._folder.done("demonstrations"):
            return
        settings = self._config.warm_start
        shares: list[tuple[Policy, int]] = [
            (ExpertPolicy(), settings.expert_episodes),
            (NovicePolicy(self._config.seed), settings.novice_episodes),
        ]
        self._folder.demonstrations.unlink(missing_ok=True)
        with self._display.stage(
            "demonstrations", settings.expert_episodes + settings.novice_episodes
        ) as stage:
            for policy, count in shares:
                tasks = self._tasks("train", count, _DEMONSTRATION_SEED + self._config.seed)
                with EpisodeLog(self._folder.demonstrations) as log:
                    await evaluate(
                        tasks,
                        policy,
                        env_config=self._config.env,
                        concurrency=self._config.evaluation.concurrency,
                        log=log,
                        on_episode=lambda episode: stage.add(episode.solved),
                    )
        self._folder.mark("demonstrations")

    def _warm_start(self) -> None:
        """Makes tokenizer and model, and fits the model to the demonstrations."""
        if self._folder.done("warm-start"):
            return
        from ..tokens.chat_template import ChatTemplate
        from . import tiny_model, warm_start

        config, folder = self._config, self._folder
        episodes = [e for e in read_episodes(folder.demonstrations) if e.failure is None]
        parser = config.env.make_parser()
        tokenizer = tiny_model.train_tokenizer(_texts(episodes), config.model.tiny.vocabulary)
        template = ChatTemplate(tokenizer)
        model = tiny_model.make_model(config.model.tiny, tokenizer, config.seed)
        branches = [
            branch
            for episode in episodes
            if (branch := warm_start.branch_of(
                episode, template,
                lambda text: parser.observations([text])[0],
            ))
        ]  # fmt: skip
        steps = config.warm_start.epochs * -(-len(branches) // config.warm_start.batch_size)
        with self._display.stage("warm start", steps) as stage:
            warm_start.train(
                model,
                branches,
                config.warm_start,
                pad=tokenizer.pad_token_id,
                seed=config.seed,
                report=lambda _step, loss: stage.add(told=f"loss {loss:.3f} nats/token"),
            )
        tiny_model.save(model, tokenizer, folder.warm_start)
        folder.mark("warm-start")

    async def _measure(self, when: str, model: Path) -> None:
        """Measures a model on held-out tasks, in every arm of that moment."""
        from ..policies.transformers_policy import TransformersPolicy

        settings, env = self._config.evaluation, self._config.env
        arms: dict[str, tuple[EnvConfig, float, int]] = {when: (env, settings.temperature, settings.samples)}
        if settings.greedy and settings.temperature:
            arms[f"{when}-greedy"] = (env, 0.0, 1)
        if when == "after":
            off = env.model_copy(update={"tools": (Submit.name,)})
            arms["after-no-interpreter"] = (off, settings.temperature, 1)
        left = {arm: how for arm, how in arms.items() if not self._folder.done(arm)}
        if not left:
            return
        policy = TransformersPolicy.load(model, max_lanes=settings.concurrency)
        try:
            for arm, (arm_env, temperature, samples) in left.items():
                await self._measure_arm(arm, policy, arm_env, Sampling(temperature=temperature), samples)
        finally:
            policy.close()

    async def _measure_arm(
        self, arm: str, policy: Policy, env: EnvConfig, sampling: Sampling, samples: int
    ) -> None:
        tasks = self._tasks("heldout", self._config.evaluation.tasks, _EVALUATION_SEED)
        path = self._folder.episodes / f"{arm}.jsonl"
        finished = [episode for episode in read_episodes(path) if episode.failure is None]
        with (
            self._display.stage(f"measure {arm}", len(tasks) * samples, done=len(finished)) as stage,
            EpisodeLog(path) as log,
        ):
            await evaluate(
                tasks,
                policy,
                env_config=env,
                samples=samples,
                concurrency=self._config.evaluation.concurrency,
                limits=self._limits,
                sampling=sampling,
                seed=_EVALUATION_SEED,
                log=log,
                finished=finished,
                on_episode=lambda episode: stage.add(episode.solved),
            )
        self._folder.mark(arm)

    async def _train(self, start: Path) -> None:
        """Runs verl from its last checkpoint to the last step, and exports the policy."""
        if self._folder.done("grpo"):
            return
        config, folder = self._config, self._folder
        self._write_inputs()
        overrides = verl_overrides(
            config,
            model=start.resolve(),
            rows=folder.rows,
            agent_loops=folder.agent_loops,
            output=folder.checkpoints,
        )
        part = folder.root / f"metrics-{len(list(folder.root.glob('metrics-*.jsonl'))) + 1:03d}.jsonl"
        first = folder.last_checkpoint()
        folder.forget_steps_after(first)
        health = TrainerHealth(folder.episodes)
        try:
            with self._display.stage("GRPO", config.grpo.steps, done=first) as stage:
                stage.note("starting verl, Ray and the engine, about a minute")

                def on_step(step: int, metrics: Mapping[str, Any]) -> None:
                    stage.move_to(step)
                    stage.note(health.told(metrics))

                await run_verl(
                    overrides,
                    log=folder.verl_log,
                    metrics=part,
                    on_step=on_step,
                    check=health.fault,
                    threads=config.threads,
                )
        finally:
            folder.merge_metrics()
        trained = folder.checkpoints / f"global_step_{config.grpo.steps}" / "actor" / "huggingface"
        shutil.rmtree(folder.trained, ignore_errors=True)
        shutil.copytree(trained, folder.trained)
        folder.mark("grpo")

    def _write_inputs(self) -> None:
        from ..verl_adapter.task_rows import write_rows

        tasks = self._tasks("train", self._config.tasks.train_size, self._config.seed)
        env = AsyncInterpreterEnv(self._config.env)
        write_rows(
            tasks, {task.id: env.messages_for(task) for task in tasks}, self._folder.rows, split="train"
        )
        entry = agent_loop_entry(self._config, self._folder.episodes)
        self._folder.agent_loops.write_text(yaml.safe_dump(entry))


def _texts(episodes: list[Episode]) -> list[str]:
    """Everything that the model will read or write, for its tokenizer."""
    texts = {message["content"] for episode in episodes for message in episode.messages}
    turns = [turn for episode in episodes for turn in episode.turns]
    return [*sorted(texts), *(turn.action for turn in turns), *(turn.observation for turn in turns)]
