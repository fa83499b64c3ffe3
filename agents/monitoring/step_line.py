"""A step in one line, and many steps as a table, for people who watch a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .level_tally import LevelTally
from .step_record import StepRecord

if TYPE_CHECKING:
    from rich.table import Table


def _share(value: float) -> str:
    return f"{value:.0%}" if value in (0, 1) or value >= 0.1 else f"{value:.1%}"


def _number(value: float) -> str:
    return f"{value:.3g}"


def _levels(record: StepRecord) -> str:
    """How much of each level is solved, where there are several."""
    shares = [f"{level} {_share(value)}" for level, value in LevelTally.shares(record.values).items()]
    return f"solved of {', '.join(shares)}" if len(shares) > 1 else ""


def _whole(value: float) -> str:
    return f"{value:,.0f}"


@dataclass(frozen=True, slots=True)
class _Column:
    """One number of a step."""

    title: str
    head: str
    """A shorter title, for tables."""
    metric: str
    show: Callable[[float], str]

    def text(self, record: StepRecord) -> str:
        value = record.values.get(self.metric)
        return "" if value is None else self.show(value)


_COLUMNS = (
    _Column("loss", "loss", "sft/loss", _number),
    _Column("held-out loss", "held out", "sft/heldout_loss", _number),
    _Column("gradient", "grad", "sft/gradient_norm", _number),
    _Column("tokens", "tokens", "sft/tokens", _whole),
    _Column("solved", "solved", "rollout/solved", _share),
    _Column("reward", "reward", "rollout/reward", _number),
    _Column("held-out reward", "held out", "heldout/reward", _number),
    _Column("groups none solved", "none", "groups/none", _share),
    _Column("all solved", "all", "groups/all", _share),
    _Column("turns", "turns", "rollout/turns", _number),
    _Column("tokens", "tokens", "rollout/response_tokens", _whole),
    _Column("cells raised", "raised", "tools/cell_errors", _share),
    _Column("failed", "failed", "failures/share", _share),
    _Column("entropy", "entropy", "policy/entropy", _number),
    _Column("gradient", "grad", "policy/gradient_norm", _number),
    _Column("clipped", "clip", "policy/clipped", _share),
    _Column("seconds", "s", "time/step", _number),
    _Column("environment", "env", "time/environment_of_step", _share),
    _Column("tokens/s", "tok/s", "speed/tokens", _whole),
)


def step_line(record: StepRecord, last: int | None = None) -> str:
    """The step in one line; what is not known of it is left out."""
    told = [f"{column.title} {text}" for column in _COLUMNS if (text := column.text(record))]
    told += [levels] if (levels := _levels(record)) else []
    number = f"step {record.step}" if last is None else f"step {record.step}/{last}"
    return f"{number}: {', '.join(told)}" if told else number


def step_table(records: Sequence[StepRecord]) -> Table:
    """The steps as a table; columns of which nothing is known are left out."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    shown = [column for column in _COLUMNS if any(column.text(record) for record in records)]
    table = Table(box=SIMPLE_HEAD, padding=0, pad_edge=False)
    for head in ("step", *(column.head for column in shown)):
        table.add_column(head, justify="right", no_wrap=True)
    for record in records:
        table.add_row(str(record.step), *(column.text(record) for column in shown))
    return table
