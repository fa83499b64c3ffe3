"""`replgym serve`: the judge for clients of code-judge or SandboxFusion, the environment for OpenEnv's."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...envs.task_set import TaskSet
from ...kernels.backend_options import Isolation
from ...kernels.backends import BACKENDS
from ..usage_error import UsageError
from .cli_serve_openenv import serve_openenv
from .listening_address import check_free

if TYPE_CHECKING:
    from ...rewards.service.problem import Problem
    from ...rewards.service.service_settings import ServiceSettings

_MEGABYTE = 1 << 20
_DIRECT = (
    "workers",
    "queue_size",
    "queue_seconds",
    "execution_seconds",
    "memory_megabytes",
    "sessions",
    "session_seconds",
    "kernel_backend",
    "isolation",
)


def add_parser(subparsers: Any) -> None:
    """Adds the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "serve", help="run the judge or the environment as a service"
    )
    parser.add_argument("service", choices=["judge", "openenv"], help="what to serve")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port, 0 for a free one (%(default)s)")
    parser.add_argument("--open-to-all", action="store_true", help="allow other addresses without a key")
    parser.add_argument("--api-key-env", metavar="NAME", help="variable with the key that clients must show")
    parser.add_argument("--workers", type=int, help="programs at once (default: the cores)")
    parser.add_argument("--queue-size", type=int, help="programs that may wait (default: 2000)")
    parser.add_argument("--queue-seconds", type=float, help="seconds that a plain submission may wait (4)")
    parser.add_argument(
        "--execution-seconds", type=float, help="seconds of a run of code-judge's routes (10)"
    )
    parser.add_argument(
        "--memory-megabytes", type=int, help="memory of such a run (256; Python gets 1024 more)"
    )
    parser.add_argument("--body-megabytes", type=int, help="largest request (64)")
    parser.add_argument("--sessions", type=int, help="sessions of interpreters at once (16)")
    parser.add_argument(
        "--session-seconds", type=float, help="seconds after which an unused session ends (600)"
    )
    parser.add_argument(
        "--kernel-backend", choices=sorted(BACKENDS), help="where interpreters come from (jupyter)"
    )
    parser.add_argument("--isolation", choices=[level.value for level in Isolation], help="(default: auto)")
    parser.add_argument(
        "--task-set",
        action="append",
        default=[],
        metavar="SET",
        help=f"let clients submit to a task set; again for more: {', '.join(TaskSet.names())}",
    )
    _add_ray(parser)
    _add_openenv(parser)
    parser.set_defaults(run=lambda arguments: run(arguments, parser.get_default))


def _add_ray(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ray", action="store_true", help="run on Ray Serve, on all machines of a cluster")
    parser.add_argument("--ray-address", metavar="ADDRESS", help="the cluster (default: a new one, here)")
    parser.add_argument("--replicas", type=int, default=1, help="servers of a Ray cluster (%(default)s)")


def _add_openenv(parser: argparse.ArgumentParser) -> None:
    told = 'openenv: fields of EnvConfig, such as \'{"task_set": "humaneval"}\''
    parser.add_argument("--settings", metavar="JSON", help=told)


def run(arguments: argparse.Namespace, default: Callable[[str], Any]) -> int:
    """Runs the command; returns the exit code."""
    if arguments.service == "openenv":
        serve_openenv(arguments, default)
        return 0
    if arguments.settings is not None:
        raise UsageError("--settings is for `replgym serve openenv`; leave it out")
    try:
        from ...rewards.service.server import check_address, serve
        from ...rewards.service.service_settings import ServiceSettingsError
    except ModuleNotFoundError as error:
        raise UsageError(f"`replgym serve` needs {error.name}: pip install 'replgym[serve]'") from error
    try:
        settings = _settings(arguments)
        check_address(arguments.host, has_key=settings.api_key is not None, open_to_all=arguments.open_to_all)
    except ServiceSettingsError as error:
        raise UsageError(str(error)) from error
    task_sets = _task_sets(arguments.task_set)
    if arguments.ray_address is None:
        check_free(arguments.host, arguments.port)
    if arguments.ray:
        _serve_on_ray(arguments, settings, task_sets)
    else:
        serve(settings, arguments.host, arguments.port, task_sets)
    return 0


def _serve_on_ray(
    arguments: argparse.Namespace, settings: ServiceSettings, task_sets: Mapping[str, Sequence[Problem]]
) -> None:
    try:
        import ray.serve  # noqa: F401 - to see that it is there
    except ModuleNotFoundError as error:
        raise UsageError(f"--ray needs {error.name}: pip install 'replgym[serve-ray]'") from error
    from ...rewards.service.ray_server import serve_on_ray

    if arguments.replicas < 1:
        raise UsageError(f"--replicas {arguments.replicas}: give at least 1")
    if arguments.port == 0:
        raise UsageError("--port 0: Ray does not tell which port it took; give one")
    serve_on_ray(
        settings,
        arguments.host,
        arguments.port,
        task_sets,
        replicas=arguments.replicas,
        address=arguments.ray_address,
    )


def _settings(arguments: argparse.Namespace) -> ServiceSettings:
    from ...rewards.service.service_settings import ServiceSettings

    given = {name: getattr(arguments, name) for name in _DIRECT if getattr(arguments, name) is not None}
    if arguments.body_megabytes is not None:
        given["body_bytes"] = arguments.body_megabytes * _MEGABYTE
    if arguments.api_key_env is not None:
        key = os.environ.get(arguments.api_key_env)
        if not key:
            raise UsageError(
                f"--api-key-env: the variable {arguments.api_key_env} is not set; set it to the key"
            )
        given["api_key"] = key
    return ServiceSettings.from_environment(os.environ, **given)


def _task_sets(names: Sequence[str]) -> Mapping[str, Sequence[Problem]]:
    from ...rewards.service.problem import Problem

    return {
        name: [
            Problem(
                task.id,
                task.prompt,
                task.tests,
                task.metadata.time_limit,
                {"source": task.metadata.source, "difficulty": task.metadata.difficulty},
            )
            for task in TaskSet.load(name)
        ]
        for name in names
    }
