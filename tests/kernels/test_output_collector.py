"""The cap on outputs: never more than allowed, and every missing character counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from replgym.kernels.cell_result import OutputKind
from replgym.kernels.jupyter.wire import MalformedFrameError, Wire
from replgym.kernels.output_collector import OutputCollector

CHUNKS = st.lists(st.tuples(st.sampled_from([OutputKind.STDOUT, OutputKind.STDERR]), st.text(max_size=30)))


@given(CHUNKS, st.integers(0, 100))
def test_streams_keep_head_and_tail(chunks: list[tuple[OutputKind, str]], limit: int) -> None:
    collector = OutputCollector(limit)
    for kind, text in chunks:
        collector.add_stream(kind, text)
    whole = "".join(text for _, text in chunks)
    kept = "".join(output.text for output in collector.outputs())
    assert len(kept) + collector.cut == len(whole)
    if len(whole) <= limit:
        assert kept == whole
    else:
        head, tail = (limit + 1) // 2, limit // 2
        assert kept == whole[:head] + whole[len(whole) - tail :]


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=60))), st.integers(0, 100))
def test_mixed_outputs_stay_within_the_cap(items: list[tuple[bool, str]], limit: int) -> None:
    collector = OutputCollector(limit)
    total = 0
    for is_stream, text in items:
        if is_stream:
            collector.add_stream(OutputKind.STDOUT, text)
            total += len(text)
        else:
            collector.add_bundle(OutputKind.DISPLAY, {"text/plain": text, "text/html": text})
            total += 2 * len(text)
    kept = sum(len(content) for output in collector.outputs() for content in output.data.values())
    assert kept <= limit
    assert kept + collector.cut == total


def test_an_image_is_kept_whole_or_dropped_whole() -> None:
    collector = OutputCollector(10, media_limit=100)
    collector.add_bundle(OutputKind.DISPLAY, {"image/png": "a" * 90, "text/plain": "x"})
    collector.add_bundle(OutputKind.DISPLAY, {"image/png": "b" * 90, "text/plain": "y"})
    first, second = collector.outputs()
    assert first.data == {"image/png": "a" * 90, "text/plain": "x"}
    assert second.data == {"text/plain": "y"}
    assert collector.cut == 90


def test_a_message_survives_its_own_format() -> None:
    wire = Wire("key")
    message_id, frames = wire.encode("execute_request", {"code": "é"}, {"msg_id": "parent"})
    message = wire.decode([b"topic", *frames])
    assert (message.kind, message.parent_id, message.content) == ("execute_request", "parent", {"code": "é"})
    assert message.header["msg_id"] == message_id


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_other_frames_are_malformed(frames: list[bytes]) -> None:
    for candidate in (frames, [b"<IDS|MSG>", *frames]):
        try:
            Wire("key").decode(candidate)
        except MalformedFrameError:
            continue
        raise AssertionError("garbage was believed")


@given(st.sampled_from([b"[]", b"1", b"null", b"{", b'{"msg_type": 1}', b"\xff"]), st.integers(0, 3))
def test_signed_nonsense_is_malformed(part: bytes, place: int) -> None:
    wire = Wire("key")
    _, frames = wire.encode("status", {})
    body = frames[2:]
    body[place] = part
    signed = [b"<IDS|MSG>", wire._sign(body), *body]
    if part == b'{"msg_type": 1}' and place != 0:
        wire.decode(signed)
        return
    try:
        wire.decode(signed)
    except MalformedFrameError:
        return
    raise AssertionError("nonsense was believed")
