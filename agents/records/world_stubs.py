"""The first cell of a notebook: what the cells of an episode could call, as Python.

`f` answers as the host did, from the task's hidden world; `submit` keeps what was handed in, and ends its
cell as it did in the episode.
"""

from __future__ import annotations

from ...envs.black_box import reference_source
from ...envs.hidden_world import Family, HiddenWorld

SUBMIT = '''\
import inspect
import textwrap

submission = None


class _Submitted(Exception):
    """Ends a cell without a word."""


def submit(source):
    global submission
    if callable(source):
        source = textwrap.dedent(inspect.getsource(source))
    if submission is None:
        submission = source
    raise _Submitted


get_ipython().set_custom_exc((_Submitted,), lambda *_, **__: None)
'''

_FUNCTION = """

_asked = []


def f(x):
    cell = get_ipython().execution_count
    _asked.append(cell)
    if _asked.count(cell) > {most}:
        raise RuntimeError("f may be called {times} per cell")
    if isinstance(x, bool) or not isinstance(x, int) or abs(x) > 10**6:
        raise RuntimeError("f takes one integer between -10**6 and 10**6")
    return _value(x)


"""

_LINKS = """\
def _value(x):
    links = {links}
    if x not in links:
        raise RuntimeError(f"there is no key {{x}}")
    return links[x]
"""

_UNKNOWN = """

def f(x):
    raise RuntimeError("the record does not say what f answers")
"""

_CLOCK = """

import signal


def _interrupt(number, frame):
    raise KeyboardInterrupt


signal.signal(signal.SIGALRM, _interrupt)
_events = get_ipython().events
_events.register("pre_run_cell", lambda *_: signal.setitimer(signal.ITIMER_REAL, {seconds}))
_events.register("post_run_cell", lambda *_: signal.setitimer(signal.ITIMER_REAL, 0))
"""


def world_stubs(world: HiddenWorld | None, *, asks: bool = False, seconds: float | None = None) -> str:
    """Source of the cell.

    Args:
        world: The hidden side of the task, where it is known.
        asks: Whether the episode asked the host for more than to submit.
        seconds: How long a cell may run, where one of the episode was interrupted.
    """
    source = SUBMIT
    if world is not None:
        most = world.calls_per_cell
        source += _FUNCTION.format(most=most, times="once" if most == 1 else f"{most} times") + _value(world)
    elif asks:
        source += _UNKNOWN
    if seconds is not None:
        source += _CLOCK.format(seconds=f"{seconds:g}")
    return source


def _value(world: HiddenWorld) -> str:
    if world.family is Family.CHAIN:
        keys = (0, *world.parameters)
        return _LINKS.format(links=dict(zip(keys, world.parameters, strict=False)))
    return reference_source(world).replace("def solution(x)", "def _value(x)")
