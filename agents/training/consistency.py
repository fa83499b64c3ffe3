"""Settings that are fine alone and wrong together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..run_settings.config_file import not_allowed
from ..run_settings.optimiser_checks import check_optimiser

if TYPE_CHECKING:
    from .train_config import TrainConfig

_INSIDE = ("sglang", "vllm")
"""Engines that verl itself starts on its GPUs."""


def check_consistency(config: TrainConfig) -> None:
    """Refuses settings that contradict each other.

    Raises:
        ConfigError: One line that names a field, its value and the fix.
    """
    check_optimiser(config.platform, config.cluster, config.optimiser, config.rollout.episode_tokens)
    for look in _LOOKS:
        look(config)


def _engine_fits_platform(config: TrainConfig) -> None:
    engine, platform = config.rollout.engine, config.platform
    if engine == "transformers" and platform != "cpu":
        raise not_allowed("rollout.engine", engine, "it runs on CPU alone; use sglang, vllm or sglang_http")
    if engine in _INSIDE and platform != "cuda":
        raise not_allowed("rollout.engine", engine, "it needs platform=cuda; use transformers or sglang_http")
    if (engine == "sglang_http") != bool(config.rollout.urls):
        fix = "give the servers of engine sglang_http, and only of it"
        raise not_allowed("rollout.urls", list(config.rollout.urls), fix)
    if engine == "transformers" and config.rollout.repetition_penalty != 1:
        penalty = config.rollout.repetition_penalty
        raise not_allowed("rollout.repetition_penalty", penalty, "engine transformers knows none; give 1.0")


def _schedule_fits_engine(config: TrainConfig) -> None:
    schedule, cluster = config.rollout.schedule, config.cluster
    if schedule != "sync" and config.rollout.engine not in _INSIDE:
        raise not_allowed("rollout.schedule", schedule, f"it needs rollout.engine={' or '.join(_INSIDE)}")
    if (schedule == "separate_async") != (cluster.rollout_nodes > 0):
        fix = "rollout.schedule=separate_async, and only it, generates on machines of its own"
        raise not_allowed("cluster.rollout_nodes", cluster.rollout_nodes, fix)


def _machines_are_shared_evenly(config: TrainConfig) -> None:
    gpus, optimiser, rollout = config.cluster.gpus, config.optimiser, config.rollout
    if config.cluster.gpus_per_node % rollout.tensor_parallel:
        fix = f"it must divide cluster.gpus_per_node={config.cluster.gpus_per_node}"
        raise not_allowed("rollout.tensor_parallel", rollout.tensor_parallel, fix)
    ranks = gpus // optimiser.sequence_parallel
    episodes = optimiser.update_size * rollout.samples_per_task
    if episodes % ranks:
        fix = f"an update of {episodes} episodes must be shared evenly by {ranks} GPUs or groups of GPUs"
        raise not_allowed("optimiser.tasks_per_update", optimiser.update_size, fix)


def _messages_fit_in_episodes(config: TrainConfig) -> None:
    if config.rollout.max_turn_tokens > config.rollout.max_response_tokens:
        fix = f"a message is a part of rollout.max_response_tokens={config.rollout.max_response_tokens}"
        raise not_allowed("rollout.max_turn_tokens", config.rollout.max_turn_tokens, fix)


def _measurement_is_possible(config: TrainConfig) -> None:
    if config.platform == "cuda" and config.evaluation.greedy:
        fix = "verl measures in one way; for greedy decoding give evaluation.temperature=0"
        raise not_allowed("evaluation.greedy", True, fix)
    if config.platform == "cuda" and config.model.path is None:
        raise not_allowed("model.path", None, "a model from scratch is for CPU; give a folder or a hub id")


def _checkpoints_are_measured(config: TrainConfig) -> None:
    every, save = config.evaluation.every, config.optimiser.save_every
    if every and every % save and save % every:
        fix = (
            "the best checkpoint is one that was measured and saved; "
            f"give a multiple or a divisor of optimiser.save_every={save}"
        )
        raise not_allowed("evaluation.every", every, fix)


def _groups_are_groups(config: TrainConfig) -> None:
    samples, algorithm = config.rollout.samples_per_task, config.algorithm
    if algorithm.compares_groups and samples < 2:
        fix = f"{algorithm.estimator} compares episodes of a task; give 2 or more"
        raise not_allowed("rollout.samples_per_task", samples, fix)
    if algorithm.filter_groups and samples < 2:
        raise not_allowed(
            "algorithm.filter_groups", True, "a group of one is never unequal; raise rollout.samples_per_task"
        )


def _critic_fits_estimator(config: TrainConfig) -> None:
    if (config.algorithm.estimator == "gae") != (config.algorithm.critic is not None):
        raise not_allowed(
            "algorithm.critic",
            config.algorithm.critic and "{…}",
            "estimator gae, and only it, trains a critic; give both or neither",
        )


def _updates_divide_steps(config: TrainConfig) -> None:
    step, update = config.optimiser.tasks_per_step, config.optimiser.update_size
    if step % update:
        raise not_allowed(
            "optimiser.tasks_per_update", update, f"it must divide optimiser.tasks_per_step={step}"
        )


_LOOKS: tuple[Callable[[TrainConfig], None], ...] = (
    _engine_fits_platform,
    _schedule_fits_engine,
    _machines_are_shared_evenly,
    _messages_fit_in_episodes,
    _measurement_is_possible,
    _checkpoints_are_measured,
    _groups_are_groups,
    _critic_fits_estimator,
    _updates_divide_steps,
)
