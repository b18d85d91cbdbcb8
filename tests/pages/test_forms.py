"""Forms of models: shown, sent, checked, and shown again with what was typed."""

import io
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from html.parser import HTMLParser
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from trine import App, Form, SetupError, UploadFile
from trine.pages import redirect, render_template, url_for
from trine.pages.forms import Email, ModelForm, PhoneNumber, QueryForm, Widget


class Colour(Enum):
    RED = "red"
    DARK_BLUE = "dark-blue"


class Contact(BaseModel):
    name: str = Field(min_length=2, max_length=80, title="Your name", description="As on the door.")
    email: Email
    age: int | None = Field(None, ge=18, lt=130)


class Page(HTMLParser):
    """The elements of a page, with their attributes and what stands in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    def one(self, tag: str, **attributes: str) -> dict[str, str | None]:
        (found,) = self.all(tag, **attributes)
        return found

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.found if name == tag and attributes.items() <= found.items()]


def form_of(model: type[BaseModel], *sent: tuple[str, Any]) -> ModelForm[Any]:
    return ModelForm.of(model)(sent or None)


def field_of(annotation: Any, *sent: tuple[str, Any], default: Any = ...) -> ModelForm[Any]:
    model = type(
        "Model", (BaseModel,), {"__annotations__": {"field": annotation}, **({} if default is ... else {"field": default})}
    )
    return ModelForm.of(model)(sent or None)


@pytest.fixture
def contacts(site) -> tuple[App, list[Contact]]:
    app, kept = site({"contact.html": "<h1>Contact</h1>{{ form.render(submit='Write to us') }}"}), []

    @app.page("/contact", methods=["GET", "POST"])
    def contact(form: ModelForm[Contact]):
        if form.valid:
            if any(one.email == form.data.email for one in kept):
                form.add_error("email", "We know you already.")
            else:
                kept.append(form.data)
                return redirect(url_for("contact"), 303)
        return render_template("contact.html", form=form), form.status_code

    return app, kept


def test_one_page_shows_the_form_takes_it_and_keeps_what_was_typed(contacts, browser_for, token_in):
    app, kept = contacts
    browser = browser_for(app)
    shown = browser.get("/contact")
    token = token_in(shown.text)
    assert shown.status_code == 200
    assert "error-summary" not in shown.text

    wrong = browser.post("/contact", data={"csrf_token": token, "name": "Ada <3", "email": "ada", "age": "17"})
    page = Page(wrong.text)
    assert wrong.status_code == 422
    assert page.one("input", name="name")["value"] == "Ada <3"
    assert page.one("input", name="email") | {"value": "ada", "aria-invalid": "true"} == page.one("input", name="email")
    assert "Email: Write a mail address, such as ada@example.org." in page.words
    assert "Age: This has to be 18 or more." in page.words
    assert kept == []

    right = browser.post(
        "/contact",
        data={"csrf_token": token, "name": "Ada", "email": "ada@example.org", "age": ""},
        follow_redirects=False,
    )
    assert (right.status_code, right.headers["location"]) == (303, "/contact")
    assert kept == [Contact(name="Ada", email="ada@example.org", age=None)]

    again = browser.post("/contact", data={"csrf_token": token, "name": "Ada", "email": "ada@example.org"})
    assert again.status_code == 422
    assert "Email: We know you already." in Page(again.text).words


def test_without_the_visitors_token_nothing_is_taken(contacts, browser_for):
    app, kept = contacts
    assert browser_for(app).post("/contact", data={"name": "Ada", "email": "ada@example.org"}).status_code == 403
    assert kept == []


def test_an_async_page_and_a_form_without_templates(site, browser_for, token_in):
    app = site()

    @app.page("/contact", methods=["GET", "POST"])
    async def contact(form: ModelForm[Contact]):
        return f"Hello {form.data.name}" if form.valid else form.render()

    browser = browser_for(app)
    token = token_in(browser.get("/contact").text)
    assert browser.post("/contact", data={"csrf_token": token, "name": "Ada", "email": "a@example.org"}).text == "Hello Ada"


def test_of_two_forms_on_a_page_the_one_that_was_sent_counts(site, browser_for, token_in):
    class Login(BaseModel):
        user: str

    class Search(BaseModel):
        words: str

    app = site()

    @app.page("/", methods=["GET", "POST"])
    def index(login: ModelForm[Login], search: ModelForm[Search]):
        return f"{login.valid} {search.valid} {search.errors}{login.render()}{search.render()}"

    browser = browser_for(app)
    data = {"csrf_token": token_in(browser.get("/").text), "form.name": "login", "user": "ada"}
    assert browser.post("/", data=data).text.startswith("True False {}")


def test_every_field_is_tied_to_its_label_help_and_errors():
    page = Page(form_of(Contact, ("name", "A"), ("email", "a@example.org")).render())
    assert page.one("label", **{"for": "contact-name"})
    assert page.one("input", id="contact-name") == {
        "id": "contact-name",
        "name": "name",
        "required": None,
        "minlength": "2",
        "maxlength": "80",
        "aria-describedby": "contact-name-help contact-name-error",
        "aria-invalid": "true",
        "type": "text",
        "value": "A",
    }
    assert page.one("p", id="contact-name-help")
    assert page.one("p", id="contact-name-error")
    assert page.one("div", role="alert")["aria-labelledby"] == "contact-problems"
    assert page.one("a", href="#contact-name")


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (str, {"type": "text"}),
        (Annotated[str, Field(pattern=r"^[A-Z]{3}$")], {"pattern": "[A-Z]{3}"}),
        (Annotated[str, Field(pattern=r"[A-Z]")], {"pattern": ".*(?:[A-Z]).*"}),
        (Annotated[int, Field(gt=0, le=9)], {"type": "number", "min": "1", "max": "9", "step": "1", "inputmode": "numeric"}),
        (Annotated[float, Field(ge=0.5)], {"type": "number", "min": "0.5", "step": "any"}),
        (Annotated[Decimal, Field(multiple_of=Decimal("0.25"))], {"type": "number", "step": "0.25"}),
        (date, {"type": "date"}),
        (Annotated[date, Field(ge=date(2026, 1, 1))], {"type": "date", "min": "2026-01-01"}),
        (datetime, {"type": "datetime-local"}),
        (bool, {"type": "checkbox", "value": "true"}),
        (SecretStr, {"type": "password"}),
        (Email, {"type": "email", "maxlength": "254", "autocomplete": "email"}),
        (PhoneNumber, {"type": "tel"}),
        (UploadFile, {"type": "file"}),
        (list[UploadFile], {"type": "file", "multiple": None}),
        (Annotated[int, Widget("range", class_="wide")], {"type": "range", "class": "wide"}),
        (Annotated[str, Widget("color")], {"type": "color"}),
    ],
)
def test_types_and_constraints_are_said_in_html(annotation, expected):
    found = Page(field_of(annotation).render()).one("input", name="field")
    assert found | expected == found


@pytest.mark.parametrize("pattern", [r"^(?i)ab$", r"\p{L}"])
def test_a_pattern_that_browsers_read_otherwise_is_checked_on_the_server_alone(pattern):
    page = Page(field_of(Annotated[str, Field(pattern=pattern)]).render())
    assert "pattern" not in page.one("input", name="field")


@pytest.mark.parametrize(
    ("annotation", "sent", "value"),
    [
        (int, "12", 12),
        (Decimal, "1.50", Decimal("1.50")),
        (date, "2026-05-31", date(2026, 5, 31)),
        (datetime, "2026-05-31T14:30", datetime(2026, 5, 31, 14, 30)),  # noqa: DTZ001 - a field of a page has no zone
        (str, "  Ada  ", "Ada"),
        (SecretStr, "  spaces  ", SecretStr("  spaces  ")),
        (Annotated[str, Widget("textarea")], "a\r\nb", "a\nb"),
        (Colour, "dark-blue", Colour.DARK_BLUE),
        (Literal[1, 2], "2", 2),
        (Literal["a"] | None, "", None),
        (str | None, "", None),
        (int | None, "", None),
        (list[int], "1\r\n\r\n 2", [1, 2]),
        (Annotated[str, Widget("select", choices=["x", "y"])], "y", "y"),
    ],
)
def test_what_is_typed_becomes_what_the_model_wants(annotation, sent, value):
    form = field_of(annotation, ("field", sent))
    assert form.errors == {}
    assert form.data.field == value


@pytest.mark.parametrize(
    ("annotation", "sent", "message"),
    [
        (str, "", "This has to be filled in."),
        (int, "many", "Write a whole number."),
        (float, "nan", "Write a number."),
        (float, "1e999", "Write a number."),
        (date, "2026-02-31", "Write a date, such as 2026-05-31."),
        (Colour, "green", "Choose one of the options."),
        (Literal[True], None, "This has to be ticked."),
        (Annotated[str, Field(max_length=3)], "abcd", "Use no more than 3 characters."),
        (Annotated[str, Widget("select", choices=[("x", "Ex")])], "z", "Choose one of the options."),
        (str, "a\0b", "This has a character in it that cannot be used here."),
        (str, "\ud800", "This has a character in it that cannot be used here."),
        (Annotated[list[Literal["a", "b"]], Field(min_length=1)], None, "Give at least 1."),
    ],
)
def test_what_does_not_fit_is_told_in_plain_words(annotation, sent, message):
    form = field_of(annotation, ("other", "x"), *([] if sent is None else [("field", sent)]))
    assert form.errors["field"][:1] == [message]
    assert form.valid is False


def test_boxes_and_choices_of_many():
    class Wishes(BaseModel):
        news: bool = True
        drinks: set[Literal["tea", "coffee"]] = {"tea"}
        size: Annotated[Literal["small", "large"], Widget("radio")] = "small"
        extras: Annotated[list[Colour], Widget("checkboxes")] = []

    page = Page(form_of(Wishes).render())
    assert "checked" in page.one("input", name="news")
    assert "selected" in page.one("option", value="tea")
    assert [("checked" in radio) for radio in page.all("input", type="radio")] == [True, False]
    sent = form_of(Wishes, ("drinks", "coffee"), ("drinks", "tea"), ("size", "large"), ("extras", "red"))
    assert sent.data == Wishes(news=False, drinks={"tea", "coffee"}, size="large", extras=[Colour.RED])
    assert "checked" not in Page(sent.render()).one("input", name="news")


class Phone(BaseModel):
    kind: Literal["home", "work"] = "home"
    number: PhoneNumber


class Address(BaseModel):
    street: str
    town: str


class Person(BaseModel):
    address: Address
    holiday: Address | None = None
    phones: list[Phone] = Field(default=[], max_length=3)


HOME = [("address.street", "Main Street"), ("address.town", "Ealing")]


def test_models_inside_models_and_lists_of_them():
    form = form_of(Person, *HOME, ("phones.0.number", "12345"), ("phones.7.number", "67890"), ("phones.7.kind", "work"))
    assert form.data == Person(
        address=Address(street="Main Street", town="Ealing"), phones=[Phone(number="12345"), Phone(kind="work", number="67890")]
    )
    page = Page(form.render())
    assert page.one("input", name="phones.7.number")["value"] == "67890"
    assert "Phones 2" in page.words


def test_an_error_in_a_row_stands_beside_that_row():
    form = form_of(Person, *HOME, ("phones.2.number", "x"), ("phones.5.number", ""), ("holiday.town", "Rome"))
    assert form.errors == {
        "holiday.street": ["This has to be filled in."],
        "phones.2.number": ["Write a telephone number, such as +44 20 7946 0000."],
    }
    assert form["holiday"]["street"].errors == ["This has to be filled in."]
    said = Page(form.summary()).words
    assert "Holiday, Street: This has to be filled in." in said
    assert "Phones 1, Number: Write a telephone number, such as +44 20 7946 0000." in said


def test_rows_are_added_and_removed_without_a_script_and_nothing_is_checked_meanwhile():
    added = form_of(Person, ("phones.4.number", "x"), ("form.add", "phones"))
    assert (added.valid, added.errors, added.status_code) == (False, {}, 200)
    assert [number for number, _ in added["phones"].rows] == [4, 5]
    removed = form_of(Person, ("phones.4.number", "x"), ("phones.5.number", "y"), ("form.remove", "phones.4"))
    assert [number for number, _ in removed["phones"].rows] == [5]
    full = form_of(Person, *[(f"phones.{n}.number", "1") for n in range(3)], ("form.add", "phones"))
    assert len(full["phones"].rows) == 3
    assert Page(full.render()).all("button", name="form.add") == []


def test_more_rows_than_allowed_are_refused():
    form = form_of(Person, *HOME, *[(f"phones.{n}.number", "12345") for n in range(9999)])
    assert form.errors["phones"] == ["No more than 3, please."]


def test_a_part_that_nobody_filled_in_is_none_where_it_may_be():
    assert form_of(Person, *HOME, ("holiday.street", ""), ("holiday.town", " ")).data.holiday is None


def test_a_part_that_may_be_left_empty_is_not_demanded_by_the_browser():
    page = Page(form_of(Person).render())
    assert "required" in page.one("input", name="address.street")
    assert "required" not in page.one("input", name="holiday.street")


def test_yes_no_and_nothing():
    class Answer(BaseModel):
        comes: bool | None = None

    assert [option["value"] for option in Page(form_of(Answer).render()).all("option")] == ["", "true", "false"]
    assert [form_of(Answer, ("comes", text)).data.comes for text in ("", "true", "false")] == [None, True, False]
    shown = Page(ModelForm.of(Answer)().fill(Answer(comes=False)).render())
    assert "selected" in shown.one("option", value="false")


def test_an_error_may_be_shown_before_anything_was_sent():
    form = form_of(Contact)
    form.add_error(None, "We are closed today.")
    assert "We are closed today." in Page(form.render()).words


def test_initial_values_are_shown_until_something_is_sent():
    person = Person(address=Address(street="Main Street", town="Ealing"), phones=[Phone(kind="work", number="12345")])
    page = Page(ModelForm.of(Person)().fill(person).render())
    assert page.one("input", name="address.street")["value"] == "Main Street"
    assert page.one("input", name="phones.0.number")["value"] == "12345"
    assert "selected" in page.one("option", value="work")
    sent = ModelForm.of(Contact)([("name", "")]).fill({"name": "Ada"})
    assert Page(sent.render()).one("input", name="name")["value"] == ""


def test_secrets_and_files_are_never_sent_back():
    class Login(BaseModel):
        password: SecretStr
        picture: UploadFile | None = None

    page = Page(form_of(Login, ("password", "hunter2")).fill(Login(password="hunter2")).render())
    assert "value" not in page.one("input", name="password")
    assert "hunter2" not in str(page.found)


def test_files_arrive(site, browser_for, token_in):
    class Upload(BaseModel):
        title: str
        paper: UploadFile
        pictures: list[UploadFile] = []

    app = site()

    @app.page("/", methods=["GET", "POST"])
    async def index(form: ModelForm[Upload]):
        if form.valid:
            return f"{form.data.title} {await form.data.paper.read()!r} {len(form.data.pictures)}"
        return form.render(), form.status_code

    browser = browser_for(app)
    shown = browser.get("/").text
    assert 'enctype="multipart/form-data"' in shown
    data = {"csrf_token": token_in(shown), "title": "Notes"}
    sent = browser.post("/", data=data, files=[("paper", ("a.txt", io.BytesIO(b"words"))), ("pictures", ("", io.BytesIO(b"")))])
    assert sent.text == "Notes b'words' 0"
    missing = browser.post("/", data=data, files=[("paper", ("", io.BytesIO(b"")))])
    assert missing.status_code == 422
    assert "Choose a file." in missing.text


def test_what_the_model_says_itself_is_kept_beside_the_field_or_above_the_form():
    class Booking(BaseModel):
        start: date
        end: date
        code: str = ""

        @field_validator("code")
        @classmethod
        def check(cls, code: str) -> str:
            if code == "old":
                raise ValueError("this code has expired")
            return code

        @model_validator(mode="after")
        def order(self):
            if self.end < self.start:
                raise ValueError("The end is before the start.")
            return self

    early = form_of(Booking, ("start", "2026-05-02"), ("end", "2026-05-01"))
    assert early.errors == {"": ["The end is before the start."]}
    assert "The end is before the start." in Page(early.render()).words
    assert form_of(Booking, ("code", "old")).errors["code"] == ["This code has expired."]


def test_names_that_no_form_has_cost_nothing():
    deep = "children" + ".1" * 400
    form = form_of(Person, *HOME, *[(f"{deep}.{n}", "x") for n in range(500)], ("x" + ".1" * 1_000_000, "x"))
    assert form.valid
    assert not any("x." in name for name in form._sent.rows)


def test_a_page_takes_a_model_that_it_does_not_show(site, browser_for):
    app = site()

    @app.page("/contact", methods=["POST"], csrf=False)
    def contact(contact: Annotated[Contact, Form()]):
        return f"Hello {contact.name}"

    browser = browser_for(app)
    assert browser.post("/contact", data={"name": "Ada", "email": "ada@example.org"}).text == "Hello Ada"
    refused = browser.post("/contact", data={"name": "A", "email": "ada@example.org"})
    assert (refused.status_code, "Something does not fit" in refused.text) == (422, True)


def test_an_api_route_takes_a_form_too(client_for):
    app = App()

    @app.post("/contact")
    async def contact(form: ModelForm[Contact]) -> dict[str, Any]:
        return form.errors

    client = client_for(app)
    assert client.post("/contact", data={"name": "A", "email": "ada@example.org"}).json() == {
        "name": ["Use at least 2 characters."]
    }
    assert client.post("/contact", json={"name": "Ada"}).json()["name"] == ["This has to be filled in."]
    assert client.get("/openapi.json").status_code == 200


def test_only_declared_fields_are_taken():
    form = form_of(Contact, ("name", "Ada"), ("email", "ada@example.org"), ("is_admin", "true"), ("__class__", "x"))
    assert form.data.model_dump() == {"name": "Ada", "email": "ada@example.org", "age": None}


def test_aliases_are_the_names_of_the_form():
    class Trip(BaseModel):
        start: str = Field(alias="from", min_length=3)

    form = form_of(Trip, ("from", "ab"))
    assert form.errors == {"from": ["Use at least 3 characters."]}
    form.add_error("start", "Not there.")
    assert form["start"].errors == ["Use at least 3 characters.", "Not there."]


def test_choices_may_be_asked_for_anew_each_time():
    rooms = ["Blue"]

    class Booking(BaseModel):
        room: Annotated[str, Widget("select", choices=lambda: [(room.lower(), room) for room in rooms])]

    assert form_of(Booking, ("room", "red")).valid is False
    rooms.append("Red")
    assert form_of(Booking, ("room", "red")).data.room == "red"


def test_hidden_fields_stand_with_what_is_unseen():
    class Order(BaseModel):
        item: Annotated[int, Widget("hidden")]
        note: str = ""

    page = Page(ModelForm.of(Order)().fill({"item": 7}).render())
    assert page.one("input", name="item") == {"type": "hidden", "name": "item", "value": "7"}


def test_an_application_shows_fields_in_its_own_way(site, browser_for):
    app = site(
        {
            "forms/field.html": "<section>{{ field.label }}: {{ html }}</section>",
            "forms/textarea.html": "<x-editor name='{{ field.name }}'>{{ field.text }}</x-editor>",
            "page.html": "{{ form.note.render() }}{{ form.name.control(class_='wide') }}",
        }
    )

    class Note(BaseModel):
        name: str = "<b>"
        note: Annotated[str, Widget("textarea")] = "</x-editor>"

    @app.page("/")
    def index(form: ModelForm[Note]):
        return render_template("page.html", form=form)

    text = browser_for(app).get("/").text
    assert text.startswith("<section>Note: <div")
    assert "<x-editor name='note'>&lt;/x-editor&gt;</x-editor>" in text
    assert 'class="wide"' in text
    assert "<b>" not in text


def test_asking_for_data_too_early_says_so():
    with pytest.raises(ValueError, match=r"form\.data is there when form\.valid is true: ask that first\."):
        _ = form_of(Contact).data
    with pytest.raises(KeyError, match="The form of Contact has no field 'mail'"):
        form_of(Contact).add_error("mail", "?")


class Tree(BaseModel):
    children: list["Tree"] = []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ModelForm[int], "ModelForm[int] is no form. Name a Pydantic model: ModelForm[Contact]."),
        (lambda: field_of(dict[str, int]), "The field Model.field has the type dict[str, int], which no form can show."),
        (lambda: field_of(Phone | Address), "The field Model.field may be one of several models, and a form shows one."),
        (lambda: ModelForm[Tree], "Tree holds itself, or is nested more than 6 models deep: no form ends there."),
    ],
)
def test_what_no_form_can_show_is_refused_when_it_is_declared(make, message):
    with pytest.raises(SetupError) as refused:
        make()
    assert str(refused.value).startswith(message)


# Whatever people type -------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["name", "email", "age", "form.name", "form.add", "form.remove", "phones.0.number", "address.street"])


@given(st.lists(st.tuples(NAMES | st.text(), st.text()), max_size=20))
def test_whatever_is_sent_is_answered_and_never_becomes_mark_up(sent):
    for model in (Contact, Person):
        plain = Page(ModelForm.of(model)().render())
        form = ModelForm.of(model)([*sent, ("form.name", form_name(model))])
        page = Page(form.render())
        known = {name for name, _ in plain.found} | {"div", "ul", "li", "a", "h2", "p", "span", "br", "fieldset", "legend"}
        known |= {"label", "input", "select", "option", "button"}
        assert {name for name, _ in page.found} <= known
        assert not any(name.startswith("on") for _, attributes in page.found for name in attributes)
        assert form.valid or form.errors or form.is_edited


def form_name(model: type[BaseModel]) -> str:
    return ModelForm.of(model).form_name


@given(st.text(alphabet=st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])))
def test_what_was_typed_stands_there_again(text):
    class Note(BaseModel):
        title: str = Field(max_length=0)
        note: Annotated[str, Widget("textarea")] = ""

    form = ModelForm.of(Note)([("title", text), ("note", text)])
    page = Page(form.render())
    assert page.one("input", name="title")["value"] == text
    assert form["note"].text == text


@given(
    st.integers(18, 129),
    st.dates(),
    st.sampled_from(Colour),
    st.booleans(),
    st.sampled_from([[], ["tea"], ["coffee"], ["tea", "coffee"]]),
)
def test_a_model_that_is_shown_and_sent_again_is_the_same(age, day, colour, flag, drinks):
    class All(BaseModel):
        age: int = Field(ge=18, lt=130)
        day: date
        colour: Colour
        flag: bool
        drinks: list[Literal["tea", "coffee"]]

    model = All(age=age, day=day, colour=colour, flag=flag, drinks=drinks)
    shown = ModelForm.of(All)().fill(model)
    assert ModelForm.of(All)([(name, text) for name, text in sent_by_a_browser(Page(shown.render()))]).data == model


def sent_by_a_browser(page: Page) -> list[tuple[str, str]]:
    sent, select = [], ""
    for tag, attributes in page.found:
        name = attributes.get("name") or ""
        if tag == "select":
            select = name
        elif tag == "option" and "selected" in attributes:
            sent.append((select, attributes["value"] or ""))
        elif tag == "input" and (attributes.get("type") != "checkbox" or "checked" in attributes):
            sent.append((name, attributes.get("value") or ""))
    return sent


class Search(BaseModel):
    text: str = Field("", max_length=20, title="Text")
    rooms: int | None = Field(None, ge=1)
    kinds: list[Literal["flat", "house"]] = []


def test_a_form_in_the_query_searches_and_carries_no_token(site, browser_for):
    app = site({"search.html": "{{ form.render(submit='Search') }}"})

    @app.page("/houses")
    def houses(form: QueryForm[Search]):
        if form.valid:
            return form.data
        return render_template("search.html", form=form), form.status_code

    client = browser_for(app)
    shown = client.get("/houses?page=2")
    page = Page(shown.text)
    assert (shown.status_code, page.one("form")["method"]) == (200, "get")
    assert page.all("input", type="hidden") == []
    assert "set-cookie" not in shown.headers
    assert client.get("/houses?text=park&rooms=&kinds=flat&kinds=house").json() == {
        "text": "park",
        "rooms": None,
        "kinds": ["flat", "house"],
    }
    wrong = client.get("/houses?text=park&rooms=0")
    assert wrong.status_code == 422
    assert Page(wrong.text).one("input", name="text")["value"] == "park"
    assert "This has to be 1 or more." in wrong.text


def test_a_query_carries_no_file():
    class Picture(BaseModel):
        file: UploadFile

    with pytest.raises(SetupError, match=r"QueryForm\[Picture\] has a file, and an address carries none"):
        QueryForm[Picture]


def test_lists_take_no_more_than_they_say_and_a_hundred_where_they_say_nothing():
    class Many(BaseModel):
        words: list[str] = []
        few: list[str] = Field([], max_length=2)
        more: list[str] = Field([], max_length=300)
        kinds: list[Literal["a", "b"]] = []

    form = ModelForm.of(Many)
    lines = "\n".join("x" * 101)
    assert form([("words", lines)]).errors == {"words": ["No more than 100, please."]}
    assert form([("words", lines[:-2])]).valid
    assert form([("few", "a\nb\nc")]).errors == {"few": ["No more than 2, please."]}
    assert form([("more", lines)]).valid
    assert form([("kinds", "a")] * 101).errors == {"kinds": ["No more than 100, please."]}
