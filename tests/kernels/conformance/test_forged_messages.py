"""Whatever an ipykernel says, the host is neither confused, nor blocked, nor crashed.

The cell holds the key, the session and the sockets: it can say anything. What it says is its own outputs, or
it costs it its life; then the cell `died`. These cases are for the back ends whose kernels the host hears
itself; they leave out those behind a server and those that do not speak Jupyter's protocol.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from replgym.kernels import CellStatus, Kernel

from ..backend_house import BackendHouse, backends_under_test
from ..conftest import KernelMaker
from .cells import FOREVER, PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEARD_BY_THE_HOST = [name for name in backends_under_test() if name not in ("fork", "gateway")]

FORGE = """
import json, os, sys, time, zmq
kernel = get_ipython().kernel
session, parent = kernel.session, kernel.get_parent("shell")
def publish(kind, content, parent=parent):
    session.send(kernel.iopub_socket, kind, content, parent=parent, ident=b"x")
def reply(kind="execute_reply", content={"status": "ok", "execution_count": 1}):
    session.send(kernel.parent.shell_socket, kind, content, parent=parent, ident=[b"host"])
def ask(content={"prompt": "? ", "password": False}, parent=parent):
    session.send(kernel.stdin_socket, "input_request", content, parent=parent, ident=[b"host"])
def raw(*parts):
    kernel.iopub_socket.send_multipart([b"x", *parts])
def signed(*parts):
    raw(b"<IDS|MSG>", session.sign(list(parts)), *parts)
