"""The program that is process 1 in a kernel's namespace."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from replgym.kernels.inside import first_process
from replgym.kernels.inside.system_calls import architecture

pytestmark = pytest.mark.skipif(architecture() is None, reason="there is no such program for this machine")


def test_it_ignores_the_dead_holds_nothing_and_stays(tmp_path: Path) -> None:
    first_process.install(str(tmp_path))
    pid = os.posix_spawn(f"{tmp_path}{first_process.PATH}", ["kernel"], {})
    try:
        ignored = 0
        while not ignored & 1 << (signal.SIGCHLD - 1):
            status = Path(f"/proc/{pid}/status").read_text()
            ignored = int(status.partition("SigIgn:")[2].split()[0], 16)
            time.sleep(0.001)
        assert os.listdir(f"/proc/{pid}/fd") == []
        assert int(status.partition("VmRSS:")[2].split()[0]) <= 64
    finally:
        os.kill(pid, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_it_runs_on_an_emulated_machine(tmp_path: Path, machine: str) -> None:
    emulator = shutil.which(f"qemu-{machine}")
    if emulator is None:
        pytest.skip(f"qemu-{machine} is not installed (package qemu-user)")
    file = tmp_path / "first"
    file.write_bytes(first_process.program(machine))
    file.chmod(0o555)
    with subprocess.Popen([emulator, file]) as process:
        with pytest.raises(subprocess.TimeoutExpired):  # what it would do wrong, ends it
            process.wait(1.0)
        process.kill()
