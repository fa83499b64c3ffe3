"""The fork server: clean children, and nothing left of them or of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from replgym.kernels import ForkedChild, ForkServer, ForkServerError

PROGRAMS = str(Path(__file__).parent / "child_programs.py")
PATIENCE = 120.0


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ForkServer]:
    monkeypatch.setenv("MY_API_KEY", "secret")
    server = await ForkServer.start(preload=["json"])
    yield server
    await server.close()


def _living_below(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "--ppid", str(pid)], stdout=subprocess.PIPE, text=True)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "Z" not in line.split()[1]]


async def _told(server: ForkServer, target: str, argument: object = None) -> tuple[bytes, ForkedChild]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = await server.fork(f"{PROGRAMS}:{target}", argument, fds=[theirs.fileno()])
        theirs.close()
        ours.setblocking(False)
        async with asyncio.timeout(PATIENCE):
            said = await asyncio.get_running_loop().sock_recv(ours, 1 << 16)
        return said, child


async def test_a_child_is_what_was_asked_for(server: ForkServer, tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = await server.fork(
            f"{PROGRAMS}:echo", {"a": [1, "é"]}, fds=[theirs.fileno()], cwd=tmp_path, env={"GIVEN": "yes"}
        )
        assert await child.wait(PATIENCE) == 0
        seen = json.loads(ours.recv(1 << 16))
    listing = seen.pop("fds")
    assert listing[:4] == [0, 1, 2, 3]
    assert len(listing) <= 5  # the listing itself is one
    assert seen == {
        "argument": {"a": [1, "é"]},
        "cwd": str(tmp_path),
        "env": "yes",
        "secret": None,
        "leader": True,
        "sigint": True,
        "streams": ["/dev/null"] * 3,
    }


async def test_given_streams_are_used(server: ForkServer, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        child = await server.fork(f"{PROGRAMS}:write", "hello", stdout=out.fileno(), stderr=err.fileno())
        assert await child.wait(PATIENCE) == 0
    assert (tmp_path / "out").read_text() == "hello\n"
    assert (tmp_path / "err").read_text() == "problem\n"


@pytest.mark.parametrize(
    ("target", "argument", "code"),
    [
        (f"{PROGRAMS}:leave", 7, 7),
        (f"{PROGRAMS}:fail", None, 1),
        ("no.such.module:f", None, 1),
        ("os:abort", None, 1),
    ],
)
async def test_exit_codes(server: ForkServer, target: str, argument: object, code: int) -> None:
    child = await server.fork(target, argument)
    assert await child.wait(PATIENCE) == code
    assert child.returncode == code
    assert not child.is_alive()


async def test_signals_and_kill(server: ForkServer) -> None:
    child = await server.fork(f"{PROGRAMS}:sleep")
    assert child.is_alive()
    with pytest.raises(TimeoutError):
        await child.wait(0.05)
    child.signal(signal.SIGTERM)
    assert await child.wait(PATIENCE) == -signal.SIGTERM
    child.signal(signal.SIGTERM)
    child.kill()
    other = await server.fork(f"{PROGRAMS}:sleep")
    other.kill()
    other.kill()
    assert await other.wait(PATIENCE) == -signal.SIGKILL


async def test_orphans_in_sessions_of_their_own_die_with_their_child(server: ForkServer) -> None:
    said, child = await _told(server, "daemons")
    assert said == b"started\n"
    await child.wait(PATIENCE)
    assert _living_below(server.pid) == []


async def test_children_draw_different_random_numbers(server: ForkServer) -> None:
    drawn = {(await _told(server, "draw"))[0] for _ in range(3)}
    assert len(drawn) == 3


async def test_many_forks_at_once(server: ForkServer) -> None:
    children = await asyncio.gather(*(server.fork(f"{PROGRAMS}:leave", n % 5) for n in range(60)))
    codes = await asyncio.gather(*(child.wait(PATIENCE) for child in children))
    assert codes == [n % 5 for n in range(60)]


async def test_close_kills_everything_and_is_idempotent(server: ForkServer) -> None:
    children = [await server.fork(f"{PROGRAMS}:sleep") for _ in range(3)]
    await server.close()
    await server.close()
    assert not any(child.is_alive() for child in children)
    assert not server.folder.exists()
    with pytest.raises(ForkServerError, match="dead"):
        await server.fork(f"{PROGRAMS}:sleep")


async def test_a_killed_server_is_noticed_and_takes_its_children_along(server: ForkServer) -> None:
    child = await server.fork(f"{PROGRAMS}:sleep")
    os.kill(server.pid, signal.SIGKILL)
    async with asyncio.timeout(PATIENCE):
        await child.exited()
        while server.is_alive():
            await asyncio.sleep(0.01)
    with pytest.raises(ForkServerError):
        await server.fork(f"{PROGRAMS}:sleep")


async def test_a_killed_server_is_noticed_by_who_has_not_looked(server: ForkServer) -> None:
    os.kill(server.pid, signal.SIGKILL)
    end = time.monotonic() + PATIENCE
    while server.is_alive() and time.monotonic() < end:
        time.sleep(0.01)  # the event loop stands still meanwhile
    assert not server.is_alive()


async def test_a_stopped_server_does_not_hold_the_caller(server: ForkServer) -> None:
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(ForkServerError, match=r"did not answer within 0\.2 s"):
            await server.fork(f"{PROGRAMS}:sleep", timeout=0.2)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    child = await server.fork(f"{PROGRAMS}:leave", 0)
    assert await child.wait(PATIENCE) == 0
    while _living_below(server.pid):  # the late child is killed as soon as it turns up
        await asyncio.sleep(0.01)


async def test_a_failing_preload_is_named() -> None:
    with pytest.raises(ForkServerError, match="no_such_module"):
        await ForkServer.start(preload=["no_such_module"])


async def test_a_server_with_threads_refuses_to_fork(tmp_path: Path) -> None:
    (tmp_path / "threaded.py").write_text(
        "import threading, time\n"
        "def warm(_): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    server = await ForkServer.start(warm_up=f"{tmp_path}/threaded.py:warm")
    try:
        with pytest.raises(ForkServerError, match="2 threads"):
            await server.fork(f"{PROGRAMS}:sleep")
    finally:
        await server.close()


async def test_oversized_requests_are_refused(server: ForkServer) -> None:
    with pytest.raises(ForkServerError, match="pass large data through a descriptor"):
        await server.fork(f"{PROGRAMS}:leave", "x" * 200_000)


OWNER = """
import asyncio, sys
from replgym.kernels import make_kernel_pool

