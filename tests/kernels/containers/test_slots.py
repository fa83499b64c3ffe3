"""A container serves one session after another, and nothing passes from one to the next."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from replgym.kernels import BackendOptions, CellStatus, KernelClosedError, ResourceLimits
from replgym.kernels.containers.docker_backend import DockerBackend
from replgym.kernels.containers.docker_options import DockerOptions

from .engine import containers_of, needs_engine

pytestmark = needs_engine
PATIENCE = 60.0
IDENTITY = "print(open('/replgym/slot/token').read())"
LITTER = """
import os, subprocess, sys
for folder in ('/workspace', '/tmp', '/dev/shm'):
    os.makedirs(f'{folder}/.deep/er')
    open(f'{folder}/.deep/er/file', 'w').close()
    os.symlink('/', f'{folder}/root')
os.mkfifo('fifo')
try: os.setxattr('/workspace', 'user.note', b'remember')
except OSError: pass
os.chmod('/workspace', 0o777)
for new in (False, True): subprocess.Popen(['sleep', '600'], start_new_session=new)
os.system("(trap '' TERM HUP INT; setsid sleep 600 >/dev/null 2>&1 &)")
"""
LOOK = """
import os
found = [f'{f}/{name}' for f in ('/workspace', '/tmp', '/dev/shm') for name in os.listdir(f)]
found += os.listxattr('/workspace') + [oct(os.stat('/workspace').st_mode & 0o777)]
processes = [int(name) for name in os.listdir('/proc') if name.isdigit()]
print(found, len(processes), open('/replgym/slot/token').read())
"""


@pytest_asyncio.fixture
async def backend() -> AsyncIterator[DockerBackend]:
    made = DockerBackend(BackendOptions())
    yield made
    await made.close()


async def _session(backend: DockerBackend, code: str) -> str:
    kernel = await backend.start_kernel()
    try:
        result = await kernel.execute(code, timeout=PATIENCE)
        return result.text()
    finally:
        await kernel.close()


async def test_sessions_follow_each_other_in_one_container_and_find_nothing(backend: DockerBackend) -> None:
    fresh = await _session(backend, LOOK)
    await _session(backend, LITTER)
    assert await _session(backend, LOOK) == fresh
    assert "'0o700'" in fresh


async def test_one_session_at_a_time(backend: DockerBackend) -> None:
    kernels = await asyncio.gather(*(backend.start_kernel() for _ in range(3)))
    results = await asyncio.gather(*(kernel.execute(IDENTITY, timeout=PATIENCE) for kernel in kernels))
    assert len({result.text() for result in results}) == 3
    await asyncio.gather(*(kernel.close() for kernel in kernels))


@pytest.mark.parametrize(
    "code",
    [
        "os._exit(1)",
        "get_ipython().kernel.session.key = b'forged'",
        "os.makedirs('locked/in')\nos.chmod('locked', 0)",
        "for i in range(3000): os.mkdir('d'); os.chdir('d')",
    ],
    ids=["dead", "poisoned", "locked", "deep"],
)
async def test_a_session_that_went_wrong_costs_the_container(backend: DockerBackend, code: str) -> None:
    before = await _session(backend, IDENTITY)
    assert before == await _session(backend, IDENTITY)
    await _session(backend, f"import os\n{code}")
    assert before != await _session(backend, IDENTITY)


async def test_containers_are_replaced_after_their_sessions() -> None:
    backend = DockerBackend(BackendOptions(docker=DockerOptions(recycle_after=2)))
    try:
        seen = [await _session(backend, IDENTITY) for _ in range(4)]
    finally:
        await backend.close()
    assert seen[0] == seen[1] != seen[2] == seen[3]


async def test_containers_are_replaced_after_their_time() -> None:
    backend = DockerBackend(BackendOptions(docker=DockerOptions(recycle_minutes=1e-6)))
    try:
        assert await _session(backend, IDENTITY) != await _session(backend, IDENTITY)
    finally:
        await backend.close()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("open('/etc/x', 'w')", "Error"),
        ("open('/replgym/slot/x', 'w')", "PermissionError"),
        ("open(glob.glob('/replgym/slot/k*')[0] + '/x', 'w')", "PermissionError"),
        ("open('/proc/1/mem', 'rb')", "PermissionError"),
        ("os.listdir('/proc/1/fd')", "PermissionError"),
        ("os.kill(1, 15)", "PermissionError"),
        ("open('big', 'wb').write(bytes(40 << 20))", "Error"),
        ("for i in range(9): open(f'f{i}', 'wb').write(bytes(4 << 20))", "No space left"),
        ("for i in range(99): os.fork() or time.sleep(600)", "BlockingIOError"),
        ("ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0) and print(ctypes.get_errno())", "1"),
        ("ctypes.CDLL(None, use_errno=True).syscall(425, 1, 0) and print(ctypes.get_errno())", "1"),
        ("ctypes.CDLL(None, use_errno=True).shmget(0, 4096, 0o1600) and print(ctypes.get_errno())", "1"),
        ("ctypes.CDLL(None, use_errno=True).personality(0x40000) and print(ctypes.get_errno())", "1"),
        ("socket.create_connection(('1.1.1.1', 80), 5)", "OSError"),
    ],
)
async def test_the_walls(backend_with_limits: DockerBackend, code: str, told: str) -> None:
    imports = "import ctypes, glob, os, socket, time"
    assert told in await _session(backend_with_limits, f"{imports}\n{code}")


@pytest_asyncio.fixture
async def backend_with_limits() -> AsyncIterator[DockerBackend]:
    limits = ResourceLimits(memory=256 << 20, processes=32, file_size=8 << 20, workspace=32 << 20)
    made = DockerBackend(BackendOptions(limits=limits))
    yield made
    await made.close()


async def test_running_out_of_memory_is_told(backend: DockerBackend) -> None:
    limited = DockerBackend(BackendOptions(limits=ResourceLimits(memory=128 << 20)))
    try:
        kernel = await limited.start_kernel()
        result = await kernel.execute("x = b'x' * (1 << 30)", timeout=PATIENCE)
        assert result.status is CellStatus.DIED
        assert result.cause == "it ran out of memory; 128 MB are allowed"
        assert "[the interpreter died: it ran out of memory" in result.text()
        assert (await kernel.execute("1 + 1", timeout=PATIENCE)).text() == "2"
    finally:
        await limited.close()


async def test_readable_files_and_files_in_and_out(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("42")
    tmp_path.chmod(0o755)
    backend = DockerBackend(BackendOptions(readable=(str(tmp_path),)))
    try:
        kernel = await backend.start_kernel()
        code = f"int(open({str(tmp_path / 'data')!r}).read())"
        assert (await kernel.execute(code, timeout=PATIENCE)).text() == "42"
        await kernel.write_file("in/file", b"123")
        code = "import os; os.rename('in/file', 'in/other'); open('in/other', 'a').write('4')"
        await kernel.execute(code, timeout=PATIENCE)
        assert await kernel.read_file("in/other") == b"1234"
    finally:
        await backend.close()


async def test_many_sessions_leave_nothing(backend: DockerBackend) -> None:
    async def sessions(count: int) -> None:
        for _ in range(count):
            assert await _session(backend, "1 + 1") == "2"

    others = set(containers_of(os.getpid()))
    await asyncio.gather(*(sessions(2) for _ in range(4)))
    before = len(os.listdir("/proc/self/fd"))
    await asyncio.gather(*(sessions(50) for _ in range(4)))
    await _settled(lambda: len(os.listdir("/proc/self/fd")) <= before)
    assert 0 < len(set(containers_of(os.getpid())) - others) <= 4
    await backend.close()
    assert set(containers_of(os.getpid())) <= others


async def test_a_closed_backend_starts_nothing(backend: DockerBackend) -> None:
    others = set(containers_of(os.getpid()))
    start = asyncio.create_task(backend.start_kernel())
    await asyncio.sleep(0.1)
    await backend.close()
    with pytest.raises(KernelClosedError):
        await start
    assert set(containers_of(os.getpid())) <= others


async def _settled(holds: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.02)
