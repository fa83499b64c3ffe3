"""A Docker engine: the SDK's blocking calls in threads, and its failures in one sentence with advice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable
from typing import Any, TypeVar

from ..kernel_error import IsolationError, KernelStartError
from .container import Container
from .docker_options import DockerOptions
from .owner import OWNER, is_left_over

_CALL_SECONDS = 60
_REMOVE_SECONDS = 20.0
_LIMITS = {
    "MemoryLimit": "memory",
    "SwapLimit": "swap",
    "PidsLimit": "number of processes",
    "CpuCfsQuota": "processors",
}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_NO_DESCRIPTORS = ("runsc", "kata")

T = TypeVar("T")


class DockerEngine:
    """One engine. Nothing is contacted before `open`."""

    def __init__(self, options: DockerOptions) -> None:
        self._options = options
        self._api: Any = None
        self.missing_limits: tuple[str, ...] = ()
        """Limits that the engine cannot enforce, which the options accept."""
        self.runtime = ""
        """The runtime that containers get."""

    @property
    def address(self) -> str:
        """Where the engine is looked for."""
        return self._options.host or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"

    async def open(self) -> None:
        """Connects, checks engine and image, and removes containers of dead owners.

        Raises:
            KernelStartError: If something is missing; the message says what to do.
            IsolationError: If the engine cannot enforce a limit.
        """
        if self._api is None:
            self._api = await asyncio.to_thread(self._connect)
            try:
                await self._call(self._check)
            except BaseException:
                self.close()
                raise
            await self._call(self._sweep)

    async def run(
        self, name: str, settings: dict[str, Any], host: Callable[[Any], dict[str, Any]]
    ) -> Container:
        """Creates and starts a container.

        Args:
            name: Its name; nothing of this name is left when the start fails or is cancelled.
            settings: Arguments of the SDK's `create_container`.
            host: Makes the arguments of the SDK's `create_host_config` from the SDK's module of types.

        Raises:
            KernelStartError: If the engine refuses.
        """
        work = asyncio.ensure_future(self._call(self._run, name, settings, host))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            if work.exception() is None:
                work.result().forget_output()
            await self.remove(name)
            raise
        except KernelStartError:
            await self.remove(name)
            raise

    async def remove(self, name: str) -> None:
        """Ends and removes a container; returns when there is none of this name."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REMOVE_SECONDS):
                while self._api is not None and not await self._call(self._remove, name):
                    await asyncio.sleep(0.05)

    def close(self) -> None:
        """Lets go of the engine; idempotent."""
        api, self._api = self._api, None
        if api is not None:
            api.close()

    async def _call(self, function: Callable[..., T], *arguments: Any) -> T:
        try:
            return await asyncio.to_thread(function, *arguments)
        except Exception as error:
            problem = self._explain(error)
            if problem is None:
                raise
            raise problem from error

    def _connect(self) -> Any:
        try:
            import docker
        except ImportError as error:
            raise KernelStartError(
                "the docker back end needs the Docker SDK; run: pip install 'replgym[docker]'"
            ) from error
        kwargs = docker.utils.kwargs_from_env()
        if self._options.host is not None:
            kwargs["base_url"] = self._options.host
        try:
            return docker.APIClient(version="auto", timeout=_CALL_SECONDS, **kwargs)
        except docker.errors.DockerException as error:
            raise self._no_engine(error) from error

    def _no_engine(self, error: Exception) -> KernelStartError:
        if "Permission denied" in str(error):
            advice = "this user may not use it; run: sudo usermod -aG docker $USER, and log in again"
        else:
            advice = "start it, or set DOCKER_HOST to the address of one that runs on this machine"
        return KernelStartError(f"no Docker engine answers at {self.address}: {advice}")

    def _explain(self, error: Exception) -> KernelStartError | None:
        """The failure in one sentence; None when it is no failure of the engine."""
        import requests

        import docker

        if isinstance(error, docker.errors.ImageNotFound):
            return KernelStartError(
                f"the Docker engine has no image {self._options.image!r}; build it with "
                "scripts/build_image.sh (--from-host without a registry), pull it, or name another one in "
                "docker.image"
            )
        if isinstance(error, docker.errors.APIError):
            return KernelStartError(_api_problem(self._options, str(error.explanation or error)))
        if isinstance(error, requests.exceptions.RequestException | docker.errors.DockerException):
            return self._no_engine(error)
        return None

    def _check(self) -> None:
        info = self._api.info()
        if info["OSType"] != "linux":
            raise KernelStartError(
                f"the Docker engine runs {info['OSType']} containers; switch it to Linux ones"
            )
        self.runtime = self._options.runtime or info["DefaultRuntime"]
        if self.runtime not in info["Runtimes"]:
            known = ", ".join(sorted(info["Runtimes"]))
            raise KernelStartError(f"docker.runtime={self.runtime!r}: the Docker engine has {known}")
        if self.runtime.startswith(_NO_DESCRIPTORS):
            raise KernelStartError(
                f"docker.runtime={self.runtime!r}: it cannot pass descriptors between container and host, on "
                "which this back end rests; use runc, or run the whole program in such a sandbox"
            )
        self._check_image(info)
        missing = tuple(name for key, name in _LIMITS.items() if not info.get(key, False))
        if missing and not self._options.accept_missing_limits:
            raise IsolationError(
                f"the Docker engine cannot limit {', '.join(missing)} on this machine; enable the control "
                "groups, or accept that with docker.accept_missing_limits=True"
            )
        self.missing_limits = missing

    def _check_image(self, info: dict[str, Any]) -> None:
        image = self._api.inspect_image(self._options.image)
        machine = info["Architecture"]
        needed, found = _ARCHITECTURES.get(machine, machine), image["Architecture"]
        if found != needed:
            raise KernelStartError(
                f"the image {self._options.image!r} is built for {found}, and this machine is {needed}; "
                "build it here with scripts/build_image.sh, or name another one in docker.image"
            )

    def _sweep(self) -> None:
        """Removes what dead owners left between creating and starting a container."""
        for found in self._api.containers(all=True, filters={"label": OWNER}):
            if is_left_over(found["Labels"]):
                self._remove(found["Id"])

    def _run(self, name: str, settings: dict[str, Any], host: Callable[[Any], dict[str, Any]]) -> Container:
        import docker

        place = self._api.create_host_config(**host(docker.types))
        made = self._api.create_container(name=name, host_config=place, **settings)
        container = Container(self._api, made["Id"])
        try:
            self._api.start(made["Id"])
        except BaseException:
            container.forget_output()
            raise
        return container

    def _remove(self, container: str) -> bool:
        """Whether the container is gone for good; its removal may be on the way."""
        import docker

        try:
            self._api.remove_container(container, force=True, v=True)
        except docker.errors.NotFound:
            return True
        except docker.errors.APIError as error:
            if error.status_code != 409:
                raise
        return False


def _api_problem(options: DockerOptions, text: str) -> str:
    text = " ".join(text.split())
    if re.search(r"bind source path does not exist", text):
        return (
            "the Docker engine does not see the folders of this machine; it must run on the same machine, "
            f"and not in a container that hides them ({text})"
        )
    if re.search(r'exec: "?python3"?|python3.*(not found|no such file)', text):
        return f"the image {options.image!r} has no python3 on its PATH; use one of scripts/build_image.sh"
    return f"the Docker engine refuses: {text}"
