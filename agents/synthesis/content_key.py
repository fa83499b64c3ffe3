"""The identity of a piece of work: the same for the same content, in every run and on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_DIGITS = 32


def content_key(*parts: Any) -> str:
    """A hash of JSON values, in which the order of keys does not count."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
