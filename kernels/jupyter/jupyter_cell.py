"""One cell in flight, put together from the messages about it.

A cell is over when both its reply and its idle status are there; neither alone is believed.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..cell_result import CellError, CellResult, CellStatus, OutputKind, cut_middle
from ..output_collector import OutputCollector
from .wire import Channel, Message

TRACEBACK_LIMIT = 16_000
_REPLY_SECONDS = 2.0
_CUT_KEY = "replgym_cut"
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class InputRequest:
    """The cell waits for a line of input."""

    prompt: str
    header: Mapping[str, Any]


class JupyterCell:
    """Collects the messages with one parent id, and wakes its owner when something is decided."""

    def __init__(self, output_limit: int, on_broken: Callable[[], None]) -> None:
        self.message_id = ""
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
            self._prompt_count += 1
            self.request = InputRequest(str(content.get("prompt", "")), message.header)
        elif channel is Channel.SHELL and message.kind in ("execute_reply", "kernel_info_reply"):
            self._reply = message
            cut = message.metadata.get(_CUT_KEY, 0)
            self._outputs.cut += cut if isinstance(cut, int) and cut > 0 else 0
            if content.get("status") != "ok" and self._error is None:
                self._error = _error_from(content)
        elif channel is Channel.IOPUB:
            self._take_output(message.kind, content)
        if self.decided:
            self._wake.set()

    def _expect_reply(self) -> None:
        """A kernel that is idle has replied; one that has not is broken."""
        if self._reply is None:
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
            self._outputs.add_stream(stream, str(content.get("text", "")))
        elif kind == "execute_result":
            self._outputs.add_bundle(OutputKind.RESULT, _bundle(content))
        elif kind in ("display_data", "update_display_data"):
            self._outputs.add_bundle(OutputKind.DISPLAY, _bundle(content))
        elif kind == "clear_output":
            self._outputs.clear(wait=bool(content.get("wait")))
        elif kind == "error":
            self._error = _error_from(content)
        elif kind == "status":
            state = content.get("execution_state")
            if state == "idle" and not self._idle:
                self._idle = True
                asyncio.get_running_loop().call_later(_REPLY_SECONDS, self._expect_reply)
            self._busy_count += state == "busy"


def _bundle(content: Mapping[str, Any]) -> dict[str, str]:
    data = content.get("data")
    if not isinstance(data, dict):
        return {}
    return {str(mime): _ANSI.sub("", value) for mime, value in data.items() if isinstance(value, str)}


def _error_from(content: Mapping[str, Any]) -> CellError:
    lines = content.get("traceback")
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
    return CellError(
        name=str(content.get("ename", content.get("status", "Error"))),
        value=cut_middle(str(content.get("evalue", "")), TRACEBACK_LIMIT),
        traceback=cut_middle(_ANSI.sub("", text), TRACEBACK_LIMIT),
    )
