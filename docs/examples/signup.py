from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from trine import App, ModelForm, Widget, redirect, url_for
from trine.pages.forms import Email

app = App()
GUESTS: list["Guest"] = []


class Child(BaseModel):
    name: str
    age: int = Field(ge=0, lt=18)


class Guest(BaseModel):
    name: str = Field(min_length=2, max_length=80, title="Your name")
    email: Email
    arrives: date = Field(description="We are open from May to October.")
    room: Literal["garden", "lake"] = "garden"
    wishes: Annotated[str, Widget("textarea", rows=4)] = ""
    children: list[Child] = Field(default=[], max_length=6)
    accepts_rules: Literal[True] = Field(title="I have read the rules of the house")


@app.page("/", methods=["GET", "POST"])
def sign_up(form: ModelForm[Guest]):
    if form.valid and form.data.arrives.month not in range(5, 11):
        form.add_error("arrives", "We are closed in winter.")
    if form.valid:
        GUESTS.append(form.data)
        return redirect(url_for("thanks"), 303)
    return f"<!doctype html><title>Sign up</title>{form.render(submit='Sign up')}", form.status_code


@app.page("/thanks")
def thanks():
    return "<!doctype html><title>Thank you</title><p>See you soon.</p>"
