"""Which server an episode plays on: the one that holds its prefix, as long as that one can be used."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class _Seat:
    order: int
    server: str | None = None


class StickyRouter:
    """Seats new episodes on the server with the least load, by rendezvous hashing among equals."""

    def __init__(self, remembered: int = 100_000) -> None:
        """Remembers so many episodes; the one not heard of for longest is forgotten first."""
        self._remembered = remembered
        self._seats: OrderedDict[str, _Seat] = OrderedDict()
        self._seen = 0

    def order(self, episode: str) -> int:
        """How many episodes were seen before this one: low numbers are old episodes."""
        return self._seat(episode).order

    def seated(self, episode: str) -> str | None:
        """The server that holds the prefix of the episode."""
        return self._seat(episode).server

    def choose(self, episode: str, loads: Mapping[str, int]) -> str:
        """Seats the episode.

        Args:
            episode: Its stable id.
            loads: Requests on every server that can be used now; at least one.
        """
        seat = self._seat(episode)
        chosen = seat.server
        if chosen is None or chosen not in loads:
            chosen = min(loads, key=lambda server: (loads[server], _weight(episode, server)))
            seat.server = chosen
        return chosen

    def _seat(self, episode: str) -> _Seat:
        seat = self._seats.get(episode)
        if seat is None:
            seat = self._seats[episode] = _Seat(self._seen)
            self._seen += 1
            if len(self._seats) > self._remembered:
                self._seats.popitem(last=False)
        else:
            self._seats.move_to_end(episode)
        return seat


def _weight(episode: str, server: str) -> bytes:
    return hashlib.blake2b(f"{server} {episode}".encode(), digest_size=8).digest()
