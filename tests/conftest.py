"""What all rooms' tests share: how they run, and interpreters and a judge for the tests of one module."""

import os
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from replgym.kernels import KernelPool, make_kernel_pool
from replgym.rewards import Judge

from .kernels.containers.engine import absence_of_docker

# On a busy machine a first call may take long; time is never what a test asserts.
settings.register_profile("replgym", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("replgym")

# A shell that starts the tests in the background has them ignore Ctrl-C, and all that they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)

_LONGEST_NAME = 100


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one module and one back end share interpreters, and so one worker, unless they say more.

    Trainers take longest and begin first; then groups with many tests, as pytest-xdist has it by itself.
    """
    groups = {item: _group_of(item) for item in items}
    for item, group in groups.items():
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group))
    sizes = Counter(groups.values())
    items.sort(key=lambda item: (groups[item] != "verl trainer", -sizes[groups[item]]))


def _group_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    if marker is not None:
        return str(marker.args[0])
    parameters = (
        item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    )
    return f"{item.location[0]} {parameters.get('house', '')}".rstrip()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long parameters have short names: every name is sent to every worker."""
    return f"{argname} of {len(val)}" if isinstance(val, str | bytes) and len(val) > _LONGEST_NAME else None


def pytest_report_header() -> str:
    absence = absence_of_docker()
    if absence is None:
        return "docker: an engine answers, containers are tested"
    if "docker" in os.environ.get("REPLGYM_REQUIRE", "").split(","):
        return f"docker: required, and tests of containers will fail: {absence}"
    return f"docker: tests of containers are left out: {absence}"


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder to be a temporary directory: its path, unlike pytest's, leaves room for names of sockets."""
    with tempfile.TemporaryDirectory(prefix="t-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[KernelPool]:
    async with make_kernel_pool(size=4, warm=2) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def judge() -> AsyncIterator[Judge]:
    async with Judge(concurrency=2) as made:
        yield made
