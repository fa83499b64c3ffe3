"""The settings of a container: no network, no capabilities, nothing writable but memory of limited size."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..backend_options import BackendOptions
from ..inside.confinement import Confinement
from ..resource_limits import ResourceLimits
from .owner import owner_labels
from .seccomp_profile import seccomp_profile

INSIDE = "/replgym/inside"
SHARED = "/replgym/slot"
WORKSPACE = "/workspace"
USER = 10001
_OWN_PROCESSES = 3
_ENVIRONMENT = {
    "HOME": WORKSPACE,
    "TMPDIR": "/tmp",
    "IPYTHONDIR": "/tmp/ipython",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",  # the order of sets is part of an episode
    "PYTHONIOENCODING": "utf-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class ContainerSettings:
    """What every container of one back end is made of."""

    options: BackendOptions
    warm_up: str = ".kernel_process:warm"
    """Called once in the server inside, before its first fork."""
    confinement: Confinement | None = None
    """What the server inside does to the kernels that it keeps."""

    @property
    def user(self) -> tuple[int, int]:
        """User and group inside: nobody in particular when root asks, and otherwise the one who asks."""
        return (USER, USER) if os.getuid() == 0 else (os.getuid(), os.getgid())

    def container(self, token: str) -> dict[str, Any]:
        """What the engine is told of the container itself.

        Args:
            token: What proves to the container that it sees this folder.
        """
        start = {
            "listen": f"{SHARED}/control/socket",
            "accept_seconds": self.options.docker.start_timeout,
            "folder": SHARED,
            "token": token,
            "preload": list(self.options.preload),
            "warm_up": self.warm_up,
            "confinement": None if self.confinement is None else asdict(self.confinement),
        }
        return {
            "image": self.options.docker.image,
            "entrypoint": ["python3", INSIDE, "slot_main:main", json.dumps(start)],
            "command": [],
            "user": "{}:{}".format(*self.user),
            "working_dir": WORKSPACE,
            "hostname": "kernel",
            "environment": _ENVIRONMENT,
            "labels": dict(self.options.docker.labels) | owner_labels(),
            "healthcheck": {"test": ["NONE"]},
        }

    def host(self, folder: Path, programs: Path, docker: Any) -> dict[str, Any]:
        """What the engine is told of the container's place on the machine.

        Args:
            folder: The folder that is shared with it.
            programs: The folder of the programs that run inside.
            docker: The SDK's module of types.
        """
        options, limits = self.options.docker, self.options.limits
        mount = docker.Mount
        mounts = [
            mount(SHARED, str(folder), type="bind"),
            mount(INSIDE, str(programs), type="bind", read_only=True),
            *(mount(path, path, type="bind", read_only=True) for path in self.options.readable),
        ]
        return {
            "auto_remove": True,
            "network_mode": "none",
            "ipc_mode": "private",
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges", f"seccomp={seccomp_profile()}"],
            "runtime": options.runtime,
            "mem_limit": limits.memory,
            "memswap_limit": limits.memory,
            "pids_limit": limits.processes + _OWN_PROCESSES,
            "nano_cpus": None if options.cpus is None else int(options.cpus * 1e9),
            "shm_size": limits.workspace,
            "tmpfs": self._memory_folders(limits),
            "ulimits": [
                docker.Ulimit(name=name, soft=value, hard=value)
                for name, value in (("core", 0), ("fsize", limits.file_size), ("nofile", limits.open_files))
            ],
            "mounts": mounts,
            "log_config": docker.LogConfig(type="none"),
        }

    def _memory_folders(self, limits: ResourceLimits) -> dict[str, str]:
        user, group = self.user
        settings = f"rw,exec,nosuid,nodev,size={limits.workspace},uid={user},gid={group},mode=0700"
        return {WORKSPACE: settings, "/tmp": settings}
