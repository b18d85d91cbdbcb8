"""Calling `predict`: one bad item fails alone, and what comes back is checked."""

import logging
import time
from collections.abc import Callable, Generator
from typing import Any

from trine.errors import HTTPException, ResponseValidationError, TrineError

from .outputs import OutputCheck

logger = logging.getLogger("trine.serving")


class WrongResults(TrineError):
    """A model gave something else than one output for each item: its own mistake, not the client's."""


Predict = Callable[[list[Any]], Any]


def predict_batch(predict: Predict, check: OutputCheck, values: list[Any]) -> tuple[list[Any], float]:
    """Give an output, or an exception, for each value, and the seconds that it took."""
    start = time.perf_counter()
    attempts = _attempts(check, values)
    try:
        part = next(attempts)
        while True:
            try:
                answer = predict(part)
            except Exception as error:  # noqa: BLE001 - it is the answer to those items
                answer = error
            part = attempts.send(answer)
    except StopIteration as end:
        return end.value, time.perf_counter() - start


async def predict_batch_async(predict: Predict, check: OutputCheck, values: list[Any]) -> tuple[list[Any], float]:
    """Do the same for a model whose `predict` is an `async def`."""
    start = time.perf_counter()
    attempts = _attempts(check, values)
    try:
        part = next(attempts)
        while True:
            try:
                answer = await predict(part)
            except Exception as error:  # noqa: BLE001 - it is the answer to those items
                answer = error
            part = attempts.send(answer)
    except StopIteration as end:
        return end.value, time.perf_counter() - start


def _attempts(check: OutputCheck, values: list[Any]) -> Generator[list[Any], Any, list[Any]]:
    """Say what to predict; take what came of it. A batch that fails is halved until the items that it fails for are alone."""
    outcomes: list[Any] = []
    parts = [values]
    while parts:
        part = parts.pop()
        answer = yield part
        if isinstance(answer, Exception) and len(part) > 1:
            middle = len(part) // 2
            parts += [part[middle:], part[:middle]]
            continue
        outcomes += _outcomes(answer, check, len(part))
    return outcomes


def _outcomes(answer: Any, check: OutputCheck, count: int) -> list[Any]:
    if isinstance(answer, Exception):
        return [answer]
    # Arrays of numbers become the numbers that JSON, and types, know.
    outputs = answer.tolist() if hasattr(answer, "tolist") and getattr(answer, "ndim", 2) == 1 else answer
    try:
        found = len(outputs)
    except TypeError:
        found = -1
    if found != count:
        what = f"{found} results" if found >= 0 else f"{type(answer).__name__}, which has no length,"
        wrong = WrongResults(f"predict() gave {what} for {count} items. It must give one output for each, in their order.")
        return [wrong] * count
    return [_checked(output, check) for output in outputs]


def _checked(output: Any, check: OutputCheck) -> Any:
    if isinstance(output, Exception):
        return output
    try:
        return check(output)
    except ResponseValidationError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a validator of the application's own may raise anything
        return error


def is_expected(error: Exception) -> bool:
    """Whether an exception is an answer that the model meant to give."""
    return isinstance(error, HTTPException)
