"""What is wrong with settings that stand in verl's own files, in one line."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError


def setting_error(place: str, settings: type[BaseModel], error: ValidationError) -> ValueError:
    """Names the first key that is wrong, its value and what is allowed.

    Args:
        place: Where the settings stand, as the key above them.
        settings: What they should be.
        error: Why they are not.
    """
    fault = error.errors()[0]
    key = ".".join([place, *map(str, fault["loc"])])
    if fault["type"] == "missing":
        return ValueError(f"{key} is missing; set it with +{key}=...")
    if fault["type"] == "extra_forbidden":
        return ValueError(f"{key} is unknown; use: {', '.join(settings.model_fields)}")
    message = fault["msg"].removeprefix("Value error, ")
    return ValueError(f"{key}={fault['input']!r} is not allowed: {message}")
