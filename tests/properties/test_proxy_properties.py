"""Whatever is in the headers of proxies: an address is found in it, or nothing is believed."""

from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trine.server.proxy import TrustedProxies

from .steps import count_steps

HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port")
PIECES = st.sampled_from(
    ["for=", "proto=https", "host=", '"', "\\", ",", ";", "=", " ", "[", "]", ":", "1.2.3.4", "10.0.0.1", "::1", "x"]
)
TEXT = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=30).map("".join))
PROXIES = TrustedProxies(["10.0.0.0/8"], HEADERS)


@given(st.dictionaries(st.sampled_from(HEADERS), st.lists(TEXT, max_size=3)))
@example({"forwarded": ['for="']})
def test_anything_is_read_or_not_believed(headers):
    found = PROXIES.resolve("10.0.0.1", lambda name: headers.get(name, []))
    if found is not None:
        assert found.client is None or ip_address(found.client)
        assert found.scheme in (None, "http", "https")
        assert found.host is None or not set(found.host) & set('/@ ,"\\')


@given(st.dictionaries(st.sampled_from(HEADERS), st.lists(TEXT, max_size=3)))
def test_strangers_are_never_believed(headers):
    assert PROXIES.resolve("11.0.0.1", lambda name: headers.get(name, [])) is None


@pytest.mark.parametrize("piece", ['for="\\"', ",", ";", "for=1.2.3.4,", '"', "\\"])
def test_work_grows_with_the_header_and_not_faster(piece):
    def read(times: int) -> int:
        return count_steps(lambda: PROXIES.resolve("10.0.0.1", lambda name: [piece * times] if name == "forwarded" else []))

    assert read(2000) / read(1000) <= 2.3
