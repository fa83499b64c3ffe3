"""What a supervised run would be, as text, without starting or loading anything."""

from __future__ import annotations

from collections.abc import Iterator

from ..verl_runs.plan_text import FOLDER, command_lines
from ..verl_runs.verl_schema import SFT, check_verl_schema, compose_verl
from .launch import Launch
from .sft_config import SftConfig
from .sft_keys import SFT_KEYS
from .sft_overrides import sft_overrides


def planned_overrides(config: SftConfig) -> list[str]:
    """The overrides of a run, composed with verl's schema; its folder is not there yet.

    Raises:
        ConfigError: If a key or a value is not verl's.
    """
    overrides = sft_overrides(
        config,
        model=config.model.path or str(FOLDER / "models" / "untrained"),
        train=FOLDER / "train.arrow",
        heldout=FOLDER / "heldout.arrow" if config.data.heldout_share else None,
        output=FOLDER / "checkpoints",
        steps=config.optimiser.steps or 1,
        epochs=config.optimiser.epochs,
    )
    check_verl_schema(config.verl, SFT_KEYS)
    compose_verl(overrides, SFT)
    return overrides


def plan_lines(config: SftConfig, launch: Launch) -> Iterator[str]:
    """What would run, and the command that starts verl.

    Raises:
        ConfigError: If a key or a value is not verl's, or the node is not one of the cluster.
    """
    overrides, program = planned_overrides(config), launch.program(config.cluster)
    yield from _summary(config)
    yield ""
    yield from command_lines(program, overrides)


def _summary(config: SftConfig) -> Iterator[str]:
    data, optimiser, cluster = config.data, config.optimiser, config.cluster
    longer = "left out" if data.too_long == "drop" else "cut"
    yield f"run        {config.name}"
    yield f"model      {config.model.path or 'a small one, made from scratch'}"
    yield f"data       {', '.join(data.files)}; samples of more than {data.max_tokens} tokens are {longer}"
    yield f"held out   {data.heldout_share:.0%} of the conversations"
    yield f"machines   {cluster.nodes} x {cluster.gpus_per_node} ({config.platform})"
    yield f"a step     {optimiser.batch_size} samples, {config.tokens_per_gpu} tokens in a pass on a GPU"
    if optimiser.steps:
        yield f"steps      {optimiser.steps}"
    else:
        yield f"steps      {optimiser.epochs} pass(es) over the samples; 1 stands for them below"
