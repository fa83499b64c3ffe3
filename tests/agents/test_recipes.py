"""Every recipe that ships is one that verl accepts, and says what was published."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from replgym.agents.run_settings.config_file import CONFIGS
from replgym.agents.training.ppo_keys import PPO_KEYS
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.verl_overrides import agent_loop_entry, verl_overrides
from replgym.agents.verl_runs.verl_schema import check_verl_schema, compose_verl
from replgym.envs.task_data.set_choice import SetChoice

RECIPES = sorted(TrainConfig.presets())
ROLLOUT, ACTOR = "actor_rollout_ref.rollout.", "actor_rollout_ref.actor."

PUBLISHED: dict[str, dict[str, Any]] = {
    "verlcoder": {
        "data.train_batch_size": 64,
        f"{ACTOR}ppo_mini_batch_size": 64,
        f"{ROLLOUT}n": 4,
        "data.max_prompt_length": 1024,
        "data.max_response_length": 1024,
        f"{ACTOR}optim.lr": 1e-6,
        f"{ACTOR}optim.lr_warmup_steps_ratio": 0.1,
        f"{ACTOR}kl_loss_coef": 0.001,
        f"{ACTOR}kl_loss_type": "low_var_kl",
        f"{ACTOR}entropy_coeff": 0.01,
        f"{ROLLOUT}gpu_memory_utilization": 0.6,
        "trainer.save_freq": 20,
        "trainer.test_freq": 10,
        "trainer.n_gpus_per_node": 4,
        "epochs": 16,
    },
    "code_r1_grpo": {
        "data.train_batch_size": 16,
        f"{ROLLOUT}n": 16,
        "data.max_prompt_length": 2048,
        "data.max_response_length": 4096,
        f"{ACTOR}optim.lr": 5e-7,
        f"{ACTOR}use_kl_loss": True,
        f"{ACTOR}kl_loss_coef": 0.001,
        f"{ACTOR}clip_ratio_high": 0.2,
        "critic.enable": False,
        "trainer.save_freq": 64,
        "trainer.test_freq": 16,
        "epochs": 8,
    },
    "code_r1_ppo": {
        "algorithm.adv_estimator": "gae",
        "data.train_batch_size": 8,
        f"{ROLLOUT}n": 16,
        f"{ACTOR}optim.lr": 1e-6,
        f"{ACTOR}use_kl_loss": False,
        "critic.enable": True,
        "critic.optim.lr": 1e-5,
        "critic.model.path": "MODEL",
        "algorithm.use_kl_in_reward": True,
        "algorithm.kl_ctrl.kl_coef": 0.001,
        "epochs": 6,
    },
    "kodcode_7b_8gpu": {
        "data.train_batch_size": 256,
        f"{ROLLOUT}n": 16,
        "data.max_prompt_length": 1536,
        "data.max_response_length": 4096,
        f"{ACTOR}optim.lr": 5e-7,
        f"{ACTOR}kl_loss_coef": 0.001,
        f"{ROLLOUT}gpu_memory_utilization": 0.4,
        f"{ACTOR}fsdp_config.optimizer_offload": True,
        "trainer.save_freq": 32,
        "trainer.n_gpus_per_node": 8,
        "epochs": 8,
    },
    "kodcode_7b_4gpu": {
        "data.max_prompt_length": 256,
        "data.max_response_length": 2048,
        "trainer.n_gpus_per_node": 4,
    },
    "kodcode_0.5b_2gpu": {
        "data.max_prompt_length": 512,
        "data.max_response_length": 1536,
        f"{ROLLOUT}gpu_memory_utilization": 0.2,
        "trainer.n_gpus_per_node": 2,
    },
    "kodcode_1.5b_1gpu": {"data.max_prompt_length": 512, "trainer.n_gpus_per_node": 1},
    "xcoder_rl_qwen25": {
        "data.train_batch_size": 512,
        f"{ACTOR}ppo_mini_batch_size": 128,
        f"{ROLLOUT}n": 8,
        f"{ROLLOUT}temperature": 1.0,
        "data.max_prompt_length": 2500,
        "data.max_response_length": 30196,
        "data.shuffle": False,
        f"{ACTOR}optim.lr": 4e-7,
        f"{ACTOR}use_kl_loss": False,
        f"{ACTOR}clip_ratio_low": 0.2,
        f"{ACTOR}clip_ratio_high": 0.28,
        f"{ACTOR}loss_agg_mode": "token-mean",
        f"{ROLLOUT}gpu_memory_utilization": 0.85,
        "trainer.save_freq": 10,
        "trainer.test_freq": 1000,
        "epochs": 3,
    },
    "xcoder_rl_qwen3": {
        "data.train_batch_size": 128,
        f"{ACTOR}ppo_mini_batch_size": 128,
        "data.max_prompt_length": 2048,
        "data.max_response_length": 30720,
        f"{ROLLOUT}max_model_len": 30720,
        f"{ACTOR}optim.lr": 3e-7,
        f"{ACTOR}kl_loss_coef": 0.01,
        "repetition_penalty": 1.15,
        "trainer.nnodes": 2,
        "trainer.save_freq": 5,
        "ray_kwargs.ray_init.address": "auto",
        "epochs": 5,
    },
    "verl_sqa_ppo": {
        "algorithm.adv_estimator": "gae",
        "data.train_batch_size": 64,
        f"{ACTOR}ppo_mini_batch_size": 64,
        f"{ROLLOUT}n": 1,
        f"{ACTOR}optim.lr": 1e-6,
        "critic.optim.lr": 1e-5,
        "trainer.test_freq": 200,
        "trainer.n_gpus_per_node": 4,
        "epochs": 5,
    },
    "dapo": {
        "data.train_batch_size": 512,
        f"{ACTOR}ppo_mini_batch_size": 32,
        f"{ROLLOUT}n": 16,
        "data.max_prompt_length": 2048,
        "data.max_response_length": 20480,
        f"{ACTOR}clip_ratio_low": 0.2,
        f"{ACTOR}clip_ratio_high": 0.28,
        f"{ACTOR}clip_ratio_c": 10.0,
        f"{ACTOR}loss_agg_mode": "token-mean",
        f"{ACTOR}optim.lr": 1e-6,
        f"{ACTOR}optim.lr_warmup_steps": 10,
        f"{ACTOR}optim.weight_decay": 0.1,
        "algorithm.filter_groups.enable": True,
        "algorithm.filter_groups.metric": "acc",
        "trainer.v1.sampler.sampler_kwargs.batches_at_once": 3,
        "trainer.v1.sampler.sampler_kwargs.most_batches": 10,
    },
    "dr_grpo": {
        "algorithm.norm_adv_by_std_in_grpo": False,
        f"{ACTOR}loss_agg_mode": "seq-mean-token-sum-norm",
        f"{ACTOR}loss_scale_factor": 8192,
        f"{ACTOR}use_kl_loss": False,
    },
    "gspo": {
        f"{ACTOR}policy_loss.loss_mode": "gspo",
        f"{ACTOR}loss_agg_mode": "seq-mean-token-mean",
        f"{ACTOR}clip_ratio_low": 3e-4,
        f"{ACTOR}clip_ratio_high": 4e-4,
        f"{ACTOR}ppo_mini_batch_size": 32,
    },
    "simpletir": {
        "data.train_batch_size": 512,
        f"{ACTOR}ppo_mini_batch_size": 128,
        f"{ROLLOUT}n": 16,
        "data.max_response_length": 16000,
        f"{ACTOR}clip_ratio_high": 0.28,
        "algorithm.filter_groups.metric": "acc",
        "mask_void_turns": True,
        "turn_tokens": 8000,
    },
    "retool_7b": {
        "data.train_batch_size": 64,
        f"{ACTOR}ppo_mini_batch_size": 16,
        f"{ROLLOUT}n": 16,
        "data.max_prompt_length": 2048,
        "data.max_response_length": 16384,
        f"{ACTOR}ulysses_sequence_parallel_size": 4,
        f"{ACTOR}clip_ratio_c": 10.0,
        f"{ROLLOUT}val_kwargs.n": 30,
        f"{ROLLOUT}val_kwargs.top_p": 0.6,
    },
    "retool_32b": {
        "data.train_batch_size": 512,
        f"{ACTOR}ppo_mini_batch_size": 64,
        f"{ACTOR}ulysses_sequence_parallel_size": 8,
        f"{ROLLOUT}tensor_model_parallel_size": 4,
        "trainer.nnodes": 2,
    },
    "multiturn_qwen25_coder_7b_8gpu_async": {
        "trainer.v1.trainer_mode": "colocate_async",
        "algorithm.rollout_correction.rollout_is": "token",
        "algorithm.rollout_correction.rollout_is_threshold": 2.0,
        "trainer.v1.sampler.custom_sampler.name": None,
    },
    "curriculum_pass_rate": {"data.shuffle": False},
    "multiturn_qwen25_coder_7b_1gpu": {
        f"{ACTOR}fsdp_config.param_offload": True,
        f"{ROLLOUT}skip_tokenizer_init": False,
        "trainer.device": "cuda",
    },
}
"""What was published, or is the point of a recipe, in verl's names; and what only our agent loop knows."""

