"""Real ipykernels on this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..backend_options import BackendOptions
from ..capabilities import Capabilities, Feature
from ..supervised_kernel import SupervisedKernel
from .jupyter_interpreter import JupyterInterpreter
from .launcher import Launcher

Promise = Callable[[str, frozenset[Feature]], Awaitable[Capabilities]]
_FEATURES = frozenset({Feature.FILES, Feature.TRACED_DEATH, Feature.CAPPED_AT_SOURCE, Feature.SEED})


class JupyterBackend:
    """Starts ipykernels through a launcher, which it owns.

    Args:
        name: The back end's name.
        launcher: How the processes come to be.
        options: What every interpreter is told.
        promise: Tells what is promised of kernels with these features.
    """

    def __init__(self, name: str, launcher: Launcher, options: BackendOptions, promise: Promise) -> None:
        self._name = name
        self._promise = promise
        self._launcher = launcher
        self._options = options

    async def capabilities(self) -> Capabilities:
        """What its kernels promise on this machine."""
        features = _FEATURES | {Feature.PRELOAD} if self._launcher.can_preload else _FEATURES
        return await self._promise(self._name, features)

    async def start_kernel(self) -> SupervisedKernel:
        """Starts one ipykernel."""
        kernel = SupervisedKernel(self._interpreter, await self.capabilities(), setup=self._options.setup)
        return await kernel.start()

    async def close(self) -> None:
        """Closes the launcher."""
        await self._launcher.close()

    async def _interpreter(self) -> JupyterInterpreter:
        return await JupyterInterpreter.start(
            self._launcher, output_limit=self._options.output_limit, seed=self._options.seed
        )
