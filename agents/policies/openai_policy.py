"""Any model behind an OpenAI-compatible chat-completions endpoint.

Such an endpoint returns text; the ids that it saw and sampled come back only from some, when asked for.
Rate limits, server errors and lost connections are retried with growing pauses within one deadline; what
remains is a `PolicyError`. A text that goes on after a stop text, as from a server that ignores them, is cut
there, and a conversation that is longer than the engine can hold is told apart from faults.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...tools.formats.native_calls import NativeCall, with_calls
from ..tokens.chat_template import ChatTemplate
from .context_overflow import is_context_overflow, room_left
from .endpoint_error import EndpointError, EndpointSettingError
from .endpoint_ids import ids_of, logprobs_of
from .native_tools import native_messages, plain_messages
from .policy import Completion, ContextOverflowError, PolicyContext, PolicyError, Sampling

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_CHECK_SECONDS = 5.0
_NO_LIST = (404, 405, 501)
"""What endpoints answer that list no models."""


class OpenAIPolicy:
    """Samples messages from one model of one endpoint."""

    def __init__(
        self,
        model: str,
        base_url: str,
        api_key: str | None = None,
        *,
        request_timeout: float = 120.0,
        deadline: float | None = None,
        retries: int = 4,
        tool_choice: str | None = None,
        parallel_tool_calls: bool | None = None,
        token_ids: bool = False,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        """Opens no connection yet.

        Args:
            model: The model's name at the endpoint.
            base_url: The endpoint, with `/v1` where it has one.
            api_key: The key, where the endpoint wants one.
            request_timeout: Seconds for one attempt.
            deadline: Seconds for one message with all its retries; two and a half attempts if None.
            retries: Attempts after the first one.
            tool_choice: `auto`, `none`, `required` or the name of a tool; the endpoint's default if None.
                This and the next one count where tools travel beside the messages (`action_format="native"`).
            parallel_tool_calls: Whether a message may make several calls; the endpoint's default if None.
            token_ids: Asks for ids and logprobs, which vLLM and SGLang return.
            extra_body: Fields of every request that only this endpoint knows.

        Raises:
            EndpointError: If the `openai` package is missing or the URL is none.
        """
        self._model = model
        self._url = base_url
        self._deadline = 2.5 * request_timeout if deadline is None else deadline
        self._tool_choice = tool_choice
        self._parallel = parallel_tool_calls
        self._token_ids = token_ids
        self._extra = dict(extra_body or {})
        self._client = _client(base_url, api_key, request_timeout, retries)

    @property
    def name(self) -> str:
        """What reports call this policy: the model's name."""
        return self._model

    @property
    def template(self) -> ChatTemplate | None:
        """None: the endpoint returns text."""
        return None

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        """Asks the endpoint for the next message.

        Raises:
            ContextOverflowError: If the conversation leaves no room for a message.
            PolicyError: If it gave none within the retries and the deadline.
        """
        request = self._request(context, sampling)
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._answer(request)
        except TimeoutError as error:
            raise PolicyError(
                f"{self._url}: no answer from {self._model!r} within {self._deadline:g} s; lower "
                "--concurrency or --max-tokens, or raise --request-timeout"
            ) from error
        return _completion(answer, self._url, request.get("stop", ()))

    async def _answer(self, request: dict[str, Any]) -> Any:
        """Asks; a message that would not fit into the context is asked for once more, as long as may be."""
        from openai import BadRequestError, OpenAIError

        try:
            return await self._client.chat.completions.create(**request)
        except BadRequestError as error:
            told = _one_line(error)
            if not is_context_overflow(told):
                raise PolicyError(f"{self._url}: {told}") from error
            room = room_left(told)
            if room is None or room >= request["max_tokens"]:
                raise ContextOverflowError(f"{self._url}: {told}") from error
            return await self._answer(request | {"max_tokens": room})
        except OpenAIError as error:
            raise PolicyError(f"{self._url}: {_one_line(error)}") from error

    async def check(self) -> None:
        """Asks the endpoint for its models, once and quickly, before anything else starts.

        Raises:
            EndpointError: If it does not answer, or not as it should.
            EndpointSettingError: If it refuses the key, does not serve the model, or is no such endpoint.
        """
        served = await self._served()
        if served is None:
            await self._probe()
        elif served and self._model not in served:
            raise EndpointSettingError(
                f"{self._url} does not serve model {self._model!r}; "
                f"use --model with one of: {', '.join(served[:20])}"
            )

    async def _served(self) -> list[str] | None:
        """The names of its models; None when it lists none."""
        from openai import APIConnectionError, APIStatusError, OpenAIError

        client = self._client.with_options(max_retries=0, timeout=_CHECK_SECONDS)
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                return [model.id for model in (await client.models.list()).data or ()]
        except (TimeoutError, APIConnectionError) as error:
            raise EndpointError(
                f"no answer from {self._url} within {_CHECK_SECONDS:g} s; "
                "start the server or correct --base-url"
            ) from error
        except APIStatusError as error:
            if error.status_code in _NO_LIST:
                return None
            raise self._refusal(error.status_code) from error
        except (OpenAIError, ValueError, AttributeError, TypeError) as error:
            raise EndpointSettingError(
                f"{self._url} speaks no OpenAI protocol; correct --base-url"
            ) from error

    async def _probe(self) -> None:
        """Asks for one token, where no list says whether this is an endpoint that has the model."""
        from openai import APIStatusError, OpenAIError

        client = self._client.with_options(max_retries=0)
        message = [{"role": "user", "content": "Hi"}]
        request: dict[str, Any] = {"model": self._model, "messages": message, "max_tokens": 1}
        try:
            await client.chat.completions.create(**request, extra_body=self._extra or None)
        except APIStatusError as error:
            if error.status_code == 404:
                raise EndpointSettingError(
                    f"{self._url} has no model {self._model!r} or no chat completions (HTTP 404); "
                    "correct --model or --base-url, which ends in /v1 on most servers"
                ) from error
            if error.status_code in (401, 403) or error.status_code >= 500:
                raise self._refusal(error.status_code) from error
        except OpenAIError as error:
            raise EndpointError(f"{self._url}: {_one_line(error)}; mend the server") from error

    def _refusal(self, status: int) -> EndpointError:
        if status in (401, 403):
            return EndpointSettingError(
                f"{self._url} refuses the key (HTTP {status}); set the variable named by --api-key-env"
            )
        return EndpointError(f"{self._url} answers HTTP {status}; mend the server or correct --base-url")

    async def close(self) -> None:
        """Closes the connections; idempotent."""
        await self._client.close()

    def _request(self, context: PolicyContext, sampling: Sampling) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": plain_messages(context.messages),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
        }
        if sampling.seed is not None:
            request["seed"] = sampling.seed
        extra = dict(self._extra)
        if self._token_ids:
            request["logprobs"] = True
            extra["return_token_ids"] = True
        if extra:
            request["extra_body"] = extra
        if context.tools:
            return request | self._native(context)
        if sampling.stop:
            request["stop"] = list(sampling.stop)
        return request

    def _native(self, context: PolicyContext) -> dict[str, Any]:
        """The part with tools; no stop texts, since the endpoint must see the calls to their end."""
        native: dict[str, Any] = {
            "messages": native_messages(context.messages),
            "tools": [dict(tool) for tool in context.tools],
        }
        if self._tool_choice in ("auto", "none", "required"):
            native["tool_choice"] = self._tool_choice
        elif self._tool_choice is not None:
            native["tool_choice"] = {"type": "function", "function": {"name": self._tool_choice}}
        if self._parallel is not None:
            native["parallel_tool_calls"] = self._parallel
        return native


