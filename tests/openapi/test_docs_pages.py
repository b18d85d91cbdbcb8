"""The documentation in a real browser, from a real server: it works, asks nobody else, and breaks no rule of its policy."""

from collections.abc import Callable, Iterator
from typing import Annotated
from urllib.parse import quote

import pytest
from pydantic import BaseModel, Field

from trine import App, Depends, Form, RedirectResponse, Settings, UploadFile
from trine.security import HTTPBearer, OAuth2AuthorizationCodeBearer

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


class House(BaseModel):
    """A house that is for sale."""

    lotsize: float = Field(gt=0, examples=[5850])
    bedrooms: int = Field(ge=0, examples=[3])


def make_app() -> App:
    app = App(title="Housing", version="1.4", description="What a **house** sells for.")

    @app.post("/predict", tags=["predictions"])
    def predict(house: House) -> dict[str, float]:
        """Estimate a price."""
        return {"price": house.lotsize * house.bedrooms}

    @app.get("/houses/{number}")
    def read_house(number: int, verbose: bool = False) -> str:
        return f"house {number}, {verbose}"

    @app.put("/pictures")
    async def upload(file: UploadFile) -> dict[str, int]:
        return {"size": len(await file.read())}

    @app.get("/mine")
    def mine(token: Annotated[str, Depends(HTTPBearer())]) -> str:
        return token.credentials

    return app


class Visit:
    """A page, and everything about it that a reader must never see."""

    def __init__(self, page: "playwright.Page", url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("console", lambda message: self._read(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self._check(request.url))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url} {request.failure}"))

    def _read(self, kind: str, text: str) -> None:
        # Everything but Chromium's own advice about Swagger UI's form fields.
        if kind != "verbose":
            self.complaints.append(f"{kind}: {text}")

    def _check(self, url: str) -> None:
        if not url.startswith((self.url, f"blob:{self.url}", "data:")):
            self.complaints.append(f"asked: {url}")


@pytest.fixture
def visit(browser, live_server) -> Iterator[Callable[..., Visit]]:
    """Open a page of the application: `visit("/docs", **context options)`. It must have nothing to complain of in the end."""
    visits: list[Visit] = []

    def open_page(path: str, app: App | None = None, **options: object) -> Visit:
        server = live_server(app or make_app())
        page = browser.new_context(**options).new_page()
        visits.append(Visit(page, server.url))
        page.goto(server.url + path)
        return visits[-1]

    yield open_page
    for each in visits:
        each.page.context.close()
        assert each.complaints == []


def open_operation(page, operation_id: str):
    """Unfold one operation of Swagger UI, ready to be tried."""
    operation = page.locator(f"[id$='{operation_id}'].opblock")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    return operation


def answer_of(operation) -> tuple[str, str]:
    """Execute an operation, and read the status and body that come back."""
    operation.get_by_role("button", name="Execute").click()
    live = operation.locator(".live-responses-table")
    live.locator("tr.response .response-col_status").wait_for()
    return live.locator("tr.response .response-col_status").inner_text(), live.locator("pre").first.inner_text()


def test_trying_out_a_json_body(visit):
    page = visit("/docs").page
    operation = open_operation(page, "predict_predict_post")
    operation.locator("textarea").fill('{"lotsize": 10, "bedrooms": 4}')
    status, body = answer_of(operation)
    assert (status, body.split()) == ("200", ["{", '"price":', "40", "}"])


def test_trying_out_path_and_query(visit):
    page = visit("/docs").page
    operation = open_operation(page, "read_house_houses__number__get")
    operation.get_by_placeholder("number").fill("7")
    operation.locator("tr[data-param-name=verbose] select").select_option("true")
    assert answer_of(operation) == ("200", '"house 7, True"')


def test_trying_out_a_file(visit):
    page = visit("/docs").page
    operation = open_operation(page, "upload_pictures_put")
    operation.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"12345"})
    status, body = answer_of(operation)
    assert (status, body.split()) == ("200", ["{", '"size":', "5", "}"])


def test_authorizing_and_trying_out(visit):
    page = visit("/docs").page
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("auth-bearer-value").fill("secret")
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Apply credentials").click()
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Close").click()
    assert answer_of(open_operation(page, "mine_mine_get")) == ("200", '"secret"')


@pytest.fixture
def provider(live_server) -> str:
    """A sign-in provider on an origin of its own, which lets everybody in."""
    app = App(settings=Settings(security_headers={}))

    @app.get("/authorize")
    def authorize(redirect_uri: str, state: str) -> RedirectResponse:
        return RedirectResponse(f"{redirect_uri}?code=right&state={quote(state)}")

    return live_server(app).url


def test_signing_in_at_a_provider(visit, provider):
    app = App(title="Shop")
    scheme = OAuth2AuthorizationCodeBearer(authorizationUrl=f"{provider}/authorize", tokenUrl="token")

    @app.post("/token", include_in_schema=False)
    def token(code: Annotated[str, Form()]) -> dict[str, str]:
        return {"access_token": f"token for {code}", "token_type": "bearer"}

    @app.get("/mine")
    def mine(token: Annotated[str, Depends(scheme)]) -> str:
        return token

    page = visit("/docs", app=app).page
    page.get_by_role("button", name="Authorize").first.click()
    dialogue = page.locator(".auth-container")
    dialogue.get_by_label("client_id:").fill("shop")
    with page.expect_popup() as popup:
        dialogue.get_by_role("button", name="Apply given OAuth2 credentials").click()
    dialogue.get_by_role("button", name="Remove authorization").wait_for()
    assert popup.value.is_closed()
    dialogue.get_by_role("button", name="Close").click()
    assert answer_of(open_operation(page, "mine_mine_get")) == ("200", '"token for right"')


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [{"viewport": {"width": 1280, "height": 900}}, PHONE], ids=["desk", "phone"])
def test_page_fits_every_screen_by_day_and_night(visit, path, scheme, device):
    page = visit(path, color_scheme=scheme, **device).page
    page.get_by_role("heading", name="Housing").first.wait_for()
    page.get_by_text("/predict").first.wait_for(state="attached")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
    assert page.title() in ("Housing – API", "Housing – API reference")
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("navigation", name="Documentation").locator("[aria-current=page]").count() == 1


def test_colours_follow_the_reader_while_the_page_is_open(visit):
    page = visit("/docs", color_scheme="light").page
    page.get_by_role("heading", name="Housing").first.wait_for()
    page.emulate_media(color_scheme="dark")
    page.locator("html.dark-mode").wait_for()
    page.emulate_media(color_scheme="light")
    page.locator("html:not(.dark-mode)").wait_for()


def test_searching_the_reference(visit):
    page = visit("/redoc").page
    page.get_by_placeholder("Search").fill("predict")
    page.locator("[role=search] li", has_text="Predict").first.wait_for()


def test_links_lead_from_one_page_to_the_other(visit):
    page = visit("/docs").page
    page.get_by_role("link", name="Reference").click()
    page.locator("#redoc h1", has_text="Housing").wait_for()
    page.get_by_role("link", name="Try it out").click()
    page.locator("#swagger-ui .opblock").first.wait_for()
