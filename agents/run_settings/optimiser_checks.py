"""What updates by AdamW on FSDP2 ask of their settings, in reinforcement learning and supervised runs."""

from __future__ import annotations

from .adamw import AdamWSettings
from .cluster import ClusterSettings
from .config_file import not_allowed


def check_optimiser(platform: str, cluster: ClusterSettings, optimiser: AdamWSettings, longest: int) -> None:
    """Refuses settings that contradict each other.

    Args:
        platform: `cpu` or `cuda`.
        cluster: The machines.
        optimiser: The section `optimiser`.
        longest: Tokens of the longest sequence.

    Raises:
        ConfigError: One line that names a field, its value and the fix.
    """
    parallel, tokens = optimiser.sequence_parallel, optimiser.tokens_for(longest)
    if platform == "cpu" and parallel > 1:
        raise not_allowed("optimiser.sequence_parallel", parallel, "on CPU attention is not split; use 1")
    if platform == "cpu" and optimiser.offload:
        fix = "on CPU there is nowhere to move weights to; use false"
        raise not_allowed("optimiser.offload", True, fix)
    if cluster.gpus % parallel:
        fix = f"the cluster has {cluster.gpus} GPUs; give a divisor of that"
        raise not_allowed("optimiser.sequence_parallel", parallel, fix)
    if tokens * parallel < longest:
        fix = f"the longest sequence, of {longest} tokens, must fit; give at least {-(-longest // parallel)}"
        raise not_allowed("optimiser.tokens_per_gpu", tokens, fix)
    if optimiser.warmup_steps and optimiser.warmup_share:
        fix = "give it or optimiser.warmup_steps, not both"
        raise not_allowed("optimiser.warmup_share", optimiser.warmup_share, fix)
