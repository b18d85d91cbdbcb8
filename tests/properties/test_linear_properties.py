"""Parsers take work linear in their input, on the most hostile inputs known."""

import asyncio
import contextlib

import pytest

from trine.http import FormLimits, MultipartError, best_match, parse_cookies, parse_query
from trine.http.multipart import parse_multipart, parse_urlencoded
from trine.http.parameters import parse_parameters
from trine.http.ranges import parse_range

from .steps import count_steps

COOKIES = ["a=1;", ";", "=", 'a="\\";', '"\\073', " ", "a=\\"]
QUERIES = ["a&", "&", "%", "%ff", "%zz", "+", "=&", "a=%f"]
OTHERS = [",", "a,", "*/*,", "a/b;q=0.1,", ";", "a/b;", "0-,", "-1,", "--,", "0-0,5-2,", "9", " "]
PARAMETERS = [";", ';a="', ';a="\\"', "; ", ";a", "=", '"', "\\", ";a=b c", "\t"]
BODIES = [
    b"\r",
    b"\r\n",
    b"\r\n--",
    b"\r\n--X",
    b"\r\n--XX",
    b"\r\n--XXY",
    b"\r\n--XX ",
    b"-",
    b"--XX",
    b"\r\n--XX-",
    b"\0",
    b"a: b\r\n",
]


def quietly(function, *arguments):
    def run():
        with contextlib.suppress(ValueError):
            function(*arguments)

    return run


def assert_linear(work, text):
    small, large = (count_steps(work(text * (length // len(text)))) for length in (8_000, 16_000))
    # The constant lets through what stops at a limit, or is done by one call of the standard library.
    assert large <= 2.3 * small + 500


@pytest.mark.parametrize("text", COOKIES)
def test_cookies(text):
    assert_linear(lambda header: quietly(parse_cookies, header), text)
    assert_linear(lambda header: quietly(parse_cookies, f'a="{header}"'), text)


@pytest.mark.parametrize("text", QUERIES)
def test_queries(text):
    assert_linear(lambda query: quietly(lambda: parse_query(query, max_fields=10**9)), text)


@pytest.mark.parametrize("text", OTHERS)
def test_ranges_and_accept(text):
    assert_linear(lambda header: quietly(parse_range, f"bytes={header}", 1000), text)
    assert_linear(lambda accept: quietly(best_match, accept, ["text/html", "application/json"]), text)


@pytest.mark.parametrize("text", PARAMETERS)
def test_parameters(text):
    assert_linear(lambda value: quietly(parse_parameters, "a" + value), text)


@pytest.mark.parametrize("text", BODIES)
@pytest.mark.parametrize("chunk", [64, 16_000])
def test_multipart(text, chunk):
    async def stream(body):
        body = b'--XX\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n' + body
        for start in range(0, len(body), chunk):
            yield body[start : start + chunk]

    async def read(body):
        with contextlib.suppress(MultipartError):
            form = await parse_multipart(stream(body), "multipart/form-data; boundary=XX", FormLimits())
            await form.close()

    def work(body):
        runner = asyncio.Runner()
        runner.run(read(b""))

        def run():
            runner.run(read(body))
            runner.close()

        return run

    assert_linear(work, text)


@pytest.mark.parametrize("text", [b"a", b"&", b"a=1&", b"%"])
@pytest.mark.parametrize("chunk", [1, 64])
def test_urlencoded(text, chunk):
    async def stream(body):
        for start in range(0, len(body), chunk):
            yield body[start : start + chunk]

    def work(body):
        runner = asyncio.Runner()
        limits = FormLimits(max_fields=10**9)

        def run():
            runner.run(parse_urlencoded(stream(body), limits))
            runner.close()

        return run

    assert_linear(work, text)
