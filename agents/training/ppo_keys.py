"""Keys of verl's reinforcement learning that are not for users.

The ignored ones were followed through verl 0.9.1: none reaches its V1 trainer with FSDP and our agent loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from ..verl_runs.key_rules import KeyRules
from ..verl_runs.verl_schema import PPO
from .settings.algorithm import Estimator, PolicyLoss

_ROLLOUT = "actor_rollout_ref.rollout."
_ACTOR = "actor_rollout_ref.actor."
_NOTHING = "nothing: it has no effect"
_SCORES = "env.rubric: the agent loop scores its episodes"
_LOOP = "the section env: these are settings of verl's own tool loop"
_TOKENS = "optimiser.tokens_per_gpu"

_IGNORED = {
    "custom_reward_function": _SCORES,
    "reward_model": _SCORES,
    "sandbox_fusion": _SCORES,
    "reward": _SCORES,
    "reward.num_workers": None,
    "actor_rollout_ref.nccl_timeout": _NOTHING,
    f"{_ROLLOUT}trace": "the episode log of this project",
    f"{_ROLLOUT}multi_turn": _LOOP,
    f"{_ROLLOUT}multi_turn.use_inference_chat_template": _NOTHING,
    f"{_ROLLOUT}multi_turn.tokenization_sanity_check_mode": _NOTHING,
    f"{_ROLLOUT}multi_turn.num_repeat_rollouts": _NOTHING,
    f"{_ROLLOUT}agent.default_agent_loop": "env: every row names the agent loop of this project",
    f"{_ROLLOUT}do_sample": "rollout.temperature",
    f"{_ROLLOUT}val_kwargs.do_sample": "evaluation.temperature",
    f"{_ROLLOUT}repetition_penalty": "rollout.repetition_penalty",
    f"{_ROLLOUT}over_sample_rate": _NOTHING,
    f"{_ROLLOUT}multi_stage_wake_up": _NOTHING,
    f"{_ACTOR}grad_clip": "optimiser.grad_clip",
    f"{_ACTOR}optim.grad_clip": "optimiser.grad_clip",
    f"{_ACTOR}clip_ratio": "algorithm.clip_low and algorithm.clip_high",
    f"{_ACTOR}freeze_vision_tower": _NOTHING,
    f"{_ACTOR}use_prefix_grouper": _NOTHING,
    f"{_ACTOR}use_rollout_log_probs": "actor_rollout_ref.rollout.calculate_log_probs",
    "critic.grad_clip": "optimiser.grad_clip",
    "critic.ulysses_sequence_parallel_size": "optimiser.sequence_parallel",
    "critic.ppo_max_token_len_per_gpu": "critic.ppo_infer_max_token_len_per_gpu",
    "critic.forward_max_token_len_per_gpu": "critic.ppo_infer_max_token_len_per_gpu",
    "critic.forward_micro_batch_size": _TOKENS,
    "critic.forward_micro_batch_size_per_gpu": _TOKENS,
    "algorithm.filter_groups.max_num_gen_batches": "algorithm.filter_at_most",
    "data.gen_batch_size": "optimiser.tasks_per_step: prompts are drawn one by one",
    "data.return_raw_input_ids": _NOTHING,
    "data.reward_fn_key": _SCORES,
    "trainer.balance_batch": "nothing: batches are always balanced",
    "trainer.esi_redundant_time": _NOTHING,
    "trainer.ray_wait_register_center_timeout": _NOTHING,
}

_OWNED = {
    "trainer.logger": "the section monitoring",
    "trainer.default_local_dir": "--runs",
    "trainer.total_training_steps": "optimiser.steps",
    "trainer.total_epochs": "optimiser.epochs",
    "trainer.device": "platform",
    "trainer.n_gpus_per_node": "cluster.gpus_per_node",
    "trainer.nnodes": "cluster.nodes",
    "data.train_files": "the section tasks",
    "data.val_files": "the section tasks",
    "actor_rollout_ref.model.path": "model.path",
    f"{_ROLLOUT}n": "rollout.samples_per_task",
    f"{_ROLLOUT}agent.agent_loop_config_path": "the section env",
}

_MICRO_BATCHES = (
    f"{_ACTOR}ppo_micro_batch_size",
    f"{_ACTOR}ppo_micro_batch_size_per_gpu",
    f"{_ROLLOUT}log_prob_micro_batch_size",
    f"{_ROLLOUT}log_prob_micro_batch_size_per_gpu",
    "actor_rollout_ref.ref.log_prob_micro_batch_size",
    "actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu",
    "critic.ppo_micro_batch_size",
    "critic.ppo_micro_batch_size_per_gpu",
)

_VALUES: Mapping[str, tuple[str, ...]] = {
    "algorithm.adv_estimator": get_args(Estimator),
    f"{_ACTOR}policy_loss.loss_mode": get_args(PolicyLoss),
    f"{_ROLLOUT}name": ("sglang", "vllm", "sglang_http", "transformers_cpu"),
    f"{_ROLLOUT}mode": ("async",),
    f"{_ACTOR}strategy": ("fsdp", "fsdp2"),
    "critic.strategy": ("fsdp", "fsdp2"),
    "trainer.use_v1": ("true",),
    "trainer.v1.trainer_mode": ("sync", "colocate_async", "separate_async"),
    "algorithm.kl_ctrl.type": ("fixed", "adaptive"),
    "trainer.resume_mode": ("auto", "disable", "resume_path"),
}

PPO_KEYS = KeyRules(PPO, _IGNORED, _OWNED, f"{_ACTOR}use_dynamic_bsz", _MICRO_BATCHES, _VALUES)
"""What may stand under `verl` in a run of reinforcement learning."""
