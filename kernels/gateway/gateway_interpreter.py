"""An ipykernel that a Jupyter server runs, seen through the server's websocket.

Its death is what the server tells, which asks its kernels now and then; its end is a request to the server,
which the kernel obeys with all that it started. Without a sign of this process the kernel ends itself.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
from collections.abc import Mapping
from typing import Any

from ..inside.gateway_names import CHUNK, FILE_REPLY, FILE_REQUEST, PING
from ..interpreter import Cell
from ..jupyter.jupyter_cell import JupyterCell
from ..jupyter.wire import Channel, Message
from ..kernel_error import KernelStartError, UnsupportedError, WorkspaceError
from .bootstrap import bootstrap_cell
from .gateway_channels import GatewayChannels
from .gateway_client import GatewayClient, GatewayError

_PROBE_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_SIGNS_PER_SILENCE = 4
_GONE = ("dead", "restarting", "autorestarting", "terminating")


class GatewayInterpreter:
    """An `Interpreter` on a Jupyter server. Make it with `start`."""

    def __init__(self, client: GatewayClient, kernel_id: str, output_limit: int) -> None:
        self.kernel_id = kernel_id
        self._client = client
        self._output_limit = output_limit
        self._lost = asyncio.Event()
        self._channels = GatewayChannels(client, kernel_id, self._on_message, self._lost.set)
        self._cell: JupyterCell | None = None
        self._questions: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._signs: asyncio.Task[None] | None = None
        self._deletion: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, client: GatewayClient, *, output_limit: int, seed: int | None = None
    ) -> GatewayInterpreter:
        """Has the server start a kernel and prepares it.

        Raises:
            KernelStartError: If the server does not, or the kernel does not come up or cannot be prepared.
        """
        timeout = client.options.start_timeout
        interpreter = cls(client, await client.start_kernel(), output_limit)
        try:
            async with asyncio.timeout(timeout):
                await interpreter._channels.open()
                await interpreter._probe()
                await interpreter._prepare(seed)
        except TimeoutError as error:
            await interpreter.close()
            raise KernelStartError(
                f"the kernel on {client.options.url} was not ready within start_timeout={timeout:g} s; "
                "see the server's log"
            ) from error
        except BaseException:
            await interpreter.close()
            raise
        interpreter._signs = asyncio.create_task(interpreter._give_signs())
        return interpreter

    @property
    def is_lost(self) -> bool:
        """Whether it is dead, out of reach, or said something that cannot be trusted."""
        return self._lost.is_set()

    def is_alive(self) -> bool:
        """Whether its process runs, as far as the server told."""
        return not self._lost.is_set()

    async def lost(self) -> None:
        """Returns as soon as it is lost."""
        await self._lost.wait()

    def why_lost(self) -> str:
        """Why it was lost: the server does not say."""
        return ""

    def send(self, code: str, *, silent: bool = False) -> JupyterCell:
        """Starts a cell; see `Interpreter.send`."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": not silent,
            "stop_on_error": False,
        }
        return self._request("execute_request", content)

    def answer(self, cell: Cell, text: str) -> None:
        """Answers the question of a cell."""
        assert isinstance(cell, JupyterCell)
        assert cell.request is not None
        header = cell.request.header
        cell.resume()
        self._channels.send(Channel.STDIN, "input_reply", {"value": text}, header)

    async def interrupt(self) -> None:
        """Has the server send SIGINT; if it cannot be reached, the cell is not stopped and dies of that."""
        with contextlib.suppress(GatewayError):
            await self._client.interrupt(self.kernel_id)

    async def write_file(self, path: str, data: bytes) -> None:
        """Puts a file into the workspace, with the kernel's help."""
        for start in range(0, max(len(data), 1), CHUNK):
            piece = data[start : start + CHUNK]
            await self._file(
                {
                    "op": "write",
                    "path": path,
                    "data": base64.b64encode(piece).decode(),
                    "first": start == 0,
                    "last": start + CHUNK >= len(data),
                }
            )

    async def read_file(self, path: str, *, limit: int) -> bytes:
        """Gets a file from the workspace, with the kernel's help."""
        data = bytearray()
        answer = await self._file({"op": "read", "path": path, "limit": limit})
        while True:
            try:
                data += base64.b64decode(str(answer.get("data")), validate=True)
            except (binascii.Error, ValueError) as error:
                raise WorkspaceError(f"{path!r} cannot be read: the kernel answered nonsense") from error
            if len(data) > limit:
                raise WorkspaceError(f"{path!r} has more than {limit} bytes")
            if not answer.get("more"):
                return bytes(data)
            answer = await self._file({"op": "more"})

    async def fork(self) -> GatewayInterpreter:
        """Not possible: no server can clone a kernel.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError("a server's kernel cannot be forked while it lives; use backend='fork'")

    def kill(self) -> None:
        """Has it die at once."""
        self._lost.set()
        if self._deletion is None:
            self._deletion = asyncio.create_task(self._delete())

    async def close(self) -> None:
        """Has the server end the kernel, with what it started and its folder; idempotent."""
        self.kill()
        assert self._deletion is not None
        if self._signs is not None:
            self._signs.cancel()
        await asyncio.shield(self._deletion)
        await self._channels.close()

    async def _delete(self) -> None:
        # A server that cannot be reached does not matter: the kernel ends itself when it hears nothing.
        with contextlib.suppress(GatewayError):
            await self._client.delete(self.kernel_id)

    def _request(self, kind: str, content: dict[str, Any]) -> JupyterCell:
        if self._cell is not None:
            self._cell.abandon()
        cell = self._cell = JupyterCell(self._output_limit, self._lost.set)
        cell.message_id = self._channels.send(Channel.SHELL, kind, content)
        return cell

    async def _probe(self) -> None:
        """Asks until the answer and its idle status come back: then every channel works."""
        for attempt in range(1000):
            cell = self._request("kernel_info_request", {})
            if await self._decided(cell, _PROBE_SECONDS[min(attempt, len(_PROBE_SECONDS) - 1)]):
                return

    async def _prepare(self, seed: int | None) -> None:
        silence = self._client.options.orphan_timeout
        cell = self.send(bootstrap_cell(self._output_limit, seed, silence), silent=True)
        await self._decided(cell, None)
        if (error := cell.result().error) is not None:
            raise KernelStartError(
                f"the kernel on {self._client.options.url} cannot be used: {error.name}: {error.value}"
            )

    async def _decided(self, cell: JupyterCell, timeout: float | None) -> bool:
        """Waits for a cell while the kernel starts."""
        waits = [asyncio.ensure_future(cell.wait()), asyncio.ensure_future(self.lost())]
        try:
            await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self.is_lost and not cell.decided:
            raise KernelStartError(
                f"the kernel on {self._client.options.url} died while it started; see the server's log"
            )
        return cell.decided

    async def _file(self, content: dict[str, Any]) -> Mapping[str, Any]:
        """Asks the kernel to move a piece of a file; on the control channel, so that a cell may run."""
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        message_id = self._channels.send(Channel.CONTROL, FILE_REQUEST, content)
        self._questions[message_id] = answer
        waits: list[asyncio.Future[Any]] = [answer, asyncio.ensure_future(self.lost())]
        try:
            timeout = self._client.options.request_timeout
            await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waits[1].cancel()
            del self._questions[message_id]
        if not answer.done():
            raise WorkspaceError("the kernel does not answer; the file was not moved")
        if (error := answer.result().get("error")) is not None:
            raise WorkspaceError(str(error))
        return answer.result()

    async def _give_signs(self) -> None:
        """Tells the kernel that its owner lives, and asks the server whether the kernel does."""
        while not self.is_lost:
            self._channels.send(Channel.CONTROL, PING, {})
            with contextlib.suppress(GatewayError):
                if not await self._client.exists(self.kernel_id):
                    self._lost.set()
            await asyncio.sleep(self._client.options.orphan_timeout / _SIGNS_PER_SILENCE)

    def _on_message(self, channel: Channel, message: Message) -> None:
        if self._cell is not None and message.parent_id == self._cell.message_id:
            self._cell.take(channel, message)
        elif message.kind == FILE_REPLY:
            answer = self._questions.get(message.parent_id)
            if answer is not None and not answer.done():
                answer.set_result(message.content)
        elif message.kind == "status" and message.content.get("execution_state") in _GONE:
            self._lost.set()
