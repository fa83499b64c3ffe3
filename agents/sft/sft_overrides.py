"""A supervised run in the names of verl's SFT trainer.

Only keys that verl 0.9.1 reads are written. What a user adds under `verl:` wins over them, and is first
checked against the keys that are not for users.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..verl_runs.hydra_overrides import hydra_overrides
from .sft_config import SftConfig
from .sft_keys import SFT_KEYS


def sft_overrides(
    config: SftConfig, *, model: str, train: Path, heldout: Path | None, output: Path, steps: int, epochs: int
) -> list[str]:
    """Hydra overrides for `verl.trainer.sft_trainer`.

    Args:
        config: The run.
        model: Folder or name of the model to start from.
        train: File of tokenised samples.
        heldout: The same of those that are measured.
        output: Folder for checkpoints.
        steps: Updates in all.
        epochs: Passes that this takes.

    Raises:
        ConfigError: If a key under `verl` is not for users.
    """
    SFT_KEYS.check(config.verl)
    keys = (
        _trainer(config, output, steps, epochs)
        | _data(config, train, heldout)
        | _optimiser(config)
        | _model(config, model)
        | (_cpu() if config.platform == "cpu" else {})
    )
    return hydra_overrides(keys, config.verl)


def _trainer(config: SftConfig, output: Path, steps: int, epochs: int) -> dict[str, Any]:
    optimiser = config.optimiser
    return {
        "trainer.project_name": "replgym",
        "trainer.experiment_name": config.name,
        "trainer.logger": ["console", "file"],
        "trainer.device": config.platform,
        "trainer.total_training_steps": steps,
        "trainer.total_epochs": epochs,
        "trainer.save_freq": optimiser.save_every or "after_each_epoch",
        "trainer.test_freq": optimiser.measure_every or -1,
        "trainer.max_ckpt_to_keep": optimiser.keep,
        "trainer.resume_mode": "auto",
        "trainer.default_local_dir": str(output),
        "checkpoint.save_contents": ["model", "optimizer", "extra", "hf_model"],
        "checkpoint.load_contents": ["model", "optimizer", "extra"],
    }


def _data(config: SftConfig, train: Path, heldout: Path | None) -> dict[str, Any]:
    return {
        "data.train_files": str(train),
        "data.val_files": None if heldout is None else str(heldout),
        "data.custom_cls.path": "pkg://replgym.agents.verl_adapter.token_dataset",
        "data.custom_cls.name": "TokenDataset",
        "+data.seed": config.seed,
        "data.train_batch_size": config.optimiser.batch_size,
        "data.use_dynamic_bsz": True,
        "data.max_token_len_per_gpu": config.tokens_per_gpu,
        "data.pad_mode": "no_padding",
        "data.num_workers": 0,
    }


def _optimiser(config: SftConfig) -> dict[str, Any]:
    optimiser = config.optimiser
    return {
        "optim.lr": optimiser.learning_rate,
        "optim.lr_scheduler_type": optimiser.schedule,
        "optim.lr_warmup_steps": optimiser.warmup_steps,
        "optim.lr_warmup_steps_ratio": optimiser.warmup_share,
        "optim.betas": optimiser.adam_betas,
        "optim.weight_decay": optimiser.weight_decay,
        "optim.clip_grad": optimiser.grad_clip,
    }


def _model(config: SftConfig, model: str) -> dict[str, Any]:
    return {
        "model.path": model,
        "model.use_remove_padding": True,
        "model.enable_gradient_checkpointing": config.optimiser.gradient_checkpointing,
        "engine.strategy": "fsdp2",
        "engine.ulysses_sequence_parallel_size": config.optimiser.sequence_parallel,
        "engine.offload_policy": config.optimiser.offload,
    }


def _cpu() -> dict[str, Any]:
    """Everything in float32; padded, because without its kernels attention over a pack costs more."""
    return {
        "model.use_remove_padding": False,
        "+model.override_config.attn_implementation": "sdpa",
        "engine.use_torch_compile": False,
        "engine.dtype": "float32",
        "+engine.mixed_precision.param_dtype": "fp32",
    }
