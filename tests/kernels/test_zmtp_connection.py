"""The client's end of a ZeroMQ connection: it speaks with the real library, and survives what is not."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import zmq
import zmq.asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replgym.kernels.jupyter.zmtp_connection import MESSAGE_LIMIT, ZmtpConnection

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x04\x06\x05READY"


class Client:
    """A connection, what it heard, and whether it is over."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[list[bytes]] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.connection: ZmtpConnection | None = None

    async def connect(self, path: str, kind: str = "DEALER") -> ZmtpConnection:
        loop = asyncio.get_running_loop()
        _, self.connection = await loop.create_unix_connection(
            lambda: ZmtpConnection(kind, b"me", self.messages.put_nowait, self.ended.set), path
        )
        return self.connection


@pytest.fixture
async def context() -> AsyncIterator[zmq.asyncio.Context]:
    context = zmq.asyncio.Context()
    yield context
    context.destroy(linger=0)


async def test_a_router_knows_the_client_and_answers(context: zmq.asyncio.Context, tmp_path: Path) -> None:
    router = context.socket(zmq.ROUTER)
    router.bind(f"ipc://{tmp_path}/s")
    client = Client()
    connection = await client.connect(f"{tmp_path}/s")
    large = bytes(3_000_000)
    connection.send([b"one", b"", large])
    assert await router.recv_multipart() == [b"me", b"one", b"", large]
    for parts in ([b"a"], [b"b", b"c" * 300, large], [b""]):
        await router.send_multipart([b"me", *parts])
        assert await client.messages.get() == parts
    connection.close()
    connection.close()
    connection.send([b"nobody hears"])
    assert not client.ended.is_set()


async def test_a_publisher_is_heard_and_its_end_too(context: zmq.asyncio.Context, tmp_path: Path) -> None:
    publisher = context.socket(zmq.XPUB)
    publisher.bind(f"ipc://{tmp_path}/s")
    client = Client()
    await client.connect(f"{tmp_path}/s", "SUB")
    assert await publisher.recv() == b"\x01"
    for number in range(500):
        await publisher.send_multipart([b"topic", str(number).encode()])
    assert [(await client.messages.get())[1] for _ in range(500)] == [b"%d" % n for n in range(500)]
    publisher.close(linger=0)
    await asyncio.wait_for(client.ended.wait(), 120)


async def _facing(path: Path, behave: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> Client:
    """A client that faces a peer of its own kind."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behave(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(serve, path)
    client = Client()
    connection = await client.connect(str(path))
    await asyncio.wait_for(client.ended.wait(), 120)
    connection.close()
    server.close()
    return client


@pytest.mark.parametrize(
    "frames",
    [
        b"\x02" + struct.pack(">Q", MESSAGE_LIMIT + 1),
        b"\x02" + struct.pack(">Q", (1 << 64) - 1),
        b"\x01\x01x" * 65,
        (b"\x03" + struct.pack(">Q", 1 << 20) + bytes(1 << 20)) * 17,
        b"\xff\xff",
    ],
)
async def test_too_much_ends_the_connection(tmp_path: Path, frames: bytes) -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING + READY + frames)
        await writer.drain()
        await asyncio.sleep(60)

    client = await _facing(tmp_path / "s", behave)
    assert client.messages.empty()


async def test_an_endless_message_is_not_kept(tmp_path: Path) -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING + READY)
        while True:
            writer.write(b"\x03" + struct.pack(">Q", 1 << 18) + bytes(1 << 18))
            await writer.drain()

    await _facing(tmp_path / "s", behave)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=200), greeted=st.booleans())
def test_junk_never_raises(tmp_path: Path, junk: bytes, greeted: bool) -> None:
    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write((GREETING + READY if greeted else b"") + junk)
        await writer.drain()

    asyncio.run(_facing(tmp_path / "s", behave))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    messages=st.lists(st.lists(st.binary(max_size=400), min_size=1, max_size=5), max_size=5),
    cuts=st.lists(st.integers(1, 300)),
)
def test_pieces_of_any_size_make_the_same_messages(messages: list[list[bytes]], cuts: list[int]) -> None:
    heard: list[list[bytes]] = []
    connection = ZmtpConnection("DEALER", b"", heard.append, lambda: None)
    sent: list[bytes] = []

    class Transport(asyncio.Transport):
        def write(self, data: object) -> None:
            sent.append(bytes(data))  # type: ignore[call-overload]

        def abort(self) -> None:
            pass

    connection.connection_made(Transport())
    stream = GREETING + READY
    for message in messages:
        for index, part in enumerate(message):
            more = index < len(message) - 1
            head = struct.pack(">BQ", 2 | more, len(part)) if len(part) > 255 else bytes([more, len(part)])
            stream += head + part
    for cut in cuts:
        connection.data_received(stream[:cut])
        stream = stream[cut:]
    connection.data_received(stream)
    assert heard == messages
