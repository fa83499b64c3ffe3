"""Serves the application on Ray Serve: several servers on the machines of a cluster behind one port."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from .app import make_app
from .problem import Problem
from .ray_sessions import RaySessions, SessionHost
from .service_settings import ServiceSettings

_NAME = "replgym-judge"
_MOST_REQUESTS = 10_000
_GRACE_SECONDS = 30


def serve_on_ray(
    settings: ServiceSettings,
    host: str,
    port: int,
    task_sets: Mapping[str, Sequence[Problem]] | None = None,
    *,
    replicas: int = 1,
    address: str | None = None,
) -> None:
    """Serves until SIGTERM or Ctrl-C.

    Args:
        settings: What each server may use.
        host: The address to listen on, on every machine of the cluster.
        port: The port.
        task_sets: Name -> tasks that clients can ask for and submit to.
        replicas: How many servers there are.
        address: The cluster to join; without one, a cluster of this machine is started.
    """
    import ray

    ending = threading.Event()
    ray.init(address=address or "local", namespace=_NAME, include_dashboard=False, log_to_driver=False)
    # Now: Ray has put a handler of its own in place, and the port is open before the deployment is told.
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    try:
        deployed = RayDeployment(settings, host, port, task_sets or {}, replicas)
        signal.signal(signal.SIGINT, lambda *_: ending.set())
        ending.wait()
        deployed.end()
    finally:
        ray.shutdown()


class RayDeployment:
    """A deployment on the cluster that this process is connected to; `end` it.

    Args:
        settings: What each server may use.
        host: The address to listen on, on every machine of the cluster.
        port: The port.
        task_sets: Name -> tasks that clients can ask for and submit to.
        replicas: How many servers there are, and how many processes share the sessions.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        host: str,
        port: int,
        task_sets: Mapping[str, Sequence[Problem]],
        replicas: int,
    ) -> None:
        import ray
        from ray import serve

        actor = ray.remote(SessionHost)
        self._hosts = [
            actor.options(num_cpus=0, max_concurrency=_MOST_REQUESTS, scheduling_strategy="SPREAD").remote(
                settings
            )
            for _ in range(replicas)
        ]
        hosts = self._hosts

        def build() -> Any:
            return make_app(settings, task_sets, jupyter=RaySessions(settings, hosts))

        ingress = serve.deployment(serve.ingress(build)())
        options = ingress.options(
            name=_NAME,
            num_replicas=replicas,
            max_ongoing_requests=_MOST_REQUESTS,
            graceful_shutdown_timeout_s=_GRACE_SECONDS,
            ray_actor_options={"num_cpus": 0},
        )
        serve.start(http_options={"host": host, "port": port, "location": "EveryNode"})
        serve.run(options.bind(), name=_NAME, route_prefix="/")

    def end(self) -> None:
        """Answers what runs, and takes everything from the cluster; idempotent."""
        import ray
        from ray import serve

        serve.shutdown()
        for host in self._hosts:
            ray.get(host.close.remote(), timeout=_GRACE_SECONDS)
            ray.kill(host)
        self._hosts = []
