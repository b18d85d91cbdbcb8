"""What the pages about pages promise happens."""

import hashlib
import hmac
import re

import pytest


@pytest.fixture
def browser_of(client_of, tmp_path, monkeypatch):
    """A client that keeps secure cookies, of a program that runs in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def open_browser(name):
        browser = client_of(name)
        browser.base_url = "https://testserver"
        return browser

    return open_browser


def token_in(text: str) -> str:
    found = re.search(r'csrf_token" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def test_guest_book(browser_of):
    browser = browser_of("guest_book")
    page = browser.get("/").text
    assert "Nobody has signed yet." in page
    assert re.search(r'href="/static/style.css\?v=\w{12}"', page)
    signed = browser.post("/", data={"csrf_token": token_in(page), "name": "Ada", "text": "<b>Hello</b>"})
    assert '<p class="message" role="status">Thank you!</p>' in signed.text
    assert "<strong>Ada</strong> &lt;b&gt;Hello&lt;/b&gt;" in signed.text
    assert 'value="Ada"' in signed.text
    again = browser.post("/", data={"csrf_token": token_in(signed.text), "name": "Ada", "text": " "})
    assert "Write your name and a line." in again.text
    assert browser.post("/", data={"name": "Eve", "text": "Hi"}).status_code == 403
    missing = browser.get("/nowhere")
    assert (missing.status_code, "Back to the guest book" in missing.text) == (404, True)


def test_parts_of_a_site(browser_of):
    browser = browser_of("parts_of_a_site")
    assert browser.get("/?page=2", headers={"accept-language": "de-AT"}).text == "<h1>Hello (de, page 2)</h1>"
    assert browser.get("/?page=x").status_code == 422
    assert browser.get("/status").headers["cache-control"] == "no-store"
    tea = browser.get("/old")
    assert (tea.text, tea.headers["x-part"]) == ("<h1>tea: 4 €</h1>", "shop")
    assert tea.headers["set-cookie"].startswith("last_seen=tea")
    gone = browser.get("/shop/milk")
    assert (gone.status_code, "We do not sell that." in gone.text) == (404, True)
    assert browser.post("/shop/tea/rating", data={"stars": "5"}).text == "<p>5 stars for tea.</p>"


def test_books_page(browser_of):
    browser = browser_of("books_page")
    page = browser.get("/books?q=em").text
    assert "<title>The Book Shop</title>" in page
    assert "<li>Emma, 19th century</li>" in page
    assert browser.get("/books?q=uly", headers={"hx-request": "true"}).text == "<li>Ulysses, 20th century</li>"
    assert browser.get("/catalogue").text.count("<li>") == 3000


def test_basket(browser_of):
    browser = browser_of("basket")
    page = browser.get("/").text
    added = browser.post("/add", data={"csrf_token": token_in(page), "thing": "Tea"})
    assert "<p>Tea is in your basket.</p>\n<p>Nobody has 1 things.</p>" in added.text.replace("\n\n", "\n")
    before = browser.cookies["__Host-session"]
    token = token_in(added.text)
    form = {"csrf_token": token, "user": "ada", "remember": "on", "next": "//evil.example"}
    logged_in = browser.post("/login", data=form, follow_redirects=False)
    assert logged_in.headers["location"] == "/"
    assert "Max-Age=1209600" in logged_in.headers["set-cookie"]
    assert browser.cookies["__Host-session"] != before
    page = browser.get("/").text
    assert "ada has 1 things." in page
    browser.post("/logout", data={"csrf_token": token_in(page)})
    assert "Nobody has 0 things." in browser.get("/").text
    assert browser.get("/messages").json() == []


def test_comments(browser_of):
    browser = browser_of("comments")
    token = token_in(browser.get("/comments").text)
    assert browser.post("/comments", json={"text": "Hi"}, headers={"X-CSRF-Token": token}).json() == {"comments": 1}
    assert browser.post("/comments", data={"text": "Hi", "csrf_token": token}).json() == {"comments": 2}
    assert browser.post("/comments", data={"text": "Hi"}).status_code == 403
    body = b'{"paid": true}'
    signature = hmac.new(b"what the other service signs with", body, hashlib.sha256).hexdigest()
    assert browser.post("/hook", content=body, headers={"x-signature": signature}).json() == {"ok": True}
    assert browser.post("/hook", content=body).status_code == 403
