"""One cell in flight, put together from the messages about it.

A cell is over when both its reply and its idle status are there; neither alone is believed, and a kernel that
sends one and never the other, or one of them twice, is broken. Whatever text comes in is text that can be
written anywhere, and not longer than its place.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..cell_result import CellError, CellResult, CellStatus, OutputKind, cut_middle
from ..output_collector import OutputCollector
from .wire import Channel, Message

TRACEBACK_LIMIT = 16_000
_NAME_LIMIT = 200
_PROMPT_LIMIT = (1 << 20) + 100  # calls of host functions travel as prompts
_MIME_TYPES = 32
_REPLY_SECONDS = 2.0
_IDLE_SECONDS = 10.0
_CUT_KEY = "replgym_cut"
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class InputRequest:
    """The cell waits for a line of input."""

    prompt: str
    header: Mapping[str, Any]


class JupyterCell:
    """Collects the messages with one parent id, and wakes its owner when something is decided."""

    def __init__(self, output_limit: int, on_broken: Callable[[], None], *, may_ask: bool = True) -> None:
        self.message_id = ""
        self._may_ask = may_ask
        self.request: InputRequest | None = None
        self._limit = output_limit
        self._on_broken = on_broken
        self._reply: Message | None = None
        self._idle = False
        self._busy_count = 0
        self._prompt_count = 0
        self._error: CellError | None = None
        self._wake = asyncio.Event()
        self.resume()

    @property
    def done(self) -> bool:
        """Whether the kernel has finished with the cell."""
        return self._reply is not None and self._idle

    @property
    def decided(self) -> bool:
        """Whether the owner has something to do: the cell is over, or asks for input."""
        # Output before a prompt has arrived when its extra busy status has.
        return self.done or (self.request is not None and self._busy_count > self._prompt_count)

    @property
    def asks(self) -> bool:
        """Whether the cell waits for a line of input."""
        return self.request is not None

    def withdraw(self) -> None:
        """Forgets the question, because the cell is being interrupted instead of answered."""
        self.request = None

    def abandon(self) -> None:
        """Another request has taken its place: what becomes of it matters no more."""
        self._on_broken = lambda: None

    def resume(self) -> None:
        """Starts the next stretch: what was collected so far belonged to the one before."""
        self.request = None
        self._started = time.monotonic()
        self._outputs = OutputCollector(self._limit)

    async def wait(self) -> None:
        """Waits until the cell is decided."""
        while not self.decided:
            self._wake.clear()
            await self._wake.wait()

    def take(self, channel: Channel, message: Message) -> None:
        """Takes a message whose parent is this cell."""
        content = message.content
        if channel is Channel.STDIN and message.kind == "input_request":
            self._take_question(message)
        elif channel is Channel.SHELL and message.kind in ("execute_reply", "kernel_info_reply"):
            self._take_reply(message)
        elif channel is Channel.IOPUB and message.kind == "status":
            self._take_status(content.get("execution_state"))
        elif channel is Channel.IOPUB:
            self._take_output(message.kind, content)
        if self.decided:
            self._wake.set()

    def _take_question(self, message: Message) -> None:
        if not self._may_ask:
            self._on_broken()
            return
        self._prompt_count += 1
        prompt = _clean(message.content.get("prompt", ""), _PROMPT_LIMIT)
        self.request = InputRequest(prompt, message.header)

    def _take_reply(self, message: Message) -> None:
        if self._reply is not None:
            self._on_broken()
            return
        self._reply = message
        cut = message.metadata.get(_CUT_KEY, 0)
        self._outputs.cut += min(cut, sys.maxsize) if isinstance(cut, int) and cut > 0 else 0
        if message.content.get("status") != "ok" and self._error is None:
            self._error = _error_from(message.content)
        self._expect(_IDLE_SECONDS)

    def _take_status(self, state: object) -> None:
        self._busy_count += state == "busy"
        if state == "idle":
            if self._idle:
                self._on_broken()
            self._idle = True
            self._expect(_REPLY_SECONDS)

    def _expect(self, seconds: float) -> None:
        """A kernel that said one half of the end says the other half soon; one that does not is broken."""
        if not self.done:
            asyncio.get_running_loop().call_later(seconds, self._check_done)

    def _check_done(self) -> None:
        if not self.done:
            self._on_broken()

    def result(self, status: CellStatus | None = None, *, state_lost: bool = False) -> CellResult:
        """The result of this stretch; without a status, the kernel's own word on how the cell ended."""
        if status is None:
            status = CellStatus.OK if self._error is None else CellStatus.ERROR
        awaiting = status is CellStatus.AWAITING_INPUT
        return CellResult(
            status=status,
            outputs=self._outputs.outputs(),
            error=None if awaiting else self._error,
            duration=time.monotonic() - self._started,
            truncated=self._outputs.cut,
            state_lost=state_lost,
            prompt=self.request.prompt if awaiting and self.request is not None else "",
        )

    def _take_output(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind == "stream":
            stream = OutputKind.STDERR if content.get("name") == "stderr" else OutputKind.STDOUT
            self._outputs.add_stream(stream, _clean(content.get("text", "")))
        elif kind == "execute_result":
            self._outputs.add_bundle(OutputKind.RESULT, _bundle(content))
        elif kind in ("display_data", "update_display_data"):
            self._outputs.add_bundle(OutputKind.DISPLAY, _bundle(content))
        elif kind == "clear_output":
            self._outputs.clear(wait=bool(content.get("wait")))
        elif kind == "error":
            self._error = _error_from(content)


def _clean(value: object, limit: int | None = None) -> str:
    """Text without colours and lone surrogates, whatever the kernel sent."""
    text = value if isinstance(value, str) else str(value)
    if limit is not None:
        text = cut_middle(text, limit)
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _bundle(content: Mapping[str, Any]) -> dict[str, str]:
    """Type and content; what is no text, such as JSON, is written as JSON."""
    data = content.get("data")
    if not isinstance(data, dict):
        return {}
    return {
        _clean(mime, _NAME_LIMIT): _clean(value if isinstance(value, str) else json.dumps(value))
        for mime, value in list(data.items())[:_MIME_TYPES]
    }


def _error_from(content: Mapping[str, Any]) -> CellError:
    lines = content.get("traceback")
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
    return CellError(
        name=_clean(content.get("ename", content.get("status", "Error")), _NAME_LIMIT),
        value=_clean(content.get("evalue", ""), TRACEBACK_LIMIT),
        traceback=_clean(text, TRACEBACK_LIMIT),
    )
