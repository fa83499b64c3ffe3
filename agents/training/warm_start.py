"""The warm start of a model from scratch: verl's SFT trainer on demonstrations, as on any conversations.

It starts in about ten seconds, and is the path by which larger models are warmed up.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from ...envs.env_config import ConfigError
from ...envs.task_sources.conversation import write_conversations
from ..rollouts.episode_log import read_episodes
from ..sft.episode_conversation import conversation_of
from ..sft.launch import Launch
from ..sft.sft_config import SftConfig
from ..sft.sft_folder import SftFolder
from ..sft.sft_run import SftRun
from ..terminal.stage_display import StageDisplay
from .train_config import TrainConfig


async def warm_start(
    config: TrainConfig, demonstrations: Path, folder: Path, model: Path, display: StageDisplay
) -> None:
    """Makes tokenizer and model, and fits the model to the demonstrations; goes on where it was stopped.

    Args:
        config: The run.
        demonstrations: Log of episodes; those that a fault of the machine ended are left out.
        folder: For all that the supervised run leaves.
        model: Folder to put the model into.
        display: Shows the stage.

    Raises:
        TrainerError: If verl's trainer failed.
    """
    work = SftFolder(folder)
    folder.mkdir(exist_ok=True)
    rows = folder / "demonstrations.parquet"
    episodes = (each for each in read_episodes(demonstrations) if each.failure is None and each.turns)
    count = write_conversations(map(conversation_of, episodes), rows)
    if not count:
        raise ConfigError("config key 'warm_start': no demonstration was played; raise expert_episodes")
    await SftRun(_settings(config, rows, count), work, Launch(), display).run()
    shutil.rmtree(model, ignore_errors=True)
    shutil.copytree(work.trained, model)


def _settings(config: TrainConfig, rows: Path, count: int) -> SftConfig:
    """The supervised run that a warm start is."""
    warm = config.warm_start
    return SftConfig.parse(
        {
            "name": f"{config.name}-warm-start",
            "seed": config.seed,
            "platform": config.platform,
            "threads": config.threads,
            "monitoring": {"console": False},
            "model": {"tiny": config.model.tiny.model_dump()},
            "data": {"files": [str(rows)], "max_tokens": config.model.tiny.context},
            "optimiser": {
                "epochs": warm.epochs,
                "batch_size": min(warm.batch_size, count),
                "learning_rate": warm.learning_rate,
                "schedule": "cosine",
                "warmup_share": 0.03,
                "adam_betas": (0.9, 0.98),
                "weight_decay": 0.01,
                "gradient_checkpointing": False,
            },
        }
    )