header, empty = json.dumps(session.msg_header("stream"), default=str).encode(), b"{}"
mine = json.dumps(parent["header"], default=str).encode()
"""

HARMLESS = {
    "messages of a stranger": "publish('stream', {'text': 'x'}, {'header': {'msg_id': 'y'}})",
    "a stream that is no text": "publish('stream', {'name': 1, 'text': {'a': [None]}})",
    "a display that is no bundle": "publish('display_data', {'data': [1], 'metadata': 7})",
    "a display of anything": "publish('display_data', {'data': {'a/b': 1, 'text/plain': None, 'a': []}})",
    "an error without a traceback": "publish('error', {'ename': 5, 'evalue': None, 'traceback': 'no list'})",
    "a status that is none": "publish('status', {'execution_state': ['idle']})",
    "an unknown kind": "publish('no_such_kind', {'x': 1})",
    "lone surrogates": r"signed(header, mine, empty, b'{\"name\": \"stdout\", \"text\": \"\\\\ud800\"}')",
    "many frames": "raw(*session.serialize(session.msg('status', {}, parent)), *[b''] * 20)",
}

FATAL = {
    "a wrong key": "session.key = b'forged'\nprint('hello')",
    "binary junk": "raw(os.urandom(1000))",
    "one byte": "raw(b'')",
    "no signature": "raw(b'<IDS|MSG>', b'', header, mine, empty, empty)",
    "no JSON": "signed(b'{', empty, empty, empty)",
    "no objects": "signed(b'[]', b'1', b'null', empty)",
    "deep nesting": "signed(header, mine, empty, b'[' * 100_000 + b']' * 100_000)",
    "a million small parts": "signed(header, mine, empty, b'{\"a\": [' + b'{},' * 3_000_000 + b'{}]}')",
    "a number of a million digits": "signed(header, mine, empty, b'{\"a\": ' + b'1' * 1_000_000 + b'}')",
    "a message of 100 MB": "signed(header, mine, empty, b'\"' + b'x' * 100_000_000 + b'\"')",
    "a message of a hundred parts": "raw(*[b'x'] * 100)",
    "a flood of small messages": "while True: publish('stream', {'name': 'stdout', 'text': 'x'})",
    "a flood of large messages": "while True: publish('stream', {'name': 'stdout', 'text': 'x' * 1_000_000})",
    "a flood that is not of this cell": "while True: publish('status', {}, {'header': {'msg_id': 'y'}})",
    "two ends": "for _ in range(3): publish('status', {'execution_state': 'idle'})\ntime.sleep(600)",
    "an end without a reply": "publish('status', {'execution_state': 'idle'})\ntime.sleep(600)",
    "two replies": "reply(); reply()\ntime.sleep(600)",
    "packing that is patched": "session.pack = lambda *a: b'\\xff'\nprint(1)",
    "signing that is patched": "session.sign = lambda *a: b'0' * 64\nprint(1)",
    "bytes on every descriptor": (
        "for fd in range(3, 60):\n  try: os.set_blocking(fd, False); os.write(fd, b'\\xff' * 100)\n"
        "  except OSError: pass\ntime.sleep(600)"
    ),
    "a part of a terabyte": (
        "part = b'\\3\\0\\0\\1' + bytes(5)\n"
        "for fd in range(3, 60):\n  try: os.set_blocking(fd, False); os.write(fd, part)\n"
        "  except OSError: pass\ntime.sleep(600)"
    ),
    "closed descriptors": "os.closerange(3, 100)\ntime.sleep(600)",
}

LIES = {
    "an early end": "publish('status', {'execution_state': 'idle'}); reply()\ntime.sleep(600)",
    "a question nobody asked": "publish('status', {'execution_state': 'busy'}); ask()\ntime.sleep(600)",
    "a question that is none": (
        "publish('status', {'execution_state': 'busy'}); ask({'prompt': {'a': 1}})\ntime.sleep(600)"
    ),
    "an endless question": (
        "publish('status', {'execution_state': 'busy'}); ask({'prompt': 'x' * 10_000_000})\ntime.sleep(600)"
    ),
    "a reply that is none": "reply(content={'status': ['ok']})",
    "an endless error": "publish('error', {'ename': 'E' * 5_000_000, 'traceback': ['x' * 5_000_000]})",
    "JSON that is patched": "json.dumps = json.loads = lambda *a, **k: 'not json'\nprint(1)",
    "questions without end": "for _ in range(1000): ask()",
}


@pytest_asyncio.fixture(params=HEARD_BY_THE_HOST, scope="session", loop_scope="session")
async def house(request: pytest.FixtureRequest) -> AsyncIterator[BackendHouse]:
    house = BackendHouse(request.param)
    await house.open()
    yield house
    await house.close()


async def recovers(kernel: Kernel) -> None:
    """The kernel works again, after it has told at most twice that its interpreter died or hung."""
    for _ in range(3):
        result = await kernel.execute("6 * 7", timeout=1.5)
        if result.status is CellStatus.OK and result.text() == "42":
            return
        assert result.status in (CellStatus.DIED, CellStatus.TIMEOUT)
    raise AssertionError("the kernel does not come back")


@pytest.mark.parametrize("name", HARMLESS)
async def test_nonsense_for_an_output_is_nonsense_in_the_output(kernel: Kernel, name: str) -> None:
    result = await kernel.execute(f"{FORGE}{HARMLESS[name]}", timeout=PATIENCE)
    assert result.status in (CellStatus.OK, CellStatus.ERROR), result.text()
    assert "Traceback" not in result.text().encode().decode()
    assert not result.state_lost
    assert await value(kernel, "6 * 7") == "42"


@pytest.mark.parametrize("name", FATAL)
async def test_a_kernel_that_breaks_the_protocol_dies_and_is_replaced(
    make_kernel: KernelMaker, kernel: Kernel, name: str
) -> None:
    fresh_kernel = await make_kernel(output_limit=1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    running = asyncio.create_task(fresh_kernel.execute(f"{FORGE}{FATAL[name]}", timeout=FOREVER))
    # The host has time for others meanwhile.
    assert await value(kernel, "6 * 7") == "42"
    result = await running
    assert (result.status, result.state_lost) == (CellStatus.DIED, True)
    assert len(result.text()) < 10_000
    assert await value(fresh_kernel, "6 * 7") == "42"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000, f"the host grew by {grown} kB"


@pytest.mark.parametrize("name", LIES)
async def test_a_lie_hurts_the_liar_alone(fresh_kernel: Kernel, kernel: Kernel, name: str) -> None:
    result = await fresh_kernel.execute(f"{FORGE}{LIES[name]}", timeout=3.0)
    assert len(result.text()) < 50_000
    assert len(result.prompt) < 2_000_000
    await recovers(fresh_kernel)
    assert await value(kernel, "6 * 7") == "42"


async def test_a_silent_cell_cannot_ask(house: BackendHouse) -> None:
    forged = f"{FORGE}publish('status', {{'execution_state': 'busy'}}); ask()\ntime.sleep(600)"
    backend = house.with_options(setup=forged)
    with pytest.raises(Exception, match="set-up code failed"):
        await backend.start_kernel()


async def test_what_is_said_between_cells_is_not_heard(kernel: Kernel) -> None:
    late = (
        "import threading\n"
        "def later():\n  time.sleep(0.2); publish('stream', {'name': 'stdout', 'text': 'ghost'}); reply()\n"
        "threading.Thread(target=later).start()"
    )
    assert (await kernel.execute(f"{FORGE}{late}", timeout=PATIENCE)).status is CellStatus.OK
    result = await kernel.execute("import time; time.sleep(0.5); 'done'", timeout=PATIENCE)
    assert (result.status, result.text()) == (CellStatus.OK, "'done'")
