"""What differs between the settings of two runs, by the path of each setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SHOWN = 60
_MISSING = "–"


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """One setting that is not the same."""

    path: str
    """Such as `sampling.temperature`."""
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.path}: {_told(self.before)} -> {_told(self.after)}"


def settings_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[SettingsChange]:
    """All settings that differ, by path; those that only one of both has count as missing."""
    first, second = dict(_flat(before)), dict(_flat(after))
    return [
        SettingsChange(path, first.get(path), second.get(path))
        for path in sorted(first.keys() | second.keys())
        if first.get(path) != second.get(path)
    ]


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, item in value.items():
        rows += _flat(item, f"{prefix}{key}.") if isinstance(item, Mapping) else [(f"{prefix}{key}", item)]
    return rows


def _told(value: Any) -> str:
    text = _MISSING if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
