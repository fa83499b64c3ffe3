"""All settings of a training run, read from YAML, checked before anything starts."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from ...envs.env_config import EnvConfig
from ..run_settings.config_file import ConfigFile
from ..run_settings.monitoring import MonitoringSettings
from .consistency import check_consistency
from .settings.algorithm import AlgorithmSettings
from .settings.evaluation import EvaluationSettings
from .settings.optimiser import OptimiserSettings
from .settings.rollout import RolloutSettings
from .settings.tasks import TasksSettings
from .settings.warm_start import WarmStartSettings


class TrainConfig(ConfigFile):
    """One training run."""

    seed: int = 0
    """Of tasks, model and samples."""
    kernels: int = Field(default=32, ge=1)
    """Interpreters alive at once, in each process that plays episodes."""
    env: EnvConfig = EnvConfig(action_format="fenced")
    tasks: TasksSettings = TasksSettings()
    warm_start: WarmStartSettings = WarmStartSettings()
    algorithm: AlgorithmSettings = AlgorithmSettings()
    rollout: RolloutSettings = RolloutSettings()
    optimiser: OptimiserSettings = OptimiserSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    monitoring: MonitoringSettings = MonitoringSettings()

    @property
    def tokens_per_gpu(self) -> int:
        """Tokens of one pass on a GPU."""
        return self.optimiser.tokens_for(self.rollout.episode_tokens)

    @property
    def measured_inside(self) -> bool:
        """Whether verl measures, with its own engine: always on GPUs, and on CPU between steps."""
        evaluation = self.evaluation
        at_ends = self.platform == "cuda" and (evaluation.before or evaluation.after)
        return at_ends or evaluation.every > 0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        check_consistency(self)
        return self

    @classmethod
    def is_preset(cls, name: str) -> bool:
        """All but those of supervised runs."""
        return not name.startswith("sft_")
