"""A supervised run from files of conversations to a model: tokenise, train with verl, export.

On several nodes the first one prepares, the others wait for it; the run folder is on a file system that all
of them share.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...envs.env_config import ConfigError
from ...envs.task_sources.conversation import Conversation
from ...envs.task_sources.conversation_reader import read_conversations
from ..monitoring.step_record import StepRecord
from ..terminal.row_progress import RowProgress
from ..terminal.stage_display import StageDisplay
from ..tiny_model import make_model, save, train_tokenizer
from ..verl_runs.hub_model import located
from ..verl_runs.verl_process import TrainerError, run_verl
from .launch import Launch
from .sft_config import SftConfig
from .sft_folder import SftFolder
from .sft_monitor import SftMonitor
from .sft_overrides import sft_overrides
from .tokenisation import TokenCounts, tokenise

_DATA, _TRAINING = "data", "training"
_WAIT_SECONDS = 24 * 3600.0
_POLL_SECONDS = 1.0


class SftRun:
    """Carries out what is left of one run."""

    def __init__(self, config: SftConfig, folder: SftFolder, launch: Launch, display: StageDisplay) -> None:
        self._config = config
        self._folder = folder
        self._launch = launch
        self._display = display

    async def run(self) -> None:
        """Runs to the end.

        Raises:
            ConfigError: If the data do not fill a batch.
            TrainerError: If verl's trainer failed, or the first node did not prepare the run.
        """
        if self._launch.node_rank:
            await self._wait_for_first_node()
        else:
            self._prepare()
        counts = TokenCounts.model_validate_json(self._folder.data_counts.read_text())
        if self._folder.last_checkpoint() < self._steps(counts):
            await self._train(counts)
        if self._launch.node_rank == 0 and not self._folder.done(_TRAINING):
            self._export(counts)

    @property
    def _model(self) -> str:
        """Folder or name of the model to start from."""
        return located(self._config.model.path or str(self._folder.untrained))

    def _prepare(self) -> None:
        """Makes a model if there is none, and tokenises."""
        if self._folder.done(_DATA):
            return
        config, folder = self._config, self._folder
        files = [Path(name) for name in config.data.files]
        if config.model.path is None:
            tokenizer = train_tokenizer(_texts(files), config.model.tiny.vocabulary)
            model = make_model(config.model.tiny, tokenizer, config.seed)
            save(model, tokenizer, folder.untrained)
        with RowProgress(self._display.console) as progress:
            counts = tokenise(
                read_conversations(files),
                config.data,
                tokenizer=self._model,
                seed=config.seed,
                train=folder.train_tokens,
                heldout=folder.heldout_tokens,
                aside=folder.bad_rows,
                on_conversation=lambda: progress.add("tokenise"),
            )
        self._display.console.print(_told(counts), markup=False, highlight=False, soft_wrap=True)
        self._check(counts)
        folder.data_counts.write_text(counts.model_dump_json(indent=2) + "\n")
        folder.mark(_DATA)

    def _check(self, counts: TokenCounts) -> None:
        size = self._config.optimiser.batch_size
        if counts.samples < size:
            raise ConfigError(
                f"config key 'data.files': {counts.samples} training samples do not fill a batch; give more, "
                f"or lower optimiser.batch_size ({size})"
            )
        if self._config.data.heldout_share and counts.heldout < size:
            raise ConfigError(
                f"config key 'data.heldout_share': {counts.heldout} samples held out do not fill a batch; "
                f"raise it, set it to 0, or lower optimiser.batch_size ({size})"
            )

    async def _wait_for_first_node(self) -> None:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                while not self._folder.done(_DATA):
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise TrainerError(
                f"node 0 has prepared nothing in {self._folder.root}; is that folder shared?"
            ) from None

    async def _train(self, counts: TokenCounts) -> None:
        """Runs verl from its last checkpoint to the last step; the first node tells of it."""
        folder, steps = self._folder, self._steps(counts)
        first, leads = folder.last_checkpoint(), self._launch.node_rank == 0
        if leads:
            folder.forget_finished_epoch(self._steps_per_epoch(counts))
            folder.forget_steps_after(first)
        part = folder.next_metrics_part()
        monitor = None
        if leads:
            monitor = SftMonitor(self._config, folder, self._display.console, first=first + 1, steps=steps)
        lines = not (leads and self._config.monitoring.console)
        try:
            with self._display.stage("SFT", steps, done=first, lines=lines) as stage:
                stage.note("starting verl")

                def on_step(step: int, metrics: Mapping[str, Any]) -> None:
                    stage.move_to(step)
                    if monitor is not None:
                        stage.note(_losses(monitor.on_step(step, metrics)))

                await self._run_verl(counts, part, on_step, monitor.fault if monitor else lambda: None)
        finally:
            if monitor is not None:
                monitor.close()

    async def _run_verl(
        self,
        counts: TokenCounts,
        part: Path,
        on_step: Callable[[int, Mapping[str, Any]], None],
        check: Callable[[], str | None],
    ) -> None:
        config, folder, steps = self._config, self._folder, self._steps(counts)
        overrides = sft_overrides(
            config,
            model=self._model,
            train=folder.train_tokens.resolve(),
            heldout=folder.heldout_tokens.resolve() if config.data.heldout_share else None,
            output=folder.checkpoints.resolve(),
            steps=steps,
            epochs=-(-steps // self._steps_per_epoch(counts)),
        )
        await run_verl(
            overrides,
            log=folder.log_of(self._launch.node_rank),
            metrics=part,
            on_step=on_step,
            check=check,
            platform=config.platform,
            threads=config.threads,
            program=self._launch.program(config.cluster),
        )

    def _steps_per_epoch(self, counts: TokenCounts) -> int:
        replicas = self._config.replicas
        return (counts.samples // replicas) // (self._config.optimiser.batch_size // replicas)

    def _steps(self, counts: TokenCounts) -> int:
        optimiser = self._config.optimiser
        return optimiser.steps or optimiser.epochs * self._steps_per_epoch(counts)

    def _export(self, counts: TokenCounts) -> None:
        """Puts the last checkpoint where models lie, in the form of `from_pretrained`."""
        made = self._folder.checkpoints / f"global_step_{self._steps(counts)}" / "huggingface"
        if not made.is_dir():
            raise TrainerError(f"verl ended without {made}; see {self._folder.verl_log}")
        shutil.rmtree(self._folder.trained, ignore_errors=True)
        shutil.copytree(made, self._folder.trained)
        if self._config.platform == "cpu":
            _load_as_float32(self._folder.trained / "config.json")
        self._folder.mark(_TRAINING)


def _load_as_float32(config: Path) -> None:
    """Corrects what verl writes beside weights in float32: that they are to be loaded as bfloat16."""
    values = json.loads(config.read_text())
    config.write_text(json.dumps(values | {"dtype": "float32"}, indent=2) + "\n")


def _texts(files: list[Path]) -> Iterator[str]:
    """Everything that the model will read or write, for its tokenizer; what others say counts once."""
    told: set[str] = set()
    for item in read_conversations(files):
        for message in item.messages if isinstance(item, Conversation) else ():
            if message.role == "assistant" or message.content not in told:
                yield message.content
                told.add(message.content)


def _losses(record: StepRecord) -> str:
    """One remark about a step."""
    return ", ".join(
        f"{told} {record.values[name]:.4f}"
        for name, told in (("sft/loss", "loss"), ("sft/heldout_loss", "held-out loss"))
        if name in record.values
    )


def _told(counts: TokenCounts) -> str:
    held = f", {counts.heldout} held out" if counts.heldout else ""
    return (
        f"data: {counts.conversations} conversations, {counts.samples} samples{held}, "
        f"{counts.tokens} tokens, {counts.learnt_tokens} learnt; longest {counts.longest}; "
        f"{counts.left_out} too long, {counts.cut} cut, {counts.bad_rows} bad rows"
    )
