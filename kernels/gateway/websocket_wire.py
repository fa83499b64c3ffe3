"""Jupyter messages on a websocket, in both protocols that servers speak.

The server has checked the kernel's signature; what the kernel says is as little to be trusted as ever.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..jupyter.wire import Channel, Headers, MalformedFrameError, Message, checked_message

PROTOCOL = "v1.kernel.websocket.jupyter.org"
"""The binary protocol; servers that do not know it fall back to JSON."""
_WORD = 8
_MOST_PARTS = 64


class WebsocketWire:
    """Builds and parses the frames of one session."""

    def __init__(self) -> None:
        self._headers = Headers()

    @property
    def session(self) -> str:
        """The id under which the server keeps what arrives while we are away."""
        return self._headers.session

    def prepare(
        self,
        channel: Channel,
        kind: str,
        content: Mapping[str, Any],
        parent: Mapping[str, Any] | None = None,
    ) -> tuple[str, dict[str, Any]]:
        """Makes a request and returns it behind its id."""
        header = self._headers.make(kind)
        request = {
            "channel": str(channel),
            "header": header,
            "parent_header": dict(parent or {}),
            "metadata": {},
            "content": dict(content),
        }
        return header["msg_id"], request


def encode(request: Mapping[str, Any], protocol: str | None) -> bytes | str:
    """The frame of a request, in the protocol that was agreed on."""
    if protocol != PROTOCOL:
        return json.dumps({**request, "buffers": []})
    parts = [str(request["channel"]).encode()]
    parts += [
        json.dumps(request[name]).encode() for name in ("header", "parent_header", "metadata", "content")
    ]
    ends = [_WORD * (len(parts) + 2)]
    for part in parts:
        ends.append(ends[-1] + len(part))
    return struct.pack(f"<{len(ends) + 1}Q", len(ends), *ends) + b"".join(parts)


def decode(frame: bytes | str) -> tuple[Channel, Message] | None:
    """Parses a frame; None for one of a channel that is not ours.

    Raises:
        MalformedFrameError: If it is no message.
    """
    try:
        channel, *parts = _parts(frame)
    except (ValueError, TypeError, KeyError, RecursionError, struct.error) as error:
        raise MalformedFrameError(str(error)) from error
    if channel not in list(Channel):
        return None
    return Channel(channel), checked_message(*parts)


def _parts(frame: bytes | str) -> Sequence[Any]:
    """Channel, header, parent header, metadata and content."""
    if isinstance(frame, str):
        return _of_object(json.loads(frame))
    if len(frame) < _WORD:
        raise ValueError("a frame is too short")
    # The old binary form is big-endian: the first word is the number of buffers and the place of the first.
    count, first = struct.unpack_from("!II", frame)
    if 0 < count < _MOST_PARTS and first == 4 * (count + 1):
        places = [*struct.unpack_from(f"!{count}I", frame, 4), len(frame)]
        return _of_object(json.loads(frame[places[0] : places[1]]))
    (count,) = struct.unpack_from("<Q", frame)
    if not 6 <= count < _MOST_PARTS:
        raise ValueError("a frame has a strange number of parts")
    places = list(struct.unpack_from(f"<{count}Q", frame, _WORD))
    if places != sorted(places) or places[-1] > len(frame):
        raise ValueError("the parts of a frame overlap")
    channel, *bodies = (frame[start:end] for start, end in pairwise(places[:6]))
    return [channel.decode(), *(json.loads(body) for body in bodies)]


def _of_object(message: Any) -> Sequence[Any]:
    names = ("channel", "header", "parent_header", "metadata", "content")
    return [message[name] for name in names]
