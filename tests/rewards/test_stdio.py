"""Whole programs, in Python and C++: they run as by themselves, and leave nothing to the next one."""

from __future__ import annotations

import shutil

import pytest

from replgym.rewards import (
    BrokenTaskError,
    Judge,
    JudgeError,
    Language,
    Outcome,
    StdioCase,
    StdioTests,
    Verdict,
)
from replgym.rewards.comparison import SpecialJudge

pytestmark = pytest.mark.asyncio(loop_scope="module")

_DOUBLES = StdioTests(
    cases=(StdioCase(stdin="3\n", expected="6\n"), StdioCase(stdin="-4\r\n", expected="-8"))
)
_CPP = _DOUBLES.model_copy(update={"language": Language.CPP})
_ONE = StdioTests(cases=(StdioCase(stdin="3\n", expected="6"),))
_TWO = StdioTests(cases=2 * _ONE.cases)


def _outcomes(verdict: Verdict) -> list[Outcome]:
    return [test.outcome for test in verdict.tests]


_RIGHT = {
    "input": "print(2 * int(input()))",
    "main guard": "def main():\n    print(2 * int(input()))\nif __name__ == '__main__':\n    main()",
    "bytes of stdin": "import sys\nsys.stdout.buffer.write(b'%d' % (2 * int(sys.stdin.buffer.read())))",
    "descriptors": "import os\nos.write(1, str(2 * int(os.read(0, 99))).encode())\nos._exit(0)",
    "files of streams": "open('/dev/stdout', 'w').write(str(2 * int(open('/dev/stdin').read())))",
    "from future": "from __future__ import annotations\ndef f(n: X): return 2 * n\nprint(f(int(input())))",
    "exit": "import sys\nprint(2 * int(input()))\nsys.exit()",
    "exit handler": "import atexit\nn = int(input())\natexit.register(lambda: print(2 * n))",
    "finalizer": "class A:\n    def __del__(self): print(2 * n)\na = A()\nn = int(input())",
    "thread": "import threading, time\nn = int(input())\ndef f():\n    time.sleep(0.05)\n    print(2 * n)\n"
    "threading.Thread(target=f).start()",
    "deep recursion": "import sys\nfrom functools import lru_cache\nsys.setrecursionlimit(10**6)\n"
    "@lru_cache(None)\ndef f(n): return n if n == 0 else 1 + f(n - 1)\n"
    "assert f(50000) == 50000\nprint(2 * int(input()))",
    "big stack of a thread": "import sys, threading\nsys.setrecursionlimit(10**6)\n"
    "threading.stack_size(1 << 26)\nt = threading.Thread(target=lambda: print(2 * int(input())))\n"
    "t.start()\nt.join()",
    "subprocess": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(2 * int(input()))'])",
    "own file": "assert 'own file' in open(__file__).read()  # own file\nprint(2 * int(input()))",
    "no line end": "import sys\nsys.stdout.write(str(2 * int(sys.stdin.readline())))",
    "stderr": "import sys\nprint('working', file=sys.stderr)\nprint(2 * int(input()))",
}


@pytest.mark.parametrize("name", _RIGHT)
async def test_a_script_runs_as_by_itself(judge: Judge, name: str) -> None:
    verdict = await judge.grade(_DOUBLES, _RIGHT[name], time_limit=20)
    assert verdict.passed, verdict
    assert all(test.seconds > 0 and (test.peak_memory or 0) > 1 << 20 for test in verdict.tests)


_WRONG = {
    "print(2 * int(input()) + 1)": (Outcome.WRONG_ANSWER, "expected '6', got '7\\n'"),
    "print(6)\nraise SystemExit(3)": (Outcome.RUNTIME_ERROR, "exit code 3"),
    "print(6)\nraise SystemExit('sorry')": (Outcome.RUNTIME_ERROR, "sorry"),
    "print(6)\n1 / 0": (Outcome.RUNTIME_ERROR, "ZeroDivisionError: division by zero"),
    "print(6, flush=True)\nimport os\nos.abort()": (Outcome.RUNTIME_ERROR, "killed by SIGABRT"),
    "import ctypes\nctypes.string_at(0)": (Outcome.RUNTIME_ERROR, "killed by SIGSEGV"),
    "x = [0] * 10**9": (Outcome.MEMORY, "MemoryError"),
    "while True: print('x' * 10**6)": (Outcome.OUTPUT_LIMIT, "more than"),
    "print(6": (Outcome.SYNTAX_ERROR, "was never closed"),
    "x = '\ud800'\nprint(6)": (Outcome.SYNTAX_ERROR, ""),
    "print(\0)": (Outcome.SYNTAX_ERROR, "null bytes"),
}


