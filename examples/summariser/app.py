"""A tool for colleagues: paste a text or upload a document, and read the sentences that say most of it."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator
from summary import Summary, summarise

from trine import App, ModelForm, UploadFile, Widget, render_template, stream_template

MOST_BYTES = 1_000_000

app = App(title="Summariser", max_body_size=2 * MOST_BYTES)


class Document(BaseModel):
    """What somebody wants to have summarised."""

    text: Annotated[str, Field(max_length=MOST_BYTES), Widget("textarea", rows=10, placeholder="Paste it here")] = ""
    file: Annotated[
        UploadFile | None,
        Field(title="Or a file", description="Plain text or Markdown, up to 1 MB."),
        Widget("file", accept=".txt,.md,text/plain,text/markdown"),
    ] = None
    sentences: Annotated[int, Field(ge=1, le=20, description="How long the summary may be.")] = 5

    @model_validator(mode="after")
    def _one_of_both(self) -> "Document":
        if bool(self.text) == (self.file is not None):
            raise ValueError("Paste a text or choose a file, one of the two.")
        return self


@app.page("/", methods=["GET", "POST"])
async def index(form: ModelForm[Document]) -> Any:
    """Show the form, and summarise what was sent: the page grows while the work goes on."""
    if form.valid:
        text = form.data.text or await read(form)
        if form.valid:
            return stream_template("summary.html", work=Work(text, form.data.sentences))
    return render_template("index.html", form=form), form.status_code


async def read(form: ModelForm[Document]) -> str:
    """The text of the file. What is none is told beside the field."""
    file = form.data.file
    try:
        text = "" if file is None else (await file.read(MOST_BYTES + 1)).decode("utf-8-sig")
    except UnicodeDecodeError:
        form.add_error("file", "This is no text in UTF-8.")
        return ""
    if len(text.encode()) > MOST_BYTES:
        form.add_error("file", "This file is larger than 1 MB.")
    elif "\0" in text or not text.strip():
        form.add_error("file", "There are no words in this file.")
    return text


class Work:
    """The summary while it is made: a template walks over its steps, and then shows the result."""

    def __init__(self, text: str, count: int) -> None:
        self.text = text
        self.count = count
        self.summary = Summary([], 0)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        shown = ""
        for step in summarise(self.text, self.count):
            if isinstance(step, Summary):
                self.summary = step
            else:
                yield {"doing": step.doing if step.doing != shown else "", "percent": round(step.share * 100)}
                shown = step.doing
