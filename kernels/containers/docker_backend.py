"""Interpreters in containers: the strongest wall between code and machine that is at hand."""

from __future__ import annotations

from ..backend_options import BackendOptions
from ..capabilities import Capabilities, Feature, IsolationLevel, Protection
from ..inside import landlock
from ..jupyter.jupyter_interpreter import JupyterInterpreter
from ..supervised_kernel import SupervisedKernel
from .container_settings import ContainerSettings
from .docker_engine import DockerEngine
from .docker_launcher import DockerLauncher
from .slot_pool import SlotPool

_FEATURES = frozenset(
    {Feature.FILES, Feature.PRELOAD, Feature.SEED, Feature.TRACED_DEATH, Feature.CAPPED_AT_SOURCE}
)


class DockerBackend:
    """Starts kernels in containers of a Docker engine.

    Args:
        options: What every interpreter is told; `options.docker` says where and how.
    """

    def __init__(self, options: BackendOptions) -> None:
        self._options = options
        self._engine = DockerEngine(options.docker)
        settings = ContainerSettings(options)
        self._slots = SlotPool(self._engine, settings)
        self._launcher = DockerLauncher(self._slots, settings)

    async def capabilities(self) -> Capabilities:
        """What its kernels promise; every container is checked from inside for the same.

        Raises:
            KernelStartError: If there is no engine or no image, or a container does not come up.
        """
        await self._slots.open()
        missing = self._engine.missing_limits
        protections = set(Protection)
        if "memory" in missing or "swap" in missing:
            protections -= {Protection.MEMORY}
        if "number of processes" in missing:
            protections -= {Protection.PROCESS_COUNT}
        notes = [f"containers of the image {self._options.docker.image}, runtime {self._engine.runtime}"]
        if not landlock.abi():
            notes.append("this machine has no Landlock: the container alone keeps sessions from its server")
        notes += [f"the Docker engine cannot limit: {name}" for name in missing]
        return Capabilities(
            "docker", IsolationLevel.CONTAINER, frozenset(protections), _FEATURES, tuple(notes)
        )

    async def start_kernel(self) -> SupervisedKernel:
        """Starts one kernel in a container of its own."""
        capabilities = await self.capabilities()
        kernel = SupervisedKernel(
            self._interpreter,
            capabilities,
            setup=self._options.setup,
            start_timeout=2 * self._options.docker.start_timeout,
        )
        return await kernel.start()

    async def close(self) -> None:
        """Removes all containers."""
        await self._launcher.close()

    async def _interpreter(self) -> JupyterInterpreter:
        return await JupyterInterpreter.start(
            self._launcher, output_limit=self._options.output_limit, seed=self._options.seed
        )
