"""All settings of a supervised run, read from YAML, checked before anything starts."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from ..run_settings.config_file import ConfigFile, not_allowed
from ..run_settings.optimiser_checks import check_optimiser
from .sft_data_settings import SftDataSettings
from .sft_monitoring_settings import SftMonitoringSettings
from .sft_optimiser_settings import SftOptimiserSettings


class SftConfig(ConfigFile):
    """One supervised run."""

    seed: int = Field(default=0, ge=0)
    """Of the order of samples, what is held out, and a model made from scratch."""
    data: SftDataSettings
    optimiser: SftOptimiserSettings = SftOptimiserSettings()
    monitoring: SftMonitoringSettings = SftMonitoringSettings()

    @classmethod
    def is_preset(cls, name: str) -> bool:
        """Those of supervised runs."""
        return name.startswith("sft_")

    @property
    def tokens_per_gpu(self) -> int:
        """Tokens of one pass on a GPU."""
        return self.optimiser.tokens_for(self.data.max_tokens)

    @property
    def replicas(self) -> int:
        """How many parts an update is computed in at the same time."""
        return self.cluster.gpus // self.optimiser.sequence_parallel

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        longest, batch = self.data.max_tokens, self.optimiser.batch_size
        check_optimiser(self.platform, self.cluster, self.optimiser, longest)
        if batch % self.replicas:
            fix = f"each of {self.replicas} replicas takes an equal part; give a multiple of that"
            raise not_allowed("optimiser.batch_size", batch, fix)
        for field in ("ray_address", "rollout_nodes"):
            if unused := getattr(self.cluster, field):
                raise not_allowed(f"cluster.{field}", unused, "supervised runs do not use Ray; leave it out")
        if self.model.path is None and longest > self.model.tiny.context:
            fix = f"the model from scratch sees {self.model.tiny.context}; raise model.tiny.context"
            raise not_allowed("data.max_tokens", longest, fix)
        if self.platform == "cuda" and self.model.path is None:
            raise not_allowed("model.path", None, "a model from scratch is for platform=cpu; give a model")
        return self