def _client(base_url: str, api_key: str | None, timeout: float, retries: int) -> AsyncOpenAI:
    try:
        from openai import AsyncOpenAI
    except ImportError as error:
        raise EndpointError(
            "the openai package is not installed; run: pip install 'replgym[eval]'"
        ) from error
    if not base_url.startswith(("http://", "https://")):
        raise EndpointSettingError(
            f"--base-url {base_url!r} is no URL; use a form such as http://127.0.0.1:8000/v1"
        )
    return AsyncOpenAI(base_url=base_url, api_key=api_key or "none", timeout=timeout, max_retries=retries)


def _completion(answer: Any, url: str, stop: Sequence[str]) -> Completion:
    if not getattr(answer, "choices", None):
        raise PolicyError(f"{url}: the answer holds no choices")
    choice, usage = answer.choices[0], answer.usage
    content = choice.message.content or ""
    calls = [
        NativeCall(call.id, call.function.name, call.function.arguments)
        for call in choice.message.tool_calls or ()
        if getattr(call, "function", None) is not None
    ]
    prompt_ids, token_ids = ids_of(answer)
    kept = _up_to_stop(content, stop)
    ignored = kept != content and not calls
    return Completion(
        text=with_calls(content, calls) if calls else kept,
        token_ids=token_ids,
        prompt_ids=prompt_ids,
        logprobs=logprobs_of(choice, len(token_ids)),
        finish_reason="length" if choice.finish_reason == "length" and not ignored else "stop",
        stop_ignored=ignored,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )


def _up_to_stop(text: str, stop: Sequence[str]) -> str:
    """What a server that honours the stop texts would have given; one that ends with a stop text is whole."""
    places = [(place, each) for each in stop if (place := text.find(each)) >= 0]
    if not places:
        return text
    place, first = min(places)
    return text[:place] if text[place + len(first) :].strip() else text


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
