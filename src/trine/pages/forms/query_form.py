"""A form that asks and changes nothing: search and filters, sent in the address, so that the answer can be linked to."""

from typing import Any

from pydantic import BaseModel

from trine.errors import SetupError
from trine.http import Request

from .form import M, ModelForm


class QueryForm(ModelForm[M]):
    """A form in the query of the address, as a page's parameter: `form: QueryForm[Search]`.

    ```python
    @app.page("/houses")
    def houses(form: QueryForm[Search]):
        found = search(form.data) if form.valid else []
        return render_template("houses.html", form=form, found=found), form.status_code
    ```

    It was sent where the query has one of its fields: before that nothing is checked. It changes nothing, and carries no token.
    """

    form_method = "get"

    @classmethod
    def of(cls, model: type[BaseModel]) -> "type[ModelForm[Any]]":
        """The form of a model."""
        form = super().of(model)
        if any(field.kind in ("file", "files") for field in form.form_fields):
            raise SetupError(f"{form.__name__} has a file, and an address carries none.", hint="Use ModelForm for it.")
        return form

    @classmethod
    async def read(cls, request: Request) -> "ModelForm[M]":
        """Read the form of a request's query."""
        names = {field.key for field in cls.form_fields}
        sent = request.query_params.multi_items()
        return cls(sent if any(name.partition(".")[0] in names for name, _ in sent) else None)
