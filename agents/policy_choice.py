"""Policies by what a person types: `reference`, `expert`, `scripted:FILE`, `openai`, `transformers:PATH`."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ..tools.action_parser import ActionParser
from .expert_policy import ExpertPolicy
from .openai_policy import OpenAIPolicy
from .policy import Policy
from .policy_per_task import PolicyPerTask
from .reference_policy import ReferencePolicy
from .scripted_policy import ScriptedPolicy
from .usage_error import UsageError

POLICY_KINDS = ("expert", "openai", "reference", "scripted:FILE", "transformers:PATH")


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """A policy that was asked for, not made yet."""

    spec: str
    model: str | None = None
    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"

    @asynccontextmanager
    async def open(self, parser: ActionParser) -> AsyncIterator[Policy | PolicyPerTask]:
        """Makes the policy, checks that it can be used, and closes it at the end.

        Raises:
            UsageError: If the choice names nothing that can be used.
            EndpointError: If its endpoint does not answer.
        """
        policy = self._make(parser)
        try:
            if isinstance(policy, OpenAIPolicy):
                await policy.check()
            yield policy
        finally:
            close = getattr(policy, "close", None)
            ended = close() if close is not None else None
            if inspect.isawaitable(ended):
                await ended

    def _make(self, parser: ActionParser) -> Policy | PolicyPerTask:
        kind, _, value = self.spec.partition(":")
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
            case "scripted":
                return ScriptedPolicy(_script(value), name=Path(value).stem)
            case "transformers":
                return _transformers(value)
        raise UsageError(f"unknown policy {self.spec!r}; use one of: {', '.join(POLICY_KINDS)}")

    def _openai(self) -> OpenAIPolicy:
        if not self.model:
            raise UsageError("--policy openai needs --model NAME, the model's name at the endpoint")
        if not self.base_url:
            raise UsageError("--policy openai needs --base-url URL, such as http://127.0.0.1:8000/v1")
        return OpenAIPolicy(self.model, self.base_url, os.environ.get(self.api_key_env))


def _script(path: str) -> list[str]:
    try:
        texts = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--policy scripted:{path}: {error}; give a JSON file with a list of messages"
        ) from error
    if not (isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts)):
        raise UsageError(f"--policy scripted:{path}: the file must hold a JSON list of at least one text")
    return texts


def _transformers(path: str) -> Policy:
    folder = Path(path).expanduser()
    local = "/" not in path or path[0] in "./~"
    if local and not (folder / "config.json").is_file():
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
    except ModelPathError as error:
        raise UsageError(f"--policy transformers:{path}: {error}") from error
