"""verl's own schema, read from the installed package, for overrides to be checked before anything starts.

Composing reads YAML alone: verl is imported only where a key is appended to one of its dataclasses.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...envs.env_config import ConfigError
from .key_rules import KeyRules

PPO, SFT = "ppo_trainer", "sft_trainer_engine"
"""Configurations of verl's trainers."""
_NEAREST = 3


def compose_verl(overrides: Sequence[str] = (), trainer: str = PPO) -> Any:
    """Verl's configuration with overrides.

    Raises:
        ConfigError: If verl is not installed, or an override does not fit its schema.
    """
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        with initialize_config_dir(str(_folder()), version_base=None):
            made = compose(trainer, list(overrides))
        OmegaConf.to_container(made, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"verl refuses the configuration: {' '.join(str(error).split())}") from error
    return made


def check_verl_schema(settings: Mapping[str, Any], rules: KeyRules) -> None:
    """Refuses keys that verl's schema does not know.

    Args:
        settings: What stands under `verl`, by dotted names; `+` appends a key that the schema leaves out.
        rules: Those of the trainer; a key that it never reads is not offered.

    Raises:
        ConfigError: Names the key and the nearest that are known.
    """
    if not settings:
        return
    from omegaconf import OmegaConf

    schema = compose_verl(trainer=rules.schema)
    values: Any = OmegaConf.to_container(schema, resolve=False)
    known = list(_keys(values))
    read = [key for key in known if not rules.ignores(key)]
    for key in settings:
        plain = key.lstrip("+")
        if key == plain and plain not in known:
            nearest = _nearest(plain, read)
            raise ConfigError(
                f"config key 'verl.{key}' is unknown to verl 0.9.1; nearest: {', '.join(nearest)}; "
                "with + in front verl takes keys that its schema leaves out"
            )
        if key != plain:
            _check_appended(plain, schema)


def _folder() -> Path:
    found = find_spec("verl")
    if found is None or not found.submodule_search_locations:
        raise ConfigError("training needs the package verl: run scripts/setup.sh")
    return Path(found.submodule_search_locations[0]) / "trainer" / "config"


def _keys(node: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Names of all values and sections."""
    for key, value in node.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{key}.")


def _nearest(key: str, read: Sequence[str]) -> list[str]:
    """Keys of the same last name first, then those that are written alike."""
    last = key.rpartition(".")[2]
    same = [other for other in read if other.rpartition(".")[2] == last]
    alike = difflib.get_close_matches(key, read, n=_NEAREST, cutoff=0.5)
    return list(dict.fromkeys([*same, *alike]))[:_NEAREST] or ["none"]


def _check_appended(key: str, schema: Any) -> None:
    """A key that is appended to a dataclass of verl must be a field of it."""
    from hydra.utils import get_class
    from omegaconf import OmegaConf

    section, _, name = key.rpartition(".")
    parent: Any = OmegaConf.select(schema, section) if section else None
    target = parent.get("_target_") if OmegaConf.is_dict(parent) else None
    if target is None or name in parent:
        return
    fields = [field.name for field in dataclasses.fields(get_class(target))]
    if name not in fields:
        nearest = difflib.get_close_matches(name, fields, n=_NEAREST, cutoff=0.4) or fields
        raise ConfigError(
            f"config key 'verl.+{key}' is unknown to verl 0.9.1; nearest: "
            f"{', '.join(f'{section}.{near}' for near in nearest[:_NEAREST])}"
        )
