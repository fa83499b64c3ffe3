"""Token ids of a run as text, by the tokenizer that the run kept beside its model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Decode = Callable[[Sequence[int]], str]
"""Token ids to text."""
_FOLDERS = ("models/trained", "models/warm-start")


def run_decoder(run_dir: Path) -> Decode | None:
    """The decoder; None when the run kept no tokenizer or `transformers` is not installed."""
    folder = next((run_dir / name for name in _FOLDERS if (run_dir / name / "tokenizer.json").exists()), None)
    if folder is None:
        return None
    try:
        from transformers import AutoTokenizer

        tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    except (ImportError, OSError, ValueError):
        return None  # the strips then show ids

    def decode(ids: Sequence[int]) -> str:
        return str(tokenizer.decode(ids))

    return decode
