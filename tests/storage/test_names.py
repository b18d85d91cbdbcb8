"""Names of files, and what clients call theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trine.storage import Storage, checked_name, safe_filename


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        ".hidden",
        "a\\b",
        "a\0b",
        "a\nb",
        "a:b",
        "x" * 300,
        "a?b",
        "up#1",
        "a.",
    ],
)
async def test_names_that_lead_elsewhere_are_refused(name):
    storage = Storage("memory://")
    for attempt in (storage.save(name, b"x"), storage.read(name), storage.delete(name), storage.info(name), storage.url(name)):
        with pytest.raises(ValueError, match="A file cannot be named"):
            await attempt


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("Photo of me.JPG", "Photo-of-me.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\report.pdf", "report.pdf"),
        ("Größe.txt", "Größe.txt"),
        (".htaccess", "file.htaccess"),
        ("", "file"),
        ("a" * 400 + ".tar.gz", "a" * 160 + ".gz"),
        ("x.php\0.png", "x.php.png"),
    ],
)
def test_a_client_s_filename_becomes_a_safe_one(given, made):
    assert safe_filename(given) == made


@given(st.text(max_size=400))
def test_every_safe_filename_is_a_name(text):
    assert checked_name(safe_filename(text)) == safe_filename(text)
    assert "/" not in safe_filename(text)
