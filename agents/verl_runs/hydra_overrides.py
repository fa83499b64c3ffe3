"""Overrides in hydra's grammar."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_QUOTED = frozenset(" ,=[]{}:'\"\\()")


def hydra_overrides(ours: Mapping[str, Any], theirs: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """Both as `key=value`, and theirs win; a key that either spells with `+` is one, in our spelling."""
    spelled = {key.lstrip("+"): key for key in ours}
    keys = {**ours, **{spelled.get(key.lstrip("+"), key): value for key, value in theirs.items()}}
    return [f"{key}={_value(value)}" for key, value in keys.items()]


def _value(value: Any) -> str:
    """A value as it stands behind `key=`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value) if not value or _QUOTED & set(value) else value
    if isinstance(value, list | tuple):
        return "[" + ",".join(_value(item) for item in value) + "]"
    return str(value)