ANSWERS = {
    "code_r1_grpo": ("answer-tag", "code-r1"),
    "code_r1_ppo": ("answer-tag", "code-r1"),
    "kodcode_7b_8gpu": ("answer-tag", "kodcode"),
    "verl_sqa_ppo": ("answer-tag", "pass-rate"),
    "xcoder_rl_qwen25": ("last-block", "xcoder"),
    "xcoder_rl_qwen3": ("last-block", "xcoder"),
}
"""How the answer is found, and the rubric."""


@pytest.fixture(scope="module")
def composed(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """verl's configuration of every recipe, with a small model in place of the real one."""
    folder = tmp_path_factory.mktemp("recipes")
    made = {}
    for name in RECIPES:
        config = TrainConfig.load(name)
        overrides = verl_overrides(
            config,
            model=tiny_folder,
            rows=folder / "rows.parquet",
            agent_loops=folder / "agent_loops.yaml",
            output=folder / "checkpoints",
            steps=100,
            heldout=folder / "heldout.parquet" if config.measured_inside else None,
        )
        check_verl_schema(config.verl, PPO_KEYS)
        made[name] = compose_verl(overrides)
    return made


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_passes_verls_own_validation(name: str, composed: dict[str, Any]) -> None:
    from verl.trainer.config import AlgoConfig
    from verl.trainer.ppo.core_algos import get_adv_estimator_fn, get_policy_loss_fn
    from verl.trainer.ppo.utils import need_critic, need_reference_policy
    from verl.utils.config import omega_conf_to_dataclass, validate_config

    made = composed[name]
    with contextlib.redirect_stdout(io.StringIO()):
        validate_config(made, need_reference_policy(made), need_critic(made))
    omega_conf_to_dataclass(made.actor_rollout_ref.rollout)
    assert isinstance(omega_conf_to_dataclass(made.algorithm), AlgoConfig)
    get_adv_estimator_fn(made.algorithm.adv_estimator)
    get_policy_loss_fn(made.actor_rollout_ref.actor.policy_loss.loss_mode)


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_settings_arrive_in_verl(name: str, composed: dict[str, Any], tiny_folder: Path) -> None:
    config = TrainConfig.load(name)
    entry = agent_loop_entry(config, Path())[0] | {"epochs": config.optimiser.epochs}
    assert config.optimiser.steps is None
    for key, published in PUBLISHED[name].items():
        found = entry[key] if key in entry else OmegaConf.select(composed[name], key)
        assert found == (str(tiny_folder) if published == "MODEL" else published), key


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_recipes_without_tools_answer_once(name: str) -> None:
    env = TrainConfig.load(name).env
    assert (env.mode.value, env.max_turns) == ("no-tool", 1)
    assert (env.code_extraction, env.rubric) == ANSWERS[name]


@pytest.mark.parametrize("name", RECIPES)
def test_the_critic_of_a_gae_recipe_is_bounded_and_the_policys_equal(
    name: str, composed: dict[str, Any]
) -> None:
    made = composed[name]
    if not made.critic.enable:
        assert made.algorithm.adv_estimator != "gae"
        return
    actor, critic = made.actor_rollout_ref.actor, made.critic
    assert critic.ppo_infer_max_token_len_per_gpu == actor.ppo_max_token_len_per_gpu
    assert critic.ppo_mini_batch_size == actor.ppo_mini_batch_size


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_says_what_it_is_and_where_it_is_from(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert re.fullmatch(r"# [A-Z].{20,}\.", lines[0]) or path.parent.name == "base"
    comment = "\n".join(line for line in lines if line.startswith("#"))
    if path.stem in PUBLISHED and "extends: multiturn" not in path.read_text():
        assert "# Source: " in comment


@pytest.mark.parametrize("name", RECIPES)
def test_the_data_of_a_recipe_are_sets_that_exist(name: str) -> None:
    found = re.search(r"Data: replgym data prepare (.*)", TrainConfig.presets()[name].read_text())
    if found is None:
        return
    words = shlex.split(found[1].partition("   (")[0])
    options = {"--test-size": 1, "--seed": 1, "--output": 1}
    while words:
        word = words.pop(0)
        if word in options:
            value = words.pop(0)
            assert word != "--output" or value == TrainConfig.load(name).tasks.path
        elif not word.startswith("--"):
            choice = SetChoice.parse(word)
            assert choice.split is None or choice.split in choice.source.splits, word


def test_the_page_of_recipes_names_all_of_them() -> None:
    page = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text()
    named = {
        name for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for name in row.split("`")[1::2]
    }
    assert named == set(RECIPES)
