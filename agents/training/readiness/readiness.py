"""All checks of a run, in the order in which a person would go through them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from ...verl_runs.readiness.finding import Finding
from ...verl_runs.readiness.gpus import check_gpus
from ...verl_runs.readiness.machine import Machine
from ...verl_runs.readiness.memory_plan import MemoryPlan
from ...verl_runs.readiness.model import FoundModel, find_model, unknown_model
from ...verl_runs.readiness.model_size import ModelSize
from ..train_config import TrainConfig
from .data import check_data
from .engine_servers import check_engine_servers
from .gpu_memory import check_gpu_memory
from .host import check_host
from .interpreters import check_interpreters
from .ray_nodes import check_ray_nodes
from .training_memory import training_memory
from .versions import check_versions


def examine(config: TrainConfig, runs: Path, machine: Machine | None = None) -> tuple[Finding, ...]:
    """Looks at everything that a run needs; takes a few seconds and changes nothing.

    Args:
        config: The run.
        runs: Folder in which its run folder will lie.
        machine: Where it will run; this machine by default.
    """
    return tuple(_findings(config, runs, machine or Machine.this()))


def _findings(config: TrainConfig, runs: Path, machine: Machine) -> Iterator[Finding]:
    yield from check_versions(config)
    yield from check_gpus(config, machine)
    model = find_model("model", "model.path", config.model.path, config.model.tiny)
    yield model.finding
    critic = _critic(config)
    if critic:
        yield critic.finding
    try:
        plan = _plan(config, model, critic)
    except ValueError as error:
        plan = None
        yield unknown_model(error)
    yield from check_gpu_memory(config, plan, machine)
    yield from check_host(config, plan, machine, runs)
    yield from check_data(config)
    yield check_interpreters(config.env)
    yield from check_engine_servers(config)
    yield from check_ray_nodes(config)


def _critic(config: TrainConfig) -> FoundModel | None:
    critic = config.algorithm.critic
    if critic is None or critic.path is None:
        return None
    return find_model("critic", "algorithm.critic.path", critic.path, config.model.tiny)


def _plan(config: TrainConfig, model: FoundModel, critic: FoundModel | None) -> MemoryPlan | None:
    if model.settings is None or not all(map(find_spec, ("torch", "transformers"))):
        return None
    size = ModelSize.of(model.settings)
    if config.algorithm.critic is None:
        return training_memory(config, size, None)
    own = critic.settings if critic else model.settings
    return None if own is None else training_memory(config, size, ModelSize.of(own))
