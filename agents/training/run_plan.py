"""What a configuration would run, as text, without starting or loading anything."""

from __future__ import annotations

from collections.abc import Iterator

from ..verl_runs.plan_text import FOLDER, command_lines
from ..verl_runs.verl_schema import check_verl_schema, compose_verl
from .ppo_keys import PPO_KEYS
from .settings.tasks import TasksSettings
from .train_config import TrainConfig
from .verl_overrides import verl_overrides

_PROGRAM = ("verl.trainer.main_ppo",)


def planned_overrides(config: TrainConfig) -> list[str]:
    """The overrides of a run, composed with verl's schema; its folder is not there yet.

    Raises:
        ConfigError: If a key or a value is not verl's.
    """
    overrides = verl_overrides(
        config,
        model=config.model.path or FOLDER / "models" / "warm-start",
        rows=FOLDER / "rows.parquet",
        agent_loops=FOLDER / "agent_loops.yaml",
        output=FOLDER / "checkpoints",
        steps=config.optimiser.steps or 1,
        heldout=FOLDER / "heldout.parquet" if config.measured_inside else None,
    )
    check_verl_schema(config.verl, PPO_KEYS)
    compose_verl(overrides)
    return overrides


def plan_lines(config: TrainConfig) -> Iterator[str]:
    """What would run, and the command that starts verl.

    Raises:
        ConfigError: If a key or a value is not verl's.
    """
    overrides = planned_overrides(config)
    yield from _summary(config)
    yield ""
    yield from command_lines(_PROGRAM, overrides)


def _summary(config: TrainConfig) -> Iterator[str]:
    cluster, optimiser, rollout = config.cluster, config.optimiser, config.rollout
    tasks = config.tasks.path or config.tasks.task_set
    yield f"run        {config.name}"
    yield f"model      {config.model.path or 'a small one, made from scratch and warmed up'}"
    yield f"tasks      {tasks}, {_order(config.tasks)}"
    yield f"tools      {', '.join(config.env.tool_names) or 'none'}; up to {config.env.max_turns} message(s)"
    yield f"machines   {cluster.nodes} x {cluster.gpus_per_node} ({config.platform}), engine {rollout.engine}"
    yield (
        f"a step     {optimiser.tasks_per_step} tasks x {rollout.samples_per_task} episodes of up to "
        f"{rollout.max_prompt_tokens} + {rollout.max_response_tokens} tokens, "
        f"{optimiser.tasks_per_step // optimiser.update_size} update(s)"
    )
    if optimiser.steps:
        yield f"steps      {optimiser.steps}"
    else:
        yield f"steps      {optimiser.epochs} pass(es) over the tasks; 1 stands for them below"


def _order(tasks: TasksSettings) -> str:
    if tasks.shuffled:
        return "shuffled"
    return "level after level" if tasks.generated else "in the order of the files"
