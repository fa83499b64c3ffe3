"""The REST side of a Jupyter server. Every request has a deadline, every refusal says what to do about it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..kernel_error import KernelClosedError, KernelStartError
from .gateway_options import TOKEN_VARIABLE, GatewayOptions
from .websocket_wire import PROTOCOL

if TYPE_CHECKING:
    import aiohttp

_DETAIL_LIMIT = 500
_MESSAGE_LIMIT = 64 << 20
_DELETE_PAUSE = 0.1


class GatewayError(KernelStartError):
    """The server cannot be reached, refuses, or answers nonsense."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class GatewayClient:
    """Speaks to one server.

    Args:
        options: Which server, and how.
    """

    def __init__(self, options: GatewayOptions) -> None:
        self.options = options
        self._session: aiohttp.ClientSession | None = None
        self._starts: set[asyncio.Task[str]] = set()
        self._clean_ups: set[asyncio.Task[None]] = set()
        self._kernels: set[str] = set()
        self._closed = False

    async def check(self) -> str:
        """Asks whether this is a Jupyter server that lets us in and has the kernel spec.

        Returns:
            The server's version.

        Raises:
            GatewayError: If not.
        """
        about = await self._json("GET", "")
        version = about.get("version") if isinstance(about, dict) else None
        if not isinstance(version, str):
            raise GatewayError(f"gateway.url={self.options.url!r} is no Jupyter server: it tells no version")
        specs = await self._json("GET", "/kernelspecs")
        known = specs.get("kernelspecs") if isinstance(specs, dict) else None
        name = self.options.kernel_name
        if not isinstance(known, dict) or not known:
            raise GatewayError(f"{self.options.url} has no kernel specs; install ipykernel there")
        if name and name not in known:
            raise GatewayError(
                f"gateway.kernel_name={name!r} is not among the kernel specs of {self.options.url}: "
                + ", ".join(sorted(map(str, known)))
            )
        return version

    async def start_kernel(self) -> str:
        """Has the server start a kernel, and returns its id.

        Raises:
            GatewayError: If it does not.
        """
        start = asyncio.create_task(self._start())
        self._starts.add(start)
        start.add_done_callback(self._starts.discard)
        try:
            return await asyncio.shield(start)
        except asyncio.CancelledError:
            # The server starts it all the same, and nobody else would know its name.
            start.add_done_callback(self._delete_unwanted)
            raise

    async def delete(self, kernel_id: str) -> None:
        """Ends a kernel; one that is not there is no error.

        Raises:
            GatewayError: If the server does not do it in time.
        """
        end = time.monotonic() + self.options.request_timeout
        while True:
            try:
                await self._kernel_request("DELETE", kernel_id, "", HTTPStatus.NOT_FOUND)
                self._kernels.discard(kernel_id)
                return
            except GatewayError as error:
                # A server that is just restarting a dead kernel fails to end it.
                if error.status < HTTPStatus.INTERNAL_SERVER_ERROR or time.monotonic() > end:
                    raise
            await asyncio.sleep(_DELETE_PAUSE)

    async def interrupt(self, kernel_id: str) -> None:
        """Has the server interrupt a kernel."""
        await self._kernel_request("POST", kernel_id, "/interrupt", HTTPStatus.NOT_FOUND)

    async def exists(self, kernel_id: str) -> bool:
        """Whether the server still knows the kernel."""
        status, _ = await self._kernel_request("GET", kernel_id, "", HTTPStatus.NOT_FOUND)
        return status != HTTPStatus.NOT_FOUND

    async def running(self) -> tuple[str, ...]:
        """The ids of all kernels of the server, also other people's."""
        kernels = await self._json("GET", "/kernels")
        return tuple(str(kernel["id"]) for kernel in kernels if isinstance(kernel, dict) and "id" in kernel)

    async def connect(self, kernel_id: str, session_id: str) -> aiohttp.ClientWebSocketResponse:
        """Opens the websocket of a kernel.

        Raises:
            GatewayError: If the server does not let us.
        """
        import aiohttp

        base = self.options.url.replace("http", "ws", 1)
        url = f"{base}/api/kernels/{quote(kernel_id)}/channels?session_id={quote(session_id)}"
        try:
            async with asyncio.timeout(self.options.request_timeout):
                return await self._open_session().ws_connect(
                    url,
                    protocols=(PROTOCOL,),
                    heartbeat=self.options.heartbeat,
                    max_msg_size=_MESSAGE_LIMIT,
                    ssl=_ssl(self.options.verify),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise self._refusal("the websocket", error.status, error.message) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error

    async def close(self) -> None:
        """Ends the kernels that are left and closes the connections; idempotent."""
        await asyncio.gather(*self._starts, return_exceptions=True)
        await asyncio.gather(*self._clean_ups, *map(self.delete, self._kernels), return_exceptions=True)
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _start(self) -> str:
        body = {"name": self.options.kernel_name} if self.options.kernel_name else {}
        timeout = self.options.start_timeout
        kernel = await self._json("POST", "/kernels", body, timeout=timeout)
        kernel_id = kernel.get("id") if isinstance(kernel, dict) else None
        if not isinstance(kernel_id, str):
            raise GatewayError(f"{self.options.url} started a kernel without an id")
        self._kernels.add(kernel_id)
        return kernel_id

    def _delete_unwanted(self, start: asyncio.Task[str]) -> None:
        if not start.cancelled() and start.exception() is None:
            task = asyncio.create_task(self.delete(start.result()))
            self._clean_ups.add(task)
            task.add_done_callback(self._clean_ups.discard)

    async def _kernel_request(
        self, method: str, kernel_id: str, action: str, tolerated: int
    ) -> tuple[int, Any]:
        path = f"/kernels/{quote(kernel_id)}{action}"
        return await self._request(method, path, None, self.options.request_timeout, tolerated)

    async def _json(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, timeout: float = 0
    ) -> Any:
        timeout = timeout or self.options.request_timeout
        return (await self._request(method, path, body, timeout))[1]

    async def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float, tolerated: int = 0
    ) -> tuple[int, Any]:
        import aiohttp

        try:
            async with (
                asyncio.timeout(timeout),
                self._open_session().request(
                    method,
                    f"{self.options.url}/api{path}",
                    json=body,
                    allow_redirects=False,
                    ssl=_ssl(self.options.verify),
                ) as answer,
            ):
                text = await answer.text(errors="replace")
                if answer.status >= HTTPStatus.MULTIPLE_CHOICES and answer.status != tolerated:
                    raise self._refusal(f"{method} /api{path}", answer.status, text)
                is_json = answer.content_type == "application/json"
                return answer.status, await answer.json() if is_json else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._unreachable(error) from error

    def _open_session(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._closed:
            raise KernelClosedError("the back end was closed")
        if self._session is None:
            headers = {name: value.get_secret_value() for name, value in self.options.headers}
            token = self.options.token.get_secret_value()
            if token:
                headers.setdefault("Authorization", f"token {token}")
            # Every kernel holds a connection: the usual cap of a hundred would lock the next one out.
            self._session = aiohttp.ClientSession(
                headers=headers, connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout()
            )
        return self._session

    def _refusal(self, what: str, status: int, detail: str) -> GatewayError:
        url = self.options.url
        if status in (
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
        ) or HTTPStatus.MULTIPLE_CHOICES <= status < (HTTPStatus.BAD_REQUEST):
            fix = f"check gateway.token (or {TOKEN_VARIABLE}), or gateway.headers"
            return GatewayError(f"{url} refused {what} with {status}: {fix}. {_cut(detail)}".strip(), status)
        if status == HTTPStatus.NOT_FOUND:
            fix = "check gateway.url, and whether it needs a path in front of /api"
            return GatewayError(f"{url} knows no {what} (404): {fix}", status)
        return GatewayError(f"{url} failed at {what} with {status}: {_cut(detail)}", status)

    def _unreachable(self, error: BaseException) -> GatewayError:
        import aiohttp

        url = self.options.url
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            fix = "set gateway.verify to the file of its authority, or to false to trust it blindly"
            return GatewayError(f"the certificate of {url} cannot be verified; {fix}: {error}")
        if isinstance(error, TimeoutError):
            return GatewayError(
                f"{url} did not answer in time; is it overloaded? See gateway.request_timeout"
            )
        if isinstance(error, ValueError) and not isinstance(error, aiohttp.ClientError):
            return GatewayError(f"gateway.url={url!r} is no Jupyter server: it does not speak JSON")
        return GatewayError(
            f"{url} cannot be reached; does the server run, and is gateway.url right? {error}"
        )


def _ssl(verify: bool | Path) -> bool | ssl.SSLContext:
    return verify if isinstance(verify, bool) else ssl.create_default_context(cafile=str(verify))


def _cut(detail: str) -> str:
    return " ".join(detail.split())[:_DETAIL_LIMIT]
