"""What every fresh interpreter starts with: set-up code, preloaded modules, a random state, a clean world."""

from __future__ import annotations

import random

import pytest

from replgym.kernels import Feature, KernelStartError

from ..backend_house import BackendHouse
from ..conftest import KernelMaker
from .cells import PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_set_up_code_runs_in_every_interpreter_and_is_not_counted(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(setup="import math\nprint('unseen')\nbase = 10")
    result = await kernel.execute("base, math.pi > 3, 'x' in globals()\n1 / 0", timeout=PATIENCE)
    assert result.error is not None
    assert '"<cell 1>"' in result.error.traceback
    await kernel.execute("x = 1", timeout=PATIENCE)
    await kernel.restart()
    assert await value(kernel, "base, 'x' in globals()") == "(10, False)"
    assert await value(kernel, "import os; os._exit(1) if False else base") == "10"


@pytest.mark.parametrize("setup", ["import no_such_module", "def f(:", "input()", "import os; os._exit(1)"])
async def test_set_up_code_that_fails_is_a_start_error(house: BackendHouse, setup: str) -> None:
    with pytest.raises(KernelStartError):
        await house.with_options(setup=setup).start_kernel()


async def test_a_preloaded_module_is_there_and_not_imported_again(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(preload=("wave", "colorsys"))
    there = await value(kernel, "import sys; ['wave' in sys.modules, 'colorsys' in sys.modules]")
    expected = Feature.PRELOAD in kernel.capabilities.features
    assert there == str([expected, expected])
    # Without the feature the modules are only imported later.
    assert await value(kernel, "import wave; wave.WAVE_FORMAT_PCM, 'wave' in dir()") == "(1, True)"


async def test_a_preloaded_module_is_not_shared(make_kernel: KernelMaker) -> None:
    one, two = (
        await make_kernel(preload=("wave", "colorsys")),
        await make_kernel(preload=("wave", "colorsys")),
    )
    await value(one, "import wave; wave.open = None")
    assert await value(two, "import wave; wave.open is None") == "False"


async def test_a_seed_fixes_the_random_state(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(seed=7)
    if Feature.SEED not in kernel.capabilities.features:
        pytest.fail("a back end without seeds refuses the option")
    expected = random.Random(7)
    draw = "import random; random.random()"
    assert await value(kernel, draw) == repr(expected.random())
    assert await value(kernel, draw) == repr(expected.random())
    numpy = "import numpy; numpy.random.randint(0, 10**6, 3).tolist()"
    drawn = await value(kernel, numpy)
    await kernel.restart()
    assert await value(kernel, draw) == repr(random.Random(7).random())
    assert await value(kernel, numpy) == drawn
    assert await value(await make_kernel(seed=7), numpy) == drawn
    assert await value(await make_kernel(seed=8), numpy) != drawn


async def test_a_seed_reaches_a_numpy_that_is_preloaded(make_kernel: KernelMaker) -> None:
    late, early = await make_kernel(seed=3), await make_kernel(seed=3, preload=("numpy",))
    draw = "import numpy; float(numpy.random.rand())"
    assert await value(late, draw) == await value(early, draw)


async def test_without_a_seed_no_two_interpreters_are_alike(make_kernel: KernelMaker) -> None:
    draw = "import random, numpy; random.random(), float(numpy.random.rand())"
    assert await value(await make_kernel(), draw) != await value(await make_kernel(), draw)


async def test_the_order_of_sets_is_the_same_everywhere(make_kernel: KernelMaker) -> None:
    words = "list({'apple', 'pear', 'plum', 'fig', 'lime'})"
    assert await value(await make_kernel(), words) == await value(await make_kernel(), words)


async def test_programs_are_told_to_be_plain(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel()
    code = "import os\n[os.environ.get(name) for name in ('TERM', 'NO_COLOR', 'FORCE_COLOR', 'PAGER')]"
    assert await value(kernel, code) == "['dumb', '1', None, 'cat']"
