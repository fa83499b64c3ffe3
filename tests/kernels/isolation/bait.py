"""What an attacker would like to have: files, a process and sockets of the host, all with one secret."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

_VICTIM = """
import ctypes, sys, time
secret = ctypes.create_string_buffer(sys.stdin.readline().strip().encode())
file = open(sys.argv[1])
print(ctypes.addressof(secret), file.fileno(), flush=True)
time.sleep(3600)
"""
_LIBC = ctypes.CDLL(None, use_errno=True)
_IPC_CREATE, _IPC_REMOVE = 0o1000, 0


@contextlib.contextmanager
def laid_out() -> Iterator[dict[str, object]]:
    """Lays out the bait; yields what an attacker knows of it."""
    token = secrets.token_hex(16)
    with contextlib.ExitStack() as stack:
        base = Path(tempfile.mkdtemp(prefix="bait-"))
        stack.callback(shutil.rmtree, base, ignore_errors=True)
        base.chmod(0o755)
        facts: dict[str, object] = {"token": token, "pid": os.getpid(), "uid": os.getuid()}
        facts |= _files(base, token)
        facts |= stack.enter_context(_victim(base / "secret", token))
        facts |= stack.enter_context(_listeners(base, token))
        facts |= stack.enter_context(_shared_memory(token))
        yield facts


def refill(outside: Path) -> None:
    """Lays out the folder that everybody may write to as it was in the beginning."""
    shutil.rmtree(outside, ignore_errors=True)
    outside.mkdir()
    outside.chmod(0o777)
    for name in ("append", "truncate", "delete", "rename"):
        (outside / name).write_text("content")
        (outside / name).chmod(0o666)


def _files(base: Path, token: str) -> dict[str, object]:
    outside, readable = base / "outside", base / "readable"
    refill(outside)
    readable.mkdir(mode=0o755)
    (readable / "data").write_text("public")
    (readable / "data").chmod(0o666)
    (base / "secret").write_text(token)
    (base / "secret").chmod(0o644)
    program = readable / "id"
    shutil.copyfile("/usr/bin/id", program)
    program.chmod(0o4755)
    home = Path.home()
    private = [name.name for name in home.iterdir() if not sys.base_prefix.startswith(str(name))]
    return {
        "secret": str(base / "secret"),
        "outside": str(outside),
        "readable": str(readable),
        "set_user_id": str(program),
        "home": str(home),
        "home_entry": private[0] if private else "",
        "project": str(Path(__file__).parents[3]),
        "temporary": tempfile.gettempdir(),
    }


@contextlib.contextmanager
def _victim(secret: Path, token: str) -> Iterator[dict[str, object]]:
    marker = f"marker-{secrets.token_hex(8)}"
    process = subprocess.Popen(
        [sys.executable, "-c", _VICTIM, str(secret), marker],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"SECRET": token},
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{token}\n")
    process.stdin.flush()
    address, descriptor = map(int, process.stdout.readline().split())
    try:
        yield {"victim": process.pid, "address": address, "victim_fd": descriptor, "marker": marker}
        assert process.poll() is None, "the bait was killed"
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def _listeners(base: Path, token: str) -> Iterator[dict[str, object]]:
    name = f"replgym-bait-{secrets.token_hex(8)}"
    path, datagrams = str(base / "socket"), str(base / "datagrams")
    with contextlib.ExitStack() as stack:
        streams = [socket.socket(), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
        packets = [
            socket.socket(type=socket.SOCK_DGRAM),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
        ]
        for listener in (*streams, *packets):
            stack.enter_context(listener)
        for listener, address in zip(streams, (("127.0.0.1", 0), path, f"\0{name}"), strict=True):
            listener.bind(address)
            listener.listen()
            threading.Thread(target=_answer_streams, args=(listener, token), daemon=True).start()
        packets[0].bind(("127.0.0.1", 0))
        packets[1].bind(datagrams)
        threading.Thread(target=_answer_packets, args=(packets[0], token), daemon=True).start()
        for file in (path, datagrams):
            os.chmod(file, 0o777)
        yield {
            "tcp_port": streams[0].getsockname()[1],
            "udp_port": packets[0].getsockname()[1],
            "unix_socket": path,
            "abstract_socket": name,
            "datagram_socket": datagrams,
        }
        for listener in (*streams, packets[0]):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _answer_streams(listener: socket.socket, token: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            peer, _ = listener.accept()
            with peer:
                peer.recv(1)
                peer.sendall(token.encode())


def _answer_packets(listener: socket.socket, token: str) -> None:
    with contextlib.suppress(OSError):
        while True:
            _, address = listener.recvfrom(1)
            if address is None:
                return
            listener.sendto(token.encode(), address)


@contextlib.contextmanager
def _shared_memory(token: str) -> Iterator[dict[str, object]]:
    key = secrets.randbelow(1 << 30) + 1
    segment = _LIBC.shmget(key, 4096, 0o666 | _IPC_CREATE)
    _LIBC.shmat.restype = ctypes.c_void_p
    place = _LIBC.shmat(segment, None, 0)
    ctypes.memmove(place, token.encode(), len(token))
    name = f"replgym-bait-{secrets.token_hex(8)}"
    file = Path("/dev/shm", name)
    file.write_text(token)
    file.chmod(0o666)
    queue = f"/{name}"
    with contextlib.suppress(AttributeError):
        _LIBC.mq_open(queue.encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
    try:
        yield {"shm_key": key, "shared_memory": name, "queue": name}
    finally:
        _LIBC.shmdt(ctypes.c_void_p(place))
        _LIBC.shmctl(segment, _IPC_REMOVE, None)
        file.unlink()
        with contextlib.suppress(AttributeError):
            _LIBC.mq_unlink(queue.encode())