async def main():
    async with make_kernel_pool("jupyter", size=3, warm=2) as pool:
        async with pool.acquire() as kernel:
            code = "import os, subprocess\\nos.system('setsid sleep 600 >/dev/null 2>&1 &')\\n"
            code += "subprocess.Popen(['sleep', '600'], start_new_session=True)"
            await kernel.execute(code, timeout=120)
            while pool.stats().warm < 2:
                await asyncio.sleep(0.01)
            print("ready", flush=True)
            await kernel.execute("while True: pass", timeout=600)

asyncio.run(main())
"""


async def test_nothing_is_left_after_kill_9_of_the_owner() -> None:
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, stdout=asyncio.subprocess.PIPE)
    assert owner.stdout is not None
    async with asyncio.timeout(120):
        assert await owner.stdout.readline() == b"ready\n"
    (server,) = _living_below(owner.pid)
    options = json.loads(Path(f"/proc/{server}/cmdline").read_bytes().split(b"\0")[-2])
    root = Path(options["folder"])
    keepers = _living_below(server)
    kernels = [pid for keeper in keepers for pid in _living_below(keeper)]
    session_members = [server, *keepers, *kernels]
    below = [pid for kernel in kernels for pid in _living_below(kernel)]
    assert root.exists()
    assert len(below) == 2
    owner.kill()
    await owner.wait()
    async with asyncio.timeout(120):
        while root.exists() or any(Path(f"/proc/{pid}").exists() for pid in (*session_members, *below)):
            await asyncio.sleep(0.01)
