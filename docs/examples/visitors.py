from typing import Annotated, Literal

from pydantic import BaseModel, Field

from trine import App, ModelForm, Widget, flash, redirect, render_template, url_for

app = App()
ENTRIES: list["Entry"] = []


class Entry(BaseModel):
    name: str = Field(min_length=2, max_length=40, title="Your name")
    text: Annotated[str, Field(max_length=500, title="A few lines"), Widget("textarea", rows=4)]
    came_by: Annotated[Literal["train", "boat", "bicycle"], Widget("radio")] = "train"
    nights: int = Field(default=1, ge=1, le=30, description="How long did you stay?")


@app.page("/", methods=["GET", "POST"])
def index(form: ModelForm[Entry]):
    if form.valid and any(entry.name == form.data.name for entry in ENTRIES):
        form.add_error("name", "You have signed already.")
    if form.valid:
        ENTRIES.insert(0, form.data)
        flash("Thank you!")
        return redirect(url_for("index"))
    return render_template("visitors.html", form=form, entries=ENTRIES), form.status_code
