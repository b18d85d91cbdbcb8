"""The summariser, and a form with everything in it, in a real browser: without a script, on a phone, at night, for everybody."""

import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from trine import App, ModelForm, Settings, UploadFile, Widget
from trine.pages.forms import Email, PhoneNumber
from trine.testing import LiveServer

pytestmark = pytest.mark.browser

TEXT = """The harbour of Ealing was built by monks. Ships bring grain to the harbour every week. The weather was fine.

Grain from the ships is stored in the harbour's old barns, which the monks built. My aunt likes cats very much."""


class Child(BaseModel):
    name: str
    age: int = Field(ge=0, lt=18)


class Address(BaseModel):
    street: str
    town: str = ""


class Everything(BaseModel):
    name: str = Field(min_length=2, max_length=40, title="Your name", description="As on the door.")
    email: Email
    phone: PhoneNumber | None = None
    age: int | None = Field(None, ge=18, lt=130)
    born: date | None = None
    wakes: time | None = None
    arrives: datetime | None = None
    room: Literal["garden", "lake"]
    size: Annotated[Literal["small", "large"], Widget("radio")] = "small"
    drinks: Annotated[set[Literal["tea", "coffee"]], Widget("checkboxes")] = set()
    towns: list[Literal["Rome", "Oslo"]] = []
    wishes: Annotated[str, Widget("textarea", rows=3)] = ""
    tags: list[str] = Field(default=[], description="One in each line.")
    password: SecretStr | None = None
    picture: UploadFile | None = None
    accepts: Literal[True] = Field(title="I have read the rules")
    address: Address
    children: list[Child] = Field(default=[], max_length=3)


@pytest.fixture(scope="module")
def summariser(root: Path) -> Iterator[str]:
    sys.path.insert(0, str(root / "examples" / "summariser"))
    import app

    app.app._given_settings = Settings(mode="development")
    with LiveServer(app.app) as server:
        yield server.url
    sys.path.remove(str(root / "examples" / "summariser"))
    for name in ("app", "summary"):
        sys.modules.pop(name, None)


def test_a_text_is_summarised(summariser, reader, tmp_path):
    page = reader.page
    page.goto(summariser)
    reader.look("summariser-1-form")
    page.click("text=Summarise >> nth=-1")
    page.wait_for_selector(".error-summary")
    reader.look("summariser-2-errors")
    page.fill("textarea", TEXT)
    page.fill("input[type=number]", "2")
    page.click("button[type=submit]")
    page.wait_for_selector(".summary li")
    assert page.locator(".summary li").count() == 2
    reader.look("summariser-3-summary")
    page.click("text=Summarise another text")
    (tmp_path / "notes.txt").write_text(TEXT)
    page.set_input_files("input[type=file]", str(tmp_path / "notes.txt"))
    page.click("button[type=submit]")
    page.wait_for_selector(".summary li")


STYLE = Path(__file__).parents[2] / "examples" / "summariser" / "static" / "style.css"


@pytest.fixture(scope="module")
def everything() -> Iterator[tuple[str, list[Everything]]]:
    app, kept = App(settings=Settings(mode="development")), []
    head = "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>Form</title>"
    own = "input[type=checkbox],input[type=radio]{width:1.4rem;height:1.4rem}.choice,.checkbox{display:flex;gap:.5rem}"
    head += f"<style>{STYLE.read_text()}{own}select{{font:inherit;padding:.5rem}}fieldset{{min-width:0}}</style>"

    @app.page("/", methods=["GET", "POST"])
    def index(form: ModelForm[Everything]):
        if form.valid:
            kept.append(form.data)
            return f"{head}<main><h1>Thank you</h1></main>"
        return f"{head}<main><h1>Everything</h1>{form.render(novalidate=True)}</main>", form.status_code

    with LiveServer(app) as server:
        yield server.url, kept


def test_a_form_with_everything_is_filled_in(everything, reader):
    page = reader.page
    url, kept = everything
    page.goto(url)
    reader.look("everything-1-empty")
    page.click("text=Add another")
    page.wait_for_selector("[name='children.0.name']")
    assert page.locator(".error-summary").count() == 0
    page.fill("[name=name]", "A")
    page.fill("[name='children.0.age']", "40")
    # Enter sends the form; it presses no button that removes or adds a row.
    page.press("[name=name]", "Enter")
    page.wait_for_selector(".error-summary")
    reader.look("everything-2-errors")
    page.click(".error-summary a >> nth=0")
    assert page.evaluate("document.activeElement.name") == "name"
    page.keyboard.press("End")
    page.keyboard.type("da")
    page.get_by_label("Email").fill("ada@example.org")
    page.get_by_label("Age").first.fill("36")
    page.get_by_label("Room").select_option("lake")
    page.get_by_label("Large").check()
    page.get_by_label("Coffee").check()
    page.get_by_label("Street").fill("Main Street")
    page.get_by_label("I have read the rules").check()
    page.fill("[name='children.0.name']", "Byron")
    page.fill("[name='children.0.age']", "7")
    page.fill("[name=tags]", "one\ntwo")
    page.click("button:text-is('Send')")
    page.wait_for_selector("h1:text-is('Thank you')")
    model = kept[-1]
    assert (model.name, model.room, model.size, model.drinks, model.tags) == ("Ada", "lake", "large", {"coffee"}, ["one", "two"])
    assert model.children == [Child(name="Byron", age=7)]


def test_the_browser_itself_refuses_what_the_model_would(browser, everything):
    context = browser.new_context()
    page = context.new_page()
    page.goto(everything[0])
    page.fill("[name=name]", "A")
    wrong = page.evaluate("[...document.querySelectorAll(':invalid')].map(one => one.name).filter(name => name)")
    assert {"email", "room", "accepts", "address.street"} <= set(wrong)
    context.close()
