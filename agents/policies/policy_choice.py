"""Policies by what a person types: `POLICY_KINDS` lists the forms."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...tools.formats.action_parser import ActionParser
from ..tokens.chat_template import ChatTemplate
from ..usage_error import UsageError
from .completions_policy import CompletionsPolicy
from .engine_policy import EnginePolicy
from .expert_policy import ExpertPolicy
from .model_identity import model_identity
from .openai_policy import OpenAIPolicy
from .policy import Policy, PolicyError
from .policy_per_task import PolicyPerTask
from .reference_policy import ReferencePolicy
from .scripted_policy import ScriptedPolicy
from .sglang_policy import SGLangPolicy
from .vllm_policy import VLLMPolicy

POLICY_KINDS = (
    "completions:FILE",
    "expert",
    "openai",
    "reference",
    "scripted:FILE",
    "sglang:TOKENIZER",
    "transformers:PATH",
    "vllm:TOKENIZER",
)
_SERVED = ("openai", "sglang", "vllm")
_LOCAL_TOKENIZER = ("sglang", "transformers", "vllm")


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """A policy that was asked for, not made yet."""

    spec: str
    model: str | None = None
    base_urls: tuple[str, ...] = ()
    api_key_env: str = "OPENAI_API_KEY"
    tool_choice: str | None = None
    """Which native tool calls an endpoint must make."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Fields of every request that only this endpoint knows."""
    request_timeout: float = 120.0
    """Seconds for one answer of an OpenAI-compatible endpoint, before it is asked again."""

    @property
    def name(self) -> str:
        """What to call it before it is made."""
        return self.model or Path(self.spec).name

    @property
    def served(self) -> bool:
        """Whether it asks an endpoint, so that its failures are those of the endpoint."""
        return self.spec.partition(":")[0] in _SERVED

    def check(self) -> None:
        """Sees to what can be seen before anything is loaded or asked.

        Raises:
            UsageError: If there is no such policy, or an endpoint is not named in full.
        """
        kind = self.spec.partition(":")[0]
        if kind not in {known.partition(":")[0] for known in POLICY_KINDS}:
            raise UsageError(f"unknown policy {self.spec!r}; use one of: {', '.join(POLICY_KINDS)}")
        if kind == "openai" and not self.model:
            raise UsageError("--policy openai needs --model NAME, the model's name at the endpoint")
        if kind == "openai" and len(self.base_urls) != 1:
            raise UsageError("--policy openai needs one --base-url URL, such as http://127.0.0.1:8000/v1")

    def identity(self) -> Mapping[str, str]:
        """Kind, model and settings, and hashes of local files; not where it is served.

        Raises:
            UsageError: If it names a file that is not there.
        """
        kind, _, value = self.spec.partition(":")
        known = {"kind": kind, "model": self.model or value}
        if self.tool_choice is not None:
            known["tool_choice"] = self.tool_choice
        if self.extra_body:
            known["extra_body"] = json.dumps(self.extra_body, sort_keys=True)
        if kind == "scripted":
            known["script"] = hashlib.sha256(json.dumps(_script(value)).encode()).hexdigest()[:16]
        if kind == "completions" and Path(value).expanduser().is_file():
            known["file"] = hashlib.sha256(Path(value).expanduser().read_bytes()).hexdigest()[:16]
        folder = Path(value).expanduser()
        if kind in _LOCAL_TOKENIZER and folder.is_dir():
            known |= model_identity(folder)
        return known

    def chat_template(self) -> ChatTemplate | None:
        """That of the tokenizer in the folder that is named; None where an endpoint keeps it to itself."""
        kind, _, value = self.spec.partition(":")
        folder = Path(value).expanduser()
        if kind not in _LOCAL_TOKENIZER or not (folder / "tokenizer_config.json").is_file():
            return None
        try:
            from transformers import AutoTokenizer
        except ImportError:
            return None  # the messages are then shown as they are
        return ChatTemplate(AutoTokenizer.from_pretrained(folder))

    @asynccontextmanager
    async def open(self, parser: ActionParser) -> AsyncIterator[Policy | PolicyPerTask]:
        """Makes the policy, checks that it can be used, and closes it at the end.

        Raises:
            UsageError: If the choice names nothing that can be used.
            EndpointError: If its endpoint does not answer.
        """
        policy = self._make(parser)
        try:
            if isinstance(policy, OpenAIPolicy | EnginePolicy):
                await policy.check()
            yield policy
        finally:
            close = getattr(policy, "close", None)
            ended = close() if close is not None else None
            if inspect.isawaitable(ended):
                await ended

    def _make(self, parser: ActionParser) -> Policy | PolicyPerTask:
        kind, _, value = self.spec.partition(":")
        if self.tool_choice is not None and not (kind == "openai" and parser.native):
            raise UsageError(
                f"--tool-choice {self.tool_choice!r} is for --policy openai with --action-format native"
            )
        match kind:
            case "reference" if not value:
                return ReferencePolicy(parser)
            case "expert" if not value:
                if parser.name not in ("auto", "fenced"):
                    raise UsageError(
                        f"--policy expert writes fenced cells; --action-format is {parser.name!r}, use fenced"
                    )
                return ExpertPolicy()
            case "openai" if not value:
                return self._openai()
            case "completions":
                return CompletionsPolicy.load(Path(value).expanduser(), parser)
            case "scripted":
                return ScriptedPolicy(_script(value), name=Path(value).stem)
            case "transformers":
                return _transformers(value)
            case "sglang":
                return self._engine(SGLangPolicy, value)
            case "vllm":
                return self._engine(VLLMPolicy, value)
        raise UsageError(f"unknown policy {self.spec!r}; use one of: {', '.join(POLICY_KINDS)}")

    def _openai(self) -> OpenAIPolicy:
        self.check()
        assert self.model is not None
        key = os.environ.get(self.api_key_env)
        return OpenAIPolicy(
            self.model,
            self.base_urls[0],
            key,
            request_timeout=self.request_timeout,
            tool_choice=self.tool_choice,
            extra_body=self.extra_body,
        )

    def _engine(self, kind: type[EnginePolicy], tokenizer: str) -> EnginePolicy:
        if not self.base_urls:
            raise UsageError(f"--policy {self.spec} needs --base-url URL[,URL...], the servers of the model")
        folder = Path(tokenizer).expanduser()
        if _is_local(tokenizer) and not (folder / "tokenizer_config.json").is_file():
            raise UsageError(
                f"--policy {self.spec}: no tokenizer there; give the folder of the served model, "
                "or its name on a hub"
            )
        name = str(folder) if folder.is_dir() else tokenizer
        try:
            return kind.load(name, self.base_urls, model=self.model, api_key=os.environ.get(self.api_key_env))
        except ImportError as error:
            raise UsageError(
                f"--policy {self.spec} needs {error.name}; run: pip install 'replgym[engines]'"
            ) from error
        except (OSError, ValueError) as error:
            raise UsageError(f"--policy {self.spec}: {str(error).splitlines()[0]}") from error


def _script(path: str) -> list[str]:
    try:
        texts = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--policy scripted:{path}: {error}; give a JSON file with a list of messages"
        ) from error
    if not (isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts)):
        raise UsageError(f"--policy scripted:{path}: the file must hold a JSON list of at least one text")
    return texts


def _is_local(path: str) -> bool:
    """A name on a hub is OWNER/NAME; everything else is a folder."""
    return "/" not in path or path[0] in "./~"


def _transformers(path: str) -> Policy:
    folder = Path(path).expanduser()
    if _is_local(path) and not (folder / "config.json").is_file():
        raise UsageError(
            f"--policy transformers:{path}: no model there; give a folder with config.json, "
            "or the name of a model on a hub"
        )
    try:
        from .transformers_policy import ModelPathError, TransformersPolicy

        return TransformersPolicy.load(folder if folder.is_dir() else path)
    except ImportError as error:
        raise UsageError(
            f"--policy transformers needs {error.name}; run: pip install 'replgym[train]'"
        ) from error
    except (ModelPathError, PolicyError) as error:
        raise UsageError(f"--policy transformers:{path}: {error}") from error
