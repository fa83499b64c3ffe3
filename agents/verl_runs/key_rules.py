"""Which keys of verl 0.9.1 a user may set beside our own settings, for one of its trainers.

Refused are keys that the trainer never reads, those that the run itself sets, and values that verl takes at
first and cannot use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...envs.env_config import ConfigError


@dataclass(frozen=True, slots=True)
class KeyRules:
    """The rules of one trainer; keys are verl's own dotted names."""

    schema: str
    """Name of the trainer's configuration."""
    ignored: Mapping[str, str | None]
    """What to use in place of a key and all below it; None where it is read all the same."""
    owned: Mapping[str, str]
    """What the run itself depends on, and the setting of it."""
    packing: str
    """The key that packs batches by tokens; it is on by default."""
    unpacked: tuple[str, ...]
    """Keys that are not read while batches are packed."""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys whose wrong values verl takes at first, and the right ones."""

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuses what has no effect or an unwanted one.

        Args:
            settings: What stands under `verl`, by dotted names.

        Raises:
            ConfigError: Names the key and what to use.
        """
        packed = settings.get(self.packing, True)
        for key, value in settings.items():
            plain = key.lstrip("+")
            if plain.startswith("~"):
                raise ConfigError(f"config key 'verl.{key}' deletes a key of verl; give it a value")
            if instead := self._instead(plain):
                raise ConfigError(f"config key 'verl.{key}' is never read by verl 0.9.1 here; use {instead}")
            if plain in self.owned:
                raise ConfigError(f"config key 'verl.{key}' is set by the run; use {self.owned[plain]}")
            if packed and plain in self.unpacked:
                raise ConfigError(
                    f"config key 'verl.{key}' is never read by verl 0.9.1 while batches are packed by "
                    "tokens; use optimiser.tokens_per_gpu"
                )
            allowed = self.values.get(plain)
            if allowed and str(value).lower() not in allowed:
                raise ConfigError(
                    f"config key 'verl.{key}': {value!r} is not allowed: use one of: {', '.join(allowed)}"
                )

    def ignores(self, key: str) -> bool:
        """Whether verl never reads a key."""
        return self._instead(key) is not None

    def _instead(self, key: str) -> str | None:
        """What stands for a key; the longest entry that it is below counts."""
        above = [entry for entry in self.ignored if key == entry or key.startswith(f"{entry}.")]
        return self.ignored[max(above, key=len)] if above else None
