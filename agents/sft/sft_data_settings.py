"""Section `data` of a supervised run: what is learnt."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..run_settings.section import Section


class SftDataSettings(Section):
    """Files of conversations, and what of them is used."""

    files: tuple[str, ...] = Field(min_length=1)
    """`.parquet` and `.jsonl` files, such as `replgym data sft` writes."""
    max_tokens: int = Field(default=4096, ge=16)
    """Longest sample."""
    too_long: Literal["drop", "cut"] = "drop"
    """What becomes of longer ones: set aside, or cut after `max_tokens`."""
    heldout_share: float = Field(default=0.0, ge=0, lt=1)
    """Share of the conversations that is not trained on but measured; which ones depends on seed and id."""
    processes: int = Field(default=1, ge=1)
    """Processes that tokenise."""
