"""Documents are checked against OpenAPI's own schema before anything else is said about them."""

from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from trine import App


@pytest.fixture
def document_of() -> Callable[[App], dict[str, Any]]:
    """Give an application's document, valid by the rules of OpenAPI 3.1."""

    def make_valid_document(app: App) -> dict[str, Any]:
        document = app.openapi()
        errors = [f"{list(error.absolute_path)}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]
        assert errors == []
        return document

    return make_valid_document


@pytest.fixture
def operation_of(document_of) -> Callable[..., dict[str, Any]]:
    """Give the one operation of an application."""

    def find_operation(app: App) -> dict[str, Any]:
        ((operation,),) = [item.values() for item in document_of(app)["paths"].values()]
        return operation

    return find_operation
