"""The frames of both protocols, against the server's own code."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)

from replgym.kernels.gateway.websocket_wire import PROTOCOL, WebsocketWire, decode, encode
from replgym.kernels.jupyter.wire import Channel, MalformedFrameError

CONTENT = {"code": "print('é😀')", "silent": False}
HEADER = {"msg_type": "stream", "msg_id": "1"}
PARENT = {"msg_id": "0"}


def _message(**more: Any) -> dict[str, Any]:
    return {
        "header": HEADER,
        "parent_header": PARENT,
        "metadata": {},
        "content": {"name": "stdout", "text": "ü"},
        "buffers": [],
        **more,
    }


def test_the_server_understands_requests_of_the_new_protocol() -> None:
    message_id, request = WebsocketWire().prepare(Channel.SHELL, "execute_request", CONTENT, PARENT)
    channel, parts = deserialize_msg_from_ws_v1(encode(request, PROTOCOL))
    header, parent, metadata, content = (json.loads(part) for part in parts)
    assert (channel, header["msg_id"], header["msg_type"]) == ("shell", message_id, "execute_request")
    assert (parent, metadata, content) == (PARENT, {}, CONTENT)


def test_requests_of_the_old_protocol_are_json() -> None:
    message_id, request = WebsocketWire().prepare(Channel.CONTROL, "ping", {})
    frame = encode(request, None)
    assert isinstance(frame, str)
    assert json.loads(frame)["header"]["msg_id"] == message_id
    assert json.loads(frame)["channel"] == "control"


@pytest.mark.parametrize(
    "frame",
    [
        serialize_msg_to_ws_v1(_message(), "iopub", lambda part: json.dumps(part).encode()),
        json.dumps(_message(channel="iopub")),
        serialize_binary_message(_message(channel="iopub", buffers=[b"12", b"3"])),
    ],
    ids=["new", "old", "old with buffers"],
)
def test_what_the_server_says_is_understood(frame: bytes | str) -> None:
    decoded = decode(frame)
    assert decoded is not None
    channel, message = decoded
    assert (channel, message.kind, message.parent_id) == (Channel.IOPUB, "stream", "0")
    assert message.content["text"] == "ü"


def test_channels_of_others_are_passed_over() -> None:
    assert decode(json.dumps(_message(channel="telepathy"))) is None


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_nonsense_is_told_from_messages(frame: bytes | str) -> None:
    with pytest.raises(MalformedFrameError):
        decode(frame)


@given(st.data())
def test_a_damaged_frame_is_a_message_or_malformed(data: st.DataObject) -> None:
    frame = bytearray(serialize_msg_to_ws_v1(_message(), "iopub", lambda part: json.dumps(part).encode()))
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedFrameError):
        decode(bytes(frame[: data.draw(st.integers(0, len(frame)))]))
