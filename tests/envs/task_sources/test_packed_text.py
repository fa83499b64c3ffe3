"""Packed private tests: only a text comes out, whatever the pickle says, and nothing of it is ever run."""

from __future__ import annotations

import base64
import contextlib
import os
import pickle
import pickletools
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.envs.task_sources.packed_text import PackedTextError, pickled_text, unpack_text


def pack(pickled: bytes) -> str:
    return base64.b64encode(zlib.compress(pickled)).decode()


class Touch:
    """Makes a file when its pickle is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


class Run:
    """Runs a command when its pickle is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("exit 3",)


@given(text=st.text(), protocol=st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_any_text_comes_back(text: str, protocol: int) -> None:
    assert unpack_text(pack(pickle.dumps(text, protocol))) == text


def test_large_text_comes_back() -> None:
    text = "line\n" * 1_000_000
    assert unpack_text(pack(pickle.dumps(text))) == text


def test_nothing_of_a_pickle_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(PackedTextError):
            pickled_text(pickle.dumps(Touch(mark), protocol))
        hidden = pickle.dumps(Touch(mark), protocol)[:-1] + b"0" + pickle.dumps("text", 0)[:-1] + b"."
        with pytest.raises(PackedTextError):
            pickled_text(hidden)
    assert not mark.exists()


@pytest.mark.parametrize(
    "pickled",
    [
        pickle.dumps(Run()),
        pickle.dumps(["text"]),
        pickle.dumps(b"text"),
        pickle.dumps(None),
        pickle.dumps(5),
        pickle.dumps({"a": "text"}),
        pickle.dumps("a") + pickle.dumps("b"),
        pickle.dumps("a")[:-1] + pickle.dumps("b"),
        pickle.dumps("a") + b"trailing",
        pickle.dumps("text" * 100)[:-20],
        b"",
        b".",
        b"N.",
        b"\x80\xff\x8c\x01a",
        b"cposix\nsystem\n(S'true'\ntR.",
        b"csubprocess\nPopen\n(S'true'\ntR.",
        b"cbuiltins\nexec\n(Vimport os\ntR.",
        b"(S'id'\nios\nsystem\n.",
        b"\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.",
        b"\x8c\x01a\x82\x01.",
        b"Va\np0\n0g0\n.",
        b"P1\n.",
        b"\x8c\x01aQ.",
        b"\x8c\x01a\x97.",
        b"\x8c\xff" + b"a" * 10 + b".",
        b"X\xff\xff\xff\x7fabc.",
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
        b"\x96\xff\xff\xff\xff\xff\x00\x00\x00abc.",
        b"\x8b\xff\xff\xff\x7fabc.",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\xff" + b"N.",
        b"V\\ud800\\uzzzz\n.",
        b"X\x02\x00\x00\x00\xff\xff.",
        b"\x00" * 64,
    ],
    ids=lambda pickled: repr(bytes(pickled[:18])),
)
def test_other_pickles_are_refused(pickled: bytes) -> None:
    with pytest.raises(PackedTextError):
        pickled_text(pickled)


def test_huge_numbers_reserve_no_memory() -> None:
    """What Python's own unpickler would reserve before it reads on: memo slots, byte arrays, texts."""
    bombs = [
        b"\x8c\x01ar\xff\xff\xff\x7f.",
        b"\x96\x00\x00\x00\x00\xff\x00\x00\x00.",
        b"\x8d\x00\x00\x00\x00\xff\x00\x00\x00.",
        b"X\xff\xff\xff\xff.",
    ]
    tracemalloc.start()
    try:
        for bomb in bombs:
            try:
                assert pickled_text(bomb) == "a"
            except PackedTextError:
                continue
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


BOOKKEEPING = {"PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP"}


@pytest.mark.parametrize("name", sorted({code.name for code in pickletools.opcodes} - BOOKKEEPING))
def test_every_other_instruction_is_refused(name: str) -> None:
    """Also a second text, after the first one."""
    (code,) = [code for code in pickletools.opcodes if code.name == name]
    argument = b"0\n" if code.arg and code.arg.n < 0 else b"\x00" * 16
    with pytest.raises(PackedTextError):
        pickled_text(b"\x8c\x01a" + code.code.encode("latin-1") + (argument if code.arg else b"") + b".")


@pytest.mark.parametrize("packed", ["", "a", "ÄÖ", "aGk=", base64.b64encode(b"\x78\x9c\xff").decode()])
def test_broken_packing(packed: str) -> None:
    with pytest.raises(PackedTextError):
        unpack_text(packed)


def test_compressed_bomb() -> None:
    bomb = base64.b64encode(zlib.compress(b"\x00" * (64 << 20), 9)).decode()
    with pytest.raises(PackedTextError, match="more than 1048576 bytes"):
        unpack_text(bomb, most_bytes=1 << 20)


def test_cut_and_followed_streams() -> None:
    compressed = zlib.compress(pickle.dumps("text"))
    for broken in (compressed[:-3], compressed + b"more"):
        with pytest.raises(PackedTextError, match="zlib"):
            unpack_text(base64.b64encode(broken).decode())


def test_limit_is_exact() -> None:
    pickled = pickle.dumps("x" * 1000)
    assert unpack_text(pack(pickled), most_bytes=len(pickled)) == "x" * 1000
    with pytest.raises(PackedTextError):
        unpack_text(pack(pickled), most_bytes=len(pickled) - 1)


@given(st.binary(max_size=200))
def test_noise_is_a_text_or_an_error(noise: bytes) -> None:
    with contextlib.suppress(PackedTextError):
        assert isinstance(pickled_text(noise), str)
