"""Settings of supervised runs: what is refused, and what verl makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from replgym.agents.run_settings.cluster import ClusterSettings
from replgym.agents.sft.cli import check
from replgym.agents.sft.launch import Launch
from replgym.agents.sft.sft_config import SftConfig
from replgym.agents.sft.sft_folder import SftFolder
from replgym.agents.sft.sft_overrides import sft_overrides
from replgym.agents.training.train_config import TrainConfig
from replgym.agents.verl_runs.verl_schema import SFT, compose_verl
from replgym.cli import main
from replgym.envs.env_config import ConfigError
from replgym.envs.task_sources.conversation import Conversation, write_conversations

MESSAGES = [{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": "2"}]
CONVERSATION = Conversation.model_validate({"id": "1", "source": "mine", "messages": MESSAGES})


def composed(config: SftConfig, heldout: Path | None = None) -> Any:
    """What verl makes of our overrides, by its own schema."""
    overrides = sft_overrides(
        config,
        model=config.model.path or "/a folder/model",
        train=Path("/a folder/train.arrow"),
        heldout=heldout,
        output=Path("/a folder/checkpoints"),
        steps=30,
        epochs=3,
    )
    return compose_verl(overrides, SFT)


def test_presets_of_the_two_kinds_of_runs_are_apart() -> None:
    assert {"sft_cpu", "sft_xcoder_qwen25"} <= set(SftConfig.presets())
    assert not set(SftConfig.presets()) & set(TrainConfig.presets())


@pytest.mark.parametrize("name", sorted(SftConfig.presets()))
def test_every_preset_fits_verls_schema(name: str) -> None:
    config = SftConfig.load(name)
    assert config.name == name
    made = composed(config)
    assert made.data.train_batch_size == config.optimiser.batch_size
    assert made.optim.lr == config.optimiser.learning_rate
    assert made.trainer.save_freq == (config.optimiser.save_every or "after_each_epoch")
    assert made.model.use_remove_padding == (config.platform == "cuda")
    assert made.data.seed == config.seed


def test_xcoders_recipe_is_the_published_one() -> None:
    config = SftConfig.load("sft_xcoder_qwen25")
    made = composed(config)
    assert (made.model.path, config.cluster.gpus) == ("Qwen/Qwen2.5-Coder-7B-Instruct", 64)
    assert (made.optim.lr, made.optim.lr_scheduler_type, made.optim.lr_warmup_steps_ratio) == (
        5e-5,
        "cosine",
        0.03,
    )
    assert (made.optim.weight_decay, made.optim.clip_grad) == (0.1, 1.0)
    assert (config.optimiser.epochs, config.optimiser.batch_size, config.data.max_tokens) == (8, 128, 32768)
    assert (made.engine.offload_policy, made.model.enable_gradient_checkpointing) == (True, True)
    assert made.data.max_token_len_per_gpu == 32768


def test_what_is_held_out_is_measured_and_further_keys_win() -> None:
    config = SftConfig.load(
        "sft_cpu", ["verl.optim.lr_scheduler_type=constant", "verl.engine.mixed_precision.param_dtype=bf16"]
    )
    made = composed(config, Path("/held out"))
    assert made.data.val_files == "/held out"
    assert composed(config).data.val_files is None
    assert made.optim.lr_scheduler_type == "constant"
    assert made.engine.mixed_precision.param_dtype == "bf16"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.files=[]"], r"'data.files': \[\] is not allowed"),
        (["data.length=5"], "'data.length' is unknown; allowed beside it: files, heldout_share"),
        (["optimiser.sequence_parallel=2"], "on CPU attention is not split; use 1"),
        (["optimiser.warmup_steps=5"], "'optimiser.warmup_share': 0.05 is not allowed: give it or"),
        (["optimiser.offload=true"], "on CPU there is nowhere to move weights to"),
        (["cluster.gpus_per_node=3"], "'optimiser.batch_size': 8 is not allowed: each of 3 replicas"),
        (
            ["optimiser.tokens_per_gpu=100"],
            "'optimiser.tokens_per_gpu': 100 is not allowed: the longest sequence, of 1024",
        ),
        (["platform=cuda"], "a model from scratch is for platform=cpu; give a model"),
        (["data.max_tokens=4096"], "the model from scratch sees 2048; raise model.tiny.context"),
        (
            ["cluster.ray_address=auto"],
            "'cluster.ray_address': 'auto' is not allowed: supervised runs",
        ),
        (
            ["platform=cuda", "model.path=M/M", "cluster.gpus_per_node=4", "optimiser.sequence_parallel=3"],
            "'optimiser.sequence_parallel': 3 is not allowed: the cluster has 4 GPUs",
        ),
    ],
)
def test_settings_that_do_not_fit_are_one_line(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SftConfig.load("sft_cpu", overrides)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("verl.data.truncation=left", "use data.too_long"),
        ("verl.trainer.nnodes=2", "use cluster.nodes"),
        ("verl.data.enable_thinking_default=true", "never read by verl 0.9.1 here"),
        ("verl.data.micro_batch_size_per_gpu=2", "packed by tokens; use optimiser.tokens_per_gpu"),
        ("verl.trainer.logger=[wandb]", "is set by the run; use the section monitoring"),
        ("verl.data.train_files=x", "is set by the run; use data.files"),
        ("verl.engine.strategy=megatron", "'megatron' is not allowed: use one of: fsdp, fsdp2"),
        ("verl.~trainer.logger=x", "deletes a key of verl; give it a value"),
        ("verl.optim.warmup=3", "'verl.optim.warmup' is unknown to verl 0.9.1; nearest: "),
    ],
)
def test_keys_that_are_not_for_users_are_refused(key: str, message: str) -> None:
    config = SftConfig.load("sft_cpu", [key])
    with pytest.raises(ConfigError, match=message):
        check(config)


def test_sequences_that_are_shared_need_less_room_on_each_gpu() -> None:
    machine = ["platform=cuda", "model.path=M/M", "cluster.gpus_per_node=8"]
    long = ["optimiser.sequence_parallel=4", "data.max_tokens=131072", "optimiser.batch_size=2"]
    config = SftConfig.load("sft_cpu", [*machine, *long])
    assert (config.tokens_per_gpu, config.replicas) == (32768, 2)
    assert composed(config).engine.ulysses_sequence_parallel_size == 4


def test_nodes_start_with_their_rank_and_one_address() -> None:
    cluster = ClusterSettings(nodes=2, gpus_per_node=8)
    assert Launch(1, "node0:29500").program(cluster) == (
        "torch.distributed.run",
        "--nnodes=2",
        "--node-rank=1",
        "--nproc-per-node=8",
        "--master-addr=node0",
        "--master-port=29500",
        "-m",
        "verl.trainer.sft_trainer",
    )
    assert "--standalone" in Launch().program(ClusterSettings(gpus_per_node=2))
    with pytest.raises(ConfigError, match="--node-rank 2: the nodes are 0 to 1"):
        Launch(2, "node0:29500").program(cluster)
    for rendezvous in (None, "node0", "node0:", ":1"):
        with pytest.raises(ConfigError, match="--rendezvous"):
            Launch(0, rendezvous).program(cluster)


def test_a_checkpoint_at_the_end_of_a_pass_begins_the_next_one(tmp_path: Path) -> None:
    folder = SftFolder(tmp_path)
    for step in (6, 8):
        (folder.checkpoints / f"global_step_{step}").mkdir(parents=True)
        (folder.checkpoints / f"global_step_{step}" / "data_0.pt").touch()
    (folder.checkpoints / "latest_checkpointed_iteration.txt").write_text("8")
    folder.forget_finished_epoch(3)
    assert len(list(folder.checkpoints.glob("*/data_0.pt"))) == 2
    folder.forget_finished_epoch(4)
    assert [path.parent.name for path in folder.checkpoints.glob("*/data_0.pt")] == ["global_step_6"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "multiturn_cpu"], "is neither a file nor a preset; presets: sft_cpu"),
        (["--node-rank", "1", "data.files=[c.jsonl]"], "--node-rank 1: the nodes are 0 to 0"),
        (["--resume", "data.files=[c.jsonl]"], "there is no run 'sft_cpu'"),
        (["data.files=[c.jsonl]"], "1 training samples do not fill a batch"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_conversations([CONVERSATION], tmp_path / "c.jsonl")
    assert main(["sft", *arguments]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
