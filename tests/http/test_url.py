"""URLs: reading parts, and copies with other parts."""

import pytest

from trine.http import URL, Address

FULL = "https://user:pa%20ss@Example.org:8443/a/b%2Fc?x=1&y=2#top"


def test_parts():
    url = URL(FULL)
    assert url.scheme == "https"
    assert url.netloc == "user:pa%20ss@Example.org:8443"
    assert url.hostname == "example.org"
    assert url.port == 8443
    assert url.username == "user"
    assert url.password == "pa%20ss"
    assert url.path == "/a/b%2Fc"
    assert url.query == "x=1&y=2"
    assert url.fragment == "top"
    assert url.components.path == url.path
    assert str(url) == FULL


def test_parts_that_are_missing():
    url = URL("/only/path")
    assert (url.scheme, url.netloc, url.query, url.fragment) == ("", "", "", "")
    assert (url.hostname, url.port, url.username, url.password) == (None, None, None, None)


@pytest.mark.parametrize(
    ("text", "secure"), [("https://a", True), ("wss://a", True), ("http://a", False), ("ws://a", False), ("/a", False)]
)
def test_is_secure(text, secure):
    assert URL(text).is_secure is secure


def test_equal_to_its_text():
    assert URL("http://a/b") == "http://a/b" == URL("http://a/b")
    assert URL("http://a/b") != "http://a/c"
    assert URL("http://a/b") != 3
    assert {URL("http://a/b"): 1}["http://a/b"] == 1


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"scheme": "http"}, "http://user:pa%20ss@Example.org:8443/a/b%2Fc?x=1&y=2#top"),
        ({"path": "/z", "query": "", "fragment": ""}, "https://user:pa%20ss@Example.org:8443/z"),
        ({"port": None}, "https://user:pa%20ss@example.org/a/b%2Fc?x=1&y=2#top"),
        ({"port": 1}, "https://user:pa%20ss@example.org:1/a/b%2Fc?x=1&y=2#top"),
        ({"hostname": "::1"}, "https://user:pa%20ss@[::1]:8443/a/b%2Fc?x=1&y=2#top"),
        ({"username": None, "password": None}, "https://example.org:8443/a/b%2Fc?x=1&y=2#top"),
        ({"password": None}, "https://user@example.org:8443/a/b%2Fc?x=1&y=2#top"),
        ({"username": None}, "https://:pa%20ss@example.org:8443/a/b%2Fc?x=1&y=2#top"),
        ({"netloc": "b"}, "https://b/a/b%2Fc?x=1&y=2#top"),
    ],
)
def test_replace(parts, text):
    assert URL(FULL).replace(**parts) == text


def test_replace_keeps_ipv6_brackets():
    assert URL("http://[::1]/a").replace(port=80) == "http://[::1]:80/a"
    assert URL("/a").replace(scheme="http", hostname="b") == "http://b/a"


def test_built_from_components():
    assert URL(scheme="https", hostname="a.org", path="/b", query="c=1") == "https://a.org/b?c=1"
    with pytest.raises(TypeError, match=r"^URL\(\) takes either a text or components, not both\.$"):
        URL("/a", path="/b")


def test_query_parameters():
    url = URL("/a?x=1&y=2&x=3#top")
    assert url.include_query_params(x=4, z="ä b") == "/a?y=2&x=4&z=%C3%A4+b#top"
    assert url.include_query_params(y=[5, 6]) == "/a?x=1&x=3&y=5&y=6#top"
    assert url.replace_query_params(q="1") == "/a?q=1#top"
    assert url.replace_query_params() == "/a#top"
    assert url.remove_query_params("x") == "/a?y=2#top"
    assert url.remove_query_params(["x", "y"]) == "/a#top"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (FULL, "URL('https://user:********@Example.org:8443/a/b%2Fc?x=1&y=2#top')"),
        ("https://:secret@a", "URL('https://:********@a')"),
        ("//u:sec:r@t@a", "URL('//u:********@a')"),
        ("http://u:secret@[broken", "URL('http://u:********@[broken')"),
        ("http://a/b:c@d", "URL('http://a/b:c@d')"),
    ],
)
def test_repr_hides_the_password(text, shown):
    assert repr(URL(text)) == shown


def test_reading_a_part_of_what_is_no_url_raises():
    url = URL("http://[broken")
    assert str(url) == "http://[broken"
    with pytest.raises(ValueError, match="Invalid IPv6 URL"):
        _ = url.hostname


def test_address():
    assert Address("127.0.0.1", 80) == ("127.0.0.1", 80)
    assert Address(host="a", port=1).host == "a"
