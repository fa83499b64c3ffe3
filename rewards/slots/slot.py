"""One slot of a judge, as the host sees it: a socket to its server, which takes one job at a time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import Any

from ..sandbox.slot_protocol import ABORT, HEADER, JOB, LENGTH

_MOST_BYTES = 1 << 30
_GIVE_UP_SECONDS = 15.0


class SlotError(RuntimeError):
    """The slot died or does not speak its protocol: a failure of the machine."""


class Slot:
    """Usable from any event loop, by one caller at a time."""

    def __init__(self, server: socket.socket) -> None:
        self._socket = server
        server.setblocking(False)
        self.reusable = False
        """Whether it is ready for the next job."""
        self._examining = False

    async def ready(self, seconds: float) -> dict[str, Any]:
        """Waits until the slot is up and returns what it says about itself.

        Raises:
            SlotError: If it does not come up.
        """
        async with asyncio.timeout(seconds):
            (message,) = await self._receive()
        if "ready" not in message:
            raise SlotError(f"the sandbox could not be set up: {message.get('fault')}")
        self.reusable = True
        return message

    async def examine(self, tests: bytes, job: bytes, seconds: float, grace: float) -> list[dict[str, Any]]:
        """Has one submission examined.

        Args:
            tests: The tests, encoded.
            job: The rest of the job, encoded.
            seconds: The time limit of the submission.
            grace: Seconds beyond it until the examination is cut off.

        Returns:
            What the examiner said; last, how it ended and in which state the slot is.

        Raises:
            SlotError: If the slot failed.
        """
        self.reusable = False
        loop = asyncio.get_running_loop()
        header = HEADER.pack(len(tests), len(job), seconds, grace)
        try:
            async with asyncio.timeout(seconds + grace + _GIVE_UP_SECONDS):
                await loop.sock_sendall(self._socket, JOB + header + tests + job)
                self._examining = True
                messages = await self._receive()
        except TimeoutError as error:
            raise SlotError("the slot did not answer in time") from error
        except OSError as error:
            raise SlotError(f"the slot died: {error}") from error
        self._note(messages)
        return messages

    async def abandon(self) -> None:
        """After a cancelled `examine`: has the examination cut off and waits until its processes are gone."""
        if not self._examining:
            return
        with contextlib.suppress(OSError, SlotError, TimeoutError):
            async with asyncio.timeout(_GIVE_UP_SECONDS):
                self._socket.send(ABORT)
                self._note(await self._receive())

    def close(self) -> None:
        """Lets the slot end itself; idempotent."""
        self.reusable = False
        self._socket.close()

    def _note(self, messages: list[dict[str, Any]]) -> None:
        self._examining = False
        self.reusable = messages[-1].get("slot") == "clean"

    async def _receive(self) -> list[dict[str, Any]]:
        data = bytearray()
        await self._read(data, LENGTH.size)
        (size,) = LENGTH.unpack_from(data)
        if size > _MOST_BYTES:
            raise SlotError("the slot sent garbage")
        await self._read(data, LENGTH.size + size)
        try:
            lines = data[LENGTH.size :].decode().splitlines()
            messages: list[dict[str, Any]] = json.loads(f"[{','.join(lines)}]")
            return messages
        except ValueError as error:
            raise SlotError(f"the slot sent garbage: {error}") from error

    async def _read(self, data: bytearray, size: int) -> None:
        """Receives until there is as much; the slot sends one board at a time, and nothing behind it."""
        loop = asyncio.get_running_loop()
        while len(data) < size:
            part = await loop.sock_recv(self._socket, 1 << 20)
            if not part:
                raise SlotError("the slot died")
            data += part
