"""No code gets past what the capabilities claim; where nothing is claimed, the same code does get through."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from replgym.kernels import CellStatus, Isolation, IsolationLevel, Kernel, Protection, WorkspaceError
from replgym.kernels.process_tree import descendants

from ..backend_house import BackendHouse, backends_under_test
from .bait import laid_out, refill
from .probe import TOKEN, Probe
from .probes_of_files import READING, WRITING
from .probes_of_networks import NETWORK
from .probes_of_processes import PROCESSES, SIGNALS
from .probes_of_rights import LIMITS, PRIVILEGES, SYSCALLS

PROBES = (*READING, *WRITING, *PROCESSES, *SIGNALS, *PRIVILEGES, *SYSCALLS, *NETWORK, *LIMITS)
PATIENCE = 60.0
LIMITED = {"memory": 1 << 30, "processes": 48, "workspace": 8 << 20}
pytestmark = pytest.mark.asyncio(loop_scope="session")


def _standings() -> list[tuple[str, Isolation]]:
    """Every local back end at every level that it knows."""
    names = set(backends_under_test())
    local = [
        (name, level) for name in ("fork", "jupyter") for level in Isolation if level is not Isolation.AUTO
    ]
    return [place for place in (*local, ("docker", Isolation.AUTO)) if place[0] in names]


@dataclass(frozen=True, slots=True)
class Cage:
    """A kernel of one back end at one level, and what its code knows of the host."""

    kernel: Kernel
    facts: dict[str, object]

    @property
    def level(self) -> IsolationLevel:
        return self.kernel.capabilities.isolation

    async def escapes(self, probe: Probe) -> bool:
        result = await self.kernel.execute(probe.cell(self.facts), timeout=PATIENCE)
        assert result.status is not CellStatus.TIMEOUT, result.text()
        return TOKEN in result.text()


@pytest.fixture(scope="module")
def bait() -> Iterator[dict[str, object]]:
    with laid_out() as facts:
        yield facts


def _server() -> int:
    """A fork server of this process; the process itself where they live elsewhere."""
    found = os.getpid()
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError):
            found = pid if b"fork_server_main:main" in Path(f"/proc/{pid}/cmdline").read_bytes() else found
    return found


@pytest_asyncio.fixture(
    params=_standings(), ids=lambda place: "-".join(place), scope="module", loop_scope="session"
)
async def cage(request: pytest.FixtureRequest, bait: dict[str, object]) -> AsyncIterator[Cage]:
    name, level = request.param
    refill(Path(str(bait["outside"])))
    house = BackendHouse(name)
    await house.open()
    backend = house.with_options(isolation=level, limits=LIMITED, readable=(bait["readable"],))
    kernel, other = [await backend.start_kernel() for _ in range(2)]
    await other.write_file("episode", str(bait["token"]).encode())
    yield Cage(kernel, bait | LIMITED | {"episode_file": "episode", "server": _server()})
    assert (await other.execute("1 + 1", timeout=PATIENCE)).text() == "2"
    await kernel.close()
    await other.close()
    await house.close()


async def test_the_level_is_the_one_that_was_asked_for(cage: Cage, request: pytest.FixtureRequest) -> None:
    asked = request.node.callspec.params["cage"][1]
    assert cage.level == (IsolationLevel.CONTAINER if asked is Isolation.AUTO else asked)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: f"{probe.protection}-{probe.name}")
async def test_escape(cage: Cage, probe: Probe) -> None:
    if probe.protection in cage.kernel.capabilities.protections:
        assert not await cage.escapes(probe)
    elif probe.shows and (os.geteuid() == 0 or not probe.by_root):
        assert await cage.escapes(probe)
    else:
        pytest.skip("not claimed here, and its success would do harm or prove nothing")


async def test_claims_grow_with_the_level(cage: Cage) -> None:
    claimed = cage.kernel.capabilities.protections
    everything = set(Protection)
    expected = {
        IsolationLevel.CONTAINER: everything,
        IsolationLevel.NAMESPACES: everything,
        IsolationLevel.RESTRICTED: everything - {Protection.DISK},
    }
    if cage.level in expected:
        assert claimed == expected[cage.level]


async def test_files_are_never_fetched_through_links_or_devices(cage: Cage, bait: dict[str, object]) -> None:
    code = (
        f"import os, socket\nos.symlink({bait['secret']!r}, 'link')\nos.symlink('/', 'root')\n"
        "os.mkfifo('fifo')\nsocket.socket(socket.AF_UNIX).bind('sock')\nos.mkdir('folder')"
    )
    assert (await cage.kernel.execute(code, timeout=PATIENCE)).status is CellStatus.OK
    for path in (
        "link",
        f"root{bait['secret']}",
        "fifo",
        "sock",
        "folder",
        "/etc/passwd",
        "../x",
        "folder/../link",
    ):
        with pytest.raises(WorkspaceError):
            await cage.kernel.read_file(path)
    for path in (f"root{bait['outside']}/put", "../put"):
        with pytest.raises(WorkspaceError):
            await cage.kernel.write_file(path, b"x")
    assert not Path(str(bait["outside"]), "put").exists()


async def test_what_is_readable_can_be_read(cage: Cage, bait: dict[str, object]) -> None:
    if cage.level is IsolationLevel.CONTAINER:
        pytest.skip("a container reads its image alone")
    result = await cage.kernel.execute(f"open('{bait['readable']}/data').read()", timeout=PATIENCE)
    assert result.text() == "'public'"


async def test_the_host_is_alive(cage: Cage, bait: dict[str, object]) -> None:
    await asyncio.sleep(0)
    os.kill(int(str(bait["victim"])), 0)
