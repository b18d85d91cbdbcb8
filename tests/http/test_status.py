"""Status codes by name."""

from http import HTTPStatus

import pytest

from trine.errors import HTTPException
from trine.http import status


def names(prefix):
    return {name: value for name, value in vars(status).items() if name.startswith(prefix)}


def test_every_name_says_its_code():
    assert names("HTTP_")
    for name, value in {**names("HTTP_"), **names("WS_")}.items():
        assert int(name.split("_")[1]) == value


def test_every_registered_status_has_a_name():
    assert {code.value for code in HTTPStatus} <= set(names("HTTP_").values())


def test_older_names_are_the_same_numbers():
    assert status.HTTP_422_UNPROCESSABLE_ENTITY == status.HTTP_422_UNPROCESSABLE_CONTENT == 422
    assert status.HTTP_413_REQUEST_ENTITY_TOO_LARGE == status.HTTP_413_CONTENT_TOO_LARGE == 413
    assert status.HTTP_414_REQUEST_URI_TOO_LONG == status.HTTP_414_URI_TOO_LONG == 414
    assert status.HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE == status.HTTP_416_RANGE_NOT_SATISFIABLE == 416


@pytest.mark.parametrize(("code", "words"), [(200, "OK"), (404, "Not Found"), (299, ""), (-1, ""), (100000, "")])
def test_words_of_a_status(code, words):
    assert HTTPException(code).detail == words
