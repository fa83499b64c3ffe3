"""Rewards as named, weighted functions of what happened in an episode, and sums of them.

The parts of a reward always add up to it; where it was clipped, a part named `clip` says by how much.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

from pydantic import ValidationError

from .episode_facts import EpisodeFacts
from .presets import PRESETS
from .reward import RewardError, RewardFunction
from .reward_functions import REWARDS

_CLIP = "clip"
_PRESET = "preset"


@dataclass(frozen=True, slots=True)
class RewardBreakdown:
    """A reward and where it came from."""

    total: float
    parts: Mapping[str, float]
    """Name of the reward function -> its value times its weight."""


@dataclass(frozen=True, slots=True)
class _Term:
    name: str
    weight: float
    function: RewardFunction

    def parts(self, facts: EpisodeFacts) -> Iterator[tuple[str, float]]:
        yield self.name, self.weight * self.function(facts)

    def weights(self) -> Iterator[tuple[str, float]]:
        yield self.name, self.weight

    def __mul__(self, factor: float) -> _Term:
        return replace(self, weight=self.weight * factor)


class Rubric:
    """A weighted sum of reward functions, which may be clipped."""

    def __init__(
        self,
        weights: Mapping[str, float | Mapping[str, Any]],
        *,
        functions: Mapping[str, RewardFunction] | None = None,
        clip: tuple[float, float] | None = None,
    ) -> None:
        """Checks the names, weights and options.

        Args:
            weights: Name of a reward function -> its weight, or `{"weight": ..., option: ...}`.
            functions: More reward functions, by name, beside the built-in ones; they take no options.
            clip: The least and the most that the sum may be.

        Raises:
            RewardError: If a name, weight or option is not allowed, or there is none.
        """
        own = functions or {}
        if not weights:
            raise RewardError(f"a rubric needs at least one weight; use some of: {_names(REWARDS, own)}")
        self._terms: tuple[_Term | Rubric, ...] = tuple(_term(n, w, own) for n, w in weights.items())
        self._clip = None if clip is None else _range(clip)

    @classmethod
    def preset(cls, preset: str, /, **options: Any) -> Rubric:
        """A known reward rule.

        Args:
            preset: A name in `PRESETS`.
            **options: The options of this preset.

        Raises:
            RewardError: If the name or an option is not allowed.
        """
        make = PRESETS.get(preset)
        if make is None:
            raise RewardError(f"unknown preset {preset!r}; use one of: {', '.join(sorted(PRESETS))}")
        try:
            return cls(make(**options))
        except ValidationError as error:
            options_of = inspect.signature(make).parameters
            raise RewardError(_told(f"preset {preset!r}", error, options_of)) from None

    @classmethod
    def of(cls, config: str | Mapping[str, Any]) -> Rubric:
        """A rubric as configurations write it.

        Args:
            config: The name of a preset; or a mapping with the weights of reward functions, with `preset` (a
                name, or `{"name": ..., option: ...}`) to add to, and with `clip` (`[least, most]`).

        Raises:
            RewardError: If anything in it is not allowed.
        """
        if isinstance(config, str):
            return cls.preset(config)
        if not isinstance(config, Mapping):
            raise RewardError("give the name of a preset, or a mapping with the weights of rewards")
        weights = {name: weight for name, weight in config.items() if name not in (_PRESET, _CLIP)}
        chosen = _chosen_preset(config[_PRESET]) if _PRESET in config else None
        if chosen is None:
            return cls(weights, clip=config.get(_CLIP))
        rubric = cls.preset(chosen[0], **chosen[1])
        whole = rubric + cls(weights) if weights else rubric
        return whole.clipped(*_range(config[_CLIP])) if _CLIP in config else whole

    @property
    def weights(self) -> Mapping[str, float]:
        """The weight of every reward function."""
        return _summed(pair for term in self._terms for pair in _weights(term))

    def __add__(self, other: Rubric) -> Rubric:
        """The sum of both; each keeps its own clipping."""
        return self._made((self, other), None)

    def __mul__(self, factor: float) -> Rubric:
        """Every part times a number."""
        if not math.isfinite(factor):
            raise RewardError(f"the factor of a rubric is {factor!r}; it must be finite")
        clip = None if self._clip is None else _range(sorted(bound * factor for bound in self._clip))
        return self._made((term * factor for term in self._terms), clip)

    __rmul__ = __mul__

    def clipped(self, least: float, most: float) -> Rubric:
        """The same, but never less than `least` or more than `most`."""
        return self._made((self,), _range((least, most)))

    def score(self, facts: EpisodeFacts) -> RewardBreakdown:
        """Computes the reward of one episode.

        Raises:
            RewardError: If a reward needs what the caller does not know, such as the number of tokens.
        """
        parts = dict(_summed(pair for term in self._terms for pair in _parts(term, facts)))
        total = math.fsum(parts.values())
        if self._clip is not None:
            kept = min(max(total, self._clip[0]), self._clip[1])
            parts[_CLIP] = parts.get(_CLIP, 0.0) + kept - total
            total = kept
        return RewardBreakdown(total, MappingProxyType(parts))

    @classmethod
    def _made(cls, terms: Iterable[_Term | Rubric], clip: tuple[float, float] | None) -> Self:
        rubric = cls.__new__(cls)
        rubric._terms, rubric._clip = tuple(terms), clip
        return rubric


def _parts(term: _Term | Rubric, facts: EpisodeFacts) -> Iterable[tuple[str, float]]:
    return term.score(facts).parts.items() if isinstance(term, Rubric) else term.parts(facts)


def _weights(term: _Term | Rubric) -> Iterable[tuple[str, float]]:
    return term.weights.items() if isinstance(term, Rubric) else term.weights()


def _summed(pairs: Iterable[tuple[str, float]]) -> Mapping[str, float]:
    sums: dict[str, float] = {}
    for name, value in pairs:
        sums[name] = sums.get(name, 0.0) + value
    return MappingProxyType(sums)


def _term(name: str, setting: float | Mapping[str, Any], own: Mapping[str, RewardFunction]) -> _Term:
    if name not in REWARDS and name not in own:
        raise RewardError(f"unknown reward {name!r}; use some of: {_names(REWARDS, own)}")
    options = dict(setting) if isinstance(setting, Mapping) else {"weight": setting}
    weight = options.pop("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise RewardError(f"the weight of reward {name!r} is {weight!r}; it must be a number")
    if not math.isfinite(weight):
        raise RewardError(f"the weight of reward {name!r} is {weight!r}; it must be finite")
    if name in own:
        if options:
            raise RewardError(f"reward {name!r} takes no options, but got {sorted(options)[0]!r}")
        return _Term(name, float(weight), own[name])
    try:
        return _Term(name, float(weight), REWARDS[name].model_validate(options))
    except ValidationError as error:
        raise RewardError(_told(f"reward {name!r}", error, REWARDS[name].model_fields)) from None


def _chosen_preset(value: object) -> tuple[str, dict[str, Any]]:
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        return value["name"], {str(key): option for key, option in value.items() if key != "name"}
    raise RewardError(f"preset {value!r} is not allowed: give its name, or a mapping with name and options")


def _range(value: object) -> tuple[float, float]:
    match value:
        case [int() | float() as least, int() | float() as most] if least <= most:
            return float(least), float(most)
    raise RewardError(f"clip {value!r} is not allowed: give the least and the most, such as [-1, 1]")


def _names(*known: Mapping[str, Any]) -> str:
    return ", ".join(sorted({name for names in known for name in names}))


def _told(what: str, error: ValidationError, options: Iterable[str] = ()) -> str:
    """The first fault in one line."""
    fault = error.errors(include_url=False)[0]
    option = ".".join(map(str, fault["loc"]))
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{what} has no option {option!r}; it takes: {', '.join(sorted(options)) or 'none'}"
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = f"option {option}={fault['input']!r} is" if option else "the options are"
    return f"{what}: {given} not allowed: {message[:1].lower()}{message[1:]}"
