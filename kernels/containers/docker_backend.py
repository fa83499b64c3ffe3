"""Interpreters in containers: the strongest wall between code and machine that is at hand."""

from __future__ import annotations

from ..backend_options import BackendOptions
from ..capabilities import Capabilities, Feature, IsolationLevel, Protection
from ..inside import landlock
from ..inside.confinement import RESTRICTED, Confinement
from ..jupyter.jupyter_interpreter import JupyterInterpreter
from ..shell.shell_interpreter import ShellInterpreter
from ..shell.shell_start import ShellSettings
from ..supervised_kernel import SupervisedKernel
from .container_settings import ContainerSettings
from .docker_engine import DockerEngine
from .docker_launcher import DockerLauncher
from .docker_options import Engine
from .slot_pool import SlotPool
from .slot_shells import SlotShells

_FEATURES = frozenset(
    {Feature.FILES, Feature.PRELOAD, Feature.SEED, Feature.TRACED_DEATH, Feature.CAPPED_AT_SOURCE}
)
_NO_LIMIT = 1 << 62


class DockerBackend:
    """Starts kernels in containers of a Docker engine.

    Args:
        options: What every interpreter is told; `options.docker` says where and how.
    """

    def __init__(self, options: BackendOptions) -> None:
        self._options = options
        self._engine = DockerEngine(options.docker)
        settings = _settings(options)
        self._slots = SlotPool(self._engine, settings)
        self._launcher = DockerLauncher(self._slots, settings)
        self._shells = SlotShells(self._slots)
        self._is_shell = options.docker.engine is Engine.FORK

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
        features = _FEATURES | {Feature.FORK} if self._is_shell else _FEATURES
        return Capabilities(
            "docker", IsolationLevel.CONTAINER, frozenset(protections), features, tuple(notes)
        )

    async def start_kernel(self) -> SupervisedKernel:
        """Starts one kernel in a container of its own."""
        capabilities = await self.capabilities()
        kernel = SupervisedKernel(
            self._shell if self._is_shell else self._ipykernel,
            capabilities,
            setup=self._options.setup,
            start_timeout=2 * self._options.docker.start_timeout,
        )
        return await kernel.start()

    async def close(self) -> None:
        """Removes all containers."""
        await self._launcher.close()

    async def _shell(self) -> ShellInterpreter:
        settings = ShellSettings(
            output_limit=self._options.output_limit,
            seed=self._options.seed,
            readable=("/",),
            apart=bool(landlock.abi()),
        )
        return await ShellInterpreter.start(self._shells, settings)

    async def _ipykernel(self) -> JupyterInterpreter:
        return await JupyterInterpreter.start(
            self._launcher, output_limit=self._options.output_limit, seed=self._options.seed
        )


def _settings(options: BackendOptions) -> ContainerSettings:
    if options.docker.engine is Engine.JUPYTER:
        return ContainerSettings(options, ".kernel_process:warm")
    limits = options.limits
    orders = Confinement(
        level=RESTRICTED,
        memory=_NO_LIMIT,  # the container's limit counts all processes together
        processes=limits.processes,
        file_size=limits.file_size,
        open_files=limits.open_files,
        workspace=limits.workspace,
        landlock=bool(landlock.abi()),
        container=True,
    )
    return ContainerSettings(options, ".shell_process:warm", orders)
