"""The back ends under test, and what they need from outside.

A back end that needs an engine or a server has a line in `NEEDS`: a context that provides it and yields the
options that lead there, and a probe. It is tested where the probe says that it can be, and everywhere where
`REPLGYM_REQUIRE` (names with commas between) names it: then its absence fails.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from replgym.kernels import BACKENDS, BackendOptions, KernelBackend

from .containers.engine import absence_of_docker
from .gateway.jupyter_server import jupyter_server


@dataclass(frozen=True, slots=True)
class Need:
    """Something outside, without which a back end cannot be tested."""

    is_available: Callable[[], bool]
    provide: Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]]
    """Yields fields of `BackendOptions`."""


@asynccontextmanager
async def _server() -> AsyncIterator[Mapping[str, Any]]:
    async with jupyter_server() as server:
        yield {"gateway": server.options}


@asynccontextmanager
async def _engine() -> AsyncIterator[Mapping[str, Any]]:
    yield {}


NEEDS: Mapping[str, Need] = {
    "docker": Need(lambda: absence_of_docker() is None, _engine),
    "gateway": Need(lambda: True, _server),
}


VARIANTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "docker-fork": ("docker", {"docker": {"engine": "fork"}}),
}
"""Back ends that options turn into others: the name in `BACKENDS`, and the options."""


def variants_under_test() -> list[str]:
    """The names of the back ends and variants that are tested on this machine."""
    tested = backends_under_test()
    return sorted([*tested, *(name for name, (base, _) in VARIANTS.items() if base in tested)])


def backends_under_test() -> list[str]:
    """The names of the back ends that are tested on this machine."""
    required = os.environ.get("REPLGYM_REQUIRE", "").split(",")
    return [
        name
        for name in sorted(BACKENDS)
        if name not in NEEDS or name in required or NEEDS[name].is_available()
    ]


class BackendHouse:
    """The back ends of one name or variant, one for each set of options."""

    def __init__(self, name: str) -> None:
        self.name, self._variant = VARIANTS.get(name, (name, {}))
        self._made: dict[str, KernelBackend] = {}
        self._outside: Mapping[str, Any] = {}
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """Provides what the back end needs."""
        if self.name in NEEDS:
            self._outside = await self._stack.enter_async_context(NEEDS[self.name].provide())

    def with_options(self, **options: Any) -> KernelBackend:
        """The back end with these fields of `BackendOptions`; it lives until `close`."""
        chosen = BackendOptions(**{**self._outside, **self._variant, **options})
        key = chosen.model_dump_json()
        if key not in self._made:
            self._made[key] = BACKENDS[self.name](chosen)
        return self._made[key]

    async def close(self) -> None:
        """Closes the back ends, then what they needed."""
        for backend in self._made.values():
            await backend.close()
        await self._stack.aclose()
