"""What a recipe says, in the keys that verl 0.9.1 reads.

Where verl has several keys for one thing, the one that its V1 trainer reads is written: `optim.clip_grad`
rather than `grad_clip`, and `ppo_infer_max_token_len_per_gpu` for the critic.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..verl_adapter.names import AGENT_NAME, ENGINE
from ..verl_runs.hub_model import located
from .train_config import TrainConfig

Keys = dict[str, Any]
_BUFFER = "replgym.agents.verl_adapter.bounded_replay_buffer"


def trainer_keys(config: TrainConfig, output: Path, steps: int) -> Keys:
    """How long, where to, and on how many machines."""
    optimiser, cluster = config.optimiser, config.cluster
    separate = {
        "trainer.v1.separate_async.parameter_sync_step": optimiser.tasks_per_step // optimiser.update_size,
        "actor_rollout_ref.rollout.nnodes": cluster.rollout_nodes,
        "actor_rollout_ref.rollout.checkpoint_engine.backend": "nccl",
    }
    return {
        "trainer.use_v1": True,
        "trainer.v1.trainer_mode": config.rollout.schedule,
        "trainer.project_name": "replgym",
        "trainer.experiment_name": config.name,
        "trainer.logger": ["console", "file"],
        "trainer.total_training_steps": steps,
        "trainer.total_epochs": steps,
        "trainer.save_freq": optimiser.save_every,
        "trainer.max_actor_ckpt_to_keep": optimiser.keep,
        "trainer.max_critic_ckpt_to_keep": optimiser.keep,
        "trainer.resume_mode": "auto",
        "trainer.default_local_dir": str(output),
        "trainer.n_gpus_per_node": cluster.gpus_per_node,
        "trainer.nnodes": cluster.nodes,
        "reward.num_workers": 1,
    } | (separate if config.rollout.schedule == "separate_async" else {})


def algorithm_keys(config: TrainConfig) -> Keys:
    """Advantages, and which groups count."""
    algorithm = config.algorithm
    settings: Keys = {
        "algorithm.adv_estimator": algorithm.estimator,
        "algorithm.norm_adv_by_std_in_grpo": algorithm.normalise_by_std,
        "algorithm.gamma": algorithm.gamma,
        "algorithm.lam": algorithm.lam,
        "algorithm.use_kl_in_reward": algorithm.kl_reward > 0,
    }
    if algorithm.kl_reward:
        settings["algorithm.kl_ctrl.kl_coef"] = algorithm.kl_reward
    if algorithm.filter_groups:
        settings["algorithm.filter_groups.enable"] = True
        settings["algorithm.filter_groups.metric"] = algorithm.filter_metric
    if algorithm.rollout_correction:
        correction = "algorithm.rollout_correction."
        settings[f"{correction}rollout_is"] = algorithm.rollout_correction.level
        settings[f"{correction}rollout_is_threshold"] = algorithm.rollout_correction.threshold
    return settings


def sampler_keys(config: TrainConfig) -> Keys:
    """Which groups are replaced: those that failed, and with dynamic sampling those that teach nothing."""
    sampler, algorithm = "trainer.v1.sampler.", config.algorithm
    keys: Keys = {f"{sampler}sync_refill_failed_groups": True}
    if config.rollout.schedule != "sync":
        return keys
    settings = {
        "tasks_per_step": config.optimiser.tasks_per_step,
        "most_batches": algorithm.filter_at_most,
        "metric": algorithm.filter_metric if algorithm.filter_groups else None,
        "batches_at_once": algorithm.filter_at_once,
    }
    keys[f"{sampler}custom_sampler.path"] = f"pkg://{_BUFFER}"
    keys[f"{sampler}custom_sampler.name"] = "BoundedReplayBuffer"
    return keys | {f"+{sampler}sampler_kwargs.{name}": value for name, value in settings.items()}


def data_keys(config: TrainConfig, rows: Path, heldout: Path | None) -> Keys:
    """Rows, and how they are drawn."""
    return {
        "data.train_files": str(rows),
        "data.val_files": str(heldout or rows),
        "data.train_batch_size": config.optimiser.tasks_per_step,
        "data.max_prompt_length": config.rollout.max_prompt_tokens,
        "data.max_response_length": config.rollout.max_response_tokens,
        "data.return_raw_chat": True,
        "data.truncation": "error",
        "data.filter_overlong_prompts": not config.tasks.generated,  # those are all short
        "data.seed": config.seed,
        "data.shuffle": config.tasks.shuffled,
        "data.dataloader_num_workers": 0,
    }


def actor_keys(config: TrainConfig, model: str | Path) -> Keys:
    """The policy, its loss and its updates."""
    optimiser, algorithm, actor = config.optimiser, config.algorithm, "actor_rollout_ref.actor."
    return {
        "actor_rollout_ref.model.path": str(model),
        "actor_rollout_ref.model.enable_gradient_checkpointing": optimiser.gradient_checkpointing,
        f"{actor}strategy": "fsdp2",
        **_optimiser(config, f"{actor}optim.", optimiser.learning_rate),
        f"{actor}ppo_mini_batch_size": optimiser.update_size,
        f"{actor}use_dynamic_bsz": True,
        f"{actor}ppo_max_token_len_per_gpu": config.tokens_per_gpu,
        f"{actor}ulysses_sequence_parallel_size": optimiser.sequence_parallel,
        f"{actor}use_kl_loss": algorithm.kl_loss > 0,
        f"{actor}kl_loss_coef": algorithm.kl_loss,
        f"{actor}kl_loss_type": algorithm.kl_loss_kind,
        f"{actor}entropy_coeff": algorithm.entropy_coefficient,
        f"{actor}policy_loss.loss_mode": algorithm.policy_loss,
        f"{actor}clip_ratio_low": algorithm.clip_low,
        f"{actor}clip_ratio_high": algorithm.clip_high,
        f"{actor}clip_ratio_c": algorithm.clip_dual,
        f"{actor}loss_agg_mode": algorithm.loss_aggregation,
        # verl's own default is the longest response of a batch, which differs from batch to batch
        f"{actor}loss_scale_factor": algorithm.loss_scale or config.rollout.max_response_tokens,
        f"{actor}checkpoint.save_contents": ["model", "optimizer", "extra", "hf_model"],
    }


def _optimiser(config: TrainConfig, prefix: str, learning_rate: float) -> Keys:
    optimiser = config.optimiser
    return {
        f"{prefix}lr": learning_rate,
        f"{prefix}lr_warmup_steps": optimiser.warmup_steps,
        f"{prefix}lr_warmup_steps_ratio": optimiser.warmup_share,
        f"{prefix}weight_decay": optimiser.weight_decay,
        f"{prefix}betas": optimiser.adam_betas,
        f"{prefix}clip_grad": optimiser.grad_clip,
    }


def critic_keys(config: TrainConfig, model: str | Path) -> Keys:
    """The value model of PPO."""
    critic = config.algorithm.critic
    if critic is None:
        return {"critic.enable": False}
    return {
        "critic.enable": True,
        "critic.strategy": "fsdp2",
        "critic.model.path": located(critic.path) if critic.path else str(model),
        "critic.model.enable_gradient_checkpointing": config.optimiser.gradient_checkpointing,
        **_optimiser(config, "critic.optim.", critic.learning_rate),
        "critic.cliprange_value": critic.clip_value,
        "+critic.ppo_infer_max_token_len_per_gpu": config.tokens_per_gpu,
        "critic.fsdp.ulysses_sequence_parallel_size": config.optimiser.sequence_parallel,
        "trainer.critic_warmup": critic.warmup_steps,
    }


def rollout_keys(config: TrainConfig, agent_loops: Path) -> Keys:
    """The engine, its sampling, and who plays."""
    rollout, prefix = config.rollout, "actor_rollout_ref.rollout."
    return {
        f"{prefix}name": ENGINE if rollout.engine == "transformers" else rollout.engine,
        f"{prefix}mode": "async",
        f"{prefix}n": rollout.samples_per_task,
        f"{prefix}temperature": rollout.temperature,
        f"{prefix}top_p": rollout.top_p,
        f"{prefix}tensor_model_parallel_size": rollout.tensor_parallel,
        f"{prefix}calculate_log_probs": True,
        f"{prefix}log_prob_use_dynamic_bsz": True,
        f"{prefix}log_prob_max_token_len_per_gpu": config.tokens_per_gpu,
        f"{prefix}multi_turn.enable": True,
        f"{prefix}agent.num_workers": rollout.workers,
        f"{prefix}agent.agent_loop_config_path": str(agent_loops),
        f"{prefix}agent.default_agent_loop": AGENT_NAME,
    }


def validation_keys(config: TrainConfig, steps: int, heldout: Path | None) -> Keys:
    """How verl measures; on CPU the run itself does so before and after."""
    evaluation, values = config.evaluation, "actor_rollout_ref.rollout.val_kwargs."
    if heldout is None:
        return {"trainer.test_freq": -1, "trainer.val_before_train": False}
    inside = config.platform == "cuda"
    last = steps if inside and evaluation.after else -1
    return {
        "trainer.test_freq": evaluation.every or last,
        "trainer.val_before_train": inside and evaluation.before,
        f"{values}n": evaluation.samples,
        f"{values}temperature": evaluation.temperature,
        f"{values}top_p": evaluation.top_p,
        f"{values}do_sample": evaluation.temperature > 0,
    }
