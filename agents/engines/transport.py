"""JSON over HTTP with a deadline on every stage and a cap on every answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from .engine_error import BadAnswerError, EngineError, LostError
from .engine_wire import EngineCall
from .fleet_limits import FleetLimits

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

_CHUNK = 2**16
_MESSAGE = 400
"""Characters of an engine's own words that an error repeats."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a server said."""

    status: int
    content: bytes
    retry_after: float | None = None
    """Seconds after which the server wants to be asked again."""

    def json(self) -> Any:
        """The content, read.

        Raises:
            BadAnswerError: If it is no JSON.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise BadAnswerError(f"the answer is no JSON: {_one_line(self.content)!r}") from error

    @property
    def message(self) -> str:
        """What the server says is wrong, in one line."""
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError):
            return _one_line(self.content)
        while isinstance(found, dict):
            found = found.get("error") or found.get("message") or found.get("detail") or str(found)
        return _one_line(str(found).encode())


class Transport:
    """The connections of one fleet. They belong to the event loop that used them first."""

    def __init__(self, limits: FleetLimits, api_key: str | None = None) -> None:
        """Opens nothing yet."""
        self._limits = limits
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._session: ClientSession | None = None
        self._closed = False

    async def ask(self, url: str, call: EngineCall, answer_seconds: float | None = None) -> HttpAnswer:
        """Sends one call and reads its answer to the end.

        Args:
            url: The server.
            call: What to ask.
            answer_seconds: The time to the first byte, where it is not that of the limits.

        Raises:
            LostError: If there was no answer, or not all of it, in time.
            BadAnswerError: If it is larger than the cap.
        """
        import aiohttp

        most = answer_seconds or self._limits.answer_seconds
        try:
            async with asyncio.timeout(most) as waiting:
                pending = self._open().request(
                    call.method, url + call.path, json=call.body, allow_redirects=False
                )
                async with pending as response:
                    waiting.reschedule(asyncio.get_running_loop().time() + self._limits.body_seconds)
                    content = await self._read(response)
        except TimeoutError as error:
            raise LostError(f"{url}: no whole answer in time", reached=not _unconnected(error)) from error
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            raise LostError(f"{url}: no connection: {error}", reached=False) from error
        except (aiohttp.ClientError, OSError) as error:
            raise LostError(
                f"{url}: connection lost: {type(error).__name__}: {error}", reached=True
            ) from error
        return HttpAnswer(response.status, content, _retry_after(response.headers.get("Retry-After")))

    async def close(self) -> None:
        """Closes the connections for good; idempotent."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _read(self, response: ClientResponse) -> bytes:
        content = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            content += chunk
            if len(content) > self._limits.response_bytes:
                response.close()
                raise BadAnswerError(f"the answer is larger than {self._limits.response_bytes} bytes")
        return bytes(content)

    def _open(self) -> ClientSession:
        try:
            import aiohttp
        except ImportError as error:
            raise EngineError(
                "the aiohttp package is not installed; run: pip install 'replgym[engines]'"
            ) from error
        if self._closed:
            raise EngineError("the connections to the engine are closed")
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect_seconds)
            self._session = aiohttp.ClientSession(
                timeout=timeout, headers=self._headers, connector=aiohttp.TCPConnector(limit=0)
            )
        return self._session


def _unconnected(error: TimeoutError) -> bool:
    """Whether the time went by before a connection stood."""
    import aiohttp

    return isinstance(error, aiohttp.ConnectionTimeoutError)


def _retry_after(value: str | None) -> float | None:
    """Seconds of a header that gives a number or a date."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _one_line(content: bytes) -> str:
    return " ".join(content[: 4 * _MESSAGE].decode("utf-8", "replace").split())[:_MESSAGE]