@pytest.mark.parametrize("source", _WRONG, ids=range(len(_WRONG)))
async def test_how_a_script_failed_is_told(judge: Judge, source: str) -> None:
    outcome, message = _WRONG[source]
    verdict = await judge.grade(_ONE, source, time_limit=20)
    assert _outcomes(verdict) == [outcome]
    assert message in verdict.tests[0].message


async def test_time_is_limited_for_all_and_for_each(judge: Judge) -> None:
    source = "n = int(input())\nwhile n == 3: pass\nprint(2 * n)"
    verdict = await judge.grade(_DOUBLES, source, time_limit=0.5)
    assert _outcomes(verdict) == [Outcome.TIMEOUT, Outcome.NOT_RUN]
    assert verdict.tests[0].seconds >= 0.4
    each = _DOUBLES.model_copy(update={"seconds_per_case": 0.3})
    assert _outcomes(await judge.grade(each, source, time_limit=20)) == [Outcome.TIMEOUT, Outcome.PASSED]


_LEFT = """
import ctypes, glob, os, subprocess
libc = ctypes.CDLL(None)
found = [path for place in ('.', '/tmp', '/dev/shm') for path in os.listdir(place) if path != 'solution.py']
found += [pid for pid in os.listdir('/proc') if pid.isdigit() and int(pid) not in (1, os.getpid())]
found += [kind for kind in ('shm', 'sem', 'msg') if open('/proc/sysvipc/' + kind).read().count('\\n') > 1]
print(2 * int(input()), *found)
os.makedirs('deep/' * 40)
for path in ('here', '/tmp/there', '/dev/shm/shared', 'deep/file'):
    open(path, 'w').write('left')
os.chmod('deep', 0)
libc.shmget(7, 4096, 0o1666)
libc.semget(8, 1, 0o1666)
libc.msgget(9, 0o1666)
subprocess.Popen(['/bin/sleep', '60'], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    while True: pass
"""


async def test_nothing_passes_from_a_run_to_the_next(judge: Judge) -> None:
    for _ in range(3):
        verdict = await judge.grade(_TWO, _LEFT, time_limit=20)
        assert verdict.passed, verdict


_CPP_RIGHT = "#include <iostream>\nint main() { long n; std::cin >> n; std::cout << 2 * n << std::endl; }"
_CPP_WRONG = {
    "int main() { return 1 }": (Outcome.SYNTAX_ERROR, "expected"),
    "int main() { return 3; }": (Outcome.RUNTIME_ERROR, "exit code 3"),
    "#include <cstdlib>\nint main() { abort(); }": (Outcome.RUNTIME_ERROR, "killed by SIGABRT"),
    "#include <vector>\nint main() { std::vector<char> v; v.resize(1ull << 40); }": (
        Outcome.MEMORY,
        "bad_alloc",
    ),
    "int main() { for (;;) ; }": (Outcome.TIMEOUT, "time limit"),
}


async def test_cpp_is_compiled_and_run_for_each_test(judge: Judge) -> None:
    verdict = await judge.grade(_CPP, _CPP_RIGHT, time_limit=1.5)
    assert verdict.passed, verdict
    for source, (outcome, message) in _CPP_WRONG.items():
        verdict = await judge.grade(_CPP, source, time_limit=1.5)
        assert verdict.tests[0].outcome is outcome, verdict
        assert message in verdict.tests[0].message


async def test_a_missing_compiler_is_no_wrong_answer(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(JudgeError, match="C\\+\\+ submissions need g\\+\\+"):
        await judge.grade(_CPP, _CPP_RIGHT, time_limit=5)


async def test_modules_of_a_checker_are_there_before_it_runs(judge: Judge) -> None:
    checker = "import sys\ndef accepts(stdin, output, expected): return 'colorsys' in sys.modules"
    for modules, passes in (((), False), (("colorsys",), True)):
        comparison = SpecialJudge(source=checker, modules=modules)
        verdict = await judge.grade(_ONE.model_copy(update={"comparison": comparison}), "", time_limit=20)
        assert verdict.passed is passes


async def test_a_checker_whose_module_is_missing_is_a_broken_task(judge: Judge) -> None:
    comparison = SpecialJudge(source="def accepts(*_): return True", modules=("no_such_module",))
    with pytest.raises(BrokenTaskError, match="'no_such_module'"):
        await judge.grade(_ONE.model_copy(update={"comparison": comparison}), "", time_limit=20)
