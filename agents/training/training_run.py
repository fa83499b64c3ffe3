"""A training run from nothing to a trained policy, in stages that resume.

Demonstrations, warm start, measurement, training, measurement.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ...envs.async_interpreter_env import AsyncInterpreterEnv
from ...envs.env_config import ConfigError, EnvConfig
from ...envs.task_set import TaskSet
from ...tools.submit import Submit
from ..evaluation.evaluation import evaluate
from ..policies.expert_policy import ExpertPolicy
from ..policies.novice_policy import NovicePolicy
from ..policies.policy import Policy, Sampling
from ..rollouts.episode_log import EpisodeLog, read_episodes
from ..rollouts.rollout_limits import RolloutLimits
from ..terminal.stage_display import StageDisplay
from ..verl_adapter.names import HELDOUT, TRAIN
from ..verl_runs.hub_model import located
from ..verl_runs.verl_process import run_verl
from .run_monitoring import monitor_run
from .run_tasks import EVALUATION_SEED, RunTasks
from .train_config import TrainConfig
from .training_folder import TrainingFolder
from .verl_overrides import agent_loop_entry, verl_overrides


class TrainingRun:
    """Carries out the stages of one run that are not done yet."""

    def __init__(self, config: TrainConfig, folder: TrainingFolder, display: StageDisplay) -> None:
        self._config = config
        self._folder = folder
        self._display = display
        self._tasks = RunTasks(config)
        self._limits = RolloutLimits(
            turn_tokens=config.rollout.max_turn_tokens,
            response_tokens=config.rollout.max_response_tokens,
            prompt_tokens=config.rollout.max_prompt_tokens,
            stop_at_call=config.rollout.stop_at_call,
            seconds=config.rollout.episode_seconds,
        )

    async def run(self) -> None:
        """Runs to the end.

        Raises:
            TrainerError: If verl's trainer failed.
            EvaluationError: If too many episodes failed.
        """
        config, folder = self._config, self._folder
        if config.model.path is None:
            await self._demonstrate()
            await self._warm_start()
        start = config.model.path or str(folder.warm_start)
        here = config.platform == "cpu"
        if here and config.evaluation.before:
            await self._measure("before", start)
        await self._train(start)
        if here and config.evaluation.after:
            await self._measure("after", str(folder.trained))

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
                tasks = self._tasks.demonstrations(count)
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

    async def _warm_start(self) -> None:
        """Makes tokenizer and model, and fits the model to the demonstrations."""
        if self._folder.done("warm-start"):
            return
        from .warm_start import warm_start

        folder = self._folder
        await warm_start(
            self._config, folder.demonstrations, folder.root / "warm-start", folder.warm_start, self._display
        )
        folder.mark("warm-start")

    async def _measure(self, when: str, model: str) -> None:
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
                await self._measure_arm(
                    arm, policy, arm_env, Sampling(temperature=temperature, top_p=settings.top_p), samples
                )
        finally:
            policy.close()

    async def _measure_arm(
        self, arm: str, policy: Policy, env: EnvConfig, sampling: Sampling, samples: int
    ) -> None:
        tasks = self._tasks.heldout()
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
                seed=EVALUATION_SEED,
                log=log,
                finished=finished,
                on_episode=lambda episode: stage.add(episode.solved),
            )
        self._folder.mark(arm)

    async def _train(self, start: str) -> None:
        """Runs verl from its last checkpoint to the last step, and exports the policy."""
        if self._folder.done("training"):
            return
        config, folder = self._config, self._folder
        steps = config.optimiser.steps_for(self._write_inputs())
        part = folder.next_metrics_part()
        first = folder.last_checkpoint()
        folder.forget_steps_after(first)
        monitor = monitor_run(config, folder, self._display.console, first=first + 1, steps=steps)
        lines = not config.monitoring.console
        try:
            with self._display.stage("training", steps, done=first, lines=lines) as stage:
                stage.note("starting verl, Ray and the engine, about a minute")

                def on_step(step: int, metrics: Mapping[str, Any]) -> None:
                    record = monitor.on_step(step, metrics)
                    stage.move_to(step)
                    if "rollout/solved" in record.values:
                        stage.note(f"solved {record.values['rollout/solved']:.0%}")

                await run_verl(
                    self._overrides(start, steps),
                    log=folder.verl_log,
                    metrics=part,
                    on_step=on_step,
                    check=monitor.fault,
                    platform=config.platform,
                    threads=config.threads,
                    joins_cluster=config.cluster.joined_ray is not None,
                )
        finally:
            monitor.close()
        trained = folder.checkpoints / f"global_step_{steps}" / "actor" / "huggingface"
        shutil.rmtree(folder.trained, ignore_errors=True)
        shutil.copytree(trained, folder.trained)
        if config.platform != "cpu":
            folder.name_measurements(steps)
        folder.mark("training")

    def _overrides(self, start: str, steps: int) -> list[str]:
        config, folder = self._config, self._folder
        return verl_overrides(
            config,
            model=located(start),
            rows=folder.rows.absolute(),
            agent_loops=folder.agent_loops.absolute(),
            output=folder.checkpoints.absolute(),
            steps=steps,
            heldout=folder.heldout_rows.absolute() if config.measured_inside else None,
        )

    def _write_inputs(self) -> int:
        """Writes what verl reads; returns the number of training tasks.

        Raises:
            ConfigError: If there are too few for a step.
        """
        config, folder = self._config, self._folder
        tasks, needed = self._tasks.training(), config.optimiser.tasks_per_step
        if len(tasks) < needed:
            raise ConfigError(
                f"config key 'optimiser.tasks_per_step': {needed} is not allowed: there are only "
                f"{len(tasks)} tasks to train on; lower it, or raise tasks.train_size"
            )
        self._write_rows(tasks, folder.rows, TRAIN)
        if config.measured_inside:
            self._write_rows(self._tasks.heldout(), folder.heldout_rows, HELDOUT)
        folder.agent_loops.write_text(yaml.safe_dump(agent_loop_entry(config, folder.episodes.absolute())))
        return len(tasks)

    def _write_rows(self, tasks: TaskSet, path: Path, split: str) -> None:
        from ..verl_adapter.task_rows import write_rows

        env = AsyncInterpreterEnv(self._config.env)
        write_rows(tasks, {task.id: env.messages_for(task) for task in tasks}, path, split=split)
