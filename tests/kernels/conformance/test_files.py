"""Files go in and out of the workspace, and nowhere else, whatever the cells put there."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from replgym.kernels import CellStatus, Feature, Kernel, UnsupportedError, WorkspaceError

from .cells import PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(autouse=True)
async def _files(kernel: Kernel) -> None:
    if Feature.FILES not in kernel.capabilities.features:
        with pytest.raises(UnsupportedError):
            await kernel.write_file("f", b"")
        pytest.fail("every back end moves files so far")


async def test_what_goes_in_is_there(kernel: Kernel) -> None:
    data = bytes(range(256)) * 100
    await kernel.write_file("data/deep/in.bin", data)
    assert await value(kernel, "import hashlib; len(open('data/deep/in.bin', 'rb').read())") == "25600"
    assert await kernel.read_file("data/deep/in.bin") == data
    await kernel.write_file("data/deep/in.bin", b"")
    assert await kernel.read_file("data/deep/in.bin") == b""
    assert (
        await value(kernel, "open('data/new.txt', 'w').write('x'); open('data/deep/in.bin', 'a').close()")
        == ""
    )


async def test_what_a_cell_writes_comes_out(kernel: Kernel) -> None:
    await value(kernel, "f = open('out.txt', 'w', encoding='utf-8'); n = f.write('héllo'); f.close()")
    assert (await kernel.read_file("out.txt")).decode() == "héllo"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../f", "a/../../f", "", ".", "a\0b", "missing", "x" * 300, "out.txt/below"]
)
async def test_a_bad_path_is_refused_by_name(kernel: Kernel, path: str) -> None:
    await kernel.write_file("out.txt", b"")
    with pytest.raises(WorkspaceError):
        await kernel.read_file(path)
    if path != "missing":
        with pytest.raises(WorkspaceError):
            await kernel.write_file(path, b"x")


TRAPS = {
    "a link out": "os.symlink('/etc/passwd', name)",
    "a link within": "open('real', 'w').close(); os.symlink('real', name)",
    "a link to nothing": "os.symlink('nothing', name)",
    "a FIFO": "os.mkfifo(name)",
    "a folder": "os.mkdir(name)",
    "a socket": "import socket; s = socket.socket(socket.AF_UNIX); s.bind(name)",
}


@pytest.mark.parametrize("trap", TRAPS)
async def test_only_regular_files_come_out(kernel: Kernel, trap: str) -> None:
    name = "trap-" + trap.replace(" ", "-")
    await value(kernel, f"import os; name = '{name}'\n{TRAPS[trap]}")
    with pytest.raises(WorkspaceError, match=name):
        await kernel.read_file(name)


async def test_links_on_the_way_are_not_followed(kernel: Kernel) -> None:
    await value(
        kernel,
        "import os; os.makedirs('there'); os.symlink('there', 'way'); open('there/f', 'w').close()",
    )
    with pytest.raises(WorkspaceError):
        await kernel.read_file("way/f")
    with pytest.raises(WorkspaceError):
        await kernel.write_file("way/g", b"x")
    assert await value(kernel, "os.path.exists('there/g')") == "False"


async def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(kernel: Kernel) -> None:
    await value(kernel, "import os\nopen('victim', 'w').close(); os.symlink('victim', 'bait')")
    await kernel.write_file("bait", b"data")
    assert await value(kernel, "os.path.getsize('victim'), os.path.islink('bait')") == "(0, False)"


async def test_a_hard_link_keeps_its_own_content(kernel: Kernel) -> None:
    await kernel.write_file("one", b"1")
    await value(kernel, "import os; os.link('one', 'two')")
    await kernel.write_file("one", b"new")
    assert await kernel.read_file("two") == b"1"


async def test_a_large_file_is_refused_before_it_costs_memory(kernel: Kernel) -> None:
    await value(kernel, "f = open('large', 'wb'); t = f.truncate(60 << 20); f.close()")
    with pytest.raises(WorkspaceError, match="more than 1000 bytes"):
        await kernel.read_file("large", limit=1000)
    with pytest.raises(WorkspaceError, match="more than"):
        await kernel.read_file("large")
    await value(kernel, "import os; os.remove('large')")


async def test_a_file_that_grows_while_it_is_read_does_not_exceed_the_limit(kernel: Kernel) -> None:
    code = (
        "import threading, time\nstop = False\ndef grow():\n  f = open('growing', 'ab')\n"
        "  while not stop and f.tell() < 40 << 20: f.write(b'x' * 65536)\n"
        "thread = threading.Thread(target=grow); thread.start()"
    )
    await value(kernel, code)
    for _ in range(10):
        with contextlib.suppress(WorkspaceError):
            assert len(await kernel.read_file("growing", limit=1 << 20)) <= 1 << 20
    await value(kernel, "stop = True; thread.join(); import os; os.remove('growing')")


async def test_files_move_while_no_cell_runs_and_after_a_death(fresh_kernel: Kernel) -> None:
    await fresh_kernel.write_file("before", b"1")
    assert (await fresh_kernel.execute("import os; os._exit(1)", timeout=PATIENCE)).status is CellStatus.DIED
    with pytest.raises(WorkspaceError):
        await fresh_kernel.read_file("before")
    await fresh_kernel.write_file("after", b"2")
    assert await value(fresh_kernel, "open('after').read()") == "'2'"


async def test_many_files_at_once(kernel: Kernel) -> None:
    names = [f"many/{number % 3}/{number}" for number in range(30)]
    await asyncio.gather(*(kernel.write_file(name, name.encode()) for name in names))
    assert await asyncio.gather(*map(kernel.read_file, names)) == [name.encode() for name in names]
