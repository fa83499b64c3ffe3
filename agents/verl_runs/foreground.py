"""What commands that train have in common: a clean stop, the same settings on resume, packages."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ...envs.env_config import ConfigError
from ..run_settings.config_file import ConfigFile

if TYPE_CHECKING:
    from rich.console import Console


def require_packages(*names: str) -> None:
    """Refuses to start without what training imports.

    Raises:
        ConfigError: Names the first package that is missing.
    """
    for name in names:
        if find_spec(name) is None:
            raise ConfigError(
                f"training needs the package {name}: run scripts/setup.sh, or pip install 'replgym[train]'"
            )


def require_same(asked: ConfigFile, stored: ConfigFile) -> None:
    """Refuses to go on with other settings than a run was started with; those of `monitoring` may change.

    Raises:
        ConfigError: Names the settings that differ.
    """
    old, new = stored.settings(), asked.settings()
    changed = sorted(key for key in old | new if old.get(key) != new.get(key))
    differing = [key for key in changed if not key.startswith("monitoring.")]
    if differing:
        raise ConfigError(
            f"--resume: the run was started with other settings: "
            f"{', '.join(f'{key}={old.get(key)!r}' for key in differing)}; "
            "give the same, or start a new run without --resume"
        )


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work`; SIGTERM stops it as cleanly as Ctrl-C does.

    Raises:
        KeyboardInterrupt: If it was stopped.
    """
    task = asyncio.ensure_future(work)
    stopped: list[bool] = []

    def stop() -> None:
        stopped.append(True)
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    try:
        await task
    except asyncio.CancelledError:
        if stopped:
            raise KeyboardInterrupt from None
        raise


def carry_out(work: Coroutine[Any, Any, None], console: Console, again: str) -> None:
    """Runs `work` to its end, and tells how to go on if somebody stops it.

    Args:
        work: A run.
        console: Where to tell.
        again: The command that goes on.

    Raises:
        KeyboardInterrupt: If it was stopped.
    """
    try:
        asyncio.run(until_stopped(work))
    except KeyboardInterrupt:
        console.print(f"Stopped. Go on with: {again}", highlight=False, soft_wrap=True)
        raise


def prepare_libraries(threads: int) -> None:
    """Keeps other libraries' bars from drawing over ours, and torch to its threads."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from transformers.utils import logging

    torch.set_num_threads(threads)
    logging.disable_progress_bar()
