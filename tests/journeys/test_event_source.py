"""A browser's own EventSource, which comes back after a server's end and misses nothing."""

import os
import secrets
import signal
from pathlib import Path

import httpx2
import pytest

ORDERS = Path(__file__).with_name("orders_app.py")
PATIENCE = 30


@pytest.fixture
def two_servers(serve, redis_url):
    env = {"ORDERS_REDIS": redis_url, "ORDERS_PREFIX": f"test:{secrets.token_hex(4)}:"}
    return serve(ORDERS, env=env), serve(ORDERS, env=env)


@pytest.mark.browser
def test_a_browser_resumes_where_it_was_when_its_server_was_killed(two_servers, chromium):
    from playwright.sync_api import sync_playwright

    first, second = two_servers
    with httpx2.Client(timeout=PATIENCE) as client, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(bypass_csp=True).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(first.url)
        page.wait_for_function("window.opened === 1")
        shown = page.locator("#orders li")

        ids = [client.post(f"{first.url}/orders/{item}").json() for item in ("tea", "milk")]
        shown.nth(1).wait_for()
        # The worker, not the process that holds its address: another one takes its place, with nothing in its memory.
        os.kill(client.get(f"{first.url}/worker").json()["pid"], signal.SIGKILL)
        for item in ("bread", "salt"):
            client.post(f"{second.url}/orders/{item}").raise_for_status()
        shown.nth(3).wait_for()
        client.post(f"{second.url}/orders/rice").raise_for_status()
        shown.nth(4).wait_for()

        assert shown.all_inner_texts() == ["tea", "milk", "bread", "salt", "rice"]
        assert page.evaluate("[window.opened, window.refused]") == [2, 0]
        browser.close()
        assert client.get(f"{first.url}/worker").json()["seen"] == [ids[-1]]
