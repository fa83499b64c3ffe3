"""Section `monitoring` put to work: where the metrics of a run go."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ...envs.env_config import ConfigError
from ..monitoring.background_sink import BackgroundSink
from ..monitoring.console_sink import ConsoleSink
from ..monitoring.jsonl_sink import JsonlSink
from ..monitoring.metric_sink import MetricSink
from ..monitoring.mlflow_sink import MlflowSink
from ..monitoring.tensorboard_sink import TensorboardSink
from ..monitoring.wandb_sink import WandbSink
from ..run_settings.config_file import ConfigFile
from ..run_settings.monitoring import SinkSettings
from .run_folder import RunFolder

if TYPE_CHECKING:
    from rich.console import Console


def run_sinks(
    config: ConfigFile, folder: RunFolder, console: Console, *, first: int, steps: int
) -> Iterator[MetricSink]:
    """The sinks of a run whose trainer is about to start.

    Args:
        config: The run.
        folder: Its folder, which holds nothing of steps that are still to be taken.
        console: Where its lines go.
        first: The next step.
        steps: The number of the last step.
    """
    settings, root, facts = config.monitoring, folder.root, config.settings()
    yield JsonlSink(folder.metrics, folder.alerts)
    if settings.console:
        yield ConsoleSink(console, steps)
    if settings.tensorboard:
        make_board = partial(TensorboardSink, root / "tensorboard", first=first)
        yield BackgroundSink(TensorboardSink.name, make_board)
    if settings.wandb.enabled:
        yield BackgroundSink(WandbSink.name, partial(WandbSink, settings.wandb, root, facts))
    if settings.mlflow.enabled:
        yield BackgroundSink(MlflowSink.name, partial(MlflowSink, settings.mlflow, root, facts))


def report_to(console: Console, told: str) -> None:
    """Prints a remark on a run beside its steps."""
    console.print(told, style="yellow", markup=False, highlight=False, soft_wrap=True)


def check_packages(settings: SinkSettings) -> None:
    """Refuses sinks whose packages are not installed.

    Raises:
        ConfigError: Names the setting, the package and how to install it.
    """
    needed = {
        "tensorboard": ("tensorboard", settings.tensorboard),
        "wandb.enabled": ("wandb", settings.wandb.enabled),
        "mlflow.enabled": ("mlflow", settings.mlflow.enabled),
    }
    for key, (package, wanted) in needed.items():
        if wanted and find_spec(package) is None:
            raise ConfigError(
                f"config key 'monitoring.{key}': True needs the package {package}: "
                "pip install 'replgym[monitoring]'"
            )
