"""A form model may have a file among its fields: then the form is multipart."""

from typing import Annotated

from pydantic import BaseModel

from trine import App, Form, UploadFile


class Cover(BaseModel):
    title: str
    picture: UploadFile


class Note(BaseModel):
    title: str


def test_form_model_with_a_file_is_documented_as_multipart():
    app = App()

    @app.post("/cover")
    async def cover(form: Annotated[Cover, Form()]) -> None: ...

    @app.post("/note")
    async def note(form: Annotated[Note, Form()]) -> None: ...

    paths = app.openapi()["paths"]
    assert list(paths["/cover"]["post"]["requestBody"]["content"]) == ["multipart/form-data"]
    assert list(paths["/note"]["post"]["requestBody"]["content"]) == ["application/x-www-form-urlencoded"]
