"""The command that makes the data of a recipe, told by the comment at the head of its file."""

from __future__ import annotations

import re

from ..train_config import TrainConfig

_COMMAND = re.compile(r"^#.*\bData: (replgym data prepare .*? --output \S+)", re.MULTILINE)
_BASE = re.compile(r"^extends: (\S+)", re.MULTILINE)
_OUT = re.compile(r"(?<= --output )\S+")


def preparation(recipe: str, folder: str) -> str | None:
    """The command, writing to a folder; None where neither the recipe nor what it extends tells one.

    Args:
        recipe: Name of a preset.
        folder: Where the run reads its tasks.
    """
    presets = TrainConfig.presets()
    seen: set[str] = set()
    while recipe in presets and recipe not in seen:
        seen.add(recipe)
        text = presets[recipe].read_text()
        if told := _COMMAND.search(text):
            return _OUT.sub(folder, told[1])
        base = _BASE.search(text)
        recipe = base[1] if base else ""
    return None
