"""The Jupyter wire format, as far as a host needs it: signed JSON frames in, checked records out.

The peer is in the hands of the code that it runs. A frame that does not verify or does not have the right
shape is a `MalformedFrameError`, never a surprise further up.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

_DELIMITER = b"<IDS|MSG>"
_VERSION = "5.4"
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SMALL = 1 << 16
_STRUCTURE_LIMIT = 1 << 20


class Channel(StrEnum):
    """The channels that a host uses."""

    IOPUB = "iopub"
    SHELL = "shell"
    STDIN = "stdin"
    CONTROL = "control"
    """Only where no signal reaches the kernel."""


class MalformedFrameError(ValueError):
    """The peer sent something that is not a Jupyter message of this session."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message from the kernel."""

    kind: str
    parent_id: str
    content: Mapping[str, Any]
    metadata: Mapping[str, Any]
    header: Mapping[str, Any]


class Headers:
    """Makes the headers of the requests of one session."""

    def __init__(self) -> None:
        self.session = os.urandom(8).hex()
        self._count = 0

    def make(self, kind: str) -> dict[str, str]:
        """The header of the next request."""
        self._count += 1
        return {
            "msg_id": f"{self.session}_{self._count}",
            "session": self.session,
            "username": "",
            "date": datetime.now(UTC).isoformat(),
            "msg_type": kind,
            "version": _VERSION,
        }


def checked_message(header: object, parent: object, metadata: object, content: object) -> Message:
    """Makes a message of parsed parts.

    Raises:
        MalformedFrameError: If they do not have the right shape.
    """
    if not (
        isinstance(header, dict)
        and isinstance(parent, dict)
        and isinstance(metadata, dict)
        and isinstance(content, dict)
    ):
        raise MalformedFrameError("a part of the message is not an object")
    kind, parent_id = header.get("msg_type"), parent.get("msg_id", "")
    if not isinstance(kind, str) or not isinstance(parent_id, str):
        raise MalformedFrameError("a message has no type or a strange parent")
    return Message(kind, parent_id, content, metadata, header)


class Wire:
    """Signs and checks the messages of one session."""

    def __init__(self, key: str) -> None:
        self._base = hmac.new(key.encode(), digestmod=hashlib.sha256)
        self._headers = Headers()

    def encode(
        self, kind: str, content: Mapping[str, Any], parent: Mapping[str, Any] | None = None
    ) -> tuple[str, list[bytes]]:
        """Builds the frames of a request and returns them behind the message's id."""
        header = self._headers.make(kind)
        body = [json.dumps(part).encode() for part in (header, parent or {}, {}, content)]
        return header["msg_id"], [_DELIMITER, self._sign(body), *body]

    def decode(self, frames: Sequence[bytes]) -> Message:
        """Checks and parses the frames of a message.

        Raises:
            MalformedFrameError: If the signature, the JSON or the shape is wrong.
        """
        try:
            start = frames.index(_DELIMITER) + 1
            signature, *body = frames[start : start + 5]
            if len(body) != 4 or not hmac.compare_digest(signature, self._sign(body)):
                raise MalformedFrameError("bad signature")
            header, parent, metadata, content = (_parse(part) for part in body)
        except MalformedFrameError:
            raise
        except (ValueError, TypeError, RecursionError) as error:
            raise MalformedFrameError(str(error)) from error
        return checked_message(header, parent, metadata, content)

    def _sign(self, body: Sequence[bytes]) -> bytes:
        signer = self._base.copy()
        for part in body:
            signer.update(part)
        return signer.hexdigest().encode()


def _parse(part: bytes) -> object:
    """Parses JSON; long strings are cheap, a million small objects are not and nobody needs them."""
    if len(part) > _SMALL and len(_STRING.sub(b"", part)) > _STRUCTURE_LIMIT:
        raise MalformedFrameError("a message has too many parts")
    return json.loads(part)
