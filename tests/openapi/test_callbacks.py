"""Requests that the application sends itself."""

from typing import Annotated

import pytest
from pydantic import BaseModel

from trine import APIRouter, App, Depends
from trine.security import HTTPBearer


class Invoice(BaseModel):
    id: str


class Event(BaseModel):
    paid: bool


@pytest.fixture
def invoice_callbacks():
    router = APIRouter()

    @router.post("{$callback_url}/invoices/{$request.body.id}")
    def invoice_paid(body: Event) -> Event:
        """Sent once the money has come."""

    return router


PAID = {
    "{$callback_url}/invoices/{$request.body.id}": {
        "post": {
            "summary": "Invoice Paid",
            "description": "Sent once the money has come.",
            "operationId": "invoice_paid__callback_url__invoices___request_body_id__post",
            "requestBody": {
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}},
                "required": True,
            },
            "responses": {
                "200": {
                    "description": "Successful Response",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}},
                },
                "422": {
                    "description": "Validation Error",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}},
                },
            },
        }
    }
}


def test_callbacks_are_documented_with_the_operation_that_causes_them(operation_of, invoice_callbacks):
    app = App()

    @app.post("/invoices", callbacks=invoice_callbacks.routes)
    def create_invoice(invoice: Invoice, callback_url: str | None = None): ...

    assert operation_of(app)["callbacks"] == {"invoice_paid": PAID}


def test_router_itself_may_be_given_for_its_routes(operation_of, invoice_callbacks):
    app = App(callbacks=[invoice_callbacks])

    @app.post("/invoices")
    def create_invoice(invoice: Invoice): ...

    assert operation_of(app)["callbacks"] == {"invoice_paid": PAID}


def test_webhooks_are_documented_beside_the_paths(document_of):
    app = App()

    @app.webhooks.post("new-subscription", dependencies=[Depends(HTTPBearer())])
    def new_subscription(body: Event, verbose: bool = False):
        """Sent to you when somebody subscribes."""

    document = document_of(app)
    assert document["paths"] == {}
    operation = document["webhooks"]["new-subscription"]["post"]
    assert operation["summary"] == "New Subscription"
    assert operation["operationId"] == "new_subscriptionnew_subscription_post"
    assert [parameter["name"] for parameter in operation["parameters"]] == ["verbose"]
    assert operation["security"] == [{"HTTPBearer": []}]
    assert document["components"]["securitySchemes"] == {"HTTPBearer": {"type": "http", "scheme": "bearer"}}


def test_callback_with_a_parameter_of_its_own_path(operation_of):
    router = APIRouter()

    @router.get("{$request.query.url}/{part:int}")
    def fetch(part: int, token: Annotated[str, Depends(HTTPBearer())]): ...

    app = App()

    @app.get("/", callbacks=router.routes)
    def root(url: str): ...

    callback = operation_of(app)["callbacks"]["fetch"]["{$request.query.url}/{part}"]["get"]
    assert callback["parameters"] == [
        {"name": "part", "in": "path", "required": True, "schema": {"type": "integer", "title": "Part"}}
    ]
