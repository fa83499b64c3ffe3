"""Programs in their sandbox: what goes in, what comes out, and what no program can do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from replgym.kernels import Isolation
from replgym.rewards.programs import (
    Program,
    ProgramError,
    ProgramLanguage,
    ProgramLimits,
    ProgramResult,
    SandboxedPrograms,
    StageEnd,
    StageResult,
)

from ..processes import alive, descendants, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
DOUBLE = "#include <iostream>\nint main() { long a; std::cin >> a; std::cout << 2 * a; }"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Isolation)[1:])
async def runner(request: pytest.FixtureRequest) -> AsyncIterator[SandboxedPrograms]:
    made = SandboxedPrograms(isolation=request.param)
    yield made
    await made.close()


async def run(runner: SandboxedPrograms, source: str, **options: object) -> ProgramResult:
    limits = {key: options.pop(key) for key in ("seconds", "memory", "output", "fetched") if key in options}
    return await runner.run(Program(source, **options), ProgramLimits(**limits))


def ran(result: ProgramResult) -> StageResult:
    assert result.run is not None
    return result.run


async def test_input_output_errors_and_exit_code(runner: SandboxedPrograms) -> None:
    source = "import sys\nprint(input()[::-1])\nprint('odd', file=sys.stderr)\nsys.exit(3)"
    result = ran(await run(runner, source, stdin="abc\n"))
    assert (result.end, result.return_code) == (StageEnd.EXITED, 3)
    assert (result.stdout, result.stderr) == (b"cba\n", b"odd\n")
    assert result.peak_memory is not None
    assert result.cpu_seconds is not None


async def test_a_traceback_shows_the_program_alone(runner: SandboxedPrograms) -> None:
    result = ran(await run(runner, "def f():\n    1 / 0\nf()"))
    assert result.return_code == 1
    assert result.stderr.decode().splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert result.stderr.count(b"File ") == 2


async def test_files_go_in_and_wanted_ones_come_out(runner: SandboxedPrograms) -> None:
    source = "open('out/b', 'wb').write(open('in/a', 'rb').read() * 2)"
    result = await run(
        runner, source, files={"in/a": b"\x00\xff", "out/x": b""}, fetch=("out/b", "missing", "../in/a")
    )
    assert result.succeeded
    assert result.files == {"out/b": b"\x00\xff\x00\xff"}


async def test_fetched_files_have_a_limit_and_links_are_not_followed(runner: SandboxedPrograms) -> None:
    source = "import os\nopen('a', 'w').write('x' * 100)\nos.symlink('/etc/passwd', 'b')"
    result = await run(runner, source, fetch=("a", "b"), fetched=99)
    assert result.files == {}


async def test_the_source_does_not_hide_a_file_of_that_name(runner: SandboxedPrograms) -> None:
    result = await run(runner, "import solution; print(solution.x)", files={"solution.py": b"x = 5"})
    assert ran(result).stdout == b"5\n"


@pytest.mark.parametrize("path", ["../x", "/etc/x", "", "a/../../b", "a\0b"])
async def test_files_stay_in_their_folder(runner: SandboxedPrograms, path: str) -> None:
    with pytest.raises(ProgramError, match="not a relative path"):
        await run(runner, "", files={path: b""})


async def test_a_run_ends_when_its_time_is_over_and_keeps_what_was_written(runner: SandboxedPrograms) -> None:
    source = "import time\nprint('early', flush=True)\ntime.sleep(60)"
    result = ran(await run(runner, source, seconds=1.0))
    assert (result.end, result.return_code, result.stdout) == (StageEnd.TIMEOUT, None, b"early\n")


async def test_signals_do_not_stop_the_clock(runner: SandboxedPrograms) -> None:
    source = (
        "import os, signal, time\nfor n in range(1, 30):\n    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except OSError: pass\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(60)"
    )
    result = ran(await run(runner, source, seconds=1.0))
    assert result.end is StageEnd.TIMEOUT


async def test_a_flood_ends_the_program_and_costs_no_memory(runner: SandboxedPrograms) -> None:
    result = ran(await run(runner, "while True: print('x' * 1000)", output=100_000))
    assert (result.end, result.return_code, len(result.stdout)) == (StageEnd.OUTPUT_LIMIT, None, 100_000)


async def test_memory_is_limited(runner: SandboxedPrograms) -> None:
    result = ran(await run(runner, "bytearray(300 << 20)", memory=256 << 20))
    assert result.return_code == 1
    assert b"MemoryError" in result.stderr


async def test_whoever_kills_the_reporter_has_failed(runner: SandboxedPrograms) -> None:
    result = ran(await run(runner, "import os\nos.kill(os.getppid(), 9)\nprint('alive')"))
    assert (result.end, result.return_code) == (StageEnd.EXITED, -9)


async def test_nothing_is_left_of_a_program(runner: SandboxedPrograms) -> None:
    before = descendants(os.getpid())
    source = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(100)"
    assert (await run(runner, source)).succeeded
    await until(lambda: not alive(descendants(os.getpid()) - before))


async def test_a_cancelled_run_dies(runner: SandboxedPrograms) -> None:
    before = descendants(os.getpid())
    task = asyncio.create_task(run(runner, "import time; time.sleep(100)", seconds=100.0))
    await until(lambda: len(descendants(os.getpid()) - before) >= 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not alive(descendants(os.getpid()) - before))


async def test_programs_are_kept_from_what_the_runner_says(runner: SandboxedPrograms) -> None:
    checks = {
        "network": "import socket\n"
        "try: socket.create_connection(('1.1.1.1', 53), 1)\nexcept OSError: print('kept')",
        "reading": f"try: open({__file__!r})\nexcept OSError: print('kept')",
        "writing": "try: open('/var/tmp/../tmp2', 'w')\nexcept OSError: print('kept')",
        "signals": f"import os\ntry: os.kill({os.getpid()}, 0)\nexcept OSError: print('kept')",
        "processes": f"import os\ntry: open('/proc/{os.getpid()}/environ')\nexcept OSError: print('kept')",
    }
    said = await runner.protections()
    for protection in checks.keys() & set(said):
        assert ran(await run(runner, checks[protection])).stdout == b"kept\n", protection


async def test_secrets_of_the_host_are_not_in_the_environment(
    runner: SandboxedPrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "x")
    result = ran(await run(runner, "import os; print({'SECRET', 'PYTHONPATH'} & set(os.environ))"))
    assert result.stdout == b"set()\n"


async def test_cpp_is_compiled_once_and_run_for_each_input(runner: SandboxedPrograms) -> None:
    first = await run(runner, DOUBLE, language=ProgramLanguage.CPP, stdin="21")
    again = await run(runner, DOUBLE, language=ProgramLanguage.CPP, stdin="4")
    assert (ran(first).stdout, ran(again).stdout) == (b"42", b"8")
    assert first.compilation is not None
    assert first.compilation.seconds > 0
    assert again.compilation == StageResult(StageEnd.EXITED, 0)


async def test_cpp_that_does_not_compile(runner: SandboxedPrograms) -> None:
    result = await run(runner, "int main() { return x; }", language=ProgramLanguage.CPP)
    assert result.run is None
    assert result.compilation is not None
    assert result.compilation.return_code == 1
    assert b"was not declared" in result.compilation.stderr


async def test_cpp_may_crash(runner: SandboxedPrograms) -> None:
    result = await run(runner, "int main() { __builtin_trap(); }", language=ProgramLanguage.CPP)
    assert ran(result).return_code in (-4, -5)


@pytest.mark.parametrize(("condition", "code"), [("1 + 1 == 2", 0), ("1 + 1 == 3", 1)])
async def test_pytest(runner: SandboxedPrograms, condition: str, code: int) -> None:
    source = f"def test_sum():\n    assert {condition}"
    result = await run(runner, source, language=ProgramLanguage.PYTEST, arguments=("-q",))
    assert ran(result).return_code == code
    assert b"1 passed" in ran(result).stdout or code == 1


async def test_bash(runner: SandboxedPrograms) -> None:
    result = await run(runner, "read x; echo $((x * 2)); exit 4", language=ProgramLanguage.BASH, stdin="21\n")
    assert (ran(result).stdout, ran(result).return_code) == (b"42\n", 4)


async def test_many_at_once_keep_apart(runner: SandboxedPrograms) -> None:
    results = await asyncio.gather(*(run(runner, f"print({n})") for n in range(12)))
    assert [ran(result).stdout for result in results] == [b"%d\n" % n for n in range(12)]
