"""Cookies: what a browser sent, and what it shall keep."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest

from trine.http import parse_cookies, render_cookie


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2 ;\tc = 3", {"a": "1", "b": "2", "c": "3"}),
        ("a=", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a; =b; ; c=1", {"c": "1"}),
        ('a="1"', {"a": "1"}),
        ('a="1', {"a": '"1'}),
        ('a="', {"a": '"'}),
        ('a=""', {"a": ""}),
        ('a="b;c"; d=1', {"a": '"b', "d": "1"}),
        (r'a="x\"y\\z\073\054"', {"a": 'x"y\\z;,'}),
        (r'a="\303\244"', {"a": "ä"}),
        (r'a="\344"', {"a": "ä"}),
        ("a=\\073", {"a": "\\073"}),
        ("$Version=1; a=1; $Path=/", {"$Version": "1", "a": "1", "$Path": "/"}),
        ("foo[bar]=1", {"foo[bar]": "1"}),
        ("a=Ã¤", {"a": "ä"}),
        ("a=\xe4", {"a": "\xe4"}),
        ("a=ω", {"a": "ω"}),
        ("a=Ã¤; b=\xe4", {"a": "ä", "b": "\xe4"}),
    ],
)
def test_parsing(header, cookies):
    assert parse_cookies(header) == cookies


def test_first_of_two_equal_names_wins():
    assert parse_cookies("id=path; id=root") == {"id": "path"}


@pytest.mark.parametrize("space", ["\xa0", "\x85", "\x1f", "\x0b", "\u2000", "\u3000"])
def test_a_name_does_not_become_a_protected_one_by_cutting_space_off(space):
    cookies = parse_cookies(f"{space}__Host-id=evil; __Host-id=good")
    assert cookies["__Host-id"] == "good"


def test_what_goes_beyond_the_limits_is_left_out():
    assert len(parse_cookies("; ".join(f"a{number}=1" for number in range(300)))) == 300
    many = parse_cookies("; ".join(f"a{number}=1" for number in range(5000)))
    assert list(many) == [f"a{number}" for number in range(300)]
    assert parse_cookies("a=1; b=" + "x" * 70_000) == {"a": "1"}
    assert parse_cookies("b=" + "x" * 70_000 + "; a=1") == {}


def test_plain_cookie():
    assert render_cookie("id", "abc") == "id=abc; Path=/; SameSite=lax"


def test_every_attribute():
    cookie = render_cookie(
        "id",
        "abc",
        max_age=60,
        expires="Wed, 09 Jun 2027 10:18:14 GMT",
        path="/shop",
        domain="example.org",
        secure=True,
        httponly=True,
        samesite="strict",
        partitioned=True,
    )
    assert cookie == (
        "id=abc; Domain=example.org; expires=Wed, 09 Jun 2027 10:18:14 GMT; HttpOnly; Max-Age=60; Partitioned; "
        "Path=/shop; SameSite=strict; Secure"
    )


def test_no_attributes():
    assert render_cookie("id", "abc", path=None, samesite=None) == "id=abc"


def test_expires_as_a_date():
    when = datetime(2027, 6, 9, 12, 18, 14, tzinfo=timezone(timedelta(hours=2)))
    assert render_cookie("id", "a", expires=when, path=None, samesite=None) == "id=a; expires=Wed, 09 Jun 2027 10:18:14 GMT"
    naive = datetime(2027, 6, 9)  # noqa: DTZ001 - what is tested
    with pytest.raises(ValueError, match="which names no time zone") as raised:
        render_cookie("id", "a", expires=naive)
    assert str(raised.value) == (
        "Cookie 'id' has expires=datetime.datetime(2027, 6, 9, 0, 0), which names no time zone. Use datetime.now(UTC)."
    )


def test_expires_in_seconds_from_now():
    cookie = render_cookie("id", "a", expires=3600, path=None, samesite=None)
    expires = parsedate_to_datetime(cookie.partition("expires=")[2])
    assert timedelta(minutes=59) < expires - datetime.now(UTC) < timedelta(minutes=61)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", '""'),
        ("a/b+c==", "a/b+c=="),
        ("a b", '"a b"'),
        ("a;b", r'"a\073b"'),
        ("a,b", r'"a\054b"'),
        ('a"b\\', r'"a\042b\134"'),
        ("a\r\nb", r'"a\015\012b"'),
        ("ä", r'"\303\244"'),
        (" ", '" "'),
    ],
)
def test_values_are_quoted_as_needed_and_come_back(value, written):
    cookie = render_cookie("id", value, path=None, samesite=None)
    assert cookie == f"id={written}"
    assert parse_cookies(cookie) == {"id": value}


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a;b", "a,b", "a\r\nb", "ä", "a\0", "(a)", '"a"'])
def test_bad_names(name):
    with pytest.raises(ValueError, match="cannot be set") as raised:
        render_cookie(name, "1")
    assert str(raised.value) == f"Cookie {name!r} cannot be set: a name consists of letters, digits and !#$%&'*+-.^_`|~."


@pytest.mark.parametrize("attribute", ["path", "domain", "expires"])
@pytest.mark.parametrize("text", ["a; Secure", "a\r\nX: y", "a\0", "ä"])
def test_attributes_cannot_add_others(attribute, text):
    with pytest.raises(ValueError, match=attribute) as raised:
        render_cookie("id", "1", **{attribute: text})
    assert str(raised.value) == (
        f"Cookie 'id' has {attribute}={text!r}: it may have visible ASCII characters only, and no semicolon."
    )


def test_bad_samesite_and_value():
    with pytest.raises(ValueError, match=r"^Cookie 'id' has samesite='lax; Secure'\. Use 'lax', 'strict' or 'none'\.$"):
        render_cookie("id", "1", samesite="lax; Secure")
    with pytest.raises(ValueError, match=r"^Cookie 'id' has the value '\\ud800', which has no UTF-8 form\.$"):
        render_cookie("id", "\ud800")
    with pytest.raises(ValueError, match=r"^Cookie 'id' cannot be partitioned: browsers accept that with secure=True only\.$"):
        render_cookie("id", "1", partitioned=True)


@pytest.mark.parametrize("name", ["__Secure-id", "__secure-id"])
def test_secure_prefix(name):
    assert render_cookie(name, "1", secure=True) == f"{name}=1; Path=/; SameSite=lax; Secure"
    with pytest.raises(ValueError, match="prefix") as raised:
        render_cookie(name, "1")
    assert str(raised.value) == f"Cookie {name!r} cannot be set: the prefix '__Secure-' asks for secure=True."


@pytest.mark.parametrize("name", ["__Host-id", "__HOST-id", "__Host-"])
@pytest.mark.parametrize(
    "options", [{}, {"secure": True, "path": "/a"}, {"secure": True, "path": None}, {"secure": True, "domain": "example.org"}]
)
def test_host_prefix(name, options):
    assert render_cookie(name, "1", secure=True) == f"{name}=1; Path=/; SameSite=lax; Secure"
    with pytest.raises(ValueError, match="prefix") as raised:
        render_cookie(name, "1", **options)
    assert str(raised.value) == (
        f"Cookie {name!r} cannot be set: the prefix '__Host-' asks for secure=True, path='/' and no domain."
    )
