"""The seam between the data set routes and how a completion of one type of data set is judged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from .data_set_models import EvalResult, SubmitRequest
from .judge_service import JudgeService

_Row = TypeVar("_Row", bound=BaseModel)


class RowError(ValueError):
    """The row or the configuration of a request cannot be judged by; the message names the field."""


class MachineFaultError(RuntimeError):
    """The machine failed: no word about the completion."""


class SubmissionGrader(Protocol):
    """Judges completions of one type of data set."""

    async def grade(
        self, service: JudgeService, row: Mapping[str, Any], request: SubmitRequest
    ) -> EvalResult:
        """Judges one completion.

        Raises:
            RowError: If the row or the configuration is not as it should be.
            MachineFaultError: If the machine failed while programs ran.
            BrokenTaskError: If the tests of the row cannot judge anything.
            JudgeError: If the machine failed while the judge ran.
            QueueFullError: If too many wait already.
            QueueTimeoutError: If its turn did not come in time.
        """
        ...


def parsed_row(model: type[_Row], row: Mapping[str, Any]) -> _Row:
    """The fields of a row that count.

    Raises:
        RowError: If one is missing or wrong.
    """
    try:
        return model.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, ("provided_data", *first["loc"])))
        raise RowError(f"{where}: {first['msg']}") from None


def decoded_field(row: Mapping[str, Any], field: str, default: object = None) -> Any:
    """A field that may be JSON in a string.

    Raises:
        RowError: If the string is not JSON.
    """
    value = row.get(field, default)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise RowError(f"provided_data.{field} is a string that is not JSON: {error}") from error
