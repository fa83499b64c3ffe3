"""Confined code still does what honest programs do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from replgym.kernels import CellStatus, Isolation, IsolationLevel, Kernel

from ..backend_house import BackendHouse, backends_under_test

PATIENCE = 60.0
pytestmark = pytest.mark.asyncio(loop_scope="session")
_BACKENDS = [name for name in backends_under_test() if name in ("docker", "fork", "jupyter")]
_LEVELS = {"docker": [Isolation.AUTO]}

EVERYWHERE = {
    "subprocess": "import subprocess; subprocess.run('echo hi | tr a-z A-Z', shell=True, check=True)",
    "python_in_subprocess": (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import json, numpy; print(6 * 7)'], check=True)"
    ),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool: total = sum(pool.map(abs, range(-9, 0)))\ntotal"
    ),
    "forked_process": (
        "import multiprocessing as mp\nours, theirs = mp.Pipe()\n"
        "child = mp.get_context('fork').Process(target=theirs.send, args=(42,))\n"
        "child.start(); answer = ours.recv(); child.join(); answer"
    ),
    "temporary_files": (
        "import tempfile, os\nwith tempfile.TemporaryDirectory() as folder:\n"
        "    with open(os.path.join(folder, 'a'), 'w') as file: file.write('42')\n"
        "    text = open(os.path.join(folder, 'a')).read()\ntext"
    ),
    "sqlite": (
        "import sqlite3\nbase = sqlite3.connect('data.db')\nbase.execute('create table t (x)')\n"
        "base.execute('insert into t values (42)'); base.commit()\n"
        "base.execute('select x from t').fetchone()[0]"
    ),
    "ssl": "import ssl; ssl.create_default_context().verify_mode.name",
    "numpy": "import numpy as np; int((np.ones((64, 64)) @ np.ones((64, 64))).sum())",
    "asyncio": (
        "import asyncio\nasync def work():\n    process = await asyncio.create_subprocess_exec('true')\n"
        "    return await process.wait() + await asyncio.to_thread(abs, -42)\nawait work()"
    ),
    "processors": "import os; os.cpu_count() >= 1 and len(os.sched_getaffinity(0)) >= 1",
    "locale": "import locale; locale.setlocale(locale.LC_ALL, ''); 'ä'.encode().decode()",
    "time_zones": "from zoneinfo import ZoneInfo; from datetime import datetime; str(ZoneInfo('UTC'))",
    "packages": "from importlib.metadata import distributions; len(list(distributions())) > 5",
    "own_process": "import os; os.listdir('/proc/self/fd') + [open('/proc/self/comm').read()]",
    "files_and_folders": (
        "import os, shutil, pathlib\nos.makedirs('a/b'); pathlib.Path('a/b/c').write_text('x')\n"
        "shutil.copytree('a', 'd'); os.rename('d/b/c', 'e'); os.chmod('e', 0o600); os.symlink('e', 'f')\n"
        "shutil.make_archive('g', 'zip', 'a'); sorted(os.listdir('.'))[0]"
    ),
    "signals": (
        "import signal, time\nheard = []\nsignal.signal(signal.SIGALRM, lambda *_: heard.append(1))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.3); heard"
    ),
    "memory_maps": "import mmap; m = mmap.mmap(-1, 1 << 20); m[:2] = b'ok'; bytes(m[:2])",
    "socket_pairs": "import socket; a, b = socket.socketpair(); a.send(b'42'); b.recv(2)",
    "random": "import secrets, uuid; len(secrets.token_bytes(16)) + len(uuid.uuid4().bytes)",
    "shell_escape": "!echo $((6 * 7))",
    "home": "import os, pathlib; pathlib.Path.home() == pathlib.Path(os.getcwd())",
    "half_the_memory": "block = bytearray(512 << 20); del block",
    "pip_list": (
        "import subprocess, sys\n"
        "out = subprocess.run([sys.executable, '-m', 'pip', 'list'], capture_output=True, text=True)\n"
        "assert 'ipykernel' in out.stdout, out"
    ),
}
IN_NAMESPACES = {
    "pool": "import multiprocessing as mp\nwith mp.Pool(2) as pool: found = pool.map(abs, [-1, -2])\nfound",
    "shared_memory": (
        "from multiprocessing.shared_memory import SharedMemory\n"
        "block = SharedMemory(create=True, size=1024); block.buf[0] = 42\n"
        "value = block.buf[0]; block.close(); block.unlink(); value"
    ),
    "loopback": (
        "import http.server, threading, urllib.request\n"
        "server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)\n"
        "threading.Thread(target=server.serve_forever, daemon=True).start()\n"
        "status = urllib.request.urlopen(f'http://127.0.0.1:{server.server_port}/').status\n"
        "server.shutdown(); server.server_close(); status"
    ),
    "terminals": "import os, pty; ours, theirs = os.openpty(); os.isatty(theirs)",
    "unix_server": (
        "import socket\nserver = socket.socket(socket.AF_UNIX); server.bind('here'); server.listen()\n"
        "peer = socket.socket(socket.AF_UNIX); peer.connect('here')\n"
        "server.accept()[0].send(b'42'); peer.recv(2)"
    ),
}
_PLACES = [
    (name, level)
    for name in _BACKENDS
    for level in _LEVELS.get(name, [Isolation.NAMESPACES, Isolation.RESTRICTED])
]


@pytest_asyncio.fixture(params=_PLACES, ids="-".join, scope="module", loop_scope="session")
async def confined(request: pytest.FixtureRequest) -> AsyncIterator[Kernel]:
    name, level = request.param
    house = BackendHouse(name)
    await house.open()
    kernel = await house.with_options(isolation=level).start_kernel()
    yield kernel
    await kernel.close()
    await house.close()


@pytest.mark.parametrize("need", [*EVERYWHERE, *IN_NAMESPACES])
async def test_honest_code_works(confined: Kernel, need: str) -> None:
    code = {**EVERYWHERE, **IN_NAMESPACES}[need]
    result = await confined.execute(code, timeout=PATIENCE)
    if need in IN_NAMESPACES and confined.capabilities.isolation is IsolationLevel.RESTRICTED:
        # Written down, so that nobody is surprised: the level's note says the same.
        assert result.status is CellStatus.ERROR
    else:
        assert result.status is CellStatus.OK, result.text()
