"""Keys of verl's supervised training that are not for users.

The ignored ones were followed through verl 0.9.1: neither its SFT trainer nor our data set reads them.
"""

from __future__ import annotations

from ..verl_runs.key_rules import KeyRules
from ..verl_runs.verl_schema import SFT

_NOTHING = "nothing: it has no effect"
_OURS = "the sections of this configuration: the data set is already tokenised"

_IGNORED = {
    "data.apply_chat_template_kwargs": _OURS,
    "data.balance_dp_token": _NOTHING,
    "data.enable_thinking_default": _OURS,
    "data.enable_thinking_key": _OURS,
    "data.ignore_input_ids_mismatch": _OURS,
    "data.max_length": "data.max_tokens",
    "data.messages_key": _OURS,
    "data.tools_key": _OURS,
    "data.truncation": "data.too_long",
    "data.use_shm": _OURS,
    "optim.grad_clip": "optimiser.grad_clip",
    "trainer.balance_batch": _NOTHING,
    "trainer.n_gpus_per_node": "cluster.gpus_per_node",
    "trainer.nnodes": "cluster.nodes",
    "trainer.seed": "seed",
}

_OWNED = {
    "data.custom_cls": "the section data",
    "data.custom_cls.name": "the section data",
    "data.custom_cls.path": "the section data",
    "data.seed": "seed",
    "data.train_batch_size": "optimiser.batch_size",
    "data.train_files": "data.files",
    "data.train_max_samples": "data.files, with fewer conversations",
    "data.val_files": "data.heldout_share",
    "model.path": "model.path",
    "optim.total_training_steps": "optimiser.steps",
    "trainer.default_local_dir": "--runs",
    "trainer.device": "platform",
    "trainer.logger": "the section monitoring",
    "trainer.total_epochs": "optimiser.epochs",
    "trainer.total_training_steps": "optimiser.steps",
}

_VALUES = {
    "engine.strategy": ("fsdp", "fsdp2"),
    "trainer.resume_mode": ("auto", "disable", "resume_path"),
}

SFT_KEYS = KeyRules(
    SFT, _IGNORED, _OWNED, "data.use_dynamic_bsz", ("data.micro_batch_size_per_gpu",), _VALUES
)
"""What may stand under `verl` in a supervised run."""
