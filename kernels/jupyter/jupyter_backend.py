"""Real ipykernels on this machine."""

from __future__ import annotations

from ..backend_options import BackendOptions
from ..capabilities import Capabilities, Feature, IsolationLevel
from ..supervised_kernel import SupervisedKernel
from .jupyter_interpreter import JupyterInterpreter
from .launcher import Launcher

_FEATURES = frozenset({Feature.FILES, Feature.TRACED_DEATH, Feature.CAPPED_AT_SOURCE})


class JupyterBackend:
    """Starts ipykernels through a launcher, which it owns.

    Args:
        name: The back end's name.
        launcher: How the processes come to be.
        options: What every interpreter is told.
    """

    def __init__(self, name: str, launcher: Launcher, options: BackendOptions) -> None:
        self._name = name
        self._launcher = launcher
        self._options = options

    async def capabilities(self) -> Capabilities:
        """What its kernels promise on this machine."""
        return Capabilities(self._name, IsolationLevel.LIMITS, frozenset(), _FEATURES)

    async def start_kernel(self) -> SupervisedKernel:
        """Starts one ipykernel."""
        kernel = SupervisedKernel(self._interpreter, await self.capabilities(), setup=self._options.setup)
        return await kernel.start()

    async def close(self) -> None:
        """Closes the launcher."""
        await self._launcher.close()

    async def _interpreter(self) -> JupyterInterpreter:
        return await JupyterInterpreter.start(self._launcher, output_limit=self._options.output_limit)
