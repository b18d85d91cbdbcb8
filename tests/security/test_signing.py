"""Signed values come back unchanged, or not at all."""

import pytest

from trine.errors import BadSignature, SetupError, SignatureExpired
from trine.security import Signer, TimedSigner

KEY = "k" * 32
OLD = "o" * 32


def flipped(text: str, position: int) -> str:
    return text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]


@pytest.fixture
def clock(monkeypatch):
    """Seconds since the epoch, for the signers alone."""

    class Clock:
        now = 1_700_000_000

    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: Clock.now)
    return Clock


@pytest.mark.parametrize("value", [{"user": 7, "names": ["a", "ü", "漢"]}, "text", 3.5, None, [], {}])
@pytest.mark.parametrize("kind", [Signer, TimedSigner])
def test_value_comes_back(kind, value):
    signer = kind(KEY, salt="test")
    assert signer.unsign(signer.sign(value)) == value


def test_signed_text_needs_no_quoting():
    text = Signer(KEY, salt="test").sign({"q": "a b/c?d=é&" * 20})
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_every_changed_character_is_noticed():
    signer = Signer(KEY, salt="test")
    text = signer.sign({"admin": False})
    last = len(text) - 1  # Its lowest bits carry nothing in base64.
    for position in range(last):
        with pytest.raises(BadSignature):
            signer.unsign(flipped(text, position))


@pytest.mark.parametrize("text", ["", ".", "a.b", "a.b.c", "\x00", "é", "\ud800", "." * 1000, "A" * 100])
@pytest.mark.parametrize("kind", [Signer, TimedSigner])
def test_garbage_is_refused(kind, text):
    with pytest.raises(BadSignature) as caught:
        kind(KEY, salt="test").unsign(text)
    assert str(caught.value) == "The signature does not fit."


def test_very_long_text_is_refused_unread():
    with pytest.raises(BadSignature) as caught:
        Signer(KEY, salt="test").unsign("x" * 70_000)
    assert str(caught.value) == "The signed text has 70000 characters, more than the 65536 that are read."


def test_purposes_do_not_mix():
    text = Signer(KEY, salt="invitation").sign("a@example.org")
    for other in (Signer(KEY, salt="password reset"), TimedSigner(KEY, salt="invitation")):
        with pytest.raises(BadSignature):
            other.unsign(text)


def test_former_keys_still_read():
    text = Signer(OLD, salt="test").sign("value")
    rotated = Signer(KEY, salt="test", fallbacks=[OLD])
    assert rotated.unsign(text) == "value"
    assert Signer(KEY, salt="test").unsign(rotated.sign("new")) == "new"
    with pytest.raises(BadSignature):
        Signer(KEY, salt="test").unsign(text)


def test_value_expires(clock):
    signer = TimedSigner(KEY, salt="test")
    text = signer.sign("value")
    clock.now += 60
    assert signer.unsign(text, max_age=60) == "value"
    assert signer.unsign_with_age(text) == ("value", 60)
    clock.now += 1
    with pytest.raises(SignatureExpired) as caught:
        signer.unsign(text, max_age=60)
    assert str(caught.value) == "The value was signed 61 seconds ago, and counts for 60."


def test_value_from_the_future_is_refused(clock):
    signer = TimedSigner(KEY, salt="test")
    text = signer.sign("value")
    clock.now -= 30  # Clocks differ.
    assert signer.unsign_with_age(text) == ("value", 0)
    clock.now -= 60
    with pytest.raises(BadSignature) as caught:
        signer.unsign(text)
    assert str(caught.value) == "The value was signed in the future."


def test_empty_key_and_empty_salt_are_refused():
    with pytest.raises(SetupError) as caught:
        Signer("", salt="test")
    assert str(caught.value) == "A secret key is empty. Use at least 32 random characters: secrets.token_urlsafe(32)."
    with pytest.raises(SetupError) as caught:
        Signer(KEY, salt="")
    assert str(caught.value) == 'A signer has no salt. Name what it signs for: salt="password-reset".'
