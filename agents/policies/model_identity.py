"""What makes a local model that model: its weights, its tokenizer and its chat template, as hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

_WEIGHTS = ("config.json", "*.safetensors", "*.bin", "*.gguf", "adapter_config.json")
_TOKENIZER = ("tokenizer.json", "tokenizer.model", "vocab.*", "merges.txt", "added_tokens.json")
_SETTINGS = "tokenizer_config.json"
_TEMPLATES = ("chat_template*",)


def model_identity(folder: Path) -> Mapping[str, str]:
    """Hashes of the parts of a saved model; parts without a file are left out.

    Every byte is read: weights that were trained on have the same names and sizes as before.
    """
    settings = folder / _SETTINGS
    found = {
        "weights": _digest(folder, _WEIGHTS),
        "tokenizer": _digest(folder, _TOKENIZER),
        "template": _digest(folder, _TEMPLATES, _template_of(settings) if settings.is_file() else ""),
    }
    return {part: digest for part, digest in found.items() if digest}


def _template_of(settings: Path) -> str:
    try:
        return json.dumps(json.loads(settings.read_text(encoding="utf-8")).get("chat_template") or "")
    except (ValueError, AttributeError):
        return ""


def _digest(folder: Path, patterns: Iterable[str], text: str = "") -> str:
    files = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    if not files and not text:
        return ""
    whole = hashlib.sha256(text.encode())
    for path in files:
        with path.open("rb") as file:
            whole.update(f"\n{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}".encode())
    return whole.hexdigest()[:16]
