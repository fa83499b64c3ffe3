"""Kernels on a Jupyter server, which has the last word on everything about them."""

from __future__ import annotations

import asyncio

from ..backend_options import BackendOptions, BackendOptionsError, Isolation
from ..capabilities import Capabilities, Feature, IsolationLevel
from ..supervised_kernel import SupervisedKernel
from .gateway_client import GatewayClient
from .gateway_interpreter import GatewayInterpreter

_GRACE_SECONDS = 3.0
_NOTES = (
    "Isolation, resource limits and network are the business of the server; nothing is claimed here.",
    "Files move with the help of the kernel, so what a cell did to its interpreter can reach them.",
    "The server notices the death of a kernel within its own polling interval, three seconds by default.",
    "The order of sets differs from kernel to kernel unless the server runs with PYTHONHASHSEED=0.",
    "The server may drop displays that come faster than its iopub limits.",
)


class GatewayBackend:
    """Starts kernels through a Jupyter server.

    Args:
        options: What every interpreter is told; `gateway` says where the server is.

    Raises:
        BackendOptionsError: If no server is named, or something is asked for that only local kernels have.
    """

    def __init__(self, options: BackendOptions) -> None:
        if options.gateway is None:
            raise BackendOptionsError(
                "gateway=None: name the server, such as {'url': 'http://localhost:8888', 'token': '…'}"
            )
        if options.isolation is not Isolation.AUTO:
            raise BackendOptionsError(
                f"isolation={str(options.isolation)!r}: that of a server's kernels is set on the server"
            )
        self._options = options
        self._client = GatewayClient(options.gateway)
        self._lock = asyncio.Lock()
        self._version = ""

    async def capabilities(self) -> Capabilities:
        """What its kernels promise; asks the server once.

        Raises:
            GatewayError: If the server cannot be used; the message says what to do.
        """
        async with self._lock:
            if not self._version:
                self._version = await self._client.check()
        features = frozenset({Feature.FILES, Feature.CAPPED_AT_SOURCE, Feature.SEED})
        notes = (f"Server version {self._version}.", *_NOTES)
        return Capabilities("gateway", IsolationLevel.REMOTE, frozenset(), features, notes)

    async def start_kernel(self) -> SupervisedKernel:
        """Starts one kernel on the server."""
        gateway = self._client.options
        kernel = SupervisedKernel(
            self._interpreter,
            await self.capabilities(),
            setup=self._options.setup,
            grace=_GRACE_SECONDS,
            start_timeout=gateway.start_timeout + gateway.request_timeout,
        )
        return await kernel.start()

    async def close(self) -> None:
        """Closes the connections; idempotent."""
        await self._client.close()

    async def _interpreter(self) -> GatewayInterpreter:
        return await GatewayInterpreter.start(
            self._client, output_limit=self._options.output_limit, seed=self._options.seed
        )
