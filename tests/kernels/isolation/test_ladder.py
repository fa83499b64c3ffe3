"""What was tried is what is told; what cannot be had is refused with a reason."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from replgym.kernels import (
    BackendOptions,
    Isolation,
    IsolationError,
    IsolationLevel,
    Protection,
    make_backend,
)
from replgym.kernels.inside.confinement import Confinement
from replgym.kernels.isolation import own_uids
from replgym.kernels.isolation.ladder import Ladder, this_machine
from replgym.kernels.isolation.rung import Rung

from ..conformance.host_processes import unique_seconds, until_gone, until_running

PATIENCE = 60.0
PROJECT = Path(__file__).parents[3]


class _Broken(Ladder):
    """A machine without namespaces."""

    async def try_level(self, level: IsolationLevel) -> Rung | str:
        return (
            "user namespaces are off"
            if level is IsolationLevel.NAMESPACES
            else await super().try_level(level)
        )


async def test_auto_takes_the_next_level_and_says_why() -> None:
    rung = await _Broken().choose(Isolation.AUTO)
    assert rung.level is IsolationLevel.RESTRICTED
    notes = rung.capabilities("jupyter", frozenset()).notes
    assert any("namespaces is not available: user namespaces are off" in note for note in notes)


async def test_a_level_that_was_named_is_never_weakened() -> None:
    with pytest.raises(IsolationError, match=r"user namespaces are off.*isolation='auto'.*doctor"):
        await _Broken().choose(Isolation.NAMESPACES)


async def test_who_asks_at_the_same_time_gets_the_same_answer() -> None:
    ladder = Ladder()
    answers = await asyncio.gather(*(ladder.try_level(IsolationLevel.LIMITS) for _ in range(4)))
    assert all(answer is answers[0] for answer in answers)


@pytest.mark.parametrize("level", ["namespaces", "restricted"])
async def test_plain_processes_refuse_to_claim_more(level: str) -> None:
    backend = make_backend("jupyter-spawn", BackendOptions(isolation=level))
    with pytest.raises(IsolationError, match="plain processes"):
        await backend.start_kernel()
    await backend.close()


async def test_what_a_layer_gives_is_claimed_only_with_it() -> None:
    rung = await this_machine().choose(Isolation.RESTRICTED)
    without_landlock = dataclasses.replace(rung, landlock=0)
    assert not {Protection.READING, Protection.WRITING, Protection.PROCESSES} & without_landlock.protections
    confinement = dataclasses.replace(rung.confinement, seccomp=False, uids=None)
    bare = dataclasses.replace(rung, landlock=3, confinement=confinement, control_groups=frozenset())
    assert bare.protections == {
        Protection.READING,
        Protection.WRITING,
        Protection.PRIVILEGES,
        Protection.MEMORY,
    }


def test_confinements_travel_as_json() -> None:
    orders = Confinement("limits", 1, 2, 3, 4, 5, readable=("/a",), uids=(7, 8))
    assert Confinement.parse(json.loads(json.dumps(dataclasses.asdict(orders)))) == orders


def test_uids_are_taken_from_what_the_user_namespace_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Path, "read_text", lambda _: "0 100000 65536\n")
    assert own_uids.free_uids() == (32767, 32767)
    monkeypatch.setattr(Path, "read_text", lambda _: "0 1000 1\n")
    assert own_uids.free_uids() is None


@pytest.mark.parametrize("level", ["namespaces", "restricted", "limits"])
@pytest.mark.parametrize("name", ["fork", "jupyter"])
async def test_nothing_outlives_a_killed_fork_server(name: str, level: str) -> None:
    others = _servers()
    backend = make_backend(name, BackendOptions(isolation=level))
    kernel = await backend.start_kernel()
    argument = unique_seconds()
    cell = f"import subprocess; subprocess.Popen(['setsid', 'sleep', '{argument}'])"
    await kernel.execute(cell, timeout=PATIENCE)
    await until_running(argument, 1)
    (server,) = _servers() - others
    os.kill(server, signal.SIGKILL)
    await until_gone(argument)
    assert (await kernel.execute("1", timeout=PATIENCE)).state_lost
    await kernel.close()
    await backend.close()


def _servers() -> set[int]:
    """The fork servers below this process."""
    found = set()
    for pid in map(int, Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()):
        if b"fork_server_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
            found.add(pid)
    return found


_AS_A_USER = """
import asyncio
from replgym.kernels import BackendOptions, make_backend
from replgym.kernels.isolation.ladder import this_machine
from replgym.kernels import Isolation
async def main():
    for name in ("jupyter", "fork"):
        for level in ("namespaces", "restricted"):
            backend = make_backend(name, BackendOptions(isolation=level))
            kernel = await backend.start_kernel()
            claimed = kernel.capabilities.protections
            code = "import os, subprocess; subprocess.run(['true'], check=True); os.getuid()"
            uid = (await kernel.execute(code, timeout=120)).text()
            secret = (await kernel.execute("open(%r).read()", timeout=120)).text()
            print(name, level, uid, len(claimed), "token" in secret, flush=True)
            await kernel.close()
            await backend.close()
asyncio.run(main())
"""


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become a user; a user runs all other tests as one"
)
async def test_a_user_without_rights_gets_the_same_levels(tmp_path: Path) -> None:
    """In a mount namespace in which Python is readable for all, wherever it is installed."""
    secret = tmp_path / "secret"
    secret.write_text("token")
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    program = tmp_path / "program.py"
    program.write_text(_AS_A_USER % str(secret))
    # Only folders that close others out need it; this opens the private home above the installation.
    home = Path(sys.base_prefix)
    closed = [folder for folder in home.parents if not folder.stat().st_mode & 0o001]
    steps = [f"mount -t tmpfs -o mode=755 tmpfs {closed[0]}", f"mkdir -p {home}"] if closed else []
    held = tmp_path / "held"
    held.mkdir()
    script = " && ".join(
        [
            *([f"mount --bind {home} {held}"] if closed else []),
            *steps,
            *([f"mount --move {held} {home}"] if closed else []),
            f"exec setpriv --reuid 12345 --regid 12345 --clear-groups {sys.executable} {program}",
        ]
    )
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "HOME": "/", "LANG": "C.UTF-8"}
    assert shutil.which("setpriv")
    done = await asyncio.to_thread(
        subprocess.run,
        ["unshare", "-m", "sh", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == [
        "jupyter namespaces 12345 10 False",
        "jupyter restricted 12345 8 False",
        "fork namespaces 12345 10 False",
        "fork restricted 12345 8 False",
    ], done.stderr
