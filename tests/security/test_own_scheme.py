"""A scheme of an own kind: it says itself what stands in the document."""

from typing import Annotated

from trine import App, Depends, Request
from trine.security import SecurityScheme


class SealScheme(SecurityScheme):
    def __init__(self) -> None:
        super().__init__(scheme_name="Seal")
        self.model = {"type": "apiKey", "in": "header", "name": "x-seal"}

    async def __call__(self, request: Request) -> str | None:
        return request.headers.get("x-seal")


def test_a_scheme_may_set_its_own_model(client_for):
    app = App()

    @app.get("/letters")
    def letters(seal: Annotated[str | None, Depends(SealScheme())]) -> str | None:
        return seal

    assert app.openapi()["components"]["securitySchemes"] == {"Seal": {"type": "apiKey", "in": "header", "name": "x-seal"}}
    assert client_for(app).get("/letters", headers={"x-seal": "red"}).json() == "red"
