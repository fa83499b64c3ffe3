"""Whether the models of a run are there, and what is known of their size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...tiny_model import TinyModelConfig
from ..hub_model import is_hub_id
from .fault_line import fault_line
from .finding import Finding
from .known_models import known_settings

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_TOKENIZERS = ("tokenizer.json", "tokenizer_config.json", "vocab.json", "tokenizer.model")
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model, as far as it was found."""

    finding: Finding
    settings: Mapping[str, Any] | None
    """The content of its `config.json`, or of what decides about its size; None when it is not known."""


def find_model(check: str, key: str, path: str | None, tiny: TinyModelConfig) -> FoundModel:
    """Looks for a model: made from scratch, in a folder, or on the hub.

    Args:
        check: What the finding is called.
        key: The setting that names the model.
        path: A folder, a hub id, or None for a model from scratch.
        tiny: The size of the model from scratch.
    """
    if path is None:
        settings = tiny.architecture() | {"model_type": "qwen2"}
        return FoundModel(Finding.ok(check, "made from scratch"), settings)
    if is_hub_id(path):
        return _on_hub(check, key, path)
    return _in_folder(check, key, Path(path))


def unknown_model(error: ValueError) -> Finding:
    """What is said of a model whose size `ModelSize.of` cannot tell."""
    return Finding.warning("model size", str(error), "a model that transformers knows", "see model.path")


def _in_folder(check: str, key: str, folder: Path) -> FoundModel:
    need = "a folder with config.json, weights and tokenizer, or a hub id"
    if not folder.is_dir():
        fix = f"{key}=FOLDER, or {key}=ORGANISATION/NAME of a model on the hub"
        return FoundModel(Finding.error(check, f"there is no folder {folder}", need, fix), None)
    try:
        settings = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError) as error:
        found = f"{folder / 'config.json'} cannot be read: {error}"
        return FoundModel(Finding.error(check, found, need, "save the model with save_pretrained"), None)
    if not any(next(folder.glob(pattern), None) for pattern in _WEIGHTS):
        fix = f"the checkpoint may be in parts: replgym needs a merged model in {key}"
        return FoundModel(Finding.error(check, f"{folder} holds no weights", need, fix), settings)
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        fix = "save the tokenizer there, too, with save_pretrained"
        return FoundModel(Finding.error(check, f"{folder} holds no tokenizer", need, fix), settings)
    return FoundModel(Finding.ok(check, str(folder)), settings)


def _on_hub(check: str, key: str, name: str) -> FoundModel:
    from huggingface_hub import HfApi, try_to_load_from_cache

    cached = try_to_load_from_cache(name, "config.json")
    if isinstance(cached, str):
        settings = json.loads(Path(cached).read_text())
        if any(next(Path(cached).parent.glob(pattern), None) for pattern in _WEIGHTS):
            return FoundModel(Finding.ok(check, f"{name}, in the hub's cache"), settings)
    else:
        settings = None
    try:
        HfApi().model_info(name, timeout=_SECONDS)
        settings = settings or known_settings(name) or _fetched(name)
    except Exception as error:  # noqa: BLE001 - the errors of the hub's transports have no common class
        fix = f"where there is a network: hf download {name} --local-dir MODEL; then {key}=MODEL"
        need = f"{name} in the hub's cache, or a hub that answers"
        told = f"the hub does not answer: {fault_line(error)}"
        return FoundModel(Finding.error(check, told, need, fix), settings or known_settings(name))
    return FoundModel(Finding.ok(check, f"{name}, will be fetched from the hub"), settings)


def _fetched(name: str) -> Mapping[str, Any]:
    from huggingface_hub import hf_hub_download

    content: Mapping[str, Any] = json.loads(Path(hf_hub_download(name, "config.json")).read_text())
    return content
